//! All that the record tells, added up: every run and where it stands, and how
//! far each task may go. It is remembered under the newest entry it was added
//! up to, so that reading costs what came since.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::record::{Body, Record, State};
use super::story::Story;
use crate::autonomy::Autonomy;
use crate::budget::day::Day;
use crate::budget::purse::Past;
use crate::budget::spent::Spent;

/// The record, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The newest entry that is in it.
    pub(super) head: Option<String>,
    entries: u64,
    stories: Vec<Story>,
    levels: BTreeMap<String, Level>,
    spent: Spent,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// How far a task may go, as somebody decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The level; the configuration may allow less, and more counts for nothing.
    pub autonomy: Autonomy,
    /// Why.
    pub why: String,
    /// Who decided it.
    pub by: String,
    /// When.
    pub at: i64,
    place: u64,
}

impl Book {
    /// Finds runs by their ids again, after reading.
    pub(super) fn index(&mut self) {
        self.places = self.stories.iter().enumerate().map(|(at, story)| (story.run.clone(), at)).collect();
    }

    pub(super) fn add(&mut self, id: &str, record: Record) {
        self.head = Some(id.to_owned());
        self.entries += 1;
        let place = self.entries;
        if let Body::Level { autonomy, why, by } = record.body {
            let level = Level { autonomy, why, by, at: record.at, place };
            self.levels.insert(record.task, level);
            return;
        }
        if self.is_of_no_run(&record) {
            return;
        }
        let is_landing = matches!(record.body, Body::Landing { .. });
        if let Body::Landing { drops: Some(dropped), .. } = &record.body {
            let is_dropped = |story: &&mut Story| {
                story.run != record.run && story.state == State::Landed && story.commits.iter().any(|commit| commit == dropped)
            };
            self.stories.iter_mut().filter(is_dropped).for_each(|story| story.state = State::Superseded);
        }
        let approval = match &record.body {
            Body::Approval { by, .. } => Some(by.clone()),
            _ => None,
        };
        if matches!(record.body, Body::Opening { .. }) {
            let open = |story: &&mut Story| story.task == record.task && story.run != record.run && story.state == State::Open;
            self.stories.iter_mut().filter(open).for_each(|story| story.state = State::Superseded);
        }
        let at = *self.places.entry(record.run.clone()).or_insert_with(|| {
            self.stories.push(Story::new(&record));
            self.stories.len() - 1
        });
        let Some(story) = self.stories.get_mut(at) else { return };
        story.place = place;
        story.add(id, record);
        let Some(reverts) = story.reverts.clone() else { return };
        if let Some(by) = approval.filter(|_| story.state == State::Approved) {
            let why = format!("run {} was rolled back", reverts.run);
            let lower = reverts.autonomy.lower();
            let autonomy = self.levels.get(&story.task).map_or(lower, |level| level.autonomy.min(lower));
            self.levels.insert(story.task.clone(), Level { autonomy, why, by, at: story.at, place });
        }
        if let Some(story) = is_landing.then(|| self.stories.get_mut(*self.places.get(&reverts.run)?)).flatten() {
            story.state = State::RolledBack;
        }
    }

    /// Adds what was spent, and tells whether that is all the entry is about.
    fn is_of_no_run(&mut self, record: &Record) -> bool {
        match &record.body {
            Body::Run(run) => {
                let asked = run.model.iter();
                asked.for_each(|asked| self.spent.add(&record.task, &asked.journal, &asked.spent));
                false
            }
            Body::Spend { spent, journal, .. } => {
                self.spent.add(&record.task, journal, spent);
                true
            }
            Body::Alert { month, percent, .. } => {
                self.spent.say(month, *percent);
                true
            }
            Body::Join { .. } => true,
            _ => false,
        }
    }

    /// All spending.
    #[must_use]
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Proposals that were approved or landed in a month, by task; what takes one back
    /// is none.
    #[must_use]
    pub fn accepted(&self, month: Day) -> BTreeMap<String, u64> {
        let is_accepted = |story: &&Story| {
            let is_good = matches!(story.state, State::Approved | State::Landed) && story.reverts.is_none();
            is_good && Day::of(story.at).is_of_month(month)
        };
        let mut accepted = BTreeMap::new();
        self.stories.iter().filter(is_accepted).for_each(|story| *accepted.entry(story.task.clone()).or_default() += 1);
        accepted
    }

    /// What a run of a task stands on that begins at `now`.
    #[must_use]
    pub fn past(&self, task: &str, now: i64) -> Past {
        self.spent.past(task, now)
    }

    /// The run with this id.
    #[must_use]
    pub fn story(&self, run: &str) -> Option<&Story> {
        self.stories.get(*self.places.get(run)?)
    }

