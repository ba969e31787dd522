//! The whole story of one run, top to bottom: examine, keep the candidate, have the
//! gate judge it, approve, land, and write down what happened. Where the gate is red
//! and rounds are left, the next round begins from the top. What people decide about
//! a run is in `run/verdict`, `run/rollback` and `run/level`.

pub mod asking;
pub mod compare;
pub mod error;
pub mod level;
mod made;
pub mod place;
pub mod record;
pub mod replay;
pub mod rollback;
mod rounds;
pub mod spending;
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
use crate::gate::{Gate, Verdict};
use crate::ledger::record::{AllRounds, Body, Run, State};
use crate::model::error::ModelError;
use crate::plugin::Plugin;
use crate::results::Counts;
use asking::{Asks, Open};
use error::RunError;
use place::{Place, Stand, identity, require_pin};
use record::{attachments, blank, fill};
use rounds::{Red, Rounds};
use tape::Keep;
use way::{Attachments, Kept, Way};

/// What is to be run.
#[derive(Clone, Copy)]
pub struct Order<'o> {
    /// The task.
    pub task: &'o Task,
    /// Its component.
    pub plugin: &'o Plugin,
    /// What to do, if the task takes an instruction.
    pub instruction: Option<&'o str>,
    /// Who is asked, if the task is granted a model.
    pub asks: Option<&'o Asks>,
}

/// How something ended that may have asked a model: what that took is known however
/// it ended.
pub struct Ended<T> {
    /// What was asked of a model, all rounds together; none if nothing was.
    pub asked: Option<AllRounds>,
    /// The end.
    pub end: Result<T, RunError>,
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
    /// Why a model was not there for it: what was proposed may be half of it, and
    /// lands only if a person says so.
    pub trouble: Option<ModelError>,
}

/// Runs a task as far as its autonomy allows; what the plugin did goes on tape if
/// somebody keeps one, of several rounds the last.
///
/// A failure is in the ledger then, unless the ledger is what failed.
pub fn run(
    place: &Place<'_>,
    order: Order<'_>,
    machine: &Machine,
    events: &Events<'_>,
    keep: Option<Keep<'_>>,
) -> Ended<Finished> {
    let mut asked = None;
    let end = ended(place, order, machine, events, keep, &mut asked);
    Ended { asked, end }
}

fn ended(
    place: &Place<'_>,
    order: Order<'_>,
    machine: &Machine,
    events: &Events<'_>,
    keep: Option<Keep<'_>>,
    asked: &mut Option<AllRounds>,
) -> Result<Finished, RunError> {
    require_pin(order.task, order.plugin, place.lock)?;
    Job::new(order.task, order.plugin, order.instruction).is_told()?;
    let way = Way::begin(place, order.task)?;
    let gate = way.gate(machine);
    let mut rounds = Rounds::begin(&way, order.plugin);
    let story = Tale { way: &way, order, gate: gate.as_ref(), machine, events };
    let mut all = || loop {
        match story.round(&mut rounds, keep)? {
            End::Finished(finished) => return Ok(*finished),
            End::Red(red) => rounds.next(red, events)?,
        }
    };
    let ended = all();
    *asked = rounds.asked.take();
    if let Some(asks) = order.asks {
        spending::tell(&way, &asks.budget, events);
    }
    ended
}

/// What every round stands on.
struct Tale<'t> {
    way: &'t Way<'t>,
    order: Order<'t>,
    gate: Option<&'t Gate<'t>>,
    machine: &'t Machine,
    events: &'t Events<'t>,
}

/// How a round ends.
enum End {
    Finished(Box<Finished>),
    /// The gate spoke against its candidate.
    Red(Red),
}

/// What a plugin came to.
struct Proposed {
    candidate: Option<Candidate>,
    examined: Examined,
    files: Attachments,
    green: Option<Verdict>,
}

