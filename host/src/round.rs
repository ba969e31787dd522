//! What became of the round before, as the next one is told: words alone.

use serde::{Deserialize, Serialize};

/// What became of the round before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// 1 in the first repair round.
    pub number: u32,
    /// How many may follow.
    pub left: u32,
    /// The command that failed, and how.
    pub fault: String,
    /// The end of what it printed, cleaned.
    pub output: String,
    /// The edits of that round, by path.
    pub edits: Vec<Proposed>,
}

/// A file as a round proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// Where.
    pub path: String,
    /// None: deleted.
    pub text: Option<String>,
}