    /// Every run, the one with the newest record first.
    #[must_use]
    pub fn newest_first(&self) -> Vec<&Story> {
        let mut stories: Vec<&Story> = self.stories.iter().collect();
        stories.sort_unstable_by_key(|story| std::cmp::Reverse(story.place));
        stories
    }

    /// The run that a commit is a candidate of.
    #[must_use]
    pub fn made(&self, commit: &str) -> Option<&Story> {
        self.stories.iter().find(|story| story.commits.iter().any(|ours| ours == commit))
    }

    /// Runs of a task.
    pub fn of_task<'b>(&'b self, task: &'b str) -> impl Iterator<Item = &'b Story> {
        self.stories.iter().filter(move |story| story.task == task)
    }

    /// Runs that are approved and have gone nowhere.
    pub fn approved(&self) -> impl Iterator<Item = &Story> {
        self.stories.iter().filter(|story| story.state == State::Approved)
    }

    /// Whether lifeos made a commit for a task.
    #[must_use]
    pub fn is_ours(&self, task: &str, commit: &str) -> bool {
        self.of_task(task).any(|story| story.commits.iter().any(|ours| ours == commit))
    }

    /// What somebody decided about tasks, by their names.
    #[must_use]
    pub fn levels(&self) -> &BTreeMap<String, Level> {
        &self.levels
    }

    /// What somebody decided about a task, if anybody did.
    #[must_use]
    pub fn level(&self, task: &str) -> Option<&Level> {
        self.levels.get(task)
    }

    /// How far a task goes by itself: what the configuration allows, or less.
    #[must_use]
    pub fn autonomy(&self, task: &str, allowed: Autonomy) -> Autonomy {
        self.level(task).map_or(allowed, |level| level.autonomy.min(allowed))
    }

    /// Runs of a task that were accepted one after the other: since the last
    /// that was not, and since its level was decided.
    #[must_use]
    pub fn accepted_in_a_row(&self, task: &str) -> u64 {
        let since = self.level(task).map_or(0, |level| level.place);
        let mut judged: Vec<&Story> = self.of_task(task).filter(|story| story.place > since && story.reverts.is_none()).collect();
        judged.sort_unstable_by_key(|story| std::cmp::Reverse(story.place));
        let judged = judged
            .into_iter()
            .filter(|story| !matches!(story.state, State::Nothing | State::Waiting | State::Open | State::Superseded));
        judged.take_while(|story| matches!(story.state, State::Approved | State::Landed)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(journal: &str, day: i64, cost: u64) -> Record {
        let text = format!(
            r#"{{"schema": 1, "run": "", "task": "docs", "at": 0, "kind": "spend", "why": "check", "journal": "{journal}",
            "spent": {{"{}": {{"attempts": 1, "tokens": {{"input": 10, "output": 2}}, "cost": {cost}}}}}}}"#,
            Day::of(day * 86_400)
        );
        serde_json::from_str(&text).expect("a record")
    }

    #[test]
    fn spending_adds_up_once_and_is_remembered() {
        let mut book = Book::default();
        for (journal, day, cost) in [("0123456789abcdef", 3, 5), ("1123456789abcdef", 3, 7), ("0123456789abcdef", 3, 5)] {
            let record = spend(journal, day, cost);
            assert_eq!(record.check(), Ok(()));
            assert_eq!(record.title(), "docs: spending");
            book.add("x", record);
        }
        let alert = Body::Alert { month: "1970-01".to_owned(), percent: 50, bound: "[budget] month_cost_max".to_owned() };
        book.add("x", Record { body: alert, ..spend("", 0, 0) });
        assert_eq!(book.past("docs", 0).task[&Day::of(3 * 86_400)].cost, 12);
        assert_eq!((book.past("other", 0).task.len(), book.past("other", 0).all.len()), (0, 1));
        assert!(book.newest_first().is_empty(), "there is no run");
        let bytes = postcard::to_stdvec(&book).expect("bytes");
        let read: Book = postcard::from_bytes(&bytes).expect("a book");
        assert_eq!(read, book);
        assert_eq!(read.spent().said("1970-01"), 50);
    }

    #[test]
    fn spending_of_another_form_is_refused() {
        for journal in ["", "0123456789abcde", "0123456789abcdeg", "../../../../etc"] {
            assert!(spend(journal, 0, 1).check().is_err(), "{journal}");
        }
        let mut record = spend("0123456789abcdef", 0, 1);
        let Body::Spend { spent, .. } = &mut record.body else { panic!("it is spending") };
        spent.extend((0..1_000).map(|day| (Day::of(day * 86_400), crate::budget::Sum::default())));
        assert!(record.check().is_err());
    }
}
