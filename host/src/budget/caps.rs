//! The owner's bounds on spending, by what they are counted over.

use super::Window;

/// Bounds of one window; none where the owner set none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// Tokens of requests and answers together.
    pub tokens: Option<u64>,
    /// Millionths of the currency.
    pub cost: Option<u64>,
}

/// All bounds of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// Calls of one run.
    pub calls_max: u64,
    /// Of one call.
    pub call: Cap,
    /// Of one run.
    pub run: Cap,
    /// Of the task in a day.
    pub task_day: Cap,
    /// Of the task in a month.
    pub task_month: Cap,
    /// Of all tasks in a day.
    pub day: Cap,
    /// Of all tasks in a month.
    pub month: Cap,
}

impl Caps {
    /// The bounds of a window.
    #[must_use]
    pub fn of(&self, window: Window) -> Cap {
        match window {
            Window::Call => self.call,
            Window::Run => self.run,
            Window::TaskDay => self.task_day,
            Window::TaskMonth => self.task_month,
            Window::Day => self.day,
            Window::Month => self.month,
        }
    }
}

/// The keys of a window's bounds in `lifeos.toml`: of tokens, and of money.
#[must_use]
pub fn keys(window: Window) -> [&'static str; 2] {
    match window {
        Window::Call => ["call_tokens_max", "call_cost_max"],
        Window::Run => ["tokens_max", "cost_max"],
        Window::TaskDay => ["day_tokens_max", "day_cost_max"],
        Window::TaskMonth => ["month_tokens_max", "month_cost_max"],
        Window::Day => ["[budget] day_tokens_max", "[budget] day_cost_max"],
        Window::Month => ["[budget] month_tokens_max", "[budget] month_cost_max"],
    }
}
