//! What a run asked of a model, as recorded: counts, digests and money. What was
//! asked and answered stands in no record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::Sum;
use crate::budget::day::Day;
use crate::digest::Digest;

/// What a run asked of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AskedText {
    /// The model that was asked.
    pub model: String,
    /// Models that answered, as the provider calls them.
    pub answered: Vec<String>,
    /// Digests of the templates, by prompt.
    #[schemars(with = "BTreeMap<String, String>")]
    pub prompts: BTreeMap<String, Digest>,
    /// Calls of the plugin.
    pub calls: u64,
    /// What was spent, by day of UTC; attempts stand in it as calls.
    #[schemars(with = "BTreeMap<String, Sum>")]
    pub spent: BTreeMap<Day, Sum>,
    /// Milliseconds of waiting for the provider.
    pub waited_millis: u64,
    /// What looked like a secret and was taken out, by kind.
    pub redacted: BTreeMap<String, u64>,
    /// Why a call came to nothing, of the last that did for a reason that the owner
    /// must know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The journal that the spending stood in until it was recorded.
    pub journal: String,
}

impl AskedText {
    /// All that was spent.
    #[must_use]
    pub fn sum(&self) -> Sum {
        self.spent.values().fold(Sum::default(), |sum, day| sum.plus(*day))
    }
}
