//! A provider that is a file: rules, the first of which that fits a request answers
//! it with parts of that request. For tests and demonstrations; it needs no network
//! and no key, and answers the same for ever. Its form is in `docs/models.md`.

use std::time::Instant;

use regex::Regex;
use serde::Deserialize;

use super::Provider;
use super::answer::{Answer, Ending};
use super::error::{Failure, ModelError};
use super::request::Request;
use crate::budget::Tokens;

/// Bytes of such a file.
pub const SCRIPT_BYTES_MAX: u64 = 4 << 20;
/// Size of a compiled pattern.
const PATTERN_SIZE_MAX: usize = 1 << 20;

/// Rules, by order.
pub struct Scripted {
    model: String,
    rules: Vec<Fit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The beginning of the prompt's name and version.
    #[serde(default)]
    prompt: String,
    /// Patterns, each of which something in the messages matches.
    #[serde(default)]
    matches: Patterns,
    /// The answer, in which `${name}` is what a group of that name matched.
    answer: String,
    /// Whether what is put in is written as the inside of a JSON string.
    #[serde(default)]
    json: bool,
}

/// One pattern, or several of which all must match, wherever each does.
#[derive(Deserialize)]
#[serde(untagged)]
enum Patterns {
    One(String),
    All(Vec<String>),
}

impl Default for Patterns {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

struct Fit {
    prompt: String,
    patterns: Vec<Regex>,
    answer: String,
    json: bool,
}

/// What a provider that is a file is sent.
#[derive(Deserialize)]
struct Sent {
    prompt: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    text: String,
}

impl Scripted {
    /// Reads the rules.
    ///
    /// # Errors
    /// What is wrong with them, in one sentence.
    pub fn parse(model: &str, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
            format!("line {}: {}", before.matches('\n').count() + 1, error.message())
        })?;
        let fit = |(at, rule): (usize, Rule)| {
            let pattern = |text: &String| {
                let built = regex::RegexBuilder::new(text).size_limit(PATTERN_SIZE_MAX).build();
                built.map_err(|error| format!("rule {}: matches: {error}", at + 1))
            };
            let patterns = match &rule.matches {
                Patterns::One(text) => std::slice::from_ref(text),
                Patterns::All(texts) => texts,
            };
            let patterns: Vec<Regex> = patterns.iter().map(pattern).collect::<Result<_, String>>()?;
            let is_group =
                |name: &str| patterns.iter().any(|pattern| pattern.capture_names().flatten().any(|group| group == name));
            let mut places = rule.answer.split("${").skip(1).map(|place| place.split_once('}').map_or(place, |(name, _)| name));
            // Without a pattern the answer is taken as it stands.
            if let Some(name) = places.find(|name| !patterns.is_empty() && !is_group(name)) {
                let name = crate::clean::line(crate::clean::cut(name, 40)).into_owned();
                return Err(format!("rule {}: answer: no group of its patterns is called `{name}`", at + 1));
            }
            Ok(Fit { prompt: rule.prompt, patterns, answer: rule.answer, json: rule.json })
        };
        let rules = file.rule.into_iter().enumerate().map(fit).collect::<Result<_, String>>()?;
        Ok(Self { model: model.to_owned(), rules })
    }

    fn answer(&self, sent: &Sent) -> Option<String> {
        let text: String = sent.messages.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n\n");
        self.rules.iter().filter(|fit| sent.prompt.starts_with(&fit.prompt)).find_map(|fit| {
            let captures = fit.patterns.iter().map(|pattern| pattern.captures(&text)).collect::<Option<Vec<_>>>()?;
            Some(if captures.is_empty() { fit.answer.clone() } else { fit.filled(&captures) })
        })
    }
}

impl Fit {
    /// The answer with what the groups matched in its places.
    fn filled(&self, captures: &[regex::Captures<'_>]) -> String {
        let (mut out, mut rest) = (String::new(), self.answer.as_str());
        while let Some((before, (name, after))) =
            rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            out.push_str(before);
            let found = captures.iter().find_map(|captures| captures.name(name)).map_or("", |found| found.as_str());
            if self.json {
                let quoted = serde_json::Value::from(found).to_string();
                out.push_str(&quoted[1..quoted.len() - 1]);
            } else {
                out.push_str(found);
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

impl Provider for Scripted {
    fn model(&self) -> &str {
        &self.model
    }

    fn body(&self, request: &Request) -> Vec<u8> {
        serde_json::to_vec(request).unwrap_or_default()
    }

    fn send(&self, body: &[u8], _: Instant) -> Result<Answer, Failure> {
        let failed = |error| Failure { error, is_free: true, may_repeat: false, wait: None };
        let sent: Sent = serde_json::from_slice(body).map_err(|error| failed(ModelError::Malformed(error.to_string())))?;
        let none = || ModelError::NoRule { prompt: sent.prompt.clone() };
        let text = self.answer(&sent).ok_or_else(|| failed(none()))?;
        // About four bytes are one token, as with models that are none.
        let tokens = Tokens { input: body.len() as u64 / 4, output: (text.len() as u64).div_ceil(4) };
        Ok(Answer { text, ending: Ending::Complete, tokens: Some(tokens), model: Some(self.model.clone()), id: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"
[[rule]]
prompt = "rename@"
matches = "from (?<old>\\S+) to (?<new>\\S+)"
json = true
answer = '{"old":"${old}","new":"${new}"}'

[[rule]]
prompt = "both@"
matches = ["left (?<left>\\d+)", "right (?<right>\\d+)"]
answer = "${left} ${right} ${left}"

[[rule]]
answer = "else"
"#;

    #[test]
    fn a_script_answers_from_the_request() {
        let script = Scripted::parse("s", SCRIPT).expect("rules");
        let say = |prompt: &str, text: &str| {
            let sent = Sent { prompt: prompt.to_owned(), messages: vec![Message { text: text.to_owned() }] };
            script.answer(&sent).expect("an answer")
        };
        assert_eq!(say("rename@1", "from a\" to b"), r#"{"old":"a\"","new":"b"}"#);
        assert_eq!(say("other@1", "from a to b"), "else");
        assert_eq!(say("both@1", "right 2, left 1"), "1 2 1");
        assert_eq!(say("both@1", "right 2"), "else", "each pattern has to match");
        assert!(Scripted::parse("s", "[[rule]]\nmatches = '('\nanswer = ''").is_err_and(|reason| reason.contains("rule 1")));
        assert!(
            Scripted::parse("s", "[[rule]]\nanswer = ''\nwhen = 1").is_err_and(|reason| reason.contains("line 3: unknown field"))
        );
        assert!(
            Scripted::parse("s", "[[rule]]\nmatches = '(?<a>x)'\nanswer = '${b}'").is_err_and(|reason| reason.contains("`b`"))
        );
    }
}
