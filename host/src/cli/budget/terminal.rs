//! A month's spending as text: bars of plain characters, no wider than the terminal.

use lifeos::budget::report::{Report, Standing};

use super::super::term::Term;
use super::Page;
use super::words::{self, Row, Unit};

/// Columns of everything but a bar.
const BESIDE: usize = 58;
/// Columns of a bar.
const BAR: std::ops::RangeInclusive<usize> = 8..=30;

/// Prints the month.
pub(super) fn show(page: &Page, term: &Term) {
    let Page { report, currency, .. } = page;
    let unit = Unit::of(report);
    let columns = term.columns();
    let bar = columns.saturating_sub(BESIDE).clamp(*BAR.start(), *BAR.end());
    term.data(&format!("spending of {} in {currency}, by days of UTC\n", report.month.month()));
    let mut of = None;
    for window in &report.windows {
        if of.as_ref() != Some(&&window.task) {
            term.heading(window.task.as_deref().unwrap_or("all tasks"));
            of = Some(&window.task);
        }
        term.data(&rows(window, bar));
    }
    if !report.days.is_empty() {
        term.heading("by day");
        term.data(&days(report, unit, bar, columns));
    }
    if !report.proposals.is_empty() {
        term.heading("proposals");
        report.proposals.iter().for_each(|of| term.data(&format!("  {:<14} {}\n", of.task, words::proposals(of))));
    }
    let forecast = words::forecast(report, unit);
    if !forecast.is_empty() {
        term.heading("end of the month");
        forecast.iter().for_each(|said| term.data(&format!("  {said}\n")));
    }
    term.heading("alert");
    term.data(&format!("  {}\n", words::alert(report)));
}

/// A window, in each unit that it is worth a line in.
fn rows(of: &Standing, bar: usize) -> String {
    words::units(of).into_iter().map(|unit| line(&words::row(of, unit), bar)).collect()
}

fn line(row: &Row, bar: usize) -> String {
    let Row { label, spent, reserved, bound, left, percent } = row;
    let mut text = match percent {
        None => format!("  {label:<6} {spent}, no bound\n"),
        Some(percent) => {
            let drawn = drawn(*percent, 100, bar, '.');
            let amount = format!("{spent} of {bound}");
            format!("  {label:<6} {amount:<22} [{drawn}] {percent:>3} %  {left} left\n")
        }
    };
    if !reserved.is_empty() {
        text.push_str(&format!("         {reserved} of it is reserved and not settled: a run goes on, or was stopped\n"));
    }
    text
}

fn days(report: &Report, unit: Unit, bar: usize, columns: usize) -> String {
    let sum = |tasks: &std::collections::BTreeMap<String, lifeos::budget::Sum>| {
        tasks.values().map(|sum| unit.sum(sum)).fold(0, u64::saturating_add)
    };
    let most = report.days.values().map(sum).max().unwrap_or(0);
    let mut text = String::new();
    for (day, tasks) in &report.days {
        let all = sum(tasks);
        let parts: Vec<String> = tasks.iter().map(|(task, sum)| format!("{task} {}", unit.amount(unit.sum(sum)))).collect();
        let line = format!("  {day}  {} {:>9}  {}", drawn(all, most, bar, ' '), unit.amount(all), parts.join(", "));
        let cut: String = line.chars().take(columns).collect();
        text.push_str(&format!("{}\n", cut.trim_end()));
    }
    text
}

/// A bar of so many columns; what is not nothing has one at least.
fn drawn(part: u64, whole: u64, columns: usize, rest: char) -> String {
    let filled = u128::from(part.min(whole)) * columns as u128 / u128::from(whole.max(1));
    let filled = usize::try_from(filled).unwrap_or(columns).max(usize::from(part > 0));
    (0..columns).map(|at| if at < filled { '#' } else { rest }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        let rows = [
            (0, 100, "...."),
            (1, 100, "#..."),
            (50, 100, "##.."),
            (99, 100, "###."),
            (100, 100, "####"),
            (250, 100, "####"),
            (0, 0, "...."),
            (u64::MAX, u64::MAX, "####"),
        ];
        for (part, whole, bar) in rows {
            assert_eq!(drawn(part, whole, 4, '.'), bar, "{part} of {whole}");
        }
    }
}
