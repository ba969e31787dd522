//! `lifeos plugin diff`: what two versions can, or, over a tape, what they do.

use std::path::PathBuf;

use clap::Args;
use lifeos::config::Source;
use lifeos::plugin::diff::{self, Difference, Outline};
use lifeos::plugin::{Plugin, official};

use super::replayed::replayed;
use super::{CommandError, Exit, Global, Term, json};
use super::{commits, what};

/// Compares what two components can do: imports, types, declared scope, limits.
/// Exits with 0 if NEW can the same or less, with 1 if it can more.
///
/// With --replay, compares what they do: which calls NEW makes where OLD made
/// those of the tape, and what it would change otherwise. Exits with 1 if they differ.
#[derive(Args)]
pub(crate) struct Diff {
    /// The older one: a component file, a task, a plugin of lifeos.lock, an official plugin; or a
    /// commit, with NEW another one: then every plugin of their locks is compared.
    old: String,
    /// The newer one.
    new: String,
    /// A tape of OLD, from `lifeos run TASK --record FILE`.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
}

pub(crate) fn diff(verb: &Diff, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    if let Some(tape) = &verb.replay {
        let (old, new) = (plugin(&verb.old, global, term)?, plugin(&verb.new, global, term)?);
        return replayed(&global.path(tape), [&old, &new], global, term);
    }
    if !names_component(&verb.old, global)
        && !names_component(&verb.new, global)
        && let Some(pair) = commits::commits([&verb.old, &verb.new], global)
    {
        return commits::compare(pair, global, term);
    }
    let side = |word: &str| {
        let read = || -> Result<Outline, CommandError> {
            let component = what::component(word, global, term)?;
            Ok(Outline::read(&component.bytes, component.digest)?)
        };
        // 1 means wider, 2 that nothing was compared, and there is no third.
        read().map_err(|error| CommandError { exit: Exit::Usage, ..error.at(&lifeos::clean::line(word)) })
    };
    let (old, new) = (side(&verb.old)?, side(&verb.new)?);
    let differences = diff::differences(&old, &new);
    let wider = diff::is_wider(&differences);
    if term.is_json() {
        let (old, new) = (json::audit::Side::new(&verb.old, &old), json::audit::Side::new(&verb.new, &new));
        term.json(&json::audit::Compared { schema: "lifeos/plugin-diff@1", old, new, wider, differences });
    } else {
        print(&old, &new, &differences, term);
    }
    Ok(if wider { Exit::Findings } else { Exit::Done })
}

/// Whether a word names a component, and no commit is meant.
fn names_component(word: &str, global: &Global) -> bool {
    match Source::parse(word) {
        Source::File(path) => global.path(path.as_ref()).exists(),
        Source::Name(name) => official::names().any(|official| official == name) || what::names_own(&name, global),
    }
}

/// A component that may be loaded.
fn plugin(word: &str, global: &Global, term: &Term) -> Result<Plugin, CommandError> {
    let component = what::component(word, global, term)?;
    Plugin::read(component.bytes.into_owned()).map_err(|error| CommandError::from(error).at(&lifeos::clean::line(word)))
}

fn print(old: &Outline, new: &Outline, differences: &[Difference], term: &Term) {
    for (side, outline) in [("old", old), ("new", new)] {
        let of = outline.name.as_ref().zip(outline.version.as_ref()).map(|(name, version)| format!("{name} {version}"));
        term.note(&format!("{side}: {}, {}", of.unwrap_or_else(|| "(no manifest)".to_owned()), outline.digest));
    }
    differences.iter().for_each(|difference| term.data(&format!("{difference}\n")));
    match (differences.is_empty(), old.digest == new.digest) {
        (true, true) => term.note("the same component"),
        (true, false) => term.note("other bytes, which can the same"),
        _ => {}
    }
}
