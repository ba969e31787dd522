//! `lifeos.toml`: text in, tasks out. It reads no file and decides nothing
//! about paths; see `docs/configuration.md` for the keys.

mod command;
mod model;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::autonomy::{Approve, Autonomy};
use crate::digest::Digest;
use crate::glob::{Globs, InvalidPattern};
use crate::name::{NAME_RULE, is_name};
use crate::nearest::nearest;
use crate::policy::{Demand, Limits, Reach};
use model::Whom;
pub use model::{Budget, Dialect, Model, ModelGrant};

/// Where the configuration lives in the base commit.
pub const FILE: &str = "lifeos.toml";

/// All tasks of a repository, by name.
#[derive(Debug)]
pub struct Config {
    /// The tasks.
    pub tasks: BTreeMap<String, Task>,
    /// Where pull requests and merges go, if anywhere.
    pub remote: Option<Remote>,
    /// The model that tasks ask, if there is one.
    pub model: Option<Model>,
    /// What all tasks together may spend on it.
    pub budget: Budget,
}

/// The repository that pull requests and merges go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its name in this clone.
    #[serde(default = "origin")]
    pub name: String,
    /// The branch that pull requests are for.
    pub branch: String,
    /// Where pull requests are opened; none: candidates are pushed and no more.
    pub forge: Option<Forge>,
}

/// The forge that the remote repository is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forge {
    /// Which language it speaks.
    pub kind: ForgeKind,
    /// The beginning of its addresses.
    #[serde(default = "github")]
    pub api: String,
    /// `owner/name`.
    pub repository: String,
    /// Names of checks that must be green before a merge, besides all that run.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Labels of its pull requests.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether pull requests begin as drafts.
    #[serde(default)]
    pub draft: bool,
    /// Pull requests of lifeos that may be open at one time.
    #[serde(default = "eight")]
    pub open_max: u64,
    /// Pull requests that may be opened in one day, in UTC.
    #[serde(default = "eight")]
    pub per_day_max: u64,
}

/// The languages of forges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForgeKind {
    /// The REST API of GitHub, its enterprise servers, and what imitates it.
    Github,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn origin() -> String {
    "origin".to_owned()
}

fn github() -> String {
    "https://api.github.com".to_owned()
}

fn eight() -> u64 {
    8
}

/// One task: a plugin, its options, and what it is granted.
#[derive(Debug)]
pub struct Task {
    /// Its name: 1 to 40 of `a-z 0-9 -`.
    pub name: String,
    /// Where the component comes from.
    pub plugin: Source,
    /// The only component that may run, if pinned.
    pub digest: Option<Digest>,
    /// What the owner grants.
    pub granted: Reach,
    /// The owner's bounds.
    pub limits: Limits,
    /// How far a run goes by itself.
    pub autonomy: Autonomy,
    /// Who approves.
    pub approve: Approve,
    /// The branch of the remote repository that autonomy `merge` moves.
    pub merge_into: Option<String>,
    /// What a candidate must pass.
    pub gate: Demand,
    /// How often the plugin may propose again after the gate failed.
    pub rounds: u32,
    /// What it may spend on a model.
    pub model: Option<ModelGrant>,
    /// Hosts that its documents may newly link to.
    pub hosts: Vec<String>,
    /// The `options` table as JSON.
    pub options: String,
    /// Digest of everything above.
    pub grant_digest: Digest,
}

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Carried inside the binary, or named in lifeos.lock.
    Name(String),
    /// A file, relative to the checkout.
    File(String),
}

