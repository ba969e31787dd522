//! What `--json` prints for the verbs that let plugins in.

use lifeos::config::Task;
use lifeos::plugin::World;
use lifeos::plugin::diff::Difference;
use lifeos::plugin::lock::Entry;
use lifeos::policy::Capability;
use schemars::JsonSchema;
use serde::Serialize;

/// `plugin add`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Added {
    schema: &'static str,
    /// What it is called in lifeos.lock.
    name: String,
    version: String,
    digest: String,
    world: World,
    source: String,
    /// What it can call: interface and function.
    imports: Vec<String>,
    /// Digest of the one that was there before.
    before: Option<String>,
    /// What is different since.
    changes: Vec<Difference>,
    /// Tasks whose grants were recorded with it.
    tasks: Vec<String>,
    /// What was written into lifeos.toml.
    table: Option<String>,
}

/// `plugin list`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct List {
    pub(crate) schema: &'static str,
    pub(crate) plugins: Vec<Line>,
}

/// One plugin of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) world: World,
    /// Where it comes from; null for an official one.
    pub(crate) source: Option<String>,
    /// Whether that is a file outside of the repository.
    pub(crate) is_outside: bool,
    /// What it can call: interface and function.
    pub(crate) imports: Vec<String>,
    /// What its author declares.
    #[schemars(with = "Vec<String>")]
    pub(crate) capabilities: Vec<Capability>,
    /// Tasks of lifeos.toml that use it.
    pub(crate) tasks: Vec<Use>,
    /// Whether the bytes that were looked at are on this machine.
    pub(crate) is_here: bool,
    /// Whether they are compiled.
    pub(crate) is_compiled: bool,
    /// What is there instead.
    pub(crate) problem: Option<String>,
}

/// A task that uses a plugin.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Use {
    pub(crate) task: String,
    /// Whether its grant is the one that was looked at; null for an official plugin.
    pub(crate) grant: Option<Grant>,
}

/// Whether a grant is the one that was looked at.
#[derive(Serialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Grant {
    /// It is.
    Reviewed,
    /// It was another one.
    Changed,
    /// None was.
    NotReviewed,
}

/// `plugin fetch`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct FetchedAll {
    pub(crate) schema: &'static str,
    pub(crate) plugins: Vec<Fetched>,
}

/// One plugin that is on this machine now, as it was locked.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Fetched {
    pub(crate) name: String,
    pub(crate) digest: String,
    /// Whether it was before.
    pub(crate) was_here: bool,
}

/// `plugin remove`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Removed {
    pub(crate) schema: &'static str,
    pub(crate) name: String,
    /// Tasks of lifeos.toml that still name it.
    pub(crate) tasks: Vec<String>,
}

impl Added {
    pub(crate) fn new(name: &str, entry: &Entry, before: Option<&Entry>, changes: &[Difference], table: Option<String>) -> Self {
        Self {
            schema: "lifeos/plugin-add@1",
            name: name.to_owned(),
            version: entry.version.clone(),
            digest: entry.digest.to_string(),
            world: entry.world,
            source: entry.source.to_string(),
            imports: entry.imports.clone(),
            before: before.map(|before| before.digest.to_string()),
            changes: changes.to_vec(),
            tasks: entry.grants.keys().cloned().collect(),
            table,
        }
    }
}

impl Use {
    pub(crate) fn new(task: &Task, entry: &Entry) -> Self {
        let grant = match entry.grants.get(&task.name) {
            None => Grant::NotReviewed,
            Some(grant) if *grant == task.granted.digest() => Grant::Reviewed,
            Some(_) => Grant::Changed,
        };
        Self { task: task.name.clone(), grant: Some(grant) }
    }
}
