//! The language of chat completions: of OpenAI, and of many who speak it as well,
//! local servers among them. One request, one whole answer, no stream.

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Ending};
use super::hosted::{Hosted, Language, Message, ending, messages, temperature, tokens};
use super::request::Request;
use crate::token::Token;

/// Where OpenAI itself answers.
pub const ENDPOINT: &str = "https://api.openai.com/v1";
/// Tokens around messages that a server's template adds, and what it says by itself.
const ADDED: u64 = 500;

/// A model whose endpoint speaks it.
pub type OpenAi = Hosted<Chat>;

/// The language.
pub enum Chat {}

/// A request as it is sent.
#[derive(Serialize)]
pub struct Sent<'r> {
    model: &'r str,
    messages: Vec<Message<'r>>,
    /// As OpenAI's own models want it; most others do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'r>>,
    stream: bool,
}

#[derive(Serialize)]
struct Format<'r> {
    r#type: &'static str,
    json_schema: Named<'r>,
}

#[derive(Serialize)]
struct Named<'r> {
    name: &'static str,
    schema: &'r Value,
    strict: bool,
}

/// What comes; what else is in it does not matter.
#[derive(Deserialize)]
pub struct Came {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Answered,
    finish_reason: Option<String>,
    /// With some servers: which of the texts of `stop` it was.
    stop_reason: Option<Value>,
}

#[derive(Deserialize)]
struct Answered {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl Usage {
    /// All that is paid for beside the prompt: some count what the model thought in the total alone.
    fn output(&self) -> Option<u64> {
        let rest = self.total_tokens.map_or(0, |total| total.saturating_sub(self.prompt_tokens.unwrap_or_default()));
        self.completion_tokens.map(|tokens| tokens.max(rest))
    }
}

impl Language for Chat {
    const PATH: &'static [&'static str] = &["chat", "completions"];

    type Sent<'r> = Sent<'r>;
    type Came = Came;

    fn sent<'r>(model: &'r str, host: &str, request: &'r Request) -> Sent<'r> {
        let most = Some(request.output_tokens_max);
        let (max_completion_tokens, max_tokens) = if is_original(host) { (most, None) } else { (None, most) };
        let format = |schema| {
            let json_schema = Named { name: "answer", schema, strict: is_strict(schema) };
            Format { r#type: "json_schema", json_schema }
        };
        Sent {
            model,
            messages: messages(&request.messages),
            max_completion_tokens,
            max_tokens,
            temperature: request.temperature.map(temperature),
            stop: &request.stop,
            response_format: request.schema.as_ref().map(format),
            stream: false,
        }
    }

    fn headers(key: Option<&Token>) -> HeaderMap {
        key.and_then(Token::header).map(|key| (AUTHORIZATION, key)).into_iter().collect()
    }

    fn added(_: &Request) -> u64 {
        ADDED
    }

    fn read(came: Came) -> Result<Answer, &'static str> {
        let [choice] = <[Choice; 1]>::try_from(came.choices).map_err(|_| "it has not one choice")?;
        let is_stopped = choice.stop_reason.is_some_and(|reason| reason.is_string());
        let known = |reason: &str| match reason {
            "stop" if is_stopped => Some(Ending::Stopped),
            "stop" => Some(Ending::Complete),
            "length" => Some(Ending::Truncated),
            "content_filter" => Some(Ending::Withheld),
            _ => None,
        };
        let is_refused = choice.message.refusal.is_some();
        let ending = if is_refused { Ending::Withheld } else { ending(choice.finish_reason.as_deref(), known)? };
        let tokens = came.usage.and_then(|usage| tokens(usage.prompt_tokens, usage.output()));
        let text = choice.message.content.unwrap_or_default();
        Ok(Answer { text, ending, tokens, model: came.model, id: came.id })
    }
}

