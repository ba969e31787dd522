//! Where the bars, lines and labels of a chart stand: days from left to right, tasks
//! one above the other. Numbers only; the page draws them.

use std::collections::BTreeMap;

use lifeos::budget::day::Day;
use lifeos::budget::forecast::Band;
use lifeos::budget::report::Report;

use super::words::Unit;

/// Tasks with a shade of their own; the others share one.
const SHADES: usize = 5;
/// What the others are called.
const OTHERS: &str = "others";
/// Units of width for one day.
const DAY: f64 = 10.0;
/// A bound so many times above everything else is not drawn: the bars would vanish.
const BOUND_TIMES_MAX: u64 = 4;

/// A chart, in units of which the width has ten for a day and the height a hundred.
pub(super) struct Chart {
    pub(super) width: f64,
    pub(super) bars: Vec<Bar>,
    /// Where the bound is.
    pub(super) bound: Option<f64>,
    /// Corners of the band between the low and the high end, and of its middle.
    pub(super) band: Option<[String; 2]>,
    /// Places from above, in percent, and what they are worth.
    pub(super) levels: Vec<(f64, String)>,
    /// Places from the left, in percent, and days of the month.
    pub(super) days: Vec<(f64, i64)>,
}

/// A part of a bar.
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Which shade, from 1.
    pub(super) shade: usize,
    pub(super) about: String,
}

/// Tasks in the order of their bars, the one that spent the most first; with what they spent.
pub(super) struct Series {
    pub(super) tasks: Vec<(String, u64)>,
    /// By day of the month, from its first, in the order of the tasks.
    days: Vec<Vec<u64>>,
    first: Day,
}

impl Series {
    pub(super) fn of(report: &Report, unit: Unit) -> Self {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (task, sum) in report.days.values().flatten() {
            let before = sums.entry(task).or_default();
            *before = before.saturating_add(unit.sum(sum));
        }
        let mut tasks: Vec<(String, u64)> = sums.into_iter().map(|(task, sum)| (task.to_owned(), sum)).collect();
        tasks.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
        let others = if tasks.len() > SHADES + 1 { tasks.split_off(SHADES) } else { Vec::new() };
        if !others.is_empty() {
            tasks.push((OTHERS.to_owned(), others.iter().fold(0, |all, (_, sum)| all.saturating_add(*sum))));
        }
        let first = report.month;
        let last = report.today.unwrap_or(first.plus(first.left_of_month()));
        let day = |number: i64| {
            let mut amounts = vec![0_u64; tasks.len()];
            for (task, sum) in report.days.get(&first.plus(number)).into_iter().flatten() {
                let place = tasks.iter().position(|(known, _)| known == task).unwrap_or(tasks.len().saturating_sub(1));
                if let Some(amount) = amounts.get_mut(place) {
                    *amount = amount.saturating_add(unit.sum(sum));
                }
            }
            amounts
        };
        let days = (0..=last.since(first)).map(day).collect();
        Self { tasks, days, first }
    }

    /// Each day with all the days before it.
    fn so_far(&self) -> Vec<Vec<u64>> {
        let mut all = vec![0_u64; self.tasks.len()];
        let mut days = Vec::with_capacity(self.days.len());
        for day in &self.days {
            all.iter_mut().zip(day).for_each(|(all, amount)| *all = all.saturating_add(*amount));
            days.push(all.clone());
        }
        days
    }
}

/// The month as it grows, with its bound and what it may come to.
pub(super) fn month(series: &Series, unit: Unit, bound: Option<u64>, forecast: Option<Band>) -> Chart {
    drawn(series, &series.so_far(), unit, bound, forecast)
}

/// Each day for itself, with its bound.
pub(super) fn days(series: &Series, unit: Unit, bound: Option<u64>) -> Chart {
    drawn(series, &series.days, unit, bound, None)
}

