//! What an owner can grant: six words, and what belongs to each. What an import
//! of a component stands for is in `plugin/imports`.

use std::fmt;

use super::Reach;
use crate::glob::Globs;

/// What an owner can grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// See the names of files.
    List,
    /// Read files.
    Read,
    /// Propose edits.
    Edit,
    /// Read the history of readable files.
    History,
    /// Ask a model.
    Model,
    /// Be told why the gate failed, and propose again.
    Rounds,
}

impl Capability {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::List, Self::Read, Self::Edit, Self::History, Self::Model, Self::Rounds];
    /// Those that reach paths by globs of their own.
    pub const WITH_GLOBS: [Self; 3] = [Self::List, Self::Read, Self::Edit];

    /// Its key in the table of a task, in a manifest, and in a trace.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Edit => "edit",
            Self::History => "history",
            Self::Model => "model",
            Self::Rounds => "rounds",
        }
    }

    /// The line of `lifeos.toml` that grants it; a JSON list of strings is one of TOML.
    #[must_use]
    pub fn line(self, globs: &[String]) -> String {
        match self {
            Self::History => "history = true".to_owned(),
            Self::Model => "model = { cost_max = 0.50 }".to_owned(),
            Self::Rounds => "rounds = 2".to_owned(),
            _ => format!("{self} = {}", serde_json::to_string(globs).unwrap_or_default()),
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

impl Reach {
    /// The globs of a capability; none for one that has none of its own.
    #[must_use]
    pub fn globs(&self, capability: Capability) -> Option<&Globs> {
        match capability {
            Capability::List => Some(&self.list),
            Capability::Read => Some(&self.read),
            Capability::Edit => Some(&self.edit),
            Capability::History | Capability::Model | Capability::Rounds => None,
        }
    }

    /// Whether there is anything of a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::History => self.history,
            Capability::Model => self.model,
            Capability::Rounds => self.rounds,
            Capability::List | Capability::Read | Capability::Edit => {
                self.globs(capability).is_some_and(|globs| !globs.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_grants_what_it_is_for() {
        for capability in Capability::ALL {
            let line = capability.line(&["docs/*.md".to_owned(), "a\"b".to_owned()]);
            let table: toml::Table = toml::from_str(&line).expect("TOML");
            assert_eq!(table.keys().map(String::as_str).collect::<Vec<_>>(), [capability.word()]);
        }
    }

    #[test]
    fn a_reach_has_what_it_was_given() {
        let globs = |patterns: &[&str]| Globs::new(patterns).expect("globs");
        let reach = Reach { list: globs(&[]), read: globs(&["a"]), edit: globs(&[]), history: true, model: false, rounds: false };
        let there: Vec<_> = Capability::ALL.into_iter().filter(|capability| reach.has(*capability)).collect();
        assert_eq!(there, [Capability::Read, Capability::History]);
    }
}
