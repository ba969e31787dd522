//! `lifeos budget`: what was spent in a month, and what is left. It reads the record
//! and a journal that a run left, or is writing; it takes no lock and changes nothing.

mod chart;
mod html;
mod terminal;
mod words;

use std::path::PathBuf;

use clap::Args;
use lifeos::budget::day::Day;
use lifeos::budget::journal;
use lifeos::budget::report::{Bounds, Report};
use lifeos::config::Config;
use lifeos::ledger::Ledger;

use super::error::CommandError;
use super::exit::Exit;
use super::json::budget as json;
use super::term::Term;
use super::{Global, file, open};

/// Shows what tasks spent on models in a month of UTC, what is left, and what the
/// month may come to.
#[derive(Args)]
pub(crate) struct Budget {
    /// Show this month, as 2026-11, instead of the one that it is.
    #[arg(long, value_name = "MONTH")]
    month: Option<String>,
    /// Write it as one HTML file, with a chart; - for standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

const SCHEMA: &str = "lifeos/budget@1";

/// A report, and what its numbers are called.
struct Page {
    report: Report,
    currency: String,
    is_configured: bool,
}

pub(crate) fn budget(verb: &Budget, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let to_stdout = verb.html.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if to_stdout && term.is_json() {
        return Err(CommandError::usage("--html - and --json both want standard output").hint("name a file: --html FILE"));
    }
    let month = verb.month.as_deref().map(month).transpose()?;
    let repo = open::repo(global)?;
    let config = match open::config(global, &repo, repo.head()?) {
        Ok(config) => Some(config),
        // What was spent is on record, whatever the configuration says now.
        Err(error) if global.config.is_none() => {
            term.note(&format!("bounds are not known: {}", error.message));
            None
        }
        Err(error) => return Err(error),
    };
    let memory = open::memory(global);
    // The journal first: what comes to its record in between counts once, and is not missed.
    let left = journal::seen(repo.common_dir())?;
    let book = Ledger::of(&repo, memory.as_ref()).book()?;
    let (spent, now) = (book.spent(), open::now());
    let accepted = book.accepted(month.unwrap_or(Day::of(now)));
    let bounds = config.as_ref().map(bounds).unwrap_or_default();
    let report = Report::of(spent, left.as_ref(), &bounds, &accepted, month, now);
    let currency = config.as_ref().map_or_else(|| "money".to_owned(), |config| config.budget.currency.clone());
    let page = Page { report, currency, is_configured: config.is_some() };
    if term.is_json() {
        term.json(&facts(&page));
    }
    match &verb.html {
        Some(_) if to_stdout => term.data(&html::render(&page)?),
        Some(file) => {
            let file = global.path(file);
            file::page(&file, html::MARKER, "lifeos budget", &html::render(&page)?)?;
            term.note(&format!("wrote {}", file.display()));
        }
        None if term.is_json() => {}
        None => terminal::show(&page, term),
    }
    Ok(Exit::Done)
}

fn month(text: &str) -> Result<Day, CommandError> {
    let wrong = || CommandError::usage(format!("`{text}` is no month")).hint("a month is written 2026-11");
    Day::of_month(text).ok_or_else(wrong)
}

/// The bounds of days and months.
pub(super) fn bounds(config: &Config) -> Bounds {
    let tasks = config.tasks.iter().filter_map(|(name, task)| Some((name, task.model?.caps(&config.budget))));
    Bounds {
        day: config.budget.day(),
        month: config.budget.month(),
        tasks: tasks.map(|(name, caps)| (name.clone(), [caps.task_day, caps.task_month])).collect(),
        alert_percent: config.budget.alert_percent,
    }
}

fn facts(page: &Page) -> json::Budget {
    let Page { report, currency, is_configured } = page;
    let days = report.days.iter().flat_map(|(day, tasks)| {
        tasks.iter().map(|(task, spent)| json::Day { day: day.to_string(), task: task.clone(), spent: *spent })
    });
    let proposals = report.proposals.iter().map(|of| json::Proposals {
        task: of.task.clone(),
        cost: of.cost,
        accepted: of.accepted,
        cost_each: of.cost_each(),
    });
    let forecast = report.forecast.map(|forecast| match forecast {
        Ok(forecast) => json::Forecast { days: forecast.days, cost: Some(forecast.cost), tokens: Some(forecast.tokens) },
        Err(days) => json::Forecast { days, cost: None, tokens: None },
    });
    let alert =
        report.alert.map(|alert| json::Alert { percent: alert.percent, spent_percent: alert.spent_percent, said: alert.is_said });
    json::Budget {
        schema: SCHEMA,
        month: report.month.month(),
        today: report.today.map(|today| today.to_string()),
        currency: currency.clone(),
        configured: *is_configured,
        windows: report.windows.iter().map(json::Standing::of).collect(),
        days: days.collect(),
        proposals: proposals.collect(),
        forecast,
        alert,
    }
}
