//! What a model is asked: a plugin's templates with what it read in their places,
//! held against the bounds of the contract. Nothing is sent here.

use serde::Serialize;

use super::answer::Refusal;
use crate::digest::Digest;

/// Messages of one request.
pub const MESSAGES_MAX: usize = 64;
/// Bytes of all messages with their inputs in place.
pub const REQUEST_BYTES_MAX: u64 = 1 << 20;
/// Bytes of a schema.
pub const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// Bytes of a prompt's name with its version, and of an input's name.
const PROMPT_BYTES_MAX: usize = 80;
const INPUT_NAME_BYTES_MAX: usize = 40;
/// Hundredths.
const TEMPERATURE_MAX: u16 = 200;
/// Texts that end an answer, and bytes of each.
const STOPS_MAX: usize = 4;
const STOP_BYTES_MAX: usize = 64;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What holds for the whole conversation.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

/// A message as a plugin writes it.
#[derive(Debug, Clone)]
pub struct Template {
    /// Who speaks.
    pub role: Role,
    /// The plugin's own words with places.
    pub text: String,
    /// What goes there: name and text.
    pub inputs: Vec<(String, String)>,
}

/// A request as a plugin makes it.
#[derive(Debug, Clone)]
pub struct RawRequest {
    /// Name and version of the prompt.
    pub prompt: String,
    /// The messages.
    pub messages: Vec<Template>,
    /// Tokens of the answer.
    pub output_tokens_max: u32,
    /// In hundredths, 0 to 200.
    pub temperature: Option<u16>,
    /// A JSON Schema.
    pub schema: Option<String>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
}

/// A message, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What.
    pub text: String,
}

/// A request that holds to the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Name and version of the prompt.
    pub prompt: String,
    /// Digest of its templates.
    #[serde(skip)]
    pub templates: Digest,
    /// The messages.
    pub messages: Vec<Message>,
    /// Tokens of the answer.
    pub output_tokens_max: u32,
    /// Hundredths, 0 to 200.
    pub temperature: Option<u16>,
    /// A JSON Schema of the kinds that the contract knows.
    pub schema: Option<serde_json::Value>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
}

impl Request {
    /// Holds a plugin's request against the contract, and puts its inputs in their
    /// places. The schema is looked at in `schema`.
    ///
    /// # Errors
    /// [`Refusal::InvalidRequest`], [`Refusal::TooLarge`].
    pub fn read(asked: &RawRequest) -> Result<Self, Refusal> {
        let invalid = |reason: &str| Refusal::InvalidRequest(reason.to_owned());
        if !is_prompt(&asked.prompt) {
            return Err(invalid("prompt: 1 to 80 of a-z 0-9 - / . @, with one @ before its version"));
        }
        if !(1..=MESSAGES_MAX).contains(&asked.messages.len()) {
            return Err(invalid("messages: 1 to 64"));
        }
        if asked.messages.iter().skip(1).any(|message| message.role == Role::System) {
            return Err(invalid("messages: only the first may be of the role system"));
        }
        if asked.messages.last().is_none_or(|message| message.role != Role::User) {
            return Err(invalid("messages: the last must be of the role user"));
        }
        if asked.output_tokens_max == 0 {
            return Err(invalid("output-tokens-max: at least 1"));
        }
        if asked.temperature.is_some_and(|hundredths| hundredths > TEMPERATURE_MAX) {
            return Err(invalid("temperature: 0 to 200 hundredths"));
        }
        let is_stop = |stop: &String| (1..=STOP_BYTES_MAX).contains(&stop.len());
        if asked.stop.len() > STOPS_MAX || !asked.stop.iter().all(is_stop) {
            return Err(invalid("stop: up to 4 texts of 1 to 64 bytes"));
        }
        // Every input has a place, so this bounds what is put together below, places that repeat aside.
        let mut room = REQUEST_BYTES_MAX as usize;
        let mut messages = Vec::with_capacity(asked.messages.len());
        for template in &asked.messages {
            let text = filled(template, room).map_err(|fault| match fault {
                Unfilled::Invalid(reason) => Refusal::InvalidRequest(reason),
                Unfilled::TooLarge => Refusal::TooLarge(REQUEST_BYTES_MAX),
            })?;
            room -= text.len();
            messages.push(Message { role: template.role, text });
        }
        let parts = asked.messages.iter().flat_map(|message| [role_byte(message.role), message.text.as_bytes()]);
        Ok(Self {
            prompt: asked.prompt.clone(),
            templates: Digest::of_parts(parts.chain([asked.schema.as_deref().unwrap_or_default().as_bytes()])),
            messages,
            output_tokens_max: asked.output_tokens_max,
            temperature: asked.temperature,
            schema: None,
            stop: asked.stop.clone(),
        })
    }

    /// The request in one form, whoever made it: what a tape knows it by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Maps have text keys in one order, so this cannot fail and is canonical.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

fn role_byte(role: Role) -> &'static [u8] {
    match role {
        Role::System => b"s",
        Role::User => b"u",
        Role::Assistant => b"a",
    }
}

