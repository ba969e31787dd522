//! What a token costs. Prices are written for a million tokens; money is counted in
//! millionths of the owner's currency and rounded up for each attempt.

use serde::{Deserialize, Serialize};

use super::Tokens;

/// Prices of a model, in millionths of a millionth of the currency for one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    input: u64,
    output: u64,
}

/// The same as the owner writes it: currency for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerMillion {
    /// For tokens of requests.
    pub input: f64,
    /// For tokens of answers.
    pub output: f64,
}

/// More than any model costs, in currency for a million tokens.
const PER_MILLION_MAX: f64 = 1_000_000.0;

impl Price {
    /// The price that the owner wrote; none if a number is none, below 0, or absurd.
    #[must_use]
    pub fn of(per_million: PerMillion) -> Option<Self> {
        Some(Self { input: per_token(per_million.input)?, output: per_token(per_million.output)? })
    }

    /// The price for a million tokens, as the owner writes it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn per_million(self) -> PerMillion {
        PerMillion { input: self.input as f64 / 1e6, output: self.output as f64 / 1e6 }
    }

    /// What tokens cost, in millionths of the currency, rounded up.
    #[must_use]
    pub fn cost(self, tokens: Tokens) -> u64 {
        let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let all = of(tokens.input, self.input) + of(tokens.output, self.output);
        u64::try_from(all.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// One unit for a million tokens is a millionth for one, which is a million of ours.
fn per_token(per_million: f64) -> Option<u64> {
    let scaled = whole(per_million * 1e6, f64::ceil);
    let is_price = per_million.is_finite() && (0.0..=PER_MILLION_MAX).contains(&per_million);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 10^12")]
    is_price.then_some(scaled as u64)
}

/// A number as the owner meant it: what is whole but for the way that a computer
/// keeps fractions is whole, and the rest is rounded against spending.
fn whole(scaled: f64, round: impl Fn(f64) -> f64) -> f64 {
    let nearest = scaled.round();
    if (scaled - nearest).abs() < 1e-3 { nearest } else { round(scaled) }
}

/// Money as the owner writes it, in millionths; none if it is none.
#[must_use]
pub fn micros(money: f64) -> Option<u64> {
    let is_money = money.is_finite() && (0.0..=1e9).contains(&money);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 10^15")]
    is_money.then_some(whole(money * 1e6, f64::floor) as u64)
}

/// Millionths as money, with four places or as many as it takes.
#[must_use]
pub fn money(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = if rest % 100 == 0 { format!("{whole}.{:04}", rest / 100) } else { format!("{whole}.{rest:06}") };
    match text.strip_suffix("00") {
        Some(short) if rest % 10_000 == 0 => short.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact_and_round_up() {
        let price = Price::of(PerMillion { input: 3.0, output: 15.0 }).expect("a price");
        assert_eq!(price.cost(Tokens { input: 1_000_000, output: 1_000_000 }), 18_000_000);
        assert_eq!(price.cost(Tokens { input: 1, output: 0 }), 3);
        let cheap = Price::of(PerMillion { input: 0.0375, output: 0.15 }).expect("a price");
        assert_eq!(cheap.cost(Tokens { input: 1, output: 0 }), 1);
        assert_eq!(cheap.cost(Tokens { input: 1_000_000, output: 0 }), 37_500);
        // Fractions that a computer keeps as a little more.
        for (price, cost) in [(0.07, 70_000), (0.29, 290_000), (2.675, 2_675_000), (0.000_000_4, 1)] {
            let price = Price::of(PerMillion { input: price, output: 0.0 }).expect("a price");
            assert_eq!(price.cost(Tokens { input: 1_000_000, output: 0 }), cost);
        }
        assert_eq!(Price::of(PerMillion { input: 0.0, output: 0.0 }).expect("free").cost(Tokens { input: 9, output: 9 }), 0);
        assert_eq!(price.cost(Tokens { input: u64::MAX, output: u64::MAX }), u64::MAX);
        for wrong in [-0.1, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(Price::of(PerMillion { input: wrong, output: 1.0 }), None, "{wrong}");
        }
    }

    #[test]
    fn money_reads_as_people_write_it() {
        let rows =
            [(0, "0.00"), (1, "0.000001"), (500, "0.0005"), (500_000, "0.50"), (1_234_500, "1.2345"), (20_000_000, "20.00")];
        for (micros, text) in rows {
            assert_eq!(money(micros), text);
        }
        assert_eq!(micros(0.5), Some(500_000));
        assert_eq!(micros(-1.0), None);
        assert_eq!((micros(0.29), micros(0.000_000_9), micros(1e9)), (Some(290_000), Some(0), Some(1_000_000_000_000_000)));
    }
}