/// What is wrong with the text.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("line {line}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
        /// The known key nearest to an unknown one.
        nearest: Option<String>,
    },
    /// A pattern outside the dialect.
    #[error("[task.{task}] {key}: {source}")]
    Pattern {
        /// The task.
        task: String,
        /// `list`, `read` or `edit`.
        key: &'static str,
        /// What is wrong with it.
        source: InvalidPattern,
    },
    /// The same outside of a task.
    #[error("[{table}] {reason}")]
    Table {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that is of the right type and still not usable.
    #[error("[task.{task}] {reason}")]
    Value {
        /// The task.
        task: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "read before, as the key that decides")]
    version: u32,
    /// For tasks that have none of their own.
    #[serde(default)]
    gate: Vec<String>,
    #[serde(default)]
    junit: Vec<String>,
    remote: Option<Remote>,
    model: Option<Model>,
    #[serde(default)]
    budget: Budget,
    #[serde(default)]
    task: BTreeMap<String, Table>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    plugin: String,
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    edit: Vec<String>,
    #[serde(default)]
    history: bool,
    #[serde(default)]
    autonomy: Autonomy,
    #[serde(default)]
    approve: Approve,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_into: Option<String>,
    gate: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    goal: Vec<String>,
    junit: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    rounds: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelGrant>,
    /// Set to whom the task asks, if it asks, so that it is part of the grant.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    asks: Option<Whom>,
    /// Set to the remote if the task goes there, so that it is part of the grant.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    remote: Option<Remote>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    options: toml::Table,
}

impl Config {
    /// Reads the text of a `lifeos.toml`.
    ///
    /// # Errors
    /// [`ConfigError`], the first one found.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        // First of all: a file of another version may have keys that this one does not know.
        let Version { version } = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        if version != 1 {
            let message = format!("version {version} is not known to this lifeos; it reads version 1");
            return Err(ConfigError::Syntax { line: 1, message, nearest: None });
        }
        let file: File = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let tasks = file.task.into_iter().map(|(name, table)| {
            // A task's own gate has its own reports.
            let junit = table.junit.clone().or_else(|| table.gate.is_none().then(|| file.junit.clone()));
            let gate = table.gate.clone().unwrap_or_else(|| file.gate.clone());
            let remote = file.remote.clone().filter(|_| table.autonomy >= Autonomy::PullRequest);
            let asks = file.model.as_ref().filter(|_| table.model.is_some()).map(Model::whom);
            Ok((name.clone(), Task::new(name, Table { gate: Some(gate), junit, remote, asks, ..table })?))
        });
        let tasks = tasks.collect::<Result<_, ConfigError>>()?;
        let fault = |table, fault: Option<String>| match fault {
            Some(reason) => Err(ConfigError::Table { table, reason }),
            None => Ok(()),
        };
        fault("model", file.model.as_ref().and_then(Model::fault))?;
        fault("budget", file.budget.fault())?;
        Ok(Self { tasks, remote: file.remote, model: file.model, budget: file.budget })
    }

    /// The known task name nearest to one that is not.
    #[must_use]
    pub fn nearest_task(&self, name: &str) -> Option<&str> {
        nearest(name, self.tasks.keys().map(String::as_str))
    }
}

impl Task {
    fn new(name: String, table: Table) -> Result<Self, ConfigError> {
        let fault = |reason: String| ConfigError::Value { task: name.clone(), reason };
        if !is_name(&name) {
            return Err(fault(format!("a task's name is {NAME_RULE}")));
        }
        check_limits(&table.limits).map_err(fault)?;
        check_landing(&table).map_err(fault)?;
        model::check(&table).map_err(fault)?;
        let options = serde_json::to_string(&table.options).map_err(|error| fault(format!("options: {error}")))?;
        if options.len() > 64 << 10 {
            return Err(fault("options: more than 64 KiB".to_owned()));
        }
        let grant = serde_json::to_vec(&table).map_err(|error| fault(error.to_string()))?;
        let parted = |key, commands: &[String]| {
            commands.iter().map(|command| command::words(key, command)).collect::<Result<Vec<_>, _>>().map_err(fault)
        };
        let commands = parted("gate", table.gate.as_deref().unwrap_or_default())?;
        let goals = parted("goal", &table.goal)?;
        let globs = |key, patterns: &[String]| {
            Globs::new(patterns).map_err(|source| ConfigError::Pattern { task: name.clone(), key, source })
        };
        let reports = globs("junit", table.junit.as_deref().unwrap_or_default())?;
        let granted = Reach {
            list: globs("list", &table.list)?,
            read: globs("read", &table.read)?,
            edit: globs("edit", &table.edit)?,
            history: table.history,
            model: table.model.is_some(),
            rounds: table.rounds > 0,
        };
        Ok(Self {
            plugin: Source::parse(&table.plugin),
            digest: table.digest,
            granted,
            limits: table.limits,
            autonomy: table.autonomy,
            approve: table.approve,
            merge_into: table.merge_into,
            gate: Demand { commands, goals, reports },
            rounds: table.rounds,
            model: table.model,
            hosts: table.hosts,
            options,
            grant_digest: Digest::of_parts([name.as_bytes(), grant.as_slice()]),
            name,
        })
    }
}

