//! `lifeos plugin audit`.

mod lines;
mod markdown;
mod sarif;
pub(super) mod text;

use clap::{Args, ValueEnum};
use lifeos::config::Source;
use lifeos::ledger::Ledger;
use lifeos::plugin::PluginError;
use lifeos::plugin::audit::{self, Grant, Pin};
use lifeos::reach::unused;
use lifeos::run::place;

use super::what::{self, Component, Owner};
use super::{CommandError, Exit, Global, Term, json};

/// Recorded runs that are asked what a component used.
const RUNS_MAX: u64 = 10;

/// Tells what a component can do, from its bytes: what it imports, what its
/// author declares, what the task grants, what it used. Nothing of it runs.
#[derive(Args)]
pub(crate) struct Audit {
    /// A component file, the name of an official plugin, or a task of lifeos.toml.
    what: String,
    /// Hold the component against the grant of this task, before it is the task's.
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// How to print it: `sarif` for code scanning, `markdown` for a comment.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Sarif,
    Markdown,
}

pub(crate) fn audit(verb: &Audit, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    if term.is_json() && verb.format != Format::Text {
        return Err(CommandError::usage("--json and --format exclude each other"));
    }
    let component = what::component(&verb.what, global, term)?;
    let given = verb.task.as_deref().map(|task| what::owner(task, global, term)).transpose()?;
    let is_own = given.is_none();
    let owner = given.as_ref().or(component.owner.as_ref());
    let grant = owner.map(|owner| grant(owner, &component, is_own)).transpose()?;
    let audit = audit::Audit::of(&component.bytes, component.digest, grant.as_ref()).map_err(|error| {
        let is_native = matches!(error, PluginError::Native);
        let error = CommandError::from(error).at(&lifeos::clean::line(&verb.what));
        if is_native { CommandError { exit: Exit::Usage, ..error } } else { error }
    })?;
    let exit = if audit.within { Exit::Done } else { Exit::Denied };
    let what = lifeos::clean::line(&verb.what).into_owned();
    match verb.format {
        Format::Text if term.is_json() => term.json(&json::audit::Audited { schema: "lifeos/plugin-audit@1", what, audit }),
        Format::Text => term.data(&text::page(&audit, &what)),
        Format::Markdown => term.data(&markdown::page(&audit, &what)),
        Format::Sarif => {
            let file = component.file.as_deref().unwrap_or(&verb.what);
            term.json(&sarif::log(&audit, file, owner.map(|owner| owner.text.as_str())));
        }
    }
    Ok(exit)
}

/// The side of the owner. A component that is not the task's yet has no pin and no runs.
fn grant<'o>(owner: &'o Owner, component: &Component, is_own: bool) -> Result<Grant<'o>, CommandError> {
    let task = owner.task();
    let pin = match (place::entry(task, &owner.locked.lock), task.digest, &task.plugin) {
        _ if !is_own => Pin::NotNeeded,
        (Some((plugin, entry)), ..) => {
            let with_grant = entry.grants.get(&task.name) == Some(&task.granted.digest());
            Pin::Locked { plugin, digest: entry.digest, with_grant }
        }
        (None, Some(digest), _) => Pin::Digest(digest),
        (None, None, Source::Name(_)) => Pin::NotNeeded,
        (None, None, Source::File(_)) => Pin::Missing,
    };
    let (ledger, digest) = (Ledger::of(&owner.repo, None), component.digest.to_string());
    let uses = ledger.uses(&task.name, &digest, RUNS_MAX)?;
    let idle = unused::unused(&ledger, &ledger.book()?, &task.name, &task.granted, &digest)?;
    Ok(Grant { task: &task.name, reach: &task.granted, limits: &task.limits, pin, uses: Some(uses), idle })
}
