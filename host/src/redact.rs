//! Secrets in text: found by their shape or because they are known, taken out
//! before text leaves this machine, refused where an edit would add one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;
use zeroize::Zeroizing;

/// Finds secrets.
pub struct Redactor {
    shapes: Vec<(&'static str, Regex)>,
    known: Vec<Zeroizing<String>>,
}

/// A text without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct Redacted<'t> {
    /// What is left, with `[KIND]` where one was.
    pub text: Cow<'t, str>,
    /// How many there were, by kind.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Kinds and shapes.
const SHAPES: &[(&str, &str)] =
    &[("github-token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"), ("aws-key-id", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")];

impl Redactor {
    /// A redactor of all shapes and of these values.
    #[must_use]
    pub fn new(known: Vec<Zeroizing<String>>) -> Self {
        let shapes = SHAPES.iter().filter_map(|(kind, shape)| Some((*kind, Regex::new(shape).ok()?))).collect();
        Self { shapes, known }
    }

    /// Takes secrets out of a text.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        let mut redacted = Redacted { text: Cow::Borrowed(text), counts: BTreeMap::new() };
        for value in self.known.iter().filter(|value| redacted.text.contains(value.as_str())).collect::<Vec<_>>() {
            *redacted.counts.entry("known-key").or_default() += redacted.text.matches(value.as_str()).count() as u64;
            redacted.text = Cow::Owned(redacted.text.replace(value.as_str(), "[known-key]"));
        }
        for (kind, shape) in &self.shapes {
            let count = shape.find_iter(&redacted.text).count() as u64;
            if count > 0 {
                *redacted.counts.entry(kind).or_default() += count;
                redacted.text = Cow::Owned(shape.replace_all(&redacted.text, format!("[{kind}]")).into_owned());
            }
        }
        redacted
    }
}