impl Source {
    /// A name, or a path: whatever has a slash or ends in `.wasm`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.contains('/') || text.ends_with(".wasm") { Self::File(text.to_owned()) } else { Self::Name(text.to_owned()) }
    }
}

/// What the levels above `branch` need.
fn check_landing(table: &Table) -> Result<(), String> {
    if !(1..=20).contains(&table.approve.people()) && table.approve != Approve::Auto {
        return Err("approve.people must be 1 to 20".to_owned());
    }
    let has_gate = table.gate.iter().flatten().next().is_some();
    match (table.autonomy, &table.remote, &table.merge_into) {
        (level, _, Some(_)) if level < Autonomy::Merge => Err("merge_into is for autonomy = \"merge\" alone".to_owned()),
        (Autonomy::Merge, Some(Remote { forge: None, .. }), _) if !has_gate => {
            Err("autonomy = \"merge\" without a forge, whose checks could be asked for, needs a gate".to_owned())
        }
        (Autonomy::Propose | Autonomy::Branch, ..) | (Autonomy::PullRequest, Some(_), _) => Ok(()),
        (level, None, _) => Err(format!("autonomy = \"{}\" needs a table [remote] with `branch`", level.word())),
        (Autonomy::Merge, Some(remote), Some(branch)) if *branch == remote.branch => Ok(()),
        (Autonomy::Merge, Some(Remote { branch, .. }), _) => {
            Err(format!("autonomy = \"merge\" needs merge_into = \"{branch}\", the branch that it may move, by name"))
        }
    }
}

/// What is wrong with bounds, if anything is.
pub(crate) fn check_limits(limits: &Limits) -> Result<(), String> {
    let bounds: [(&str, u64, u64, u64); 13] = [
        ("read_bytes_max", limits.read_bytes_max, 1, 64 << 20),
        ("edit_files_max", limits.edit_files_max, 0, 1_000_000),
        ("edit_bytes_max", limits.edit_bytes_max, 0, 4 << 30),
        ("removed_percent_max", limits.removed_percent_max, 0, 100),
        ("calls_max", limits.calls_max, 0, 1_000_000_000),
        ("findings_max", limits.findings_max, 1, 10_000_000),
        ("memory_bytes_max", limits.memory_bytes_max, 1 << 16, 4 << 30),
        ("fuel_max", limits.fuel_max, 1, u64::MAX / 2),
        ("document_fuel_max", limits.document_fuel_max, 1, u64::MAX / 2),
        ("seconds_max", limits.seconds_max, 1, 86_400),
        ("gate_seconds_max", limits.gate_seconds_max, 1, 86_400),
        ("gate_memory_bytes_max", limits.gate_memory_bytes_max, 1 << 20, 1 << 40),
        ("gate_processes_max", limits.gate_processes_max, 1, 100_000),
    ];
    for (key, value, least, most) in bounds {
        if !(least..=most).contains(&value) {
            return Err(format!("limits.{key} = {value}: must be {least} to {most}"));
        }
    }
    Ok(())
}

