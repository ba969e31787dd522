//! What a month may come to: past days are drawn at random, with the same draws each
//! time, in the place of those that are left. It knows no trend and no weekday.

use super::Sum;
use super::day::Day;
use super::spent::Days;

/// Fewer whole days tell nothing.
pub const DAYS_MIN: u64 = 7;
/// Whole days that are drawn from, at most: the last ones.
pub const DAYS_TAKEN_MAX: i64 = 56;
/// Months that are drawn.
const DRAWS: u64 = 2_000;

/// One of ten months comes to less than `p10`, one of two to less than `p50`, and
/// nine of ten to less than `p90`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Band {
    /// The low end.
    pub p10: u64,
    /// The middle.
    pub p50: u64,
    /// The high end.
    pub p90: u64,
}

/// What a month may come to at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// Whole days that it stands on.
    pub days: u64,
    /// In millionths of the owner's currency.
    pub cost: Band,
    /// Tokens of requests and answers together.
    pub tokens: Band,
}

/// What the month of `today` may come to, from what all tasks spent until now; `Err`
/// has the number of whole days that are known, if those are too few.
///
/// # Errors
/// Too few days.
pub fn of(all: &Days, today: Day) -> Result<Forecast, u64> {
    let known = whole_days(all, today);
    if (known.len() as u64) < DAYS_MIN {
        return Err(known.len() as u64);
    }
    let before = today.first_of_month();
    let before = all.range(before..today).fold(Sum::default(), |sum, (_, day)| sum.plus(*day));
    let so_far = all.get(&today).copied().unwrap_or_default();
    let mut random = Random(0);
    let (mut costs, mut tokens) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        // The past as it might have been as well: a few days do not tell all that a day can be.
        let known: Vec<Sum> = known.iter().map(|_| known[random.below(known.len())]).collect();
        // Today comes to what a day comes to, and to no less than it has.
        let day = known[random.below(known.len())];
        let mut cost = before.cost.saturating_add(day.cost.max(so_far.cost));
        let mut all = before.tokens.all().saturating_add(day.tokens.all().max(so_far.tokens.all()));
        for _ in 0..today.left_of_month() {
            let day = known[random.below(known.len())];
            cost = cost.saturating_add(day.cost);
            all = all.saturating_add(day.tokens.all());
        }
        costs.push(cost);
        tokens.push(all);
    }
    Ok(Forecast { days: known.len() as u64, cost: band(costs), tokens: band(tokens) })
}

/// The sums of whole days since the first with spending, also of those without any.
fn whole_days(all: &Days, today: Day) -> Vec<Sum> {
    let Some(first) = all.keys().next() else { return Vec::new() };
    let first = (*first).max(today.plus(-DAYS_TAKEN_MAX));
    let days = 0..today.since(first).max(0);
    days.map(|day| all.get(&first.plus(day)).copied().unwrap_or_default()).collect()
}

fn band(mut sums: Vec<u64>) -> Band {
    sums.sort_unstable();
    let at = |percent: usize| sums.get((sums.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    Band { p10: at(10), p50: at(50), p90: at(90) }
}

/// Numbers that look drawn, the same ones each time (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let scaled = (u128::from(self.next()) * bound as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Tokens;

    /// The first day of a month of 30 days.
    const FIRST: i64 = 1_793_491_200;

    fn day(number: i64) -> Day {
        Day::of(FIRST).plus(number)
    }

    fn sum(cost: u64) -> Sum {
        Sum { attempts: 1, tokens: Tokens { input: cost * 2, output: cost }, cost }
    }

    #[test]
    fn days_that_are_alike_leave_no_doubt() {
        let days: Days = (0..10).map(|number| (day(number), sum(100))).collect();
        let Forecast { days, cost, tokens } = of(&days, day(10)).expect("a forecast");
        assert_eq!((days, cost), (10, Band { p10: 3_000, p50: 3_000, p90: 3_000 }));
        assert_eq!(tokens.p50, 9_000);
    }

    #[test]
    fn too_few_days_give_none_and_a_day_without_counts() {
        assert_eq!(of(&Days::new(), day(5)), Err(0));
        let days = Days::from([(day(0), sum(100))]);
        assert_eq!(of(&days, day(6)), Err(6));
        let forecast = of(&days, day(7)).expect("a forecast");
        assert!(forecast.cost.p10 >= 100 && forecast.cost.p90 < 3_000, "{forecast:?}");
        assert_eq!(forecast, of(&days, day(7)).expect("the same"));
        assert_eq!(of(&Days::from([(day(9), sum(1))]), day(7)), Err(0), "the clock was set back");
    }

    #[test]
    fn what_is_spent_is_never_less() {
        let mut days: Days = (-40..5).map(|number| (day(number), sum(10))).collect();
        days.insert(day(5), sum(5_000));
        let Forecast { days, cost, .. } = of(&days, day(5)).expect("a forecast");
        assert_eq!((days, cost.p10, cost.p90), (45, 5_290, 5_290));
        let last = of(&(0..29).map(|number| (day(number), sum(1))).collect(), day(29)).expect("the last day");
        assert_eq!(last.cost.p50, 30);
    }

    #[test]
    fn eight_of_ten_months_come_to_what_is_between() {
        let mut random = Random(7);
        let mut within = 0;
        for _ in 0..200 {
            // Days without a run, ordinary days, and heavy ones.
            let mut one = || [0, 0, 40, 50, 60, 70, 400][random.below(7)];
            let all: Vec<u64> = (0..56).map(|_| one()).collect();
            let days: Days = (-26..15).zip(&all).map(|(number, cost)| (day(number), sum(*cost))).collect();
            let real: u64 = all[26..].iter().sum();
            let Band { p10, p90, .. } = of(&days, day(15)).expect("a forecast").cost;
            within += u64::from((p10..=p90).contains(&real));
        }
        assert!((140..=180).contains(&within), "{within} of 200");
    }
}
