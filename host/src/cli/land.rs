//! `lifeos land`.

use clap::Args;
use lifeos::run::verdict;

use super::Global;
use super::case::{Case, tell};
use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;

/// Goes on with an approved run: moves its branch, opens its pull request, or
/// merges it once the checks of that very commit are green.
#[derive(Args)]
pub(crate) struct Land {
    /// The run, or the beginning of its id.
    run: String,
}

pub(crate) fn land(verb: &Land, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let case = Case::open(&verb.run, global)?;
    let outside = case.outside(global)?;
    let stand = verdict::land(&case.place(outside.as_ref()), &case.story.run, case.task(), &case.plugin()?)?;
    Ok(tell("land", &case.story.run, &case.story, None, stand, term))
}
