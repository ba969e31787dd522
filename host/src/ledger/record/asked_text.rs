//! What a run asked of a model, as recorded: counts, digests and money. What was
//! asked and answered stands in no record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::spent::Days;
use crate::budget::{DAYS_MAX, Sum};
use crate::clean;
use crate::digest::Digest;
use crate::redact;

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
    /// Calls of the plugin of which something was sent.
    pub calls: u64,
    /// What was spent, by day of UTC.
    #[schemars(with = "BTreeMap<String, Sum>")]
    pub spent: Days,
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

/// Bytes of a name or a sentence.
const WORDS_MAX: usize = 4096;
/// Entries of a list.
const LIST_MAX: usize = 1_000;
/// Kinds of secrets in one line.
const KINDS_SHOWN: usize = 8;
/// Bytes of a kind in it.
const KIND_BYTES_MAX: usize = 60;

impl AskedText {
    /// Whether it is no larger than what a run writes.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let mut words = self.answered.iter().chain(self.prompts.keys()).chain(self.redacted.keys()).chain(&self.trouble);
        let lists = [self.answered.len(), self.prompts.len(), self.redacted.len()];
        let is_short = |text: &String| text.len() <= WORDS_MAX;
        self.spent.len() <= DAYS_MAX && lists.iter().all(|len| *len <= LIST_MAX) && is_short(&self.model) && words.all(is_short)
    }

    /// All that was spent.
    #[must_use]
    pub fn sum(&self) -> Sum {
        self.spent.values().fold(Sum::default(), |sum, day| sum.plus(*day))
    }
}

/// What all rounds of a run asked of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AllRounds {
    /// The model that was asked last.
    pub model: String,
    /// Digests of the templates, by prompt.
    #[schemars(with = "BTreeMap<String, String>")]
    pub prompts: BTreeMap<String, Digest>,
    /// Calls of the plugin of which something was sent.
    pub calls: u64,
    /// What was spent.
    pub spent: Sum,
    /// What looked like a secret and was taken out, by kind; `hidden` are characters that cannot be seen.
    pub redacted: BTreeMap<String, u64>,
}

impl AllRounds {
    /// The sum of rounds, oldest first; none if none of them asked anything.
    #[must_use]
    pub fn of<'a>(rounds: impl IntoIterator<Item = &'a AskedText>) -> Option<Self> {
        rounds.into_iter().fold(None, |all: Option<Self>, round| {
            let mut all = all.unwrap_or_default();
            all.add(round);
            Some(all)
        })
    }

    /// Adds a later round.
    pub fn add(&mut self, round: &AskedText) {
        self.model.clone_from(&round.model);
        self.prompts.extend(round.prompts.iter().map(|(prompt, digest)| (prompt.clone(), *digest)));
        self.calls = self.calls.saturating_add(round.calls);
        self.spent = self.spent.plus(round.sum());
        for (kind, count) in &round.redacted {
            let sum = self.redacted.entry(kind.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// What was taken out on the way to the model and back, and what cannot be seen there, in one
    /// inert line; none if there was nothing.
    #[must_use]
    pub fn taken_out(&self) -> Option<String> {
        let secrets = self.redacted.iter().filter(|(kind, _)| *kind != redact::HIDDEN);
        let mut kinds: Vec<String> =
            secrets.map(|(kind, count)| format!("{count} {}", clean::line(clean::cut(kind, KIND_BYTES_MAX)))).collect();
        let besides = kinds.len().saturating_sub(KINDS_SHOWN);
        kinds.truncate(KINDS_SHOWN);
        kinds.extend((besides > 0).then(|| format!("{besides} more kinds")));
        let out = (!kinds.is_empty()).then(|| format!("taken out before it was sent or recorded: {}", kinds.join(", ")));
        let hidden = self.redacted.get(redact::HIDDEN).map(|count| {
            let noun = if *count == 1 { "character" } else { "characters" };
            format!("{count} hidden {noun} in what was asked and answered")
        });
        let parts: Vec<String> = [out, hidden].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(redacted: &[(&str, u64)]) -> AllRounds {
        let redacted = redacted.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        let round = AskedText { redacted, ..AskedText::default() };
        AllRounds::of([&round, &round]).expect("rounds")
    }

    #[test]
    fn case_70_what_was_taken_out_is_one_inert_line_of_all_rounds() {
        assert_eq!(all(&[]).taken_out(), None);
        let secrets = all(&[("github-token", 1), ("jwt", 2)]).taken_out();
        assert_eq!(secrets.as_deref(), Some("taken out before it was sent or recorded: 2 github-token, 4 jwt"));
        let hidden = all(&[(redact::HIDDEN, 3)]).taken_out();
        assert_eq!(hidden.as_deref(), Some("6 hidden characters in what was asked and answered"));
        // A record of another clone may name any kinds.
        let names: Vec<String> = (0..100).map(|at| format!("k{at:02}\u{1b}[2J\n")).collect();
        let kinds: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), u64::MAX)).collect();
        let line = all(&kinds).taken_out().expect("a line");
        assert!(line.ends_with(", 92 more kinds") && !line.contains(char::is_control), "{line}");
    }
}
