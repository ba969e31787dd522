//! A month's spending in words, as the terminal and the page show it.

use lifeos::budget::alert::share;
use lifeos::budget::forecast::{Band, DAYS_MIN, Forecast};
use lifeos::budget::report::{AlertStatus, Proposals, Report, Standing};
use lifeos::budget::{Sum, Window};

use super::super::text;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Money,
    Tokens,
}

/// A window in one unit.
pub(super) struct Row {
    /// `month`, `today`.
    pub(super) label: &'static str,
    pub(super) spent: String,
    /// Empty if nothing is.
    pub(super) reserved: String,
    /// Empty without one.
    pub(super) bound: String,
    pub(super) left: String,
    /// How much of the bound is spent.
    pub(super) percent: Option<u64>,
}

impl Unit {
    /// What a month is told in: money, unless only tokens were spent.
    pub(super) fn of(report: &Report) -> Self {
        let all = report.windows.first().map(|of| of.spent).unwrap_or_default();
        if all.cost == 0 && all.tokens.all() > 0 { Self::Tokens } else { Self::Money }
    }

    pub(super) fn sum(self, sum: &Sum) -> u64 {
        match self {
            Self::Money => sum.cost,
            Self::Tokens => sum.tokens.all(),
        }
    }

    fn bound(self, of: &Standing) -> Option<u64> {
        match self {
            Self::Money => of.cap.cost,
            Self::Tokens => of.cap.tokens,
        }
    }

    /// The bound of the month, or of the day that it is, of all tasks.
    pub(super) fn bound_at(self, report: &Report, place: usize) -> Option<u64> {
        report.windows.get(place).filter(|of| of.task.is_none()).and_then(|of| self.bound(of))
    }

    pub(super) fn band(self, forecast: &Forecast) -> Band {
        match self {
            Self::Money => forecast.cost,
            Self::Tokens => forecast.tokens,
        }
    }

    /// An amount without its unit.
    pub(super) fn amount(self, amount: u64) -> String {
        match self {
            Self::Money => short(amount),
            Self::Tokens => grouped(amount),
        }
    }

    /// What stands behind an amount.
    pub(super) fn name(self, currency: &str) -> String {
        match self {
            Self::Money => currency.to_owned(),
            Self::Tokens => "tokens".to_owned(),
        }
    }
}

/// The units that a window is worth a row in.
pub(super) fn units(of: &Standing) -> Vec<Unit> {
    let Standing { spent, cap, .. } = of;
    let money = (cap.cost.is_some() || spent.cost > 0 || cap.tokens.is_none() && spent.tokens.all() == 0).then_some(Unit::Money);
    let tokens = (cap.tokens.is_some() || spent.cost == 0 && spent.tokens.all() > 0).then_some(Unit::Tokens);
    money.into_iter().chain(tokens).collect()
}

/// A window in one unit, in words.
pub(super) fn row(of: &Standing, unit: Unit) -> Row {
    let (spent, bound) = (unit.sum(&of.spent), unit.bound(of));
    let name = if unit == Unit::Tokens { " tokens" } else { "" };
    let word = |amount: u64| format!("{}{name}", unit.amount(amount));
    let reserved = unit.sum(&of.reserved);
    Row {
        label: if matches!(of.window, Window::Month | Window::TaskMonth) { "month" } else { "today" },
        spent: word(spent),
        reserved: if reserved > 0 { word(reserved) } else { String::new() },
        bound: bound.map_or(String::new(), word),
        left: bound.map_or(String::new(), |bound| word(bound.saturating_sub(spent))),
        percent: bound.map(|bound| share(spent, bound)),
    }
}

/// What the month may come to; one sentence each.
pub(super) fn forecast(report: &Report, unit: Unit) -> Vec<String> {
    match &report.forecast {
        None => Vec::new(),
        Some(Err(days)) => {
            vec![format!("No forecast: {} on record, and it takes {DAYS_MIN}.", are(*days, "whole day"))]
        }
        Some(Ok(forecast)) => {
            let Band { p10, p50, p90 } = unit.band(forecast);
            let [low, middle, high] = [p10, p50, p90].map(|amount| unit.amount(amount));
            let mut said = vec![
                format!("{middle} in the middle (P50), {low} at the low end (P10), {high} at the high end (P90)."),
                format!("From {} of the past, drawn at random; it knows no trend.", text::count(forecast.days, "whole day")),
            ];
            if let Some(bound) = unit.bound_at(report, 0).filter(|bound| *bound < p90) {
                said.push(format!("The high end is above the bound of {}, and lifeos stops there.", unit.amount(bound)));
            }
            said
        }
    }
}

/// Whether the owner was told.
pub(super) fn alert(report: &Report) -> String {
    match report.alert {
        None => "No bound of a month is set for all tasks together, so there is no alert.".to_owned(),
        Some(AlertStatus { percent, spent_percent, is_said: true }) => {
            format!("{spent_percent} % of the month's bound is spent; lifeos said so at {percent} %.")
        }
        Some(AlertStatus { percent, spent_percent, .. }) if spent_percent >= percent => {
            format!("{spent_percent} % of the month's bound is spent; the next run that spends something says so.")
        }
        Some(AlertStatus { percent, spent_percent, .. }) => {
            format!("{spent_percent} % of the month's bound is spent; lifeos says so once at {percent} %.")
        }
    }
}

/// What a task's proposals took.
pub(super) fn proposals(of: &Proposals) -> String {
    match of.cost_each() {
        Some(each) => format!("{} accepted, {} for each", of.accepted, short(each)),
        None => format!("none accepted, {} spent", short(of.cost)),
    }
}

/// `1 whole day is`, `2 whole days are`.
fn are(number: u64, noun: &str) -> String {
    format!("{} {}", text::count(number, noun), if number == 1 { "is" } else { "are" })
}

/// Millionths as money, rounded to what people look at.
fn short(micros: u64) -> String {
    let places = if micros >= 1_000_000 { 2 } else { 4 };
    let unit = 10_u64.pow(6 - places);
    let rounded = micros.saturating_add(unit / 2) / unit;
    // What is not nothing does not look like it.
    let rounded = if micros > 0 { rounded.max(1) } else { 0 };
    let per = 10_u64.pow(places);
    let text = format!("{}.{:0width$}", rounded / per, rounded % per, width = places as usize);
    text.strip_suffix("00").filter(|_| places == 4).map_or(text.clone(), str::to_owned)
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        let rows = [
            (0, "0.00"),
            (1, "0.0001"),
            (49, "0.0001"),
            (500_000, "0.50"),
            (123_460, "0.1235"),
            (999_999, "1.00"),
            (1_234_560, "1.23"),
            (12_345_678, "12.35"),
            (20_000_000, "20.00"),
        ];
        for (micros, text) in rows {
            assert_eq!(short(micros), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
