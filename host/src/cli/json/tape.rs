//! What `--json` prints of tapes: replays, comparisons, suggested grants.

use std::collections::BTreeMap;

use lifeos::edit::Finding;
use lifeos::ledger::record::{PluginId, ReachText};
use lifeos::trace::Used;
use schemars::JsonSchema;
use serde::Serialize;

/// `run --replay`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Replayed {
    pub(crate) schema: &'static str,
    pub(crate) task: String,
    pub(crate) plugin: PluginId,
    /// The commit that the tape was recorded over.
    pub(crate) base: String,
    /// Calls that were compared.
    pub(crate) calls: u64,
    /// The candidate's tree, the same as on the tape; none if there was nothing to do.
    pub(crate) tree: Option<String>,
    /// Digest over the tape.
    pub(crate) seal: String,
}

/// `plugin diff --replay`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Compared {
    pub(crate) schema: &'static str,
    pub(crate) task: String,
    /// The commit that both ran over.
    pub(crate) base: String,
    pub(crate) old: PluginId,
    pub(crate) new: PluginId,
    /// Whether the new one did and proposed the same.
    pub(crate) same: bool,
    /// Why the new one did not come to an end, if it did not.
    pub(crate) failed: Option<String>,
    /// Where their calls part first.
    pub(crate) divergence: Option<Divergence>,
    /// Calls by capability, of the old one and of the new one.
    pub(crate) used: BTreeMap<String, [Used; 2]>,
    /// Findings that the old one alone has.
    pub(crate) findings_old: Vec<Finding>,
    /// Findings that the new one alone has.
    pub(crate) findings_new: Vec<Finding>,
    /// Files that they leave in different states.
    pub(crate) edits: Vec<EditOf>,
    /// Edits of the new one that were refused.
    pub(crate) refused: u64,
}

/// The first call in which two runs part.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Divergence {
    /// `tape-miss`, `tape-mismatch` or `tape-leftover`.
    pub(crate) reason: &'static str,
    /// In one sentence.
    pub(crate) message: String,
    /// The call that the tape has there.
    pub(crate) recorded: Option<serde_json::Value>,
    /// The call that the new one made there.
    pub(crate) made: Option<serde_json::Value>,
}

/// A file that two versions leave in different states.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct EditOf {
    pub(crate) path: String,
    /// Who changes it: `old`, `new` or `both`.
    pub(crate) by: &'static str,
    /// From what the old one leaves to what the new one leaves.
    pub(crate) diff: String,
}

/// `plugin suggest`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Suggested {
    pub(crate) schema: &'static str,
    pub(crate) task: String,
    pub(crate) plugin: PluginId,
    /// Runs that it rests on, newest first.
    pub(crate) runs: Vec<String>,
    pub(crate) present: ReachText,
    pub(crate) suggested: ReachText,
    /// Whether the suggestion is narrower than what is there.
    pub(crate) narrower: bool,
    /// The commit over which it was tried.
    pub(crate) base: String,
    /// The tree that came out, the same as under the present grant.
    pub(crate) tree: Option<String>,
    /// Why, one sentence for each capability.
    pub(crate) reasons: Vec<String>,
    /// What was asked for and not granted, by capability.
    pub(crate) denied: BTreeMap<String, BTreeMap<String, u64>>,
    /// The change of lifeos.toml as a unified diff, for `git apply`; empty if there is none.
    pub(crate) patch: String,
}
