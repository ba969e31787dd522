//! All spending that is on record, added up by task and day of UTC. What stands in
//! one journal counts once, however often the record tells of it.

use std::collections::BTreeMap;

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
    /// What each journal is known to tell of, by its id and its task.
    journals: BTreeMap<(String, String), Days>,
    /// Shares of a month's bound that were said to be passed, by month.
    said: BTreeMap<String, u64>,
}

impl Spent {
    /// Adds what a task spent. Of a journal that is told of twice, the more counts:
    /// a record that says less may have come from anywhere.
    pub fn add(&mut self, task: &str, journal: &str, days: &Days) {
        if days.is_empty() {
            return;
        }
        let known = self.journals.entry((journal.to_owned(), task.to_owned())).or_default();
        let sums = self.tasks.entry(task.to_owned()).or_default();
        for (day, told) in days {
            let before = known.entry(*day).or_default();
            let more = told.beyond(*before);
            *before = before.plus(more);
            let sum = sums.entry(*day).or_default();
            *sum = sum.plus(more);
        }
    }

    /// Notes that it was said that so many percent of a month's bound are spent.
    pub fn say(&mut self, month: &str, percent: u64) {
        let said = self.said.entry(month.to_owned()).or_default();
        *said = percent.max(*said);
    }

    /// Whether the spending of a journal is in it.
    #[must_use]
    pub fn has(&self, journal: &str) -> bool {
        self.journals.keys().any(|(known, _)| known == journal)
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

    /// What a run of a task stands on that begins at `now`, in seconds since
    /// 1970-01-01T00:00Z: no window that may still come has an earlier month in it.
    #[must_use]
    pub fn past(&self, task: &str, now: i64) -> Past {
        let from = Day::of(now).first_of_month();
        let task = self.tasks.get(task).cloned().unwrap_or_default();
        let [task, all] = [task, self.all()].map(|mut days| days.split_off(&from));
        Past { task, all, ..Past::default() }
    }
}

/// Adds days to days.
pub fn add(sums: &mut Days, more: &Days) {
    for (day, sum) in more {
        let before = sums.entry(*day).or_default();
        *before = before.plus(*sum);
    }
}

/// The sum of a day and of whatever is on record as later: a clock that was set back
/// opens no window a second time, and a record that is ahead of it opens none early.
#[must_use]
pub fn since(days: &Days, from: Day) -> Sum {
    days.range(from..).fold(Sum::default(), |sum, (_, day)| sum.plus(*day))
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
        // Whoever tells of less, or of more, earlier or later: the more counts.
        spent.add("docs", "1", &days(&[(0, 0), (1, 9)]));
        assert_eq!(spent.all(), days(&[(0, 5), (1, 10)]));
        spent.add("docs", "4", &days(&[(1, 0)]));
        spent.add("docs", "4", &days(&[(1, 2)]));
        assert_eq!(spent.all(), days(&[(0, 5), (1, 12)]));
        let past = spent.past("deps", 0);
        assert_eq!((past.task, past.all), (days(&[(1, 1)]), days(&[(0, 5), (1, 12)])));
        assert_eq!(spent.past("other", 0).task, Days::new());
    }

    #[test]
    fn case_143_no_window_opens_twice() {
        let days = days(&[(98, 1), (100, 5), (140, 0)]);
        let on = |day: i64| since(&days, Day::of(day * 86_400)).cost;
        assert_eq!([on(98), on(99), on(100), on(101), on(140)], [6, 5, 5, 0, 0]);
    }
}
