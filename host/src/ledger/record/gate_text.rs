//! What the gate said of a candidate, as recorded: how its commands ended, and how
//! many tests ran. What they printed stands beside the record.

use serde::{Deserialize, Serialize};

/// A verdict of the gate as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GateText {
    /// Why the candidate did not pass; none if it did.
    pub fault: Option<String>,
    /// Whether the commands were isolated.
    pub isolated: bool,
    /// Whether they were in namespaces as well.
    #[serde(default)]
    pub namespaces: bool,
    /// Tests that ran on the base, as far as the commands tell.
    pub tests_before: Option<u64>,
    /// Tests that ran on the candidate.
    pub tests: Option<u64>,
    /// Why the base did not hold to the goal, if the task has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_before: Option<String>,
    /// The commands, up to the first that failed.
    pub commands: Vec<CommandText>,
}

/// A command of the gate as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CommandText {
    /// Its words.
    pub command: String,
    /// None if it ended with success.
    pub fault: Option<String>,
    /// How long it took.
    pub millis: u64,
    /// Processes that it left behind and that were killed.
    pub killed: u64,
}
