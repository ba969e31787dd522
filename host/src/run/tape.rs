//! A run on tape, and played again: the calls are compared one by one, and then
//! what came of them. A replay writes nothing and reaches no network.

use std::sync::Arc;

use git2::Oid;

use super::error::RunError;
use super::made::{Made, digest_of, edits_on};
use super::place::{Place, identity};
use crate::candidate::Candidate;
use crate::config::Task;
use crate::event::Events;
use crate::examine::{Examined, Job, Machine, Proposal};
use crate::ledger::Ledger;
use crate::ledger::record::Body;
use crate::model::door::Door;
use crate::plugin::Plugin;
use crate::repo::Repo;
use crate::tape::{self, End, Header, Tape, TapeError};

/// What keeps the bytes of a tape.
pub type Keep<'k> = &'k dyn Fn(&[u8]) -> std::io::Result<()>;

/// A run that came out as on its tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// Calls that were compared.
    pub calls: u64,
    /// The candidate's tree, if there is a candidate.
    pub tree: Option<String>,
}

/// Puts a run on tape; gives the seal.
pub(super) fn record(
    place: &Place<'_>,
    job: &Job<'_>,
    examined: &Examined,
    candidate: Option<&Candidate>,
    keep: Keep<'_>,
) -> Result<String, RunError> {
    let Job { task, plugin, instruction, round, .. } = job;
    let commit = place.repo.git().find_commit(place.base).map_err(crate::repo::RepoError::from)?;
    let header = Header {
        schema: tape::SCHEMA.to_owned(),
        task: task.name.clone(),
        world: plugin.world,
        plugin: identity(task, plugin).plugin,
        grant: task.grant_digest,
        base: place.base.to_string(),
        base_tree: commit.tree_id().to_string(),
        instruction: instruction.map(str::to_owned),
        round: round.clone(),
        lifeos: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let checked = match &examined.proposal {
        Proposal::Checked(checked) => Some(checked),
        Proposal::Nothing | Proposal::Refused(_) => None,
    };
    let end = End {
        calls: examined.trace.len() as u64,
        tree: candidate.map(|candidate| candidate.tree().to_string()),
        edits: edits_on(checked, place.repo)?,
        findings: digest_of(&examined.findings),
    };
    let (tape, bytes) = Tape::new(header, &examined.trace, end)?;
    keep(&bytes).map_err(RunError::TapeFile)?;
    Ok(tape.seal.to_string())
}

/// The commit that a tape was recorded over, if it is here.
///
/// # Errors
/// [`TapeError::Other`] if it is not, or is not what the tape says.
pub fn base_of(repo: &Repo, header: &Header) -> Result<Oid, TapeError> {
    let other = |found: String| TapeError::Other { what: "base", recorded: header.base.clone(), found };
    let commit = Oid::from_str(&header.base).and_then(|id| repo.git().find_commit(id));
    let commit = commit.map_err(|_| other("no such commit".to_owned()))?;
    if commit.tree_id().to_string() != header.base_tree {
        return Err(other(format!("that commit with the tree {}", commit.tree_id())));
    }
    Ok(commit.id())
}

/// Refuses a tape of another task, component or grant.
///
/// # Errors
/// [`TapeError::Other`] with both digests.
pub fn is_of(header: &Header, task: &Task, plugin: &Plugin) -> Result<(), TapeError> {
    let pairs = [
        ("task", header.task.clone(), task.name.clone()),
        ("component", header.plugin.digest.clone(), plugin.digest.to_string()),
        ("grant", header.grant.to_string(), task.grant_digest.to_string()),
    ];
    match pairs.into_iter().find(|(_, recorded, found)| recorded != found) {
        Some((what, recorded, found)) => Err(TapeError::Other { what, recorded, found }),
        None => Ok(()),
    }
}

/// Runs a task again over the base of its tape, which `place.base` is, and
/// compares. The machine should remember nothing.
///
/// # Errors
/// [`RunError::Tape`] for a tape that is none or is of something else,
/// [`RunError::Parted`] where the run parts from it, and others when the plugin
/// fails now.
pub fn replay(
    place: &Place<'_>,
    tape: &Tape,
    task: &Task,
    plugin: &Plugin,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Same, RunError> {
    is_of(&tape.header, task, plugin)?;
    is_on_record(place, tape)?;
    let made = Made::of(place, &job_of(tape, task, plugin), machine, events, |_| true)?;
    parted(&made, tape, place.repo)?;
    Ok(Same { calls: tape.end.calls, tree: made.tree() })
}

/// The job of a tape: its instruction, the round before, and a model that is the tape.
pub(super) fn job_of<'j>(tape: &'j Tape, task: &'j Task, plugin: &'j Plugin) -> Job<'j> {
    let held = tape.calls.iter().filter_map(|call| serde_json::from_str(call.held.as_deref()?).ok());
    let door = task.model.map(|grant| Arc::new(Door::taped(held.collect(), grant.output_tokens_max)));
    Job { door, round: tape.header.round.clone(), ..Job::new(task, plugin, tape.header.instruction.as_deref()) }
}

/// Where a run parts from its tape, as an error.
pub(super) fn parted(made: &Made, tape: &Tape, repo: &Repo) -> Result<(), RunError> {
    let (edits, findings) = (edits_on(made.checked(), repo)?, digest_of(&made.examined.findings));
    match tape.parted(&made.examined.trace, made.tree().as_deref(), &edits, findings) {
        Some(divergence) => Err(RunError::Parted(Box::new(divergence))),
        None => Ok(()),
    }
}

/// If the ledger tells of tapes of this very run, this must be one of them.
pub(super) fn is_on_record(place: &Place<'_>, tape: &Tape) -> Result<(), RunError> {
    let Header { task, plugin, grant, base, .. } = &tape.header;
    let seal = |body: Body| match body {
        Body::Run(run) => {
            let tree = run.candidate.as_ref().map(|candidate| candidate.tree.as_str());
            let is_it = run.base == *base && run.plugin == *plugin && run.grant == grant.to_string();
            run.tape.clone().filter(|_| is_it && tree == tape.end.tree.as_deref())
        }
        _ => None,
    };
    let records = Ledger::of(place.repo, None).records()?.into_iter().map(|(_, record)| record);
    let seals: Vec<String> = records.filter(|record| record.task == *task).filter_map(|record| seal(record.body)).collect();
    match seals.last() {
        Some(last) if !seals.contains(&tape.seal.to_string()) => {
            let reason = format!("its seal is {}, and the ledger tells of {last}", tape.seal);
            Err(TapeError::Tampered { reason }.into())
        }
        _ => Ok(()),
    }
}
