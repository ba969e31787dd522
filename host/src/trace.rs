//! Used, the last of the four sets: one line for each call of a plugin to the
//! host, kept in the record of the run.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Lines kept in a record.
pub const CALLS_KEPT_MAX: usize = 20_000;
/// Bytes of a subject.
pub const SUBJECT_BYTES_MAX: usize = 512;

/// One call of a plugin to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Place of the document being checked in the order of the run; 0 for a
    /// task in free form.
    pub document: u32,
    /// The capability it took.
    pub capability: Cow<'static, str>,
    /// The function.
    pub function: Cow<'static, str>,
    /// The path or pattern, cleaned and cut.
    pub subject: String,
    /// Bytes the plugin handed over.
    pub bytes_in: u64,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took.
    pub micros: u64,
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
pub fn used(trace: &[Call]) -> std::collections::BTreeMap<String, Used> {
    let mut used = std::collections::BTreeMap::<String, Used>::new();
    for call in trace {
        let counts = used.entry(call.capability.clone().into_owned()).or_default();
        match call.outcome {
            Outcome::Allowed => counts.allowed += 1,
            Outcome::Denied => counts.denied += 1,
            Outcome::Error => counts.errors += 1,
        }
    }
    used
}
