//! What `review --json` prints.

use lifeos::edit::Severity;
use lifeos::ledger::record::Run;
use lifeos::policy::Capability;
use schemars::JsonSchema;
use serde::Serialize;

use super::RunLine;

/// `review`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Reviewed {
    pub(crate) schema: &'static str,
    /// Every candidate that waits for a verdict on the commit of HEAD.
    pub(crate) waiting: Vec<RunLine>,
    /// The run that was asked for, or else the one candidate that waits.
    pub(crate) review: Option<Facts>,
}

/// What a reviewer must know of a run.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Facts {
    #[serde(flatten)]
    pub(crate) line: RunLine,
    /// Whether it stands on the commit of HEAD.
    pub(crate) current: bool,
    pub(crate) record: Run,
    /// Findings that the edits take care of, by rule.
    pub(crate) repaired: Vec<RuleCount>,
    /// The other findings, by rule.
    pub(crate) remaining: Vec<RuleCount>,
    /// Capabilities that are granted and that this run did not use.
    #[schemars(with = "Vec<String>")]
    pub(crate) unused: Vec<Capability>,
    /// Protected paths that the grant writes out.
    pub(crate) protected: Vec<String>,
    /// Files in which the candidate differs from its base.
    pub(crate) changes: Vec<ChangedFile>,
}

/// Findings of one rule.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RuleCount {
    pub(crate) rule: String,
    /// The gravest of them.
    pub(crate) severity: Severity,
    pub(crate) count: u64,
}

/// A file of a candidate, by what is in the object database.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ChangedFile {
    pub(crate) path: String,
    /// `changed`, `created` or `deleted`.
    pub(crate) action: &'static str,
    /// Whether both sides are text; if not, only the path is known.
    pub(crate) text: bool,
    pub(crate) added: u64,
    pub(crate) removed: u64,
    /// Whether only a grant that writes it out reaches it.
    pub(crate) protected: bool,
    /// Hidden characters that the candidate adds.
    pub(crate) hidden_added: u64,
    /// Hidden characters that were there before.
    pub(crate) hidden_before: u64,
    /// The first of them, at most 100 of each kind.
    pub(crate) hidden: Vec<HiddenAt>,
}

/// A hidden character of a file's new text.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct HiddenAt {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// As `U+202E`.
    pub(crate) code: String,
    /// Whether the candidate adds it.
    pub(crate) added: bool,
}
