//! All spending that is on record, added up by task and day of UTC. What stands in
//! one journal counts once, however often the record tells of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Sum;
use super::day::Day;
use super::purse::Past;

/// Spending by day.
pub type Days = BTreeMap<Day, Sum>;

/// All spending on record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    tasks: BTreeMap<String, Days>,
    journals: BTreeSet<String>,
    /// Shares of a month's bound that were said to be passed, by month.
    said: BTreeMap<String, u64>,
}

impl Spent {
    /// Adds what a task spent, unless its journal is added already.
    pub fn add(&mut self, task: &str, journal: &str, days: &Days) {
        if days.is_empty() || !self.journals.insert(journal.to_owned()) {
            return;
        }
        add(self.tasks.entry(task.to_owned()).or_default(), days);
    }

    /// Notes that it was said that so many percent of a month's bound are spent.
    pub fn say(&mut self, month: &str, percent: u64) {
        let said = self.said.entry(month.to_owned()).or_default();
        *said = percent.max(*said);
    }

    /// Whether the spending of a journal is in it.
    #[must_use]
    pub fn has(&self, journal: &str) -> bool {
        self.journals.contains(journal)
    }

    /// The share of a month's bound that was said to be passed, in percent; 0 for none.
    #[must_use]
    pub fn said(&self, month: &str) -> u64 {
        self.said.get(month).copied().unwrap_or(0)
    }

    /// Spending by task and day.
    #[must_use]
    pub fn tasks(&self) -> &BTreeMap<String, Days> {
        &self.tasks
    }

    /// Spending of all tasks by day.
    #[must_use]
    pub fn all(&self) -> Days {
        let mut all = Days::new();
        self.tasks.values().for_each(|days| add(&mut all, days));
        all
    }

    /// The latest day with spending: no window is before it.
    #[must_use]
    pub fn latest(&self) -> Option<Day> {
        self.tasks.values().filter_map(|days| days.keys().next_back()).max().copied()
    }

    /// The day that it is at a moment, in seconds since 1970-01-01T00:00Z: a clock
    /// that was set back opens no window a second time.
    #[must_use]
    pub fn today(&self, now: i64) -> Day {
        self.latest().map_or(Day::of(now), |latest| latest.max(Day::of(now)))
    }

    /// What a run of a task stands on.
    #[must_use]
    pub fn past(&self, task: &str) -> Past {
        Past { task: self.tasks.get(task).cloned().unwrap_or_default(), all: self.all(), ..Past::default() }
    }
}

/// Adds days to days.
pub fn add(sums: &mut Days, more: &Days) {
    for (day, sum) in more {
        let before = sums.entry(*day).or_default();
        *before = before.plus(*sum);
    }
}

/// The sum of the days of a month.
#[must_use]
pub fn of_month(days: &Days, month: Day) -> Sum {
    days.iter().filter(|(day, _)| day.is_of_month(month)).fold(Sum::default(), |sum, (_, day)| sum.plus(*day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rows: &[(i64, u64)]) -> Days {
        rows.iter().map(|(day, cost)| (Day::of(day * 86_400), Sum { cost: *cost, ..Sum::default() })).collect()
    }

    #[test]
    fn a_journal_counts_once() {
        let mut spent = Spent::default();
        spent.add("docs", "1", &days(&[(0, 5), (1, 7)]));
        spent.add("docs", "1", &days(&[(0, 5), (1, 7)]));
        spent.add("deps", "2", &days(&[(1, 1)]));
        spent.add("deps", "3", &Days::new());
        assert!(spent.has("1") && spent.has("2") && !spent.has("3"));
        assert_eq!(spent.all(), days(&[(0, 5), (1, 8)]));
        let past = spent.past("deps");
        assert_eq!((past.task, past.all), (days(&[(1, 1)]), days(&[(0, 5), (1, 8)])));
        assert_eq!(spent.past("other").task, Days::new());
    }

    #[test]
    fn case_143_no_window_opens_twice() {
        let mut spent = Spent::default();
        assert_eq!(spent.today(-1), Day::of(-1));
        spent.add("docs", "1", &days(&[(100, 5)]));
        assert_eq!(spent.today(99 * 86_400), Day::of(100 * 86_400));
        assert_eq!(spent.today(101 * 86_400), Day::of(101 * 86_400));
    }
}
