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
}

impl ReachText {
    /// A reach in its words.
    #[must_use]
    pub fn of(reach: &Reach) -> Self {
        let patterns = |globs: &Globs| globs.patterns().to_vec();
        Self { list: patterns(&reach.list), read: patterns(&reach.read), edit: patterns(&reach.edit), history: reach.history }
    }

    /// The patterns of a capability; none for one that has none of its own.
    #[must_use]
    pub fn patterns(&self, capability: Capability) -> &[String] {
        match capability {
            Capability::List => &self.list,
            Capability::Read => &self.read,
            Capability::Edit => &self.edit,
            Capability::History => &[],
        }
    }

    /// Whether there is anything of a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        !self.patterns(capability).is_empty() || capability == Capability::History && self.history
    }

    /// The same with one capability as another reach has it.
    #[must_use]
    pub fn with(&self, capability: Capability, other: &Self) -> Self {
        match capability {
            Capability::List => Self { list: other.list.clone(), ..self.clone() },
            Capability::Read => Self { read: other.read.clone(), ..self.clone() },
            Capability::Edit => Self { edit: other.edit.clone(), ..self.clone() },
            Capability::History => Self { history: other.history, ..self.clone() },
        }
    }

    /// The same as globs; none if somebody wrote what are none.
    #[must_use]
    pub fn globs(&self) -> Option<Reach> {
        let globs = |patterns: &[String]| Globs::new(patterns).ok();
        Some(Reach { list: globs(&self.list)?, read: globs(&self.read)?, edit: globs(&self.edit)?, history: self.history })
    }
}
