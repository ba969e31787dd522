//! Used, the last of the four sets: one line for each call of a plugin to the
//! host, and for each document that the host handed to it. The record of a run
//! keeps the first of them, a tape all.

mod short;
mod word;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
pub use short::{Short, Summing};
pub use word::Word;

/// Lines kept in a record.
pub const CALLS_KEPT_MAX: usize = 4_000;
/// Bytes of a subject.
pub const SUBJECT_BYTES_MAX: usize = 512;

/// One call of a plugin to the host, or one document that was handed to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its place in the run, from 0; set when all calls are in order.
    #[serde(default)]
    pub sequence: u64,
    /// Place of the document being checked in the order of the run; 0 for a
    /// task in free form, and for what concerns the whole set.
    pub document: u32,
    /// The capability it took.
    pub capability: Word,
    /// The function.
    pub function: Word,
    /// The path or pattern, cleaned and cut.
    pub subject: String,
    /// Digest of everything that the plugin handed over.
    #[serde(default)]
    pub argument: Short,
    /// Bytes that it handed over.
    pub bytes_in: u64,
    /// Bytes of the answer.
    #[serde(default)]
    pub bytes_out: u64,
    /// How it went.
    pub outcome: Outcome,
    /// The word for it, when it was not allowed.
    #[serde(default)]
    pub reason: Option<Word>,
    /// Digest of the answer; of a document the beginning of its blob's id.
    #[serde(default)]
    pub answer: Short,
    /// How long it took; 0 on a tape.
    #[serde(default)]
    pub micros: u64,
    /// The whole answer as JSON, where a tape is recorded and nothing else can give
    /// it again. `tape` alone writes it.
    #[serde(skip)]
    pub held: Option<Box<str>>,
    /// What was sent for it, where a model was asked. The line of a record has it, and
    /// no tape: it is not the same the next time.
    #[serde(skip)]
    pub sent: Option<Box<Sent>>,
}

/// What was sent to a model for one call, and who answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The model that was asked.
    pub model: String,
    /// The model that answered last, as the provider calls it, cleaned and cut.
    pub answered: Option<String>,
    /// The provider's name for the last request that it answered, cleaned and cut.
    pub id: Option<String>,
    /// Attempts that were sent.
    pub attempts: u64,
    /// Tokens of all requests.
    pub input_tokens: u64,
    /// Tokens of all answers.
    pub output_tokens: u64,
    /// Millionths of the owner's currency.
    pub cost: u64,
}

/// A line of a record: a call, with what was sent for it.
#[derive(Debug, Serialize)]
pub struct Line<'c> {
    #[serde(flatten)]
    call: &'c Call,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<&'c Sent>,
}

impl<'c> From<&'c Call> for Line<'c> {
    fn from(call: &'c Call) -> Self {
        Self { call, sent: call.sent.as_deref() }
    }
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Granted and done.
    Allowed,
    /// Refused by the policy.
    Denied,
    /// Granted, and not possible.
    Error,
}

impl Call {
    /// Whether it is the same question at the same place of the run, whatever
    /// else was handed over.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        let place = |call: &'_ Self| (call.document, call.capability, call.function);
        place(self) == place(other) && self.subject == other.subject
    }

    /// Whether it is the same question and the same answer, however long it took
    /// and wherever in the run it stood.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let answer = |call: &'_ Self| (call.bytes_out, call.outcome, call.reason, call.answer);
        self.asks_same(other) && answer(self) == answer(other)
    }

    /// Whether it is the same question with the same arguments.
    #[must_use]
    pub fn asks_same(&self, other: &Self) -> bool {
        self.is_beside(other) && (self.argument, self.bytes_in) == (other.argument, other.bytes_in)
    }
}

/// Counts by capability, for the summary of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Used {
    /// Calls that were granted.
    pub allowed: u64,
    /// Calls that were refused.
    pub denied: u64,
    /// Calls that were granted and not possible.
    pub errors: u64,
}

impl Used {
    /// All calls, however they went.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.allowed.saturating_add(self.denied).saturating_add(self.errors)
    }
}

/// What was used in several runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// How many runs.
    pub runs: u64,
    /// Their calls by capability.
    pub calls: std::collections::BTreeMap<String, Used>,
}

impl Uses {
    /// Adds another run.
    pub fn add(&mut self, used: &std::collections::BTreeMap<String, Used>) {
        self.runs += 1;
        for (capability, counts) in used {
            let sum = self.calls.entry(capability.clone()).or_default();
            sum.allowed = sum.allowed.saturating_add(counts.allowed);
            sum.denied = sum.denied.saturating_add(counts.denied);
            sum.errors = sum.errors.saturating_add(counts.errors);
        }
    }
}

/// Adds up a trace by capability.
#[must_use]
pub fn used(trace: &[Call]) -> BTreeMap<String, Used> {
    let mut used = BTreeMap::<&str, Used>::new();
    for call in trace {
        let counts = used.entry(&call.capability).or_default();
        match call.outcome {
            Outcome::Allowed => counts.allowed += 1,
            Outcome::Denied => counts.denied += 1,
            Outcome::Error => counts.errors += 1,
        }
    }
    used.into_iter().map(|(capability, counts)| (capability.to_owned(), counts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_older_record_reads() {
        let line = r#"{"document":3,"capability":"history","function":"revisions","subject":"a.md","bytes_in":4,"outcome":"allowed","micros":9}"#;
        let call: Call = serde_json::from_str(line).expect("a call");
        assert_eq!((call.document, call.sequence, call.micros, call.answer), (3, 0, 9, Short::default()));
        let again: Call = serde_json::from_str(&serde_json::to_string(&call).expect("JSON")).expect("a call");
        assert_eq!(again, call);
    }
}