fn is_prompt(text: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'/' | b'.' | b'@');
    let parts = text.split_once('@').filter(|(name, version)| !name.is_empty() && !version.is_empty());
    text.len() <= PROMPT_BYTES_MAX && text.bytes().all(plain) && parts.is_some_and(|(_, version)| !version.contains('@'))
}

enum Unfilled {
    Invalid(String),
    TooLarge,
}

/// A template with its inputs in their places; what stands in an input is no place.
fn filled(template: &Template, room: usize) -> Result<String, Unfilled> {
    let invalid = |reason: String| Unfilled::Invalid(reason);
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    for (at, (name, _)) in template.inputs.iter().enumerate() {
        if !(1..=INPUT_NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(invalid("inputs: a name is 1 to 40 of a-z 0-9 -".to_owned()));
        }
        if template.inputs[..at].iter().any(|(other, _)| other == name) {
            return Err(invalid(format!("inputs: {name} is there twice")));
        }
    }
    let mut used = vec![false; template.inputs.len()];
    let (mut out, mut rest) = (String::new(), template.text.as_str());
    let mut push = |text: &str| {
        if out.len() + text.len() > room {
            return Err(Unfilled::TooLarge);
        }
        out.push_str(text);
        Ok(())
    };
    while let Some((before, after)) = rest.split_once("{{") {
        let place = after.split_once("}}").ok_or_else(|| invalid("template: a place is not closed".to_owned()))?;
        let at = template.inputs.iter().position(|(name, _)| name == place.0);
        let at = at.ok_or_else(|| invalid("template: a place has no input".to_owned()))?;
        push(before)?;
        push(&template.inputs[at].1)?;
        used[at] = true;
        rest = place.1;
    }
    push(rest)?;
    match used.iter().position(|used| !used) {
        Some(at) => Err(invalid(format!("inputs: {} has no place", template.inputs[at].0))),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(template: &str, inputs: &[(&str, &str)]) -> RawRequest {
        let inputs = inputs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        RawRequest {
            prompt: "repair@1".to_owned(),
            messages: vec![Template { role: Role::User, text: template.to_owned(), inputs }],
            output_tokens_max: 10,
            temperature: None,
            schema: None,
            stop: Vec::new(),
        }
    }

    fn text(template: &str, inputs: &[(&str, &str)]) -> Result<String, Refusal> {
        Request::read(&asked(template, inputs)).map(|request| request.messages[0].text.clone())
    }

    #[test]
    fn inputs_go_to_their_places_and_make_none() {
        assert_eq!(text("a {{x}} b {{x}}", &[("x", "{{y}}")]), Ok("a {{y}} b {{y}}".to_owned()));
        assert_eq!(text("no place", &[]), Ok("no place".to_owned()));
        for (template, inputs) in [
            ("{{x}}", &[][..]),
            ("{{x", &[("x", "")]),
            ("x", &[("x", "")]),
            ("{{x}}{{X}}", &[("x", "")]),
            ("{{x}}", &[("x", ""), ("x", "")]),
            ("{{}}", &[("", "")]),
        ] {
            assert!(matches!(text(template, inputs), Err(Refusal::InvalidRequest(_))), "{template}");
        }
        let big = "x".repeat(1 << 19);
        assert!(text("{{x}}{{x}}", &[("x", &big)]).is_ok());
        assert_eq!(text("{{x}}{{x}}.", &[("x", &big)]), Err(Refusal::TooLarge(REQUEST_BYTES_MAX)));
    }

    #[test]
    fn what_the_contract_does_not_know_is_refused() {
        let wrong = |change: &dyn Fn(&mut RawRequest)| {
            let mut asked = asked("x", &[]);
            change(&mut asked);
            Request::read(&asked).is_err()
        };
        assert!(!wrong(&|_| {}));
        for prompt in ["", "x", "@1", "x@", "x@1@2", "X@1", "x y@1", &format!("{}@1", "x".repeat(80))] {
            assert!(wrong(&|asked| asked.prompt = prompt.to_owned()), "{prompt}");
        }
        assert!(wrong(&|asked| asked.temperature = Some(201)));
        assert!(wrong(&|asked| asked.output_tokens_max = 0));
        assert!(wrong(&|asked| asked.messages.clear()));
        assert!(wrong(&|asked| asked.messages[0].role = Role::Assistant));
        assert!(wrong(&|asked| asked.stop = vec![String::new()]));
        assert!(wrong(&|asked| asked.stop = vec!["x".to_owned(); 5]));
    }

    #[test]
    fn one_request_has_one_digest() {
        let read = |asked: &RawRequest| Request::read(asked).expect("a request");
        let (one, same) = (read(&asked("a {{x}}", &[("x", "b")])), read(&asked("{{x}} b", &[("x", "a")])));
        assert_eq!(one.digest(), same.digest(), "what is sent is the same");
        assert_ne!(one.templates, same.templates, "and comes from other words");
        let warm = read(&RawRequest { temperature: Some(70), ..asked("a {{x}}", &[("x", "b")]) });
        assert_ne!(one.digest(), warm.digest());
        assert_eq!(warm.temperature, Some(70));
    }
}
