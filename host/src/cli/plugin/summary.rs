//! An entry of `lifeos.lock` as text: for whoever decides, and for the task
//! that a new plugin begins with.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::plugin::lock::Entry;
use lifeos::plugin::manifest::{Declared, Scope};
use lifeos::policy::Capability;

use super::CommandError;

/// Patterns of one list that are shown.
const GLOBS_SHOWN: usize = 6;

/// What a plugin can call and what its author declares.
pub(super) fn entry(name: &str, entry: &Entry) -> String {
    let Entry { source, digest, version, world, imports, declared, .. } = entry;
    let mut text = format!("{name} {}, world {}\n", clean::line(version), world.word());
    let mut line = |key: &str, words: &str| {
        let _infallible = writeln!(text, "  {key:<10} {words}");
    };
    let outside = if source.is_outside() { " (outside of the repository)" } else { "" };
    line("source", &format!("{}{outside}", clean::line(&source.to_string())));
    line("digest", &digest.to_string());
    for (at, import) in imports.iter().enumerate() {
        line(if at == 0 { "calls" } else { "" }, &clean::line(import));
    }
    for (key, words) in rows(declared) {
        line(key, &words);
    }
    let limits: Vec<String> =
        declared.limits.by_key().into_iter().filter_map(|(key, most)| Some(format!("{key} {}", most?))).collect();
    if !limits.is_empty() {
        line("promises", &limits.join(", "));
    }
    text
}

/// Each thing that an author declares, in a line.
fn rows(declared: &Declared) -> Vec<(&'static str, String)> {
    let capabilities = declared.capabilities();
    let row = |capability: Capability| {
        let Scope { globs: patterns, optional } = capabilities.need(capability, &[])?;
        let reach = if capability == Capability::History { "of what it reads".to_owned() } else { globs(&patterns) };
        Some((capability.word(), format!("{reach} ({})", if optional { "optional" } else { "needed" })))
    };
    let mut rows: Vec<_> = Capability::ALL.into_iter().filter_map(row).collect();
    for (key, patterns) in [("config", &declared.config), ("documents", &declared.documents)] {
        if !patterns.is_empty() {
            rows.push((key, globs(patterns)));
        }
    }
    rows
}

fn globs(patterns: &[String]) -> String {
    let shown: Vec<_> = patterns.iter().take(GLOBS_SHOWN).map(|glob| clean::line(glob)).collect();
    let more = patterns.len().saturating_sub(GLOBS_SHOWN);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
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
    Ok(format!("# Everything that the plugin's author declares; grant less where less will do.\n[task.{task}]\n{body}"))
}
