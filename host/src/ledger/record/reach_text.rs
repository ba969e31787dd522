//! What a task could reach, as recorded: patterns as they were written.

use serde::{Deserialize, Serialize};

use crate::glob::Globs;
use crate::policy::Reach;

/// A reach as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReachText {
    /// Globs of names that may be seen, besides those of readable files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<String>,
    /// Globs.
    pub read: Vec<String>,
    /// Globs.
    pub edit: Vec<String>,
    /// Whether history may be read.
    pub history: bool,
}

impl ReachText {
    /// The same as globs; none if somebody wrote what are none.
    #[must_use]
    pub fn globs(&self) -> Option<Reach> {
        let globs = |patterns: &[String]| Globs::new(patterns).ok();
        Some(Reach { list: globs(&self.list)?, read: globs(&self.read)?, edit: globs(&self.edit)?, history: self.history })
    }
}