/// Whether it is OpenAI itself, or who runs the same models for it.
fn is_original(host: &str) -> bool {
    ["openai.com", "openai.azure.com"]
        .iter()
        .any(|of| host.strip_suffix(of).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether the provider itself can hold an answer to the schema: it refuses one that
/// leaves a key open, or has bounds that it does not know. The host holds it in any case.
fn is_strict(schema: &Value) -> bool {
    schema["type"] == "object" && is_closed(schema)
}

fn is_closed(schema: &Value) -> bool {
    let Value::Object(keywords) = schema else { return false };
    let is_whole = |properties: &Value| {
        let (Some(properties), Some(required)) = (properties.as_object(), keywords.get("required").and_then(Value::as_array))
        else {
            return false;
        };
        properties.len() == required.len() && properties.values().all(is_closed)
    };
    let is_object = keywords.get("type").is_some_and(|kind| kind == "object");
    if is_object && (keywords.get("additionalProperties") != Some(&Value::Bool(false)) || !keywords.contains_key("properties")) {
        return false;
    }
    keywords.iter().all(|(keyword, value)| match keyword.as_str() {
        "properties" => is_whole(value),
        "items" => is_closed(value),
        "anyOf" => value.as_array().is_some_and(|schemas| schemas.iter().all(is_closed)),
        "minLength" | "maxLength" | "$schema" => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Provider as _;
    use super::super::endpoint::Endpoint;
    use super::super::error::ModelError;
    use super::super::request::{self, Role};
    use super::*;
    use crate::budget::Tokens;
    use crate::digest::Digest;

    fn provider(endpoint: &str) -> OpenAi {
        let endpoint = Endpoint::parse(endpoint, true).expect("an endpoint");
        OpenAi::new(endpoint, "m-1", None).expect("a provider")
    }

    fn request() -> Request {
        let message = |role, text: &str| request::Message { role, text: text.to_owned() };
        Request {
            prompt: "p@1".to_owned(),
            templates: Digest::of(b""),
            messages: vec![message(Role::System, "be \"short\""), message(Role::User, "hello")],
            output_tokens_max: 30,
            temperature: Some(70),
            schema: None,
            stop: vec!["END".to_owned()],
        }
    }

    #[test]
    fn a_request_is_of_the_language() {
        let sent =
            |endpoint: &str, request: &Request| serde_json::from_slice::<Value>(&provider(endpoint).body(request)).expect("JSON");
        let expected = json!({
            "model": "m-1",
            "messages": [{"role": "system", "content": "be \"short\""}, {"role": "user", "content": "hello"}],
            "max_tokens": 30, "temperature": 0.7, "stop": ["END"], "stream": false,
        });
        assert_eq!(sent("http://127.0.0.1:11434/v1", &request()), expected);
        let original = sent("https://api.openai.com/v1", &request());
        assert_eq!((&original["max_completion_tokens"], &original["max_tokens"]), (&json!(30), &Value::Null));
        assert_eq!(sent("https://notopenai.com/v1", &request())["max_tokens"], json!(30));
        let bare = Request { temperature: None, stop: Vec::new(), schema: Some(json!({"type": "object"})), ..request() };
        let bare = sent("http://127.0.0.1:1/v1", &bare);
        assert!(bare.get("temperature").is_none() && bare.get("stop").is_none(), "{bare}");
        let format =
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": false}});
        assert_eq!(bare["response_format"], format);
    }

    #[test]
    fn a_schema_is_strict_only_if_nothing_is_open() {
        let closed = json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}},
            "required": ["a"], "additionalProperties": false});
        assert!(is_strict(&closed));
        let mut open = closed.clone();
        open["required"] = json!([]);
        let mut bound = closed.clone();
        bound["properties"]["a"]["items"]["maxLength"] = json!(3);
        let mut more = closed;
        more["additionalProperties"] = json!(true);
        for schema in [open, bound, more, json!({"type": "array", "items": {"type": "string"}}), json!(true)] {
            assert!(!is_strict(&schema), "{schema}");
        }
    }

    #[test]
    fn answers_end_as_the_provider_says() {
        let provider = provider("http://127.0.0.1:1/v1");
        let read = |choice: Value, more: Value| {
            let mut came = json!({"id": "c-1", "object": "chat.completion", "choices": [choice]});
            came.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            provider.read(came.to_string().as_bytes())
        };
        let says = |reason: &str| json!({"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": reason});
        let usage = json!({"model": "m-1-2026", "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}});
        let answer = read(says("stop"), usage).expect("an answer");
        let tokens = Some(Tokens { input: 5, output: 2 });
        let (model, id) = (Some("m-1-2026".to_owned()), Some("c-1".to_owned()));
        assert_eq!(answer, Answer { text: "hi".to_owned(), ending: Ending::Complete, tokens, model, id });
        let ending = |choice: Value| read(choice, json!({})).expect("an answer").ending;
        assert_eq!(ending(says("length")), Ending::Truncated);
        assert_eq!(ending(says("content_filter")), Ending::Withheld);
        let refused = json!({"message": {"content": null, "refusal": "no"}, "finish_reason": "stop"});
        assert_eq!(ending(refused), Ending::Withheld);
        assert_eq!(ending(json!({"message": {"content": "x"}, "finish_reason": "stop", "stop_reason": "END"})), Ending::Stopped);
        assert_eq!(ending(json!({"message": {"content": "x"}, "finish_reason": "stop", "stop_reason": null})), Ending::Complete);
        let tokens = |usage: Value| read(says("stop"), json!({"usage": usage})).expect("an answer").tokens;
        for usage in [
            json!(null),
            json!({}),
            json!({"prompt_tokens": 5}),
            json!({"prompt_tokens": 5, "completion_tokens": null}),
            json!({"total_tokens": 9}),
            json!({"prompt_tokens": 5, "total_tokens": 9}),
        ] {
            assert_eq!(tokens(usage.clone()), None, "{usage}");
        }
        // What it thought stands in the total alone, or in both, or there is no total worth the name.
        for (completion, total, output) in [(2, 9_000, 8_995), (8_995, 9_000, 8_995), (2, 0, 2), (2, 7, 2)] {
            let usage = json!({"prompt_tokens": 5, "completion_tokens": completion, "total_tokens": total});
            assert_eq!(tokens(usage), Some(Tokens { input: 5, output }));
        }
        for (choice, more) in [
            (says("tool_calls"), json!({})),
            (json!({"message": {"content": "x"}}), json!({})),
            (json!({"message": {"content": ["x"]}, "finish_reason": "stop"}), json!({})),
            (json!({"finish_reason": "stop"}), json!({})),
            (says("stop"), json!({"usage": {"prompt_tokens": -1, "completion_tokens": 2}})),
            (says("stop"), json!({"usage": {"prompt_tokens": "5", "completion_tokens": 2}})),
            (says("stop"), json!({"choices": []})),
            (says("stop"), json!({"choices": [says("stop"), says("stop")]})),
        ] {
            let failure = read(choice.clone(), more.clone()).expect_err("not of the language");
            assert!(matches!(failure.error, ModelError::Malformed(_)) && !failure.is_free, "{choice} {more}");
        }
        let deep = format!("{{\"choices\":[],\"x\":{}}}", "[".repeat(10_000));
        assert!(provider.read(deep.as_bytes()).is_err(), "and the stack is whole");
    }
}
