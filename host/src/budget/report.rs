//! What was spent in a month, held against the owner's bounds. Numbers only: how
//! they are shown is not decided here.

use std::collections::BTreeMap;

use super::alert::share;
use super::caps::Cap;
use super::day::Day;
use super::forecast::{self, Forecast};
use super::journal::Left;
use super::spent::{Days, Spent, of_month, since};
use super::{Sum, Window};

/// The owner's bounds of days and months.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    /// Of all tasks in a day.
    pub day: Cap,
    /// Of all tasks in a month.
    pub month: Cap,
    /// Of each task in a day and in a month.
    pub tasks: BTreeMap<String, [Cap; 2]>,
    /// The share of a month's bound that the owner wants to hear of, in percent.
    pub alert_percent: u64,
}

/// Spending within one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The task; none for all of them.
    pub task: Option<String>,
    /// What is counted over.
    pub window: Window,
    /// What was spent, with what is reserved.
    pub spent: Sum,
    /// The part of it that was reserved and not settled.
    pub reserved: Sum,
    /// Its bounds.
    pub cap: Cap,
}

/// What a task's proposals took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals {
    /// The task.
    pub task: String,
    /// What it spent in the month, in millionths of the owner's currency.
    pub cost: u64,
    /// Proposals that were approved or landed in the month.
    pub accepted: u64,
}

/// Whether the owner was told that much of the month's bound is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertStatus {
    /// The share that the owner wants to hear of, in percent.
    pub percent: u64,
    /// How much is spent, in percent of the bound of which the most is spent.
    pub spent_percent: u64,
    /// Whether it was said.
    pub is_said: bool,
}

/// A month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its first day.
    pub month: Day,
    /// The day that it is, if that is one of the month.
    pub today: Option<Day>,
    /// All tasks first, then each task; of each the month, then the day that it is.
    pub windows: Vec<Standing>,
    /// Days with spending, by task.
    pub days: BTreeMap<Day, BTreeMap<String, Sum>>,
    /// Tasks that spent something in the month, or may.
    pub proposals: Vec<Proposals>,
    /// What it may come to; the number of whole days that are known, if those are too
    /// few. None of a month that it is not.
    pub forecast: Option<Result<Forecast, u64>>,
    /// None without a bound of the month.
    pub alert: Option<AlertStatus>,
}

impl Standing {
    /// Money that is left, in millionths; none without a bound.
    #[must_use]
    pub fn cost_left(&self) -> Option<u64> {
        self.cap.cost.map(|most| most.saturating_sub(self.spent.cost))
    }

    /// Tokens that are left; none without a bound.
    #[must_use]
    pub fn tokens_left(&self) -> Option<u64> {
        self.cap.tokens.map(|most| most.saturating_sub(self.spent.tokens.all()))
    }
}

impl Proposals {
    /// What one that was accepted took, with all that were not; none if none was.
    #[must_use]
    pub fn cost_each(&self) -> Option<u64> {
        (self.accepted > 0).then(|| self.cost.div_ceil(self.accepted))
    }
}

impl Report {
    /// The month of `month`, when it is `now`, in seconds since 1970-01-01T00:00Z.
    /// `left` is what a run has in its journal, and `accepted` how many proposals of
    /// each task were accepted in the month.
    #[must_use]
    pub fn of(
        spent: &Spent,
        left: Option<&Left>,
        bounds: &Bounds,
        accepted: &BTreeMap<String, u64>,
        month: Option<Day>,
        now: i64,
    ) -> Self {
        let mut all = spent.clone();
        let left = left.filter(|left| !spent.has(&left.id));
        left.iter().for_each(|left| all.add(&left.task, &left.id, &left.spent));
        let today = Day::of(now);
        let month = month.unwrap_or(today).first_of_month();
        let counted = Counted { spent: &all, left, bounds, month, today: Some(today).filter(|today| today.is_of_month(month)) };
        Self {
            month,
            today: counted.today,
            windows: counted.windows(),
            days: counted.days(),
            proposals: counted.proposals(accepted),
            forecast: counted.today.map(|today| forecast::of(&all.all(), today)),
            alert: counted.alert(),
        }
    }
}

/// What a report is made from.
struct Counted<'c> {
    spent: &'c Spent,
    left: Option<&'c Left>,
    bounds: &'c Bounds,
    month: Day,
    today: Option<Day>,
}

