//! The language of messages, as Anthropic speaks it. One request, one whole answer, no
//! stream. An answer of a schema is asked for as the input of a tool that nobody runs,
//! which every model of theirs knows.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Ending};
use super::hosted::{Hosted, Language, Message, ending, messages, temperature, tokens};
use super::request::{Request, Role};
use super::written::Written;
use crate::token::Token;

/// Where Anthropic itself answers.
pub const ENDPOINT: &str = "https://api.anthropic.com/v1";
/// The version of the language.
const VERSION: &str = "2023-06-01";
/// The tool that takes the answer.
const TOOL: &str = "answer";
/// Hundredths; the contract has twice as many.
const TEMPERATURE_MAX: u16 = 100;
/// Tokens that the provider puts around all messages, and those with which it explains tools.
const ADDED: u64 = 100;
const ADDED_FOR_TOOL: u64 = 1_000;

/// A model whose endpoint speaks it.
pub type Anthropic = Hosted<Messages>;

/// The language.
pub enum Messages {}

/// A request as it is sent.
#[derive(Serialize)]
pub struct Sent<'r> {
    model: &'r str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'r str>,
    messages: Vec<Message<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'r>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice>,
    stream: bool,
}

#[derive(Serialize)]
struct Tool<'r> {
    name: &'static str,
    description: &'static str,
    input_schema: &'r Value,
}

#[derive(Serialize)]
struct Choice {
    r#type: &'static str,
    name: &'static str,
}

/// What comes; what else is in it does not matter.
#[derive(Deserialize)]
pub struct Came {
    id: Option<String>,
    model: Option<String>,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

/// A block of any sort: one by its sort would be read twice, and a key that stands in
/// it twice forgotten.
#[derive(Deserialize)]
struct Block {
    r#type: String,
    text: Option<String>,
    name: Option<String>,
    input: Option<Written>,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

impl Language for Messages {
    const PATH: &'static [&'static str] = &["messages"];

    type Sent<'r> = Sent<'r>;
    type Came = Came;

