//! What a task asks of its candidates: words without opinions.

use crate::glob::Globs;

/// What a task asks of its candidates.
#[derive(Debug)]
pub struct Demand {
    /// Commands, each with its words.
    pub commands: Vec<Vec<String>>,
    /// Commands that fail on the base, and that a candidate must pass all the same.
    pub goals: Vec<Vec<String>>,
    /// Reports of the JUnit form that they write; if there are any, tests are
    /// counted in them alone.
    pub reports: Globs,
}

impl Demand {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.goals.is_empty()
    }
}
