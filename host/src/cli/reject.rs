//! `lifeos reject`.

use clap::Args;
use lifeos::ledger::Ledger;
use lifeos::ledger::record::State;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open};

/// Rejects a waiting candidate. The same candidate is not proposed again.
#[derive(Args)]
pub(crate) struct Reject {
    /// The run, or the beginning of its id.
    run: String,
    /// Why, in one sentence; it is recorded.
    #[arg(long, value_name = "TEXT")]
    why: String,
}

pub(crate) fn reject(verb: &Reject, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    if verb.why.trim().is_empty() || verb.why.len() > 2_000 {
        return Err(CommandError::usage("--why takes one sentence of 1 to 2,000 bytes"));
    }
    let repo = open::repo(global)?;
    let story = open::story(&Ledger::of(&repo), &verb.run)?;
    let by = open::person(&repo)?;
    lifeos::run::reject(&repo, &story, &lifeos::clean::line(&verb.why), &by, open::now())?;
    if term.is_json() {
        let (state, branch, commit) = (State::Rejected, None, None);
        term.json(&json::Verdict { schema: "lifeos/reject@1", run: story.run, task: story.task, state, by, branch, commit });
    } else {
        term.data(&format!("rejected run {}\n", story.run));
    }
    Ok(Exit::Done)
}
