//! What a task may spend on a model and what is left of it, for `doctor --model`: in the
//! numbers of `lifeos budget`, after the call. It asks nothing.

use std::collections::BTreeMap;

use lifeos::budget::caps::{Cap, Caps};
use lifeos::budget::price::money;
use lifeos::budget::report::{Report, Standing};
use lifeos::budget::{Window, journal};
use lifeos::config::{Config, ModelGrant};
use lifeos::ledger::Ledger;
use lifeos::run::error::RunError;
use lifeos::run::place::Place;

use super::super::error::CommandError;
use super::super::json::asked::Limits;
use super::super::json::budget as json;
use super::super::{budget, text};

/// The bounds of a task, and where it stands now.
pub(super) struct Bounds<'c> {
    grant: &'c ModelGrant,
    caps: Caps,
    windows: Vec<Standing>,
}

impl<'c> Bounds<'c> {
    /// Those of a task with this grant.
    pub(super) fn of(task: &str, grant: &'c ModelGrant, config: &Config, place: &Place<'_>) -> Result<Self, CommandError> {
        // The journal first: what comes to its record in between counts once, and is not missed.
        let left = journal::seen(place.repo.common_dir()).map_err(RunError::from)?;
        let book = Ledger::of(place.repo, place.memory).book()?;
        let bounds = budget::bounds(config);
        let report = Report::of(book.spent(), left.as_ref(), &bounds, &BTreeMap::new(), None, place.now);
        let is_its = |of: &Standing| of.task.as_ref().is_none_or(|name| name == task);
        let windows = report.windows.into_iter().filter(is_its).collect();
        Ok(Self { grant, caps: grant.caps(&config.budget), windows })
    }

    /// For programs.
    pub(super) fn report(&self) -> Limits {
        let Self { grant, caps, windows } = self;
        Limits {
            calls_max: caps.calls_max,
            output_tokens_max: grant.output_tokens_max,
            call_tokens_max: caps.call.tokens,
            call_cost_max: caps.call.cost,
            tokens_max: caps.run.tokens,
            cost_max: caps.run.cost,
            windows: windows.iter().map(json::Standing::of).collect(),
        }
    }

    /// For people, on one line.
    pub(super) fn words(&self, currency: &str) -> String {
        let Self { grant, caps, windows } = self;
        let most = |what: &str, cap: Cap| {
            let tokens = cap.tokens.map(|tokens| text::count(tokens, "token"));
            let cost = cap.cost.map(|cost| format!("{} {currency}", money(cost)));
            tokens.into_iter().chain(cost).map(|most| format!(", {most} {what}")).collect::<String>()
        };
        let (calls, answer) = (text::count(caps.calls_max, "call"), text::count(u64::from(grant.output_tokens_max), "token"));
        let run = format!("{calls} a run{}{}, {answer} an answer", most("a run", caps.run), most("a call", caps.call));
        let left: Vec<String> = windows.iter().flat_map(|of| left(of, currency)).collect();
        let left = if left.is_empty() { "no bound of a day or a month".to_owned() } else { left.join(", ") };
        format!("{run}; {left}")
    }
}

/// What is left of the bounds of a window.
fn left(of: &Standing, currency: &str) -> Vec<String> {
    let window = match of.window {
        Window::TaskDay => "of the task today",
        Window::TaskMonth => "of the task this month",
        Window::Day => "of all tasks today",
        Window::Month | Window::Call | Window::Run => "of all tasks this month",
    };
    let tokens = of.tokens_left().zip(of.cap.tokens).map(|(left, most)| format!("{left} of {} left", text::count(most, "token")));
    let cost = of.cost_left().zip(of.cap.cost).map(|(left, most)| format!("{} of {} {currency} left", money(left), money(most)));
    tokens.into_iter().chain(cost).map(|left| format!("{left} {window}")).collect()
}
