//! What a task could reach, as recorded: patterns as they were written.

use serde::{Deserialize, Serialize};

use crate::glob::Globs;
use crate::policy::{Capability, Reach};

/// A reach as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReachText {
    /// Globs of names that may be seen, besides those of readable files.
    #[serde(default)]
    pub list: Vec<String>,
    /// Globs.
    pub read: Vec<String>,
    /// Globs.
    pub edit: Vec<String>,
    /// Whether history may be read.
    pub history: bool,
    /// Whether a model may be asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub model: bool,
    /// Whether the plugin may be told why the gate failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rounds: bool,
}

impl ReachText {
    /// A reach in its words.
    #[must_use]
    pub fn of(reach: &Reach) -> Self {
        let patterns = |globs: &Globs| globs.patterns().to_vec();
        let (list, read, edit) = (patterns(&reach.list), patterns(&reach.read), patterns(&reach.edit));
        Self { list, read, edit, history: reach.history, model: reach.model, rounds: reach.rounds }
    }

    /// The patterns of a capability; none for one that has none of its own.
    #[must_use]
    pub fn patterns(&self, capability: Capability) -> &[String] {
        match capability {
            Capability::List => &self.list,
            Capability::Read => &self.read,
            Capability::Edit => &self.edit,
            Capability::History | Capability::Model | Capability::Rounds => &[],
        }
    }

    /// Whether there is anything of a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::History => self.history,
            Capability::Model => self.model,
            Capability::Rounds => self.rounds,
            Capability::List | Capability::Read | Capability::Edit => !self.patterns(capability).is_empty(),
        }
    }

    /// The same with one capability as another reach has it.
    #[must_use]
    pub fn with(&self, capability: Capability, other: &Self) -> Self {
        match capability {
            Capability::List => Self { list: other.list.clone(), ..self.clone() },
            Capability::Read => Self { read: other.read.clone(), ..self.clone() },
            Capability::Edit => Self { edit: other.edit.clone(), ..self.clone() },
            Capability::History => Self { history: other.history, ..self.clone() },
            Capability::Model => Self { model: other.model, ..self.clone() },
            Capability::Rounds => Self { rounds: other.rounds, ..self.clone() },
        }
    }

    /// The same as globs; none if somebody wrote what are none.
    #[must_use]
    pub fn globs(&self) -> Option<Reach> {
        let globs = |patterns: &[String]| Globs::new(patterns).ok();
        let (list, read, edit) = (globs(&self.list)?, globs(&self.read)?, globs(&self.edit)?);
        Some(Reach { list, read, edit, history: self.history, model: self.model, rounds: self.rounds })
    }
}
