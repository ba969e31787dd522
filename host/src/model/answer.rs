//! What comes back: from a provider, and from the host to a plugin.

use std::time::Duration;

use crate::budget::{Bound, Tokens, Window};

/// A whole answer of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Why it ends.
    pub ending: Ending,
    /// What the provider says that it took; none if it does not say.
    pub tokens: Option<Tokens>,
    /// The model that answered, as the provider calls it; none if it does not say.
    pub model: Option<String>,
    /// The provider's name for the request, for its support.
    pub id: Option<String>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The model was done.
    Complete,
    /// One of the texts of `stop` came.
    Stopped,
    /// It reached the bound of its tokens.
    Truncated,
    /// The provider held it back.
    Withheld,
}

/// What a plugin gets.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Text, or JSON of the schema.
    pub text: String,
    /// Whether a text of `stop` ended it.
    pub stopped: bool,
    /// Of all attempts of the call, and of its second try.
    pub tokens: Tokens,
    /// Millionths of the owner's currency.
    pub cost: u64,
}

/// Why a plugin gets no reply: what it may know and act on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Refusal {
    /// The owner grants no model.
    NotGranted,
    /// The request is not of the form of the contract.
    InvalidRequest(String),
    /// It has more than so many bytes.
    TooLarge(u64),
    /// The next attempt would go over a budget; those before it may have been sent.
    OverBudget {
        /// What is counted over.
        window: Window,
        /// What the bound counts.
        bound: Bound,
        /// What is left of it, in millionths if it is money.
        left: u64,
    },
    /// Asked too often; seconds until another try is of use, if known.
    RateLimited(Option<u32>),
    /// No answer, or none to be used.
    Unavailable,
    /// An answer, and not what was asked for.
    InvalidAnswer(Fault),
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It reached the bound of its tokens.
    Truncated,
    /// The provider held it back.
    Withheld,
    /// There is no text.
    Empty,
    /// Not JSON, or JSON with a key twice or too deep.
    NotJson,
    /// JSON, and not of the schema.
    NotOfSchema,
}

impl Refusal {
    /// The word for it, as in a trace.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotGranted => "not-granted",
            Self::InvalidRequest(_) => "invalid-request",
            Self::TooLarge(_) => "too-large",
            Self::OverBudget { .. } => "over-budget",
            Self::RateLimited(_) => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::InvalidAnswer(_) => "invalid-answer",
        }
    }

    /// As the guest learns of a wait: whole seconds, none if there are too many.
    #[must_use]
    pub fn rate_limited(wait: Option<Duration>) -> Self {
        Self::RateLimited(wait.and_then(|wait| u32::try_from(wait.as_secs()).ok()))
    }
}
