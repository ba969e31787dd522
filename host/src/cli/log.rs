//! `lifeos log`.

use clap::Args;
use lifeos::ledger::Ledger;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, text};

/// Lists all runs, newest first.
#[derive(Args)]
pub(crate) struct Log {
    /// At most so many.
    #[arg(short = 'n', value_name = "N")]
    most: Option<usize>,
}

pub(crate) fn log(verb: &Log, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let memory = open::memory(global);
    let book = Ledger::of(&repo, memory.as_ref()).book()?;
    let stories = book.newest_first().into_iter();
    let runs: Vec<_> = stories.take(verb.most.unwrap_or(usize::MAX)).map(json::RunLine::new).collect();
    if term.is_json() {
        term.json(&json::Runs { schema: "lifeos/log@1", runs, levels: json::LevelLine::all(&book), unused: Vec::new() });
        return Ok(Exit::Done);
    }
    term.data(&runs.iter().map(text::run_line).collect::<String>());
    if runs.is_empty() {
        term.note("no task has run yet; `lifeos run TASK` starts one");
    }
    Ok(Exit::Done)
}
