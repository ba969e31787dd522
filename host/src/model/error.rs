//! Why a call to a model came to nothing: one variant for each thing that can be
//! told apart, each a sentence for the owner. Never a key, never what was asked.

use std::time::Duration;

use super::answer::{Fault, Refusal};
use crate::budget::purse::Unreserved;
use crate::budget::{Bound, BudgetError, Over, Window};

/// What a provider, the way to it, or the budget made of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// There is no way to ask at all.
    #[error("requests cannot be made on this machine: {0}")]
    Setup(String),
    /// The endpoint is inside of a network and the owner did not allow that.
    #[error("the model's endpoint {host} is an address of this machine or of a private network")]
    Private {
        /// Its host.
        host: String,
    },
    /// No connection was made; nothing was sent.
    #[error("the model cannot be reached: {0}")]
    Unreachable(String),
    /// No answer began in time. Whether it was carried out is not known.
    #[error("the model did not answer in time")]
    TimedOut,
    /// An answer began and did not end in time.
    #[error("the model's answer did not end in time")]
    Slow,
    /// An answer of too many bytes.
    #[error("the model's answer has more than {0} bytes")]
    TooLarge(u64),
    /// The connection broke.
    #[error("the connection broke before the model's answer was whole: {0}")]
    Cut(String),
    /// Asked too often.
    #[error("the model's rate limit is used up")]
    RateLimited {
        /// How long the provider says to wait.
        wait: Option<Duration>,
    },
    /// The account has nothing left.
    #[error("the provider says that the account is used up: {0}")]
    Exhausted(String),
    /// 401 or 403.
    #[error("the provider does not take the key: {0}")]
    Unauthorized(String),
    /// Another 4xx.
    #[error("the provider refuses the request ({status}): {message}")]
    Refused {
        /// Its status.
        status: u16,
        /// What it says, cleaned and cut.
        message: String,
    },
    /// 5xx.
    #[error("the provider failed ({status})")]
    Server {
        /// Its status.
        status: u16,
    },
    /// 3xx; it was not followed.
    #[error("the provider wants the request elsewhere ({status}), and no key is sent elsewhere")]
    Redirect {
        /// Its status.
        status: u16,
    },
    /// Not of the provider's language.
    #[error("the provider's answer is not of its language: {0}")]
    Malformed(String),
    /// Another model than the owner pinned answered.
    #[error("model {answered} answered, and {asked} was asked; [model] pins it")]
    OtherModel {
        /// The one that was asked.
        asked: String,
        /// The one that answered.
        answered: String,
    },
    /// A script has no rule for it.
    #[error("no rule of the script fits a request of prompt {prompt}")]
    NoRule {
        /// The prompt of the request.
        prompt: String,
    },
    /// The tape has no answer to this request.
    #[error("the tape has no answer to a request of prompt {prompt}; it was another one when it was recorded")]
    NotOnTape {
        /// The prompt of the request.
        prompt: String,
    },
    /// The next attempt would go over a budget.
    #[error(transparent)]
    Over(Box<Over>),
    /// An answer took more than its request can cost.
    #[error("an answer took more than its request can cost, so nothing more is asked in this run")]
    Overrun,
    /// The budget cannot be kept.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// An answer, and not what was asked for.
    #[error("the model's answer cannot be used: {0}")]
    Invalid(Fault),
}

impl ModelError {
    /// The same with what somebody else said in it cleaned: a provider may say a key back.
    #[must_use]
    pub fn cleaned(self, clean: &dyn Fn(&str) -> String) -> Self {
        match self {
            Self::Unreachable(words) => Self::Unreachable(clean(&words)),
            Self::Cut(words) => Self::Cut(clean(&words)),
            Self::Exhausted(words) => Self::Exhausted(clean(&words)),
            Self::Unauthorized(words) => Self::Unauthorized(clean(&words)),
            Self::Malformed(words) => Self::Malformed(clean(&words)),
            Self::Refused { status, message } => Self::Refused { status, message: clean(&message) },
            Self::OtherModel { asked, answered } => Self::OtherModel { asked, answered: clean(&answered) },
            other => other,
        }
    }

    /// What the plugin may know of it.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::RateLimited { wait } => Refusal::rate_limited(*wait),
            Self::Over(over) => Refusal::OverBudget { window: over.window, bound: over.bound, left: over.left },
            Self::Overrun => Refusal::OverBudget { window: Window::Run, bound: Bound::Tokens, left: 0 },
            Self::Invalid(fault) => Refusal::InvalidAnswer(*fault),
            _ => Refusal::Unavailable,
        }
    }
}

impl From<Over> for ModelError {
    fn from(over: Over) -> Self {
        Self::Over(Box::new(over))
    }
}

impl From<Unreserved> for ModelError {
    fn from(unreserved: Unreserved) -> Self {
        match unreserved {
            Unreserved::Over(over) => over.into(),
            Unreserved::Overrun => Self::Overrun,
            Unreserved::Budget(error) => Self::Budget(error),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Truncated => "it was cut off at the bound of its tokens",
            Self::Withheld => "the provider held it back",
            Self::Empty => "it is empty",
            Self::NotJson => "it is not JSON that can be taken",
            Self::NotOfSchema => "it is not of the schema",
        })
    }
}

/// An attempt that has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub error: ModelError,
    /// Whether it is known that nothing was spent; what is not known counts as spent.
    pub is_free: bool,
    /// Whether another attempt may help.
    pub may_repeat: bool,
    /// How long the provider says to wait.
    pub wait: Option<Duration>,
}