impl Counted<'_> {
    /// Tasks that spent something in the month, or may.
    fn tasks(&self) -> Vec<&String> {
        let spent = self.spent.tasks().iter().filter(|(_, days)| days.keys().any(|day| day.is_of_month(self.month)));
        let mut tasks: Vec<&String> = spent.map(|(task, _)| task).chain(self.bounds.tasks.keys()).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }

    fn windows(&self) -> Vec<Standing> {
        let open = self.left.map(|left| (&left.task, &left.open));
        let none = Days::new();
        let mut windows =
            self.of_one(None, &self.spent.all(), open.map_or(&none, |(_, open)| open), [self.bounds.day, self.bounds.month]);
        for task in self.tasks() {
            let open = open.filter(|(of, _)| *of == task).map_or(&none, |(_, open)| open);
            let caps = self.bounds.tasks.get(task).copied().unwrap_or_default();
            windows.extend(self.of_one(Some(task), self.spent.tasks().get(task).unwrap_or(&none), open, caps));
        }
        windows
    }

    fn of_one(&self, task: Option<&String>, spent: &Days, open: &Days, [day, month]: [Cap; 2]) -> Vec<Standing> {
        let windows = if task.is_some() { [Window::TaskMonth, Window::TaskDay] } else { [Window::Month, Window::Day] };
        let standing = |window, sum: &dyn Fn(&Days) -> Sum, cap| Standing {
            task: task.cloned(),
            window,
            spent: sum(spent),
            reserved: sum(open),
            cap,
        };
        let of_day = |today: Day| standing(windows[1], &|days| since(days, today), day);
        // As it is counted where something is spent.
        let in_month = |days: &Days| if self.today.is_some() { since(days, self.month) } else { of_month(days, self.month) };
        let of_month = standing(windows[0], &in_month, month);
        [Some(of_month), self.today.map(of_day)].into_iter().flatten().collect()
    }

    fn days(&self) -> BTreeMap<Day, BTreeMap<String, Sum>> {
        let mut days: BTreeMap<Day, BTreeMap<String, Sum>> = BTreeMap::new();
        for (task, spent) in self.spent.tasks() {
            for (day, sum) in spent.iter().filter(|(day, _)| day.is_of_month(self.month)) {
                days.entry(*day).or_default().insert(task.clone(), *sum);
            }
        }
        days
    }

    fn proposals(&self, accepted: &BTreeMap<String, u64>) -> Vec<Proposals> {
        let proposals = |task: &String| Proposals {
            task: task.clone(),
            cost: self.spent.tasks().get(task).map_or(0, |days| of_month(days, self.month).cost),
            accepted: accepted.get(task).copied().unwrap_or(0),
        };
        self.tasks().into_iter().map(proposals).collect()
    }

    fn alert(&self) -> Option<AlertStatus> {
        let sum = of_month(&self.spent.all(), self.month);
        let Cap { tokens, cost } = self.bounds.month;
        let shares = [tokens.map(|most| share(sum.tokens.all(), most)), cost.map(|most| share(sum.cost, most))];
        let percent = self.bounds.alert_percent;
        let is_said = self.spent.said(&self.month.month()) >= percent;
        shares.into_iter().flatten().max().map(|spent_percent| AlertStatus { percent, spent_percent, is_said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Tokens;

    const NOW: i64 = 1_795_651_200;

    fn sum(cost: u64) -> Sum {
        Sum { attempts: 1, tokens: Tokens { input: cost, output: cost }, cost }
    }

    fn cap(cost: u64) -> Cap {
        Cap { cost: Some(cost), tokens: None }
    }

    #[test]
    fn a_month_is_told_with_what_a_run_has_reserved() {
        let today = Day::of(NOW);
        let mut spent = Spent::default();
        spent.add("docs", "1", &Days::from([(today.plus(-40), sum(900)), (today.plus(-1), sum(100)), (today, sum(20))]));
        spent.add("deps", "2", &Days::from([(today.plus(-1), sum(7))]));
        let left = Left {
            id: "3".to_owned(),
            task: "docs".to_owned(),
            spent: Days::from([(today, sum(8))]),
            open: Days::from([(today, sum(5))]),
        };
        let bounds = Bounds {
            day: cap(50),
            month: cap(200),
            tasks: BTreeMap::from([("docs".to_owned(), [cap(25), cap(1_000)]), ("idle".to_owned(), [Cap::default(); 2])]),
            alert_percent: 50,
        };
        let accepted = BTreeMap::from([("docs".to_owned(), 3)]);
        let report = Report::of(&spent, Some(&left), &bounds, &accepted, None, NOW);
        let rows: Vec<_> = report
            .windows
            .iter()
            .map(|of| (of.task.as_deref(), of.window, of.spent.cost, of.reserved.cost, of.cost_left()))
            .collect();
        let expected = [
            (None, Window::Month, 135, 5, Some(65)),
            (None, Window::Day, 28, 5, Some(22)),
            (Some("deps"), Window::TaskMonth, 7, 0, None),
            (Some("deps"), Window::TaskDay, 0, 0, None),
            (Some("docs"), Window::TaskMonth, 128, 5, Some(872)),
            (Some("docs"), Window::TaskDay, 28, 5, Some(0)),
            (Some("idle"), Window::TaskMonth, 0, 0, None),
            (Some("idle"), Window::TaskDay, 0, 0, None),
        ];
        assert_eq!(rows, expected);
        assert_eq!(report.days.len(), 2);
        assert_eq!(report.proposals[1].cost_each(), Some(43), "128 of 3, rounded up");
        assert_eq!(report.alert, Some(AlertStatus { percent: 50, spent_percent: 67, is_said: false }));
        assert!(report.forecast.is_some_and(|forecast| forecast.is_ok()));
        // What came to its record meanwhile counts once.
        let mut both = spent.clone();
        both.add("docs", "3", &left.spent);
        assert_eq!(Report::of(&both, Some(&left), &bounds, &accepted, None, NOW).windows[0].spent.cost, 135);
    }

    #[test]
    fn another_month_has_no_day_and_no_forecast() {
        let today = Day::of(NOW);
        let mut spent = Spent::default();
        spent.add("docs", "1", &Days::from([(today.plus(-40), sum(900)), (today, sum(20))]));
        let report = Report::of(&spent, None, &Bounds::default(), &BTreeMap::new(), Some(today.plus(-40)), NOW);
        assert_eq!((report.today, report.forecast, report.alert), (None, None, None));
        assert_eq!(report.windows.iter().map(|of| of.spent.cost).collect::<Vec<_>>(), [900, 900]);
        let next = Report::of(&spent, None, &Bounds::default(), &BTreeMap::new(), Some(today.plus(40)), NOW);
        assert_eq!((next.windows[0].spent, next.days.len()), (Sum::default(), 0));
        // The clock was set back: what was spent later counts all the same.
        let back = Report::of(&spent, None, &Bounds::default(), &BTreeMap::new(), None, 0);
        assert_eq!((back.today, back.windows[1].spent.cost), (Some(Day::of(0)), 920));
    }
}
