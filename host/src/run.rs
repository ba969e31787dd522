//! The whole story of one run, top to bottom: examine, keep the candidate,
//! approve, land, and write down what happened. What people decide about a run
//! is in `run/verdict`, `run/rollback` and `run/level`.

pub mod compare;
pub mod error;
pub mod level;
mod made;
pub mod place;
pub mod record;
pub mod replay;
pub mod rollback;
pub mod suggest;
pub mod tape;
pub mod verdict;
mod way;

use crate::approve::Approved;
use crate::candidate::Candidate;
use crate::check::problem::Refused;
use crate::config::Task;
use crate::edit::Finding;
use crate::event::{Event, Events};
use crate::examine::{Examined, Job, Machine, Proposal, examine};
use crate::ledger::record::{Body, Run, State};
use crate::plugin::Plugin;
use crate::results::Counts;
use error::RunError;
use place::{Place, Stand, identity, require_pin};
use record::{attachments, blank, fill};
use tape::Keep;
use way::{Kept, Way};

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

/// Runs a task as far as its autonomy allows; what the plugin did goes on tape if
/// somebody keeps one.
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
    mut keep: Option<Keep<'_>>,
) -> Result<Finished, RunError> {
    require_pin(task, plugin, place.lock)?;
    let way = Way::begin(place, task)?;
    let identity = identity(task, plugin);
    let mut record = blank(task, plugin, &identity, place.base);
    record.instruction = instruction.map(str::to_owned);
    let gate = way.gate(machine);
    let mut green = None;
    let mut propose = || {
        let base = place.repo.pin_with(place.base, place.memory)?;
        green = gate.as_ref().map(|gate| way::on_base(gate, &base, events)).transpose()?;
        let job = Job::new(task, plugin, instruction);
        let examined = examine(place.repo, base, &job, machine, events)?;
        fill(&mut record, &examined);
        let files = attachments(&examined);
        let candidate = match &examined.proposal {
            Proposal::Nothing => None,
            Proposal::Refused(whole) => return Err(RunError::Refused(whole.clone())),
            Proposal::Checked(checked) => {
                events.emit(&Event::Building { files: checked.edits().len() as u64 });
                Some(Candidate::build(checked, place.repo)?)
            }
        };
        if let Some(keep) = keep.take() {
            record.tape = Some(tape::record(place, (task, plugin, instruction), &examined, candidate.as_ref(), keep)?);
        }
        let Examined { findings, refused, log, remembered, .. } = examined;
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
        None => Approved::by_rule(waiting, task.approve, way.pen())?.ok(),
    };
    let stand = match approved {
        Some(approved) => way.land(approved, &record)?,
        None => judged.map_or(State::Waiting, |story| story.state).into(),
    };
    Ok(finished(run, stand, record))
}