/// Where a text is no TOML of its type, and what the parser said.
pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = error.message().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let nearest = match quoted.next() {
        Some(unknown) if message.starts_with("unknown field") || message.starts_with("unknown variant") => {
            nearest(unknown, quoted).map(str::to_owned)
        }
        _ => None,
    };
    ConfigError::Syntax { line, message, nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match Config::parse(text) {
            Err(ConfigError::Syntax { line, message, nearest }) => {
                format!("{line}: {message}{}", nearest.map(|name| format!(" -> {name}")).unwrap_or_default())
            }
            Err(error) => error.to_string(),
            Ok(_) => "ok".to_owned(),
        }
    }

    #[test]
    fn reads_a_task() {
        let config = Config::parse("version = 1\n[task.docs]\nplugin = 'doc-hygiene'\nread = ['**']\noptions.lint = false\n");
        let config = config.expect("config");
        let task = &config.tasks["docs"];
        assert_eq!(task.plugin, Source::Name("doc-hygiene".to_owned()));
        assert_eq!(task.options, "{\"lint\":false}");
        assert_eq!((task.autonomy, task.approve), (Autonomy::Branch, Approve::Person));
        assert!(task.granted.edit.is_empty() && !task.granted.history);
        assert_eq!(Source::parse("a.wasm"), Source::File("a.wasm".to_owned()));
    }

    const MODEL: &str = "[model]\nprovider = 'openai'\nname = 'm'\n";

    #[test]
    fn any_change_of_a_table_changes_its_grant_digest() {
        let digest = |line: &str| {
            let text = format!("version = 1\n{MODEL}[task.docs]\nplugin = 'x'\ngate = ['true']\n{line}\n");
            Config::parse(&text).expect("config").tasks["docs"].grant_digest
        };
        let rows = [
            "",
            "list = ['a']",
            "read = ['a']",
            "edit = ['a']",
            "history = true",
            "approve = 'auto'",
            "approve.people = 2",
            "limits.calls_max = 1",
            "options.a = 1",
            "rounds = 1",
            "goal = ['false']",
            "junit = ['*.xml']",
            "model = {}",
            "model = {}\nhosts = ['a.org']",
            "model.calls_max = 1",
            "model.output_tokens_max = 1",
            "model.call_tokens_max = 1",
            "model.call_cost_max = 1",
            "model.tokens_max = 1",
            "model.cost_max = 1",
            "model.day_tokens_max = 1",
            "model.day_cost_max = 1",
            "model.month_tokens_max = 1",
            "model.month_cost_max = 1",
        ];
        let mut digests: Vec<_> = rows.iter().map(|row| digest(row)).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), rows.len());
        assert_eq!(digest("history = false"), digest(""));
        assert_eq!(digest("model.calls_max = 20"), digest("model = {}"));
    }

    #[test]
    fn says_what_where_and_the_nearest_known_name() {
        let rows = [
            ("", "1: missing field `version`"),
            ("version = 2", "1: version 2 is not known to this lifeos; it reads version 1"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nraed = []", "4: unknown field `raed`"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nraed = []", " -> read"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nlimits.call_max = 1", " -> calls_max"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nautonomy = 'all'", "4: unknown variant `all`"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nautonomy = 'merge'", "needs a table [remote]"),
            (
                "version = 1\ngate = ['x']\nremote.branch = 'main'\n[task.docs]\nplugin = 'x'\nautonomy = 'merge'\nmerge_into = 'master'",
                "needs merge_into = \"main\"",
            ),
            ("version = 1\n[task.docs]\nplugin = 'x'\napprove.people = 0", "approve.people must be 1 to 20"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nread = ['/a']", "[task.docs] read: bad pattern `/a`"),
            ("version = 1\n[task.Docs]\nplugin = 'x'", "[task.Docs] a task's name is"),
            (
                "version = 1\n[task.docs]\nplugin = 'x'\nlimits.seconds_max = 0",
                "[task.docs] limits.seconds_max = 0: must be 1 to 86400",
            ),
            ("version = 1\n[task.docs]\nplugin = 'x'\nrounds = 1", "[task.docs] rounds is for a task with a gate or a goal"),
            ("version = 1\ngate = ['x']\n[task.docs]\nplugin = 'x'\nrounds = 1", "ok"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nrounds = 1\ngoal = ['x']", "ok"),
            ("version = 1\ngate = ['x']\n[task.docs]\nplugin = 'x'\nrounds = 1\ngate = []", "rounds is for"),
            ("version = 1\n[task.docs]\nplugin = 'x'\nhosts = ['a.org']", "hosts is for a task with a table `model`"),
            ("version = 1\n[task.docs]\nplugin = 'x'\ndigest = 'md5:1'", "expected `sha256:`"),
            ("version = = 1", "1: "),
        ];
        for (text, expected) in rows {
            let error = error(text);
            assert!(error.contains(expected), "{text:?} gave {error:?}");
        }
    }
}
