//! What `plugin audit` and `plugin diff` print with `--json`.

use std::collections::BTreeMap;

use lifeos::plugin::World;
use lifeos::plugin::audit::Audit;
use lifeos::plugin::diff::{Difference, Outline};
use schemars::JsonSchema;
use serde::Serialize;

/// `plugin audit`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Audited {
    pub(crate) schema: &'static str,
    /// What was asked for.
    pub(crate) what: String,
    #[serde(flatten)]
    pub(crate) audit: Audit,
}

/// `plugin diff`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Compared {
    pub(crate) schema: &'static str,
    pub(crate) old: Side,
    pub(crate) new: Side,
    /// Whether the new one can anything that the old one could not.
    pub(crate) wider: bool,
    pub(crate) differences: Vec<Difference>,
}

/// `plugin diff` of two commits.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ComparedCommits {
    pub(crate) schema: &'static str,
    /// The older commit.
    pub(crate) old: String,
    /// The newer one.
    pub(crate) new: String,
    /// Whether any plugin of the newer lock can anything that it could not.
    pub(crate) wider: bool,
    /// What is different, by plugin.
    pub(crate) plugins: BTreeMap<String, Vec<Difference>>,
}

/// One of two components.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Side {
    /// What was asked for.
    what: String,
    digest: String,
    name: Option<String>,
    version: Option<String>,
    world: Option<World>,
}

impl Side {
    pub(crate) fn new(what: &str, outline: &Outline) -> Self {
        Self {
            what: lifeos::clean::line(what).into_owned(),
            digest: outline.digest.to_string(),
            name: outline.name.clone(),
            version: outline.version.clone(),
            world: outline.world,
        }
    }
}
