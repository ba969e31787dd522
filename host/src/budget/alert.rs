//! Whether the owner is to be told that much of a month's bound is spent. Who tells
//! it, and how, is not decided here; that nothing goes over the bound is the purse's.

use super::Sum;
use super::Window;
use super::caps::{Cap, keys};
use super::day::Day;
use super::price::money;
use super::spent::{Spent, since};

/// A share of a month's bound is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// `2026-11`.
    pub month: String,
    /// The share that the owner wants to hear of, in percent.
    pub percent: u64,
    /// How much is spent, in percent of the bound.
    pub spent_percent: u64,
    /// What is spent, as the owner writes it.
    pub spent: String,
    /// The key of the bound, with its table.
    pub key: &'static str,
    /// Its value, as the owner writes it.
    pub value: String,
}

/// What is to be said of the month of `today`, whose bounds are `cap`: that `percent`
/// of one is spent, if that is so and was not said.
#[must_use]
pub fn due(spent: &Spent, today: Day, cap: Cap, percent: u64) -> Option<Alert> {
    let month = today.month();
    if spent.said(&month) >= percent {
        return None;
    }
    let (name, used, most) =
        fullest(since(&spent.all(), today.first_of_month()), cap).filter(|(_, used, most)| share(*used, *most) >= percent)?;
    let [tokens_key, cost_key] = keys(Window::Month);
    let is_money = name == cost_key;
    let word = |amount: u64| if is_money { money(amount) } else { amount.to_string() };
    let key = if is_money { cost_key } else { tokens_key };
    Some(Alert { month, percent, spent_percent: share(used, most), spent: word(used), key, value: word(most) })
}

/// The bound of a month of which the most is spent: its key, what is spent, and the bound.
fn fullest(sum: Sum, cap: Cap) -> Option<(&'static str, u64, u64)> {
    let [tokens_key, cost_key] = keys(Window::Month);
    let tokens = cap.tokens.map(|most| (tokens_key, sum.tokens.all(), most));
    let cost = cap.cost.map(|most| (cost_key, sum.cost, most));
    cost.into_iter().chain(tokens).max_by_key(|(_, used, most)| share(*used, *most))
}

/// How many whole percent of `most` are used; of a bound of nothing all is.
#[must_use]
pub fn share(used: u64, most: u64) -> u64 {
    match most {
        0 => 100,
        most => u64::try_from(u128::from(used) * 100 / u128::from(most)).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Tokens;
    use crate::budget::spent::Days;

    #[test]
    fn an_alert_is_due_once_a_month() {
        let cap = Cap { tokens: Some(1_000), cost: Some(20_000_000) };
        let (day, mut spent) = (Day::of(1_795_651_200), Spent::default());
        assert_eq!(due(&spent, day, cap, 50), None);
        let sum = |cost, input| Sum { attempts: 1, tokens: Tokens { input, output: 0 }, cost };
        spent.add("docs", "1", &Days::from([(day, sum(9_999_999, 100))]));
        assert_eq!(due(&spent, day, cap, 50), None);
        spent.add("deps", "2", &Days::from([(day.plus(1), sum(1, 0))]));
        let alert = due(&spent, day, cap, 50).expect("due");
        assert_eq!((alert.month.as_str(), alert.spent_percent, alert.key), ("2026-11", 50, "[budget] month_cost_max"));
        assert_eq!((alert.spent.as_str(), alert.value.as_str()), ("10.00", "20.00"));
        assert_eq!(due(&spent, day.plus(30), cap, 50), None, "a new month");
        spent.add("deps", "3", &Days::from([(day, sum(0, 700))]));
        assert_eq!(due(&spent, day, cap, 50).map(|alert| alert.key), Some("[budget] month_tokens_max"));
        spent.say("2026-11", 50);
        assert_eq!(due(&spent, day, cap, 50), None);
        assert!(due(&spent, day, cap, 80).is_some(), "the owner wants to hear of more");
        assert_eq!(due(&spent, day, Cap::default(), 50), None, "no bound");
    }
}
