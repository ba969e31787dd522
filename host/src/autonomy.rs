//! How far a task goes by itself, and who approves: words without opinions.
//! What follows from them is decided in `run`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How far a run goes by itself; each level includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Autonomy {
    /// The candidate waits under `refs/lifeos/runs/`; an approval is recorded
    /// and moves nothing.
    Propose,
    /// Once approved, the branch `lifeos/TASK` moves to the candidate.
    #[default]
    Branch,
    /// Once approved, the candidate is pushed and a pull request is opened.
    PullRequest,
    /// Once its checks are green, the branch that the owner named moves to it.
    Merge,
}

/// Who approves a candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", try_from = "Written")]
pub enum Approve {
    /// Somebody who types `lifeos approve`.
    #[default]
    Person,
    /// Nobody: a candidate that passed every check is approved.
    Auto,
    /// So many different people, 1 to 20.
    People(u32),
}

/// An [`Approve`] as somebody may write it.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "approve takes \"person\", \"auto\" or {people = N}")]
enum Written {
    Word(String),
    Number { people: u32 },
}

impl TryFrom<Written> for Approve {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Word(word) if word == "person" => Ok(Self::Person),
            Written::Word(word) if word == "auto" => Ok(Self::Auto),
            Written::Word(word) => Err(format!("`{word}`: approve takes \"person\", \"auto\" or {{people = N}}")),
            Written::Number { people } => Ok(Self::People(people)),
        }
    }
}

impl Autonomy {
    const ALL: [Self; 4] = [Self::Propose, Self::Branch, Self::PullRequest, Self::Merge];

    /// The word for it in `lifeos.toml`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Branch => "branch",
            Self::PullRequest => "pull-request",
            Self::Merge => "merge",
        }
    }

    /// The level below; the lowest stays.
    #[must_use]
    pub fn lower(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }

    /// The level above; the highest stays.
    #[must_use]
    pub fn higher(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)]
    }
}

impl Approve {
    /// How many different people must approve; 0 if nobody has to.
    #[must_use]
    pub fn people(self) -> u32 {
        match self {
            Self::Auto => 0,
            Self::Person => 1,
            Self::People(count) => count,
        }
    }
}

/// The person behind a name as git writes it: the address, whatever its case.
#[must_use]
pub fn person_of(name: &str) -> String {
    let address = name.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(name, |(address, _)| address);
    address.trim().to_lowercase()
}

/// How many different people these names are.
#[must_use]
pub fn people<'n>(names: impl Iterator<Item = &'n str>) -> u32 {
    u32::try_from(names.map(person_of).collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_up_and_down_and_end() {
        assert_eq!(Autonomy::Merge.lower(), Autonomy::PullRequest);
        assert_eq!(Autonomy::Propose.lower(), Autonomy::Propose);
        assert_eq!(Autonomy::Branch.higher(), Autonomy::PullRequest);
        assert_eq!(Autonomy::Merge.higher(), Autonomy::Merge);
        assert!(Autonomy::Propose < Autonomy::Merge);
    }

    #[test]
    fn one_person_is_one_whatever_they_call_themselves() {
        let names = ["Ann <ann@x.org>", "A. <ANN@x.org>", "Bob <bob@x.org>", "Ann"];
        assert_eq!(people(names.into_iter()), 3);
    }
}
