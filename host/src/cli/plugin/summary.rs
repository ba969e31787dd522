//! An entry of `lifeos.lock` as text: for whoever decides, and for the task
//! that a new plugin begins with.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::config::Task;
use lifeos::ledger::record::ReachText;
use lifeos::plugin::lock::Entry;
use lifeos::plugin::manifest::{Declared, Instructed};
use lifeos::policy::Capability;

use super::CommandError;

/// Where a plugin comes from, and what its author promises.
pub(super) fn entry(name: &str, entry: &Entry) -> String {
    let Entry { source, digest, version, world, declared, .. } = entry;
    let mut text = format!("{name} {}, world {}\n", clean::line(version), world.word());
    let mut line = |key: &str, words: &str| {
        let _infallible = writeln!(text, "  {key:<10} {words}");
    };
    let outside = if source.is_outside() { " (outside of the repository)" } else { "" };
    line("source", &format!("{}{outside}", clean::line(&source.to_string())));
    line("digest", &digest.to_string());
    if declared.instruction != Instructed::None {
        line("told", &format!("the instruction of a run ({})", declared.instruction.word()));
    }
    let limits: Vec<String> =
        declared.limits.by_key().into_iter().filter_map(|(key, most)| Some(format!("{key} {}", most?))).collect();
    if !limits.is_empty() {
        line("promises", &limits.join(", "));
    }
    text
}

/// The capabilities that an author declares, by name.
pub(super) fn capabilities(declared: &Declared) -> Vec<Capability> {
    Capability::ALL.into_iter().filter(|capability| declared.need(*capability).is_some()).collect()
}

/// A task that grants a plugin what its author declares.
#[derive(serde::Serialize)]
struct Table<'t> {
    plugin: &'t str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    list: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    read: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edit: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    history: bool,
}

/// Money is granted by nobody but the owner.
const MODEL: &str =
    "# It may ask a model, which costs money and needs a table [model]; see docs/models.md.\n# model = { cost_max = 0.50 }\n";

/// Nor is it known here whether there is a gate.
const ROUNDS: &str = "# It may be told how the gate or the goal failed, and propose again; see docs/gate.md.\n# rounds = 2\n";

/// The text of such a task.
pub(super) fn task(task: &str, name: &str, entry: &Entry) -> Result<String, CommandError> {
    let patterns = |capability| entry.declared.need(capability).map_or_else(Vec::new, |need| need.globs);
    let table = Table {
        plugin: name,
        list: patterns(Capability::List),
        read: patterns(Capability::Read),
        edit: patterns(Capability::Edit),
        history: entry.declared.history.is_some(),
    };
    let body = toml::to_string_pretty(&table).map_err(CommandError::usage)?;
    let model = if entry.declared.model.is_some() { MODEL } else { "" };
    let rounds = if entry.declared.rounds.is_some() { ROUNDS } else { "" };
    Ok(format!(
        "# Everything that the plugin's author declares; grant less where less will do.\n[task.{task}]\n{body}{rounds}{model}"
    ))
}

/// What a task grants, in a line.
pub(super) fn grant(task: &Task) -> String {
    let reach = ReachText::of(&task.granted);
    let lists = [("list", &reach.list), ("read", &reach.read), ("edit", &reach.edit)];
    let globs = lists.into_iter().filter(|(_, globs)| !globs.is_empty());
    let mut parts: Vec<String> = globs.map(|(key, patterns)| format!("{key} {}", clean::line(&patterns.join(" ")))).collect();
    let plain = [("history", reach.history), ("model", reach.model), ("rounds", reach.rounds)];
    parts.extend(plain.into_iter().filter(|(_, has)| *has).map(|(word, _)| word.to_owned()));
    format!("{} grants {}", task.name, if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") })
}
