//! What a run may ask of a model: the door is opened under the lock, for one round,
//! and what went through it goes on record with the round.

use std::sync::Arc;

use super::Ended;
use super::error::RunError;
use super::place::Place;
use super::spending;
use super::way::Way;
use crate::budget::caps::Caps;
use crate::budget::journal;
use crate::budget::purse::{Past, Purse};
use crate::budget::spent;
use crate::clean;
use crate::config::{Budget, Task};
use crate::event::Events;
use crate::examine::{Examined, Job, Machine, examine};
use crate::ledger::record::{AllRounds, AskedText, Body};
use crate::model::door::{Clock, Door, Traffic};
use crate::model::supply::Supply;

/// Bytes of a sentence on record.
const WORDS_MAX: usize = 2_000;

/// Who is asked, and what all tasks together may spend.
#[derive(Clone)]
pub struct Asks {
    /// Who is asked, on which terms.
    pub supply: Supply,
    /// What all tasks together may spend.
    pub budget: Budget,
}

/// The door of one round, and the journal that its spending stands in meanwhile.
pub(super) struct Open {
    pub(super) door: Arc<Door>,
    journal: String,
}

impl Open {
    /// Opens a door for a task within its caps, on top of what was spent.
    pub(super) fn new(
        way: &Way<'_>,
        task: &str,
        caps: Caps,
        output_tokens_max: u32,
        past: &Past,
        asks: &Asks,
    ) -> Result<Self, RunError> {
        let (journal, id) = journal::begin(&way.lock, task)?;
        let purse = Purse::new(task, asks.supply.price, caps, past.clone(), Box::new(journal));
        let door = asks.supply.door(output_tokens_max, purse, Clock::new(way.place.now));
        Ok(Self { door: Arc::new(door), journal: id })
    }

    /// The door of a task's round; none if the task is granted none, or there is none.
    pub(super) fn of(way: &Way<'_>, past: &Past, asks: Option<&Asks>) -> Result<Option<Self>, RunError> {
        let task = way.task;
        let Some((grant, asks)) = task.model.as_ref().zip(asks) else { return Ok(None) };
        Self::new(way, &task.name, grant.caps(&asks.budget), grant.output_tokens_max, past, asks).map(Some)
    }

    /// What went through, for the record; none if nothing was asked, and then there is
    /// nothing to keep account of.
    pub(super) fn told(&self, way: &Way<'_>) -> Option<AskedText> {
        let Traffic { asked, answered, prompts, calls, redacted, waited, trouble, .. } = self.door.traffic();
        let line = |text: &str| clean::line(clean::cut(text, WORDS_MAX)).into_owned();
        if calls == 0 && trouble.is_none() {
            drop(journal::clear(&way.lock));
            return None;
        }
        Some(AskedText {
            model: line(&asked),
            answered: answered.iter().map(|model| line(model)).collect(),
            prompts,
            calls,
            spent: self.door.spent(),
            waited_millis: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            redacted: redacted.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect(),
            trouble: trouble.map(|trouble| line(&trouble.to_string())),
            journal: self.journal.clone(),
        })
    }
}

impl Way<'_> {
    /// What was spent before this run, by its task and by all.
    pub(super) fn past(&self) -> Past {
        self.book.past(&self.task.name, self.place.now)
    }
}

/// Adds what a round asked to what the next one stands on.
pub(super) fn add(past: &mut Past, asked: Option<&AskedText>, open: Option<&Open>) {
    past.asked = open.map_or(past.asked, |open| open.door.counted());
    let Some(asked) = asked else { return };
    [&mut past.task, &mut past.all].into_iter().for_each(|days| spent::add(days, &asked.spent));
    past.run = past.run.plus(asked.sum());
}

/// Examines with a model for a verb that makes no run; what was spent is on record
/// all the same, under `why`.
///
/// However it ends, what was spent until then is on record.
pub fn examined(
    place: &Place<'_>,
    job: &Job<'_>,
    asks: &Asks,
    why: &str,
    machine: &Machine,
    events: &Events<'_>,
) -> Ended<Examined> {
    let mut asked = None;
    let mut examined = || {
        let way = Way::begin(place, job.task)?;
        let base = place.repo.pin_with(place.base, place.memory)?;
        let open = Open::of(&way, &way.past(), Some(asks))?;
        let job = Job { door: open.as_ref().map(|open| open.door.clone()), ..job.clone() };
        let examined = examine(place.repo, base, &job, machine, events);
        if let Some(open) = &open {
            asked = AllRounds::of(&open.told(&way));
            close(&way, open, why)?;
            spending::tell(&way, &asks.budget, events);
        }
        Ok(examined?)
    };
    let end = examined();
    Ended { asked, end }
}

/// A door without a plugin, for somebody who wants to know whether it opens: what
/// `ask` spends is on record under `why`.
///
/// # Errors
/// [`RunError`].
pub fn tried<T>(
    place: &Place<'_>,
    task: &Task,
    asks: &Asks,
    why: &str,
    events: &Events<'_>,
    ask: impl FnOnce(&Door) -> T,
) -> Result<T, RunError> {
    let way = Way::begin(place, task)?;
    let Some(open) = Open::of(&way, &way.past(), Some(asks))? else { return Err(RunError::NoModel { task: task.name.clone() }) };
    let answer = ask(&open.door);
    close(&way, &open, why)?;
    spending::tell(&way, &asks.budget, events);
    Ok(answer)
}

/// Writes down what was spent without a run.
fn close(way: &Way<'_>, open: &Open, why: &str) -> Result<(), RunError> {
    let spent = open.door.spent();
    if !spent.is_empty() {
        way.append("", Body::Spend { spent, why: why.to_owned(), journal: open.journal.clone() }, &[])?;
    }
    Ok(journal::clear(&way.lock)?)
}
