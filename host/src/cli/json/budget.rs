//! What `budget --json` prints.

use lifeos::budget::forecast::Band;
use lifeos::budget::{Sum, Window, report};
use schemars::JsonSchema;
use serde::Serialize;

/// `budget`: a month of UTC. Money is in millionths of the currency.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) schema: &'static str,
    /// As `2026-11`.
    pub(crate) month: String,
    /// The day that it is, as `2026-11-26`; none if the month is another one.
    pub(crate) today: Option<String>,
    /// What money is called.
    pub(crate) currency: String,
    /// Whether there is a configuration; without one no bound is known.
    pub(crate) configured: bool,
    /// All tasks first, then each task; of each the month, then the day that it is.
    pub(crate) windows: Vec<Standing>,
    /// Days with spending.
    pub(crate) days: Vec<Day>,
    /// Tasks that spent something in the month, or may.
    pub(crate) proposals: Vec<Proposals>,
    pub(crate) forecast: Option<Forecast>,
    /// None without a bound of the month.
    pub(crate) alert: Option<Alert>,
}

/// Spending within one window.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Standing {
    /// None for all tasks.
    pub(crate) task: Option<String>,
    pub(crate) window: Window,
    /// With what is reserved.
    pub(crate) spent: Sum,
    /// The part of it that a run has reserved and not settled: it goes on, or was stopped.
    pub(crate) reserved: Sum,
    pub(crate) tokens_max: Option<u64>,
    pub(crate) tokens_left: Option<u64>,
    pub(crate) cost_max: Option<u64>,
    pub(crate) cost_left: Option<u64>,
}

impl Standing {
    pub(crate) fn of(of: &report::Standing) -> Self {
        Self {
            task: of.task.clone(),
            window: of.window,
            spent: of.spent,
            reserved: of.reserved,
            tokens_max: of.cap.tokens,
            tokens_left: of.tokens_left(),
            cost_max: of.cap.cost,
            cost_left: of.cost_left(),
        }
    }
}

/// What a task spent in a day.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Day {
    /// As `2026-11-26`.
    pub(crate) day: String,
    pub(crate) task: String,
    pub(crate) spent: Sum,
}

/// What a task's proposals took in the month.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Proposals {
    pub(crate) task: String,
    pub(crate) cost: u64,
    /// How many were approved or landed.
    pub(crate) accepted: u64,
    /// The cost for each of them, rounded up; none if none was.
    pub(crate) cost_each: Option<u64>,
}

/// What the month may come to at its end.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Forecast {
    /// Whole days of the past that are known.
    pub(crate) days: u64,
    /// None if those are too few.
    pub(crate) cost: Option<Band>,
    /// None if those are too few.
    pub(crate) tokens: Option<Band>,
}

/// Whether it was said that much of the month's bound is spent.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Alert {
    /// The share at which it is said.
    pub(crate) percent: u64,
    /// The share that is spent, of the bound of which the most is.
    pub(crate) spent_percent: u64,
    pub(crate) said: bool,
}