    fn sent<'r>(model: &'r str, _host: &str, request: &'r Request) -> Sent<'r> {
        // Only the first message can be of that role.
        let (system, others) = match request.messages.split_first() {
            Some((first, others)) if first.role == Role::System => (Some(first.text.as_str()), others),
            _ => (None, request.messages.as_slice()),
        };
        let tool = |schema| [Tool { name: TOOL, description: "Takes the answer.", input_schema: schema }];
        Sent {
            model,
            max_tokens: request.output_tokens_max,
            system,
            messages: messages(others),
            temperature: request.temperature.map(|hundredths| temperature(hundredths.min(TEMPERATURE_MAX))),
            stop_sequences: &request.stop,
            tools: object(request).map(tool),
            tool_choice: object(request).map(|_| Choice { r#type: "tool", name: TOOL }),
            stream: false,
        }
    }

    fn headers(key: Option<&Token>) -> HeaderMap {
        let version = (HeaderName::from_static("anthropic-version"), HeaderValue::from_static(VERSION));
        let key = key.and_then(Token::bare).map(|key| (HeaderName::from_static("x-api-key"), key));
        std::iter::once(version).chain(key).collect()
    }

    fn added(request: &Request) -> u64 {
        ADDED + object(request).map_or(0, |_| ADDED_FOR_TOOL)
    }

    fn read(came: Came) -> Result<Answer, &'static str> {
        let (mut text, mut used) = (String::new(), None);
        for block in came.content {
            match block.r#type.as_str() {
                "text" => text.push_str(&block.text.ok_or("a text of it is none")?),
                "tool_use" if block.name.as_deref() == Some(TOOL) && used.is_none() => {
                    used = Some(block.input.ok_or("it uses its tool without an input")?.text());
                }
                "tool_use" => return Err("it uses a tool that it was not given"),
                _ => {}
            }
        }
        let ending = ending(came.stop_reason.as_deref(), |reason| match reason {
            "tool_use" if used.is_some() => Some(Ending::Complete),
            "end_turn" => Some(Ending::Complete),
            "stop_sequence" => Some(Ending::Stopped),
            "max_tokens" | "model_context_window_exceeded" => Some(Ending::Truncated),
            "refusal" => Some(Ending::Withheld),
            _ => None,
        })?;
        let tokens = came.usage.and_then(|usage| tokens(usage.input(), usage.output_tokens));
        Ok(Answer { text: used.unwrap_or(text), ending, tokens, model: came.model, id: came.id })
    }
}

impl Usage {
    /// All that was read, from a cache or not.
    fn input(&self) -> Option<u64> {
        let cached = [self.cache_creation_input_tokens, self.cache_read_input_tokens];
        let cached = cached.into_iter().flatten().fold(0, u64::saturating_add);
        Some(self.input_tokens?.saturating_add(cached))
    }
}

/// The schema, if a tool can have it: its input is an object. Of any other the host
/// alone holds the answer to it.
fn object(request: &Request) -> Option<&Value> {
    request.schema.as_ref().filter(|schema| schema["type"] == "object")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Provider as _;
    use super::super::endpoint::Endpoint;
    use super::super::error::ModelError;
    use super::super::request;
    use super::super::schema::Schema;
    use super::*;
    use crate::budget::Tokens;
    use crate::digest::Digest;

    fn provider() -> Anthropic {
        let endpoint = Endpoint::parse("http://127.0.0.1:1/v1", true).expect("an endpoint");
        Anthropic::new(endpoint, "m-1", None).expect("a provider")
    }

    fn sent(system: bool, schema: Option<Value>) -> Value {
        let message = |role, text: &str| request::Message { role, text: text.to_owned() };
        let mut messages = vec![message(Role::User, "a"), message(Role::Assistant, "b"), message(Role::User, "c")];
        if system {
            messages.insert(0, message(Role::System, "be short"));
        }
        let (prompt, templates) = ("p@1".to_owned(), Digest::of(b""));
        let (temperature, stop) = (Some(150), vec!["END".to_owned()]);
        let request = Request { prompt, templates, messages, output_tokens_max: 30, temperature, schema, stop };
        serde_json::from_slice(&provider().body(&request)).expect("JSON")
    }

    #[test]
    fn a_request_is_of_the_language() {
        let messages =
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]);
        let expected = json!({"model": "m-1", "max_tokens": 30, "system": "be short", "messages": messages,
            "temperature": 1.0, "stop_sequences": ["END"], "stream": false});
        assert_eq!(sent(true, None), expected);
        assert_eq!((sent(false, None).get("system"), &sent(false, None)["messages"]), (None, &messages));
        let schema = json!({"type": "object", "properties": {}});
        let with = sent(false, Some(schema.clone()));
        assert_eq!((&with["tools"][0]["input_schema"], &with["tools"][0]["name"]), (&schema, &json!("answer")));
        assert_eq!(with["tool_choice"], json!({"type": "tool", "name": "answer"}));
        assert_eq!(sent(false, Some(json!({"type": "array"}))).get("tools"), None);
    }

    #[test]
    fn answers_end_as_the_provider_says() {
        let read = |came: Value| provider().read(came.to_string().as_bytes());
        let text = json!([{"type": "thinking", "thinking": "?", "signature": "s"}, {"type": "text", "text": "hi"}]);
        let usage =
            json!({"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 10, "cache_creation_input_tokens": null});
        let says =
            |reason: &str| json!({"id": "msg-1", "model": "m-1-2026", "content": text, "stop_reason": reason, "usage": usage});
        let answer = read(says("end_turn")).expect("an answer");
        let (model, id) = (Some("m-1-2026".to_owned()), Some("msg-1".to_owned()));
        let tokens = Some(Tokens { input: 15, output: 2 });
        assert_eq!(answer, Answer { text: "hi".to_owned(), ending: Ending::Complete, tokens, model, id });
        let rows = [
            ("stop_sequence", Ending::Stopped),
            ("max_tokens", Ending::Truncated),
            ("model_context_window_exceeded", Ending::Truncated),
            ("refusal", Ending::Withheld),
        ];
        for (reason, ending) in rows {
            assert_eq!(read(says(reason)).expect(reason).ending, ending);
        }
        let used =
            json!({"content": [{"type": "tool_use", "id": "t", "name": "answer", "input": {"a": 1}}], "stop_reason": "tool_use"});
        let answer = read(used).expect("an answer");
        assert_eq!((answer.text.as_str(), answer.ending, answer.tokens), ("{\"a\":1}", Ending::Complete, None));
        let twice =
            r#"{"content": [{"type": "tool_use", "name": "answer", "input": {"a": [], "a": [1]}}], "stop_reason": "tool_use"}"#;
        let answer = provider().read(twice.as_bytes()).expect("an answer");
        assert_eq!(answer.text, r#"{"a":[],"a":[1]}"#, "as over any other language");
        assert!(Schema::read(r#"{"type": "object"}"#).expect("a schema").hold(&answer.text).is_err());
        for wrong in [
            says("tool_use"),
            says("pause_turn"),
            json!({"content": text}),
            json!({"content": "hi", "stop_reason": "end_turn"}),
            json!({"content": [{"type": "text"}], "stop_reason": "end_turn"}),
            json!({"content": [{"text": "hi"}], "stop_reason": "end_turn"}),
            json!({"content": [{"type": "tool_use", "name": "answer"}], "stop_reason": "tool_use"}),
            json!({"content": [{"type": "tool_use", "name": "shell", "input": {}}], "stop_reason": "tool_use"}),
            json!({"content": text, "stop_reason": "end_turn", "usage": {"input_tokens": 1.5, "output_tokens": 1}}),
            json!([]),
        ] {
            let failure = read(wrong.clone()).expect_err("not of the language");
            assert!(matches!(failure.error, ModelError::Malformed(_)) && !failure.is_free, "{wrong}");
        }
    }
}
