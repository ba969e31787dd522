//! A month's spending as one HTML file that loads nothing and runs nothing. The
//! template engine escapes every text.

use askama::Template;
use lifeos::budget::report::Report;

use super::super::error::CommandError;
use super::super::exit::Exit;
use super::Page;
use super::chart::{self, Chart, Series};
use super::words::{self, Row, Unit};

/// How the file of every page begins; a file that begins otherwise is not overwritten.
pub(super) const MARKER: &str = "<!doctype html><!-- lifeos budget page -->";

#[derive(Template)]
#[template(path = "budget.html")]
struct Html<'p> {
    marker: &'static str,
    month: String,
    name: String,
    tiles: Vec<(&'static str, String)>,
    /// Who spent, and how much.
    windows: Vec<(String, Row)>,
    charts: Vec<(Titles, Chart)>,
    /// Tasks with their shades, and what they spent.
    legend: Vec<(usize, String, String)>,
    bound: Option<String>,
    band: Option<String>,
    days: Vec<(String, String, String)>,
    proposals: Vec<(&'p str, String)>,
    forecast: Vec<String>,
    alert: String,
}

/// What stands around a chart.
struct Titles {
    id: &'static str,
    title: &'static str,
    about: String,
}

/// The page as HTML.
pub(super) fn render(page: &Page) -> Result<String, CommandError> {
    let Page { report, currency, .. } = page;
    let unit = Unit::of(report);
    let series = Series::of(report, unit);
    let band = report.forecast.and_then(Result::ok).map(|forecast| unit.band(&forecast));
    let month_bound = unit.bound_at(report, 0);
    let day_bound = report.today.and_then(|_| unit.bound_at(report, 1));
    let charts = vec![
        (titles("so-far", "The month as it grows", &series, unit), chart::month(&series, unit, month_bound, band)),
        (titles("each-day", "Each day", &series, unit), chart::days(&series, unit, day_bound)),
    ];
    let has = |is: fn(&Chart) -> bool| charts.iter().any(|(_, chart)| is(chart));
    let html = Html {
        marker: MARKER,
        month: report.month.month(),
        name: unit.name(currency),
        tiles: tiles(report, unit),
        windows: windows(report),
        legend: legend(&series, unit),
        bound: has(|chart| chart.bound.is_some()).then(|| "bound".to_owned()),
        band: has(|chart| chart.band.is_some()).then(|| "what the month may come to: P10 to P90, and P50".to_owned()),
        charts,
        days: days(report, unit),
        proposals: report.proposals.iter().map(|of| (of.task.as_str(), words::proposals(of))).collect(),
        forecast: words::forecast(report, unit),
        alert: words::alert(report),
    };
    let rendered = html.render().map(|html| format!("{html}\n"));
    rendered.map_err(|error| CommandError::new(Exit::Bug, format!("the page: {error}")).hint("please report it"))
}

fn titles(id: &'static str, title: &'static str, series: &Series, unit: Unit) -> Titles {
    let parts: Vec<String> = series.tasks.iter().map(|(task, sum)| format!("{task} {}", unit.amount(*sum))).collect();
    let about = if parts.is_empty() { "nothing was spent".to_owned() } else { parts.join(", ") };
    Titles { id, title, about: format!("Bars by day, tasks one above the other: {about}. The table below has each day.") }
}

/// The page at a glance.
fn tiles(report: &Report, unit: Unit) -> Vec<(&'static str, String)> {
    let of = |place: usize| report.windows.get(place).map(|of| words::row(of, unit));
    let with = |row: Row| if row.bound.is_empty() { row.spent } else { format!("{} of {}", row.spent, row.bound) };
    let mut tiles = vec![("Spent", of(0).map_or(String::new(), with))];
    tiles.extend(of(0).filter(|row| !row.left.is_empty()).map(|row| ("Left", row.left)));
    tiles.extend(report.today.and_then(|_| of(1)).map(|row| ("Today", with(row))));
    let middle = report.forecast.and_then(Result::ok).map(|forecast| unit.amount(unit.band(&forecast).p50));
    tiles.extend(middle.map(|middle| ("End of the month", middle)));
    tiles.extend(of(0).filter(|row| !row.reserved.is_empty()).map(|row| ("Reserved, not settled", row.reserved)));
    tiles
}

fn windows(report: &Report) -> Vec<(String, Row)> {
    let who = |task: &Option<String>| task.clone().unwrap_or_else(|| "all tasks".to_owned());
    let rows =
        report.windows.iter().flat_map(|of| words::units(of).into_iter().map(move |unit| (who(&of.task), words::row(of, unit))));
    rows.collect()
}

fn legend(series: &Series, unit: Unit) -> Vec<(usize, String, String)> {
    let one = |(place, (task, sum)): (usize, &(String, u64))| (place + 1, task.clone(), unit.amount(*sum));
    series.tasks.iter().enumerate().map(one).collect()
}

/// Days with what was spent in them, and by what.
fn days(report: &Report, unit: Unit) -> Vec<(String, String, String)> {
    let day = |(day, tasks): (&lifeos::budget::day::Day, &std::collections::BTreeMap<String, lifeos::budget::Sum>)| {
        let all = tasks.values().map(|sum| unit.sum(sum)).fold(0, u64::saturating_add);
        let parts: Vec<String> = tasks.iter().map(|(task, sum)| format!("{task} {}", unit.amount(unit.sum(sum)))).collect();
        (day.to_string(), unit.amount(all), parts.join(", "))
    };
    report.days.iter().map(day).collect()
}
