//! What `plugin test --json` prints.

use lifeos::ledger::record::PluginId;
use lifeos::trial::verdict::{Mismatch, Verdict};
use lifeos::trial::{Class, Tried};
use schemars::JsonSchema;
use serde::Serialize;

/// `plugin test`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Tested {
    pub(crate) schema: &'static str,
    pub(crate) plugin: PluginId,
    /// The component file.
    pub(crate) component: String,
    pub(crate) cases: Vec<TestedCase>,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

/// One case of `plugin test`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct TestedCase {
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) outcome: TestedOutcome,
    /// Why it was skipped.
    pub(crate) why: Option<String>,
    /// What is not as it has to be.
    pub(crate) mismatches: Vec<Mismatch>,
    /// With --bless: what was written, `+` new, `~` changed, `-` removed.
    pub(crate) written: Vec<String>,
    pub(crate) millis: u64,
}

/// What became of a case.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TestedOutcome {
    Passed,
    Failed,
    Skipped,
}

impl Tested {
    pub(crate) fn new(plugin: PluginId, component: String, tried: &[Tried]) -> Self {
        let count = |is: fn(&Verdict) -> bool| tried.iter().filter(|tried| is(&tried.verdict)).count() as u64;
        Self {
            schema: "lifeos/plugin-test@1",
            plugin,
            component,
            cases: tried.iter().map(TestedCase::new).collect(),
            passed: count(|verdict| matches!(verdict, Verdict::Passed)),
            failed: count(|verdict| matches!(verdict, Verdict::Failed(_))),
            skipped: count(|verdict| matches!(verdict, Verdict::Skipped(_))),
        }
    }
}

impl TestedCase {
    fn new(tried: &Tried) -> Self {
        let (outcome, why, mismatches) = match &tried.verdict {
            Verdict::Passed => (TestedOutcome::Passed, None, Vec::new()),
            Verdict::Skipped(why) => (TestedOutcome::Skipped, Some(why.clone()), Vec::new()),
            Verdict::Failed(mismatches) => (TestedOutcome::Failed, None, mismatches.clone()),
        };
        let millis = u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX);
        let (class, name, written) = (tried.class, tried.name.clone(), tried.written.clone());
        Self { class, name, outcome, why, mismatches, written, millis }
    }
}
