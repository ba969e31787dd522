//! Money: what a call may cost, what was spent, and what is left. Money is
//! reserved for the worst before something is sent and settled after; what is not
//! settled counts as spent. Nothing is read or written here but the journal.

pub mod alert;
pub mod caps;
pub mod day;
pub mod forecast;
pub mod journal;
pub mod price;
pub mod purse;
pub mod report;
pub mod spent;

use serde::{Deserialize, Serialize};

/// Days that one entry of spending may tell of.
pub const DAYS_MAX: usize = 400;

/// Tokens of a request and of its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Of what is asked.
    pub input: u64,
    /// Of what is answered.
    pub output: u64,
}

impl Tokens {
    /// Both together.
    #[must_use]
    pub fn all(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { input: self.input.saturating_add(other.input), output: self.output.saturating_add(other.output) }
    }
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Attempts that were sent, or may have been.
    pub attempts: u64,
    /// Their tokens.
    pub tokens: Tokens,
    /// Millionths of the owner's currency.
    pub cost: u64,
}

impl Sum {
    /// What it is more than another one, each number for itself.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        let Tokens { input, output } = other.tokens;
        let tokens = Tokens { input: self.tokens.input.saturating_sub(input), output: self.tokens.output.saturating_sub(output) };
        Self { attempts: self.attempts.saturating_sub(other.attempts), tokens, cost: self.cost.saturating_sub(other.cost) }
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.saturating_add(other.attempts),
            tokens: self.tokens.plus(other.tokens),
            cost: self.cost.saturating_add(other.cost),
        }
    }
}

/// What spending is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// One call, with its attempts and its second try.
    Call,
    /// One run.
    Run,
    /// A task in a day of UTC.
    TaskDay,
    /// A task in a month of UTC.
    TaskMonth,
    /// All tasks in a day of UTC.
    Day,
    /// All tasks in a month of UTC.
    Month,
}

/// What a bound counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Calls of the plugin.
    Calls,
    /// Tokens of requests and answers together.
    Tokens,
    /// Millionths of the owner's currency.
    Cost,
}

impl Bound {
    /// An amount of what is counted, as the owner writes it.
    #[must_use]
    pub fn words(self, amount: u64) -> String {
        match self {
            Self::Calls => amount.to_string(),
            Self::Tokens => amount.to_string(),
            Self::Cost => price::money(amount),
        }
    }
}

/// The next attempt would go over a bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the next attempt may take {needed}; {} is left of {key} = {value}", .bound.words(*.left))]
pub struct Over {
    /// What is counted over.
    pub window: Window,
    /// What the bound counts.
    pub bound: Bound,
    /// The key in `lifeos.toml`, with its table.
    pub key: String,
    /// Its value, as the owner writes it.
    pub value: String,
    /// What is left of it, in the unit of the bound: millionths for money.
    pub left: u64,
    /// What the next attempt may take at most, as the owner writes it.
    pub needed: String,
}

/// Why the budget cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// The journal cannot be written, so nothing is sent.
    #[error("the journal of spending cannot be written: {0}")]
    Journal(String),
    /// The journal is damaged before its last line.
    #[error("the journal of spending (lifeos/spending in git's folder) is damaged: {0}")]
    Damaged(String),
    /// A newer lifeos wrote the journal.
    #[error("the journal of spending has version {0}, which this lifeos does not read")]
    Newer(u32),
}
