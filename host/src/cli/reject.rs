//! `lifeos reject`.

use clap::Args;
use lifeos::ledger::record::State;
use lifeos::run::verdict;

use super::case::{Case, tell};
use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, open};

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
    let why = open::sentence(&verb.why)?;
    let case = Case::open(&verb.run, global)?;
    let by = open::person(&case.repo)?;
    verdict::reject(&case.place(None), &case.story.run, case.task(), &why, &by)?;
    Ok(tell("reject", &case.story.run, &case.story, Some(by), State::Rejected.into(), term))
}
