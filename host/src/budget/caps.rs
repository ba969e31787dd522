//! The owner's bounds on spending, by what they are counted over.

use super::Span;

/// Bounds of one span; none where the owner set none.
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
    /// The bounds of a span.
    #[must_use]
    pub fn of(&self, span: Span) -> Cap {
        match span {
            Span::Call => self.call,
            Span::Run => self.run,
            Span::TaskDay => self.task_day,
            Span::TaskMonth => self.task_month,
            Span::Day => self.day,
            Span::Month => self.month,
        }
    }
}

/// The keys of a span's bounds in `lifeos.toml`: of tokens, and of money.
#[must_use]
pub fn keys(span: Span) -> [&'static str; 2] {
    match span {
        Span::Call => ["call_tokens_max", "call_cost_max"],
        Span::Run => ["tokens_max", "cost_max"],
        Span::TaskDay => ["day_tokens_max", "day_cost_max"],
        Span::TaskMonth => ["month_tokens_max", "month_cost_max"],
        Span::Day => ["[budget] day_tokens_max", "[budget] day_cost_max"],
        Span::Month => ["[budget] month_tokens_max", "[budget] month_cost_max"],
    }
}
