//! `lifeos rollback`.

use clap::Args;
use lifeos::approve::Voice;
use lifeos::ledger::record::State;
use lifeos::run::rollback as back;

use super::case::{Case, tell};
use super::error::CommandError;
use super::exit::Exit;
use super::progress::during;
use super::term::Term;
use super::{Global, open};

/// Takes a landed run back: a commit without what it changed is gated, approved
/// by you, and landed as the run was. Later work stays; where it touches the
/// same lines, nothing happens. The task goes one level of autonomy down.
#[derive(Args)]
pub(crate) struct Rollback {
    /// The run, or the beginning of its id.
    run: String,
    #[command(flatten)]
    gate: open::GateOptions,
}

pub(crate) fn rollback(verb: &Rollback, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let case = Case::open(&verb.run, global)?;
    let person = open::person(&case.repo)?;
    let machine = open::gated(open::machine(global, None, term)?, &verb.gate, global)?;
    let outside = case.outside(global)?;
    let by = Voice { person: &person, named: None };
    let place = case.place(outside.as_ref());
    let (run, stand) = during(term, |events| back::rollback(&place, &case.story.run, case.task(), &by, &machine, events))?;
    let is_approved = stand.state != State::Waiting;
    let exit = tell("rollback", &run, &case.story, Some(person), stand, term);
    if !term.is_json() && is_approved {
        term.note(&format!(
            "it takes back run {}; the task went one level down: `lifeos promote {}` brings it up",
            case.story.run, case.story.task
        ));
    }
    Ok(exit)
}
