//! Output about models.

use lifeos::budget::Tokens;
use schemars::JsonSchema;
use serde::Serialize;

use super::budget::Standing;

/// One small call to the model, and how it went; `checks` tells whether it failed, and of what.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ModelCall {
    /// The language of the endpoint.
    pub(crate) provider: &'static str,
    /// Where it is; null for a script.
    pub(crate) host: Option<String>,
    /// The model that was asked.
    pub(crate) asked: String,
    /// Models that answered, as the provider calls them.
    pub(crate) answered: Vec<String>,
    /// Where the key is: a file, `env:NAME` or `command:PROGRAM`; never the key.
    pub(crate) key: Option<String>,
    /// The task on whose account it was.
    pub(crate) task: String,
    /// Time spent waiting for the provider, all attempts together.
    pub(crate) milliseconds: u64,
    pub(crate) attempts: u64,
    pub(crate) tokens: Tokens,
    /// Millionths of the currency.
    pub(crate) cost: u64,
    pub(crate) currency: String,
    pub(crate) price: Price,
    /// Seconds of one attempt.
    pub(crate) seconds_max: u64,
    pub(crate) limits: Limits,
    /// Whether another model is refused.
    pub(crate) pin: bool,
    /// Whether the endpoint may be inside of a network.
    pub(crate) private: bool,
}

/// What the task may spend, and what is left of that. Money is in millionths of the currency.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Calls of one run.
    pub(crate) calls_max: u64,
    /// Tokens of one answer.
    pub(crate) output_tokens_max: u32,
    /// Of one call.
    pub(crate) call_tokens_max: Option<u64>,
    pub(crate) call_cost_max: Option<u64>,
    /// Of one run.
    pub(crate) tokens_max: Option<u64>,
    pub(crate) cost_max: Option<u64>,
    /// All tasks, then the task; of each this month, then today, this call included.
    pub(crate) windows: Vec<Standing>,
}

/// Money for a million tokens.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Price {
    pub(crate) input: f64,
    pub(crate) output: f64,
}