fn drawn(series: &Series, days: &[Vec<u64>], unit: Unit, bound: Option<u64>, forecast: Option<Band>) -> Chart {
    let sum = |day: &Vec<u64>| day.iter().copied().fold(0, u64::saturating_add);
    let most = days.iter().map(sum).chain(forecast.map(|band| band.p90)).max().unwrap_or(0);
    let bound = bound.filter(|bound| most == 0 || *bound <= most.saturating_mul(BOUND_TIMES_MAX));
    let top = round(most.max(bound.unwrap_or(0)));
    let height = |amount: u64| amount as f64 * 100.0 / top as f64;
    let count = series.first.left_of_month() + 1;
    let width = count as f64 * DAY;
    let mut bars = Vec::new();
    for (number, amounts) in days.iter().enumerate() {
        let mut below = 0_u64;
        for (place, amount) in amounts.iter().enumerate().filter(|(_, amount)| **amount > 0) {
            below = below.saturating_add(*amount);
            let task = series.tasks.get(place).map_or(OTHERS, |(task, _)| task);
            bars.push(Bar {
                x: number as f64 * DAY + 1.0,
                y: 100.0 - height(below),
                width: DAY - 2.0,
                height: height(*amount),
                shade: place + 1,
                about: format!("{}, {task}: {}", series.first.plus(number as i64), unit.amount(*amount)),
            });
        }
    }
    let last = days.len() as f64 * DAY - DAY / 2.0;
    let now = 100.0 - height(days.last().map_or(0, sum));
    let band = forecast.map(|Band { p10, p50, p90 }| {
        let [low, middle, high] = [p10, p50, p90].map(|amount| 100.0 - height(amount));
        [
            format!("{last:.1},{now:.2} {width:.1},{high:.2} {width:.1},{low:.2}"),
            format!("{last:.1},{now:.2} {width:.1},{middle:.2}"),
        ]
    });
    let levels = [(0.0, top), (50.0, top / 2), (100.0, 0)].map(|(place, amount)| (place, unit.amount(amount)));
    let day = |number: i64| ((number as f64 - 0.5) * 100.0 / count as f64, number);
    let numbers = (1..=count).filter(|number| number % 7 == 1);
    Chart {
        width,
        bars,
        bound: bound.map(|bound| 100.0 - height(bound)),
        band,
        levels: levels.into(),
        days: numbers.map(day).collect(),
    }
}

/// The next round number that is not below, at least 2, and even.
fn round(amount: u64) -> u64 {
    let mut power = 1_u64;
    while power.saturating_mul(10) < amount {
        power = power.saturating_mul(10);
    }
    let steps = [1, 2, 4, 6, 8, 10].map(|step| power.saturating_mul(step));
    steps.into_iter().find(|step| *step >= amount).unwrap_or(u64::MAX).max(2)
}

#[cfg(test)]
mod tests {
    use lifeos::budget::report::Bounds;
    use lifeos::budget::spent::Spent;
    use lifeos::budget::{Sum, Tokens};

    use super::*;

    const NOW: i64 = 1_795_651_200;

    fn report(rows: &[(&str, i64, u64)]) -> Report {
        let (today, mut spent) = (Day::of(NOW), Spent::default());
        for (number, (task, day, cost)) in rows.iter().enumerate() {
            let sum = Sum { attempts: 1, tokens: Tokens::default(), cost: *cost };
            spent.add(task, &number.to_string(), &BTreeMap::from([(today.plus(*day), sum)]));
        }
        Report::of(&spent, None, &Bounds::default(), &BTreeMap::new(), None, NOW)
    }

    #[test]
    fn bars_stand_on_each_other_and_grow() {
        let report = report(&[("a", -1, 10), ("b", -1, 30), ("b", 0, 40)]);
        let series = Series::of(&report, Unit::Money);
        assert_eq!(series.tasks, [("b".to_owned(), 70), ("a".to_owned(), 10)]);
        let band = Band { p10: 85, p50: 90, p90: 100 };
        let chart = month(&series, Unit::Money, Some(100), Some(band));
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.shade, bar.y, bar.height)).collect();
        assert_eq!(bars, [(1, 70.0, 30.0), (2, 60.0, 10.0), (1, 30.0, 70.0), (2, 20.0, 10.0)]);
        assert_eq!((chart.bound, chart.width), (Some(0.0), 300.0));
        assert_eq!(chart.band.map(|[area, _]| area).as_deref(), Some("255.0,20.00 300.0,0.00 300.0,15.00"));
        assert_eq!(chart.days.iter().map(|(_, day)| *day).collect::<Vec<_>>(), [1, 8, 15, 22, 29]);
        let chart = days(&series, Unit::Money, Some(1_000));
        assert_eq!((chart.bound, chart.bars.len()), (None, 3), "a bound far above is not drawn");
    }

    #[test]
    fn many_tasks_share_the_last_shade() {
        let rows: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].iter().map(|task| (*task, 0, 1)).collect();
        let series = Series::of(&report(&rows), Unit::Money);
        assert_eq!(series.tasks.len(), 6);
        assert_eq!(series.tasks[5], (OTHERS.to_owned(), 2));
        assert_eq!(days(&series, Unit::Money, None).bars.iter().map(|bar| bar.shade).max(), Some(6));
        let nothing = Series::of(&report(&[]), Unit::Money);
        assert!(month(&nothing, Unit::Money, None, None).bars.is_empty());
    }

    #[test]
    fn the_top_is_a_round_number() {
        for (amount, top) in [(0, 2), (1, 2), (2, 2), (3, 4), (7, 8), (10, 10), (11, 20), (45, 60), (u64::MAX, u64::MAX)] {
            assert_eq!(round(amount), top, "{amount}");
        }
    }
}
