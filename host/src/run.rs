//! The whole story of one run, top to bottom: examine, keep the candidate,
//! approve, land, and write down what happened. What people decide about a run
//! is in `run/verdict`, `run/rollback` and `run/level`.

pub mod error;
pub mod level;
pub mod record;
pub mod rollback;
pub mod verdict;
mod way;

use crate::approve::Approved;
use crate::candidate::Candidate;
use crate::check::problem::Refused;
use crate::config::{Source, Task};
use crate::edit::Finding;
use crate::event::{Event, Events};
use crate::examine::{Examined, Machine, Proposal, examine};
use crate::land::outside::Outside;
use crate::ledger::record::{Body, PluginId, PullRequest, Run, State};
use crate::plugin::Plugin;
use crate::repo::Repo;
use crate::results::Counts;
use crate::sealed::SealedFolder;
use crate::waiting::Identity;
use error::RunError;
use record::{attachments, blank, fill};
use way::{Kept, Way};

/// Where and when a run stands: fixed before its configuration is read.
pub struct Place<'r> {
    /// The repository.
    pub repo: &'r Repo,
    /// The commit that tasks, grants and documents come from.
    pub base: git2::Oid,
    /// Seconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// Where what was read before is remembered, if it is.
    pub memory: Option<&'r SealedFolder>,
    /// Where pull requests and merges go, if anywhere.
    pub outside: Option<&'r Outside<'r>>,
}

/// How a run ended, and what it leaves.
pub struct Finished {
    /// Its id.
    pub run: String,
    /// Where it stands.
    pub stand: Stand,
    /// As recorded.
    pub record: Run,
    /// What the plugin saw.
    pub findings: Vec<Finding>,
    /// Edits that were refused one by one.
    pub refused: Vec<Refused>,
    /// Lines for the author.
    pub log: String,
    /// How many answers were remembered.
    pub remembered: Counts,
}

/// Where a run stands, and where its candidate is.
#[derive(Debug, Clone)]
pub struct Stand {
    /// Its state.
    pub state: State,
    /// The branch that moved, here or in the remote repository.
    pub branch: Option<String>,
    /// The pull request that tells of it.
    pub pull_request: Option<PullRequest>,
    /// What it waits for, if it waits.
    pub waits_for: Option<String>,
}

impl From<State> for Stand {
    fn from(state: State) -> Self {
        Self { state, branch: None, pull_request: None, waits_for: None }
    }
}

/// Runs a task as far as its autonomy allows.
///
/// # Errors
/// [`RunError`]; the failure is in the ledger then, unless the ledger is what
/// failed.
pub fn run(
    place: &Place<'_>,
    task: &Task,
    plugin: &Plugin,
    instruction: Option<&str>,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Finished, RunError> {
    require_pin(task, plugin)?;
    let way = Way::begin(place, task)?;
    let identity = identity(task, plugin);
    let mut record = blank(task, plugin, &identity, place.base);
    let gate = way.gate(machine);
    let mut green = None;
    let mut propose = || {
        let base = place.repo.pin_with(place.base, place.memory)?;
        green = gate.as_ref().map(|gate| way::on_base(gate, &base, events)).transpose()?;
        let examined = examine(place.repo, base, task, plugin, instruction, machine, events)?;
        fill(&mut record, &examined);
        let files = attachments(&examined);
        let Examined { findings, proposal, refused, log, remembered, .. } = examined;
        let candidate = match proposal {
            Proposal::Nothing => None,
            Proposal::Refused(whole) => return Err(RunError::Refused(whole)),
            Proposal::Checked(checked) => {
                events.emit(&Event::Building { files: checked.edits().len() as u64 });
                Some(Candidate::build(&checked, place.repo)?)
            }
        };
        Ok((candidate, files, findings, refused, log, remembered))
    };
    let proposed = propose();
    let (candidate, files, findings, refused, log, remembered) = match proposed {
        Ok(proposed) => proposed,
        Err(error) => return Err(way.failed(&identity, record, error)),
    };
    let finished = |run, stand, record| Finished { run, stand, record, findings, refused, log, remembered };
    let Some(candidate) = candidate else {
        let run = identity.empty_run(place.base);
        way.append(&run, Body::Run(Box::new(record.clone())), &files)?;
        return Ok(finished(run, State::Nothing.into(), record));
    };
    let has_refused = !record.refused.is_empty();
    let gate = gate.as_ref().map(|gate| (gate, green.as_ref()));
    let Kept { waiting, before, record } = way.keep(&candidate, identity, record, files, gate, events)?;
    let run = waiting.run().to_owned();
    let judged = before.filter(|story| !matches!(story.state, State::Waiting | State::Red));
    let approved = match &judged {
        // A candidate that was judged keeps its verdict, and what it led to is finished.
        Some(story) => Approved::taken_up(waiting, task.approve, story),
        // One with refused edits waits for a person.
        None if has_refused => None,
        None => Approved::by_rule(waiting, task.approve, &way.ledger, &way.lock, place.now)?.ok(),
    };
    let stand = match approved {
        Some(approved) => way.land(&approved, &record)?,
        None => judged.map_or(State::Waiting, |story| story.state).into(),
    };
    Ok(finished(run, stand, record))
}

/// A component that is not part of the program must be pinned before it may
/// write; `examine` runs it without.
///
/// # Errors
/// [`RunError::NotPinned`].
pub fn require_pin(task: &Task, plugin: &Plugin) -> Result<(), RunError> {
    if task.digest == Some(plugin.digest) || matches!(task.plugin, Source::Official(_)) {
        return Ok(());
    }
    Err(RunError::NotPinned { task: task.name.clone(), digest: plugin.digest })
}

/// What a task's candidates stand on besides their base.
#[must_use]
pub fn identity(task: &Task, plugin: &Plugin) -> Identity {
    let Plugin { manifest, digest, .. } = plugin;
    let plugin = PluginId { name: manifest.name.clone(), version: manifest.version.clone(), digest: digest.to_string() };
    Identity { task: task.name.clone(), plugin, grant: task.grant_digest }
}
