//! A landed run taken back: a candidate without what it changed, gated and
//! approved like any other. Its task goes one level down until its owner
//! promotes it again.

use super::error::RunError;
use super::place::{Place, Stand};
use super::record::blank_of;
use super::way::{Kept, Way};
use crate::approve::{Approved, Voice};
use crate::candidate::{Candidate, RevertError};
use crate::config::Task;
use crate::event::Events;
use crate::examine::Machine;
use crate::ledger::record::{PluginId, Reverts, State};
use crate::refs;
use crate::repo::RepoError;
use crate::waiting::{Identity, WaitingError};

/// Takes a landed run back.
///
/// # Errors
/// [`RunError::Revert`] when later work is in the way, or nothing is left.
pub fn rollback(
    place: &Place<'_>,
    run: &str,
    task: &Task,
    by: &Voice<'_>,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<(String, Stand), RunError> {
    let way = Way::begin(place, task)?;
    if let Some(finished) = way.finished(run) {
        return Ok(finished);
    }
    let (story, landed) = way.found(run, &[State::Landed, State::Superseded])?;
    let told = |error: RevertError| RunError::Revert { run: story.run.clone(), error };
    let candidate = landed.candidate.as_ref().ok_or_else(|| told(RevertError::Nothing))?;
    let commit = git2::Oid::from_str(&candidate.commit).map_err(RepoError::from)?;
    let onto = onto(&way, commit)?;
    let reverted = Candidate::revert(commit, onto, place.repo).map_err(told)?;
    let plugin = plugin(&candidate.digest);
    let identity = Identity { task: task.name.clone(), plugin, grant: task.grant_digest };
    let mut record = blank_of(task, &identity, onto);
    record.reverts = Some(Reverts { run: story.run.clone(), autonomy: way.autonomy() });
    // A base that is red may be red for what is taken back, so only the candidate is judged.
    let gate = way.gate(machine);
    let gate = gate.as_ref().map(|gate| (gate, None));
    let Kept { waiting, before, record } = way.keep(&reverted, identity, record, Vec::new(), gate, events)?;
    let run = waiting.run().to_owned();
    if let Some(before) =
        before.filter(|story| !matches!(story.state, State::Waiting | State::Approved | State::Red | State::Open))
    {
        return Ok((run, before.state.into()));
    }
    let told = way.book.story(&run);
    let vote = Approved::by_person(waiting, task.approve, told, by, way.pen())?;
    Ok((run, way.settled(vote, &record, told.unwrap_or(&story), by)?))
}

/// What made a rollback: the host, from the candidate with this digest.
pub(super) fn plugin(digest: &str) -> PluginId {
    PluginId { name: "rollback".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), digest: digest.to_owned() }
}

/// Where it is taken back: from what is checked out, if that holds it; else from
/// the task's branch, if that does; else from whatever HEAD holds of it.
fn onto(way: &Way<'_>, commit: git2::Oid) -> Result<git2::Oid, RunError> {
    let (repo, head) = (way.place.repo, way.place.base);
    let branch = refs::read(repo.git(), &refs::branch_of(&way.task.name)).map_err(WaitingError::from)?;
    Ok(branch.filter(|branch| !repo.holds(head, commit) && repo.holds(*branch, commit)).unwrap_or(head))
}