impl Tale<'_> {
    fn round(&self, rounds: &mut Rounds, keep: Option<Keep<'_>>) -> Result<End, RunError> {
        let Self { way, order: Order { task, plugin, instruction, asks }, gate, events, .. } = *self;
        let identity = identity(task, plugin);
        let mut record = blank(task, plugin, &identity, way.place.base);
        record.instruction = instruction.map(str::to_owned);
        record.repairs = rounds.repairs();
        let open = Open::of(way, &rounds.past, asks)?;
        let proposed = self.propose(&mut record, rounds, open.as_ref(), keep);
        record.model = open.as_ref().and_then(|open| open.told(way));
        asking::add(&mut rounds.past, record.model.as_ref(), open.as_ref());
        if let Some(asked) = &record.model {
            rounds.asked.get_or_insert_default().add(asked);
        }
        let Proposed { candidate, examined, files, green } = match proposed {
            Ok(proposed) => proposed,
            Err(error) => return Err(way.failed(&identity, record, error)),
        };
        record.reason = examined.trouble.as_ref().map(ToString::to_string);
        let Some(candidate) = candidate.filter(|candidate| rounds.is_new(candidate.tree())) else {
            let run = identity.empty_run(way.place.base);
            way.append(&run, Body::Run(Box::new(record.clone())), &files)?;
            return match rounds.given_up() {
                // The round before stays as it is, and the gate spoke against it.
                Some(red) if examined.trouble.is_none() => Err(RunError::Red(red)),
                Some(red) => Ok(End::finished(red.run, State::Red.into(), red.record, examined)),
                None => Ok(End::finished(run, State::Nothing.into(), record, examined)),
            };
        };
        let has_refused = !record.refused.is_empty();
        let gate = gate.map(|gate| (gate, green.as_ref()));
        let kept = match way.keep(&candidate, identity, record, files, gate, events) {
            Err(RunError::Red(red)) => {
                return match &examined.trouble {
                    // Half of the work: it stays as it is, and no other round would find a model.
                    Some(_) => Ok(End::finished(red.run, State::Red.into(), red.record, examined)),
                    None => Ok(End::Red(Red::of(red, &examined, way.place.repo)?)),
                };
            }
            kept => kept?,
        };
        let Kept { waiting, before, record } = kept;
        let run = waiting.run().to_owned();
        let judged = before.filter(|story| !matches!(story.state, State::Waiting | State::Red));
        let approved = match &judged {
            // A candidate that was judged keeps its verdict, and what it led to is finished.
            Some(story) => Approved::taken_up(waiting, task.approve, story),
            // One with refused edits, or half of one, waits for a person.
            None if has_refused || examined.trouble.is_some() => None,
            None => Approved::by_rule(waiting, task.approve, way.pen())?,
        };
        let stand = match approved {
            Some(approved) => way.land(approved, &record)?,
            None => judged.map_or(State::Waiting, |story| story.state).into(),
        };
        Ok(End::finished(run, stand, record, examined))
    }

    fn propose(
        &self,
        record: &mut Run,
        rounds: &mut Rounds,
        open: Option<&Open>,
        keep: Option<Keep<'_>>,
    ) -> Result<Proposed, RunError> {
        let Self { way, order: Order { task, plugin, instruction, .. }, gate, machine, events } = *self;
        let place = way.place;
        let base = place.repo.pin_with(place.base, place.memory)?;
        let green = gate.map(|gate| rounds.green(|| way::on_base(gate, &base, events))).transpose()?;
        let door = open.map(|open| open.door.clone());
        // Without a door there is no key that anybody knows.
        let redactor = door.as_ref().map(|door| door.redactor()).unwrap_or_default();
        let round = rounds.before(&redactor);
        let job = Job { door, round, holds: keep.is_some(), ..Job::new(task, plugin, instruction) };
        let examined = examine(place.repo, base, &job, machine, events)?;
        fill(record, &examined);
        let candidate = match &examined.proposal {
            Proposal::Nothing => None,
            Proposal::Refused(whole) => return Err(RunError::Refused(whole.clone())),
            Proposal::Checked(checked) => {
                events.emit(&Event::Building { files: checked.edits().len() as u64 });
                Some(Candidate::build(checked, place.repo)?)
            }
        };
        if let Some(keep) = keep {
            record.tape = Some(tape::record(place, &job, &examined, candidate.as_ref(), keep)?);
        }
        Ok(Proposed { candidate, files: attachments(&examined), examined, green })
    }
}

impl End {
    fn finished(run: String, stand: Stand, record: Run, examined: Examined) -> Self {
        let Examined { findings, refused, log, remembered, trouble, .. } = examined;
        Self::Finished(Box::new(Finished { run, stand, record, findings, refused, log, remembered, trouble }))
    }
}
