//! Declared, the second of the four sets: what the author says a plugin needs.
//! Written as `lifeos-plugin.toml` beside the source, carried as JSON in a
//! custom section of the component.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clean;
use crate::glob::{Globs, InvalidPattern};
use crate::name::{NAME_RULE, is_name};
use crate::policy::{Capability, Ceilings, Reach};

/// Name of the custom section.
pub const SECTION: &str = "lifeos:manifest";
/// Name of the source file.
pub const FILE: &str = "lifeos-plugin.toml";
/// Bytes of that section: more than all its lists can take.
pub const BYTES_MAX: usize = 1 << 20;
/// Rules that it has a sentence for.
const RULES_MAX: usize = 500;
/// Bytes of the name of one.
const RULE_BYTES_MAX: usize = 80;
/// Bytes of its sentence.
const SENTENCE_BYTES_MAX: usize = 300;
/// Bytes of what is told of a wrong one.
const REASON_BYTES_MAX: usize = 400;

/// What the author declares.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1 to 40 of `a-z 0-9 -`, and no `-` at either end.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// World file-task: the documents that `check` wants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// World file-task: globs of files handed to `configure` where they exist
    /// and are granted for reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<String>,
    /// What it can find: a sentence for each rule, for whoever asks what one means.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, String>,
    /// World task: whether it follows an instruction.
    #[serde(default, skip_serializing_if = "Instructed::is_none")]
    pub instruction: Instructed,
    /// What it needs.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// What it promises not to go over.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub limits: Ceilings,
}

/// Whether a plugin follows the instruction of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Instructed {
    /// It does not look at one.
    #[default]
    None,
    /// It is of use with one and without.
    Optional,
    /// It does nothing without one.
    Required,
}

impl Instructed {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

fn is_nothing(limits: &Ceilings) -> bool {
    *limits == Ceilings::default()
}

/// What a plugin needs, by capability.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capabilities {
    /// See the names of files, besides those that are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Scope>,
    /// List and read files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Scope>,
    /// Propose edits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<Scope>,
    /// Read earlier revisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Plain>,
    /// Ask a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Plain>,
    /// Be told why the gate failed, and propose again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Plain>,
}

impl Capabilities {
    /// A capability without globs of its own; none if it is not declared.
    fn plain(&self, capability: Capability) -> Option<Scope> {
        let plain = match capability {
            Capability::History => &self.history,
            Capability::Model => &self.model,
            Capability::Rounds => &self.rounds,
            Capability::List | Capability::Read | Capability::Edit => &None,
        };
        plain.as_ref().map(|plain| Scope { globs: Vec::new(), optional: plain.optional })
    }

    /// See [`Manifest::need`], with these files of `config`; those without globs have none.
    #[must_use]
    pub fn need(&self, capability: Capability, config: &[String]) -> Option<Scope> {
        let of_config = (!config.is_empty()).then(|| Scope { globs: Vec::new(), optional: true });
        let (scope, more) = match capability {
            Capability::List => (self.list.clone(), &[][..]),
            Capability::Read => (self.read.clone().or(of_config), config),
            Capability::Edit => (self.edit.clone(), &[][..]),
            Capability::History | Capability::Model | Capability::Rounds => return self.plain(capability),
        };
        scope.map(|Scope { globs, optional }| Scope { globs: [&globs, more].concat(), optional })
    }
}

/// What an author declares, without the words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Documents that `check` wants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// Files handed to `configure`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<String>,
    /// Whether it follows an instruction.
    #[serde(default, skip_serializing_if = "Instructed::is_none")]
    pub instruction: Instructed,
    /// Names of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Scope>,
    /// Files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Scope>,
    /// Edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Scope>,
    /// Earlier revisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Plain>,
    /// A model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Plain>,
    /// Rounds of repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Plain>,
    /// What it promises not to go over.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub limits: Ceilings,
}

impl Declared {
    /// What it declares by capability, as the manifest has it.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let Self { list, read, edit, history, model, rounds, .. } = self.clone();
        Capabilities { list, read, edit, history, model, rounds }
    }

    /// See [`Manifest::need`].
    #[must_use]
    pub fn need(&self, capability: Capability) -> Option<Scope> {
        self.capabilities().need(capability, &self.config)
    }
}

/// A capability that reaches paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Which paths, at most.
    pub globs: Vec<String>,
    /// Whether the plugin is of use without it.
    #[serde(default)]
    pub optional: bool,
}

/// A capability without paths of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// Whether the plugin is of use without it.
    #[serde(default)]
    pub optional: bool,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("the component carries no manifest (custom section `{SECTION}`); build it with `lifeos plugin build`")]
    Missing,
    /// There is more than one.
    #[error("the component carries more than one manifest (custom section `{SECTION}`), so none counts")]
    Several,
    /// Too many bytes.
    #[error("the plugin's manifest has {bytes} bytes; at most {BYTES_MAX} are taken")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// It does not read.
    #[error("the plugin's manifest is wrong: {reason}")]
    Invalid {
        /// Why.
        reason: String,
    },
    /// A pattern outside the dialect.
    #[error("the plugin's manifest: {0}")]
    Pattern(#[from] InvalidPattern),
}

impl Manifest {
    /// Reads the text of a `lifeos-plugin.toml`.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let at_line = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(String::new(), |before| format!("line {}: ", before.matches('\n').count() + 1));
            invalid(&format!("{line}{}", error.message()))
        };
        toml::from_str::<Self>(text).map_err(at_line).and_then(Self::validated)
    }

    /// Reads the custom section of a component.
    pub(super) fn read(section: &[u8]) -> Result<Self, ManifestError> {
        serde_json::from_slice::<Self>(section).map_err(|error| invalid(&error)).and_then(Self::validated)
    }

    /// What the author declares, as the policy wants it.
    ///
    /// # Errors
    /// Never for a manifest that was read; a bad pattern otherwise.
    pub fn reach(&self) -> Result<Reach, ManifestError> {
        let globs = |capability| Globs::new(&self.need(capability).map_or_else(Vec::new, |need| need.globs));
        Ok(Reach {
            list: globs(Capability::List)?,
            read: globs(Capability::Read)?,
            edit: globs(Capability::Edit)?,
            history: self.capabilities.history.is_some(),
            model: self.capabilities.model.is_some(),
            rounds: self.capabilities.rounds.is_some(),
        })
    }

    /// What the author asks of a capability; none if it is not declared. Files of
    /// `config` are read as well, and the plugin is of use without them.
    #[must_use]
    pub fn need(&self, capability: Capability) -> Option<Scope> {
        self.capabilities.need(capability, &self.config)
    }

    /// What it declares, without the words.
    #[must_use]
    pub fn declared(&self) -> Declared {
        let Self { documents, config, instruction, capabilities, limits, .. } = self.clone();
        let Capabilities { list, read, edit, history, model, rounds } = capabilities;
        Declared { documents, config, instruction, list, read, edit, history, model, rounds, limits }
    }

    /// Refuses an instruction for a plugin over documents: its answers are remembered,
    /// and nothing in the contract would hand it one.
    pub(super) fn takes_no_instruction(&self) -> Result<(), ManifestError> {
        let is_wrong = self.instruction != Instructed::None;
        if is_wrong { Err(invalid(&"instruction: a plugin over documents is given none")) } else { Ok(()) }
    }

    fn validated(self) -> Result<Self, ManifestError> {
        if !is_name(&self.name) {
            return Err(invalid(&format!("name: {NAME_RULE}")));
        }
        let version = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
        if self.version.is_empty() || self.version.len() > 40 || !self.version.bytes().all(version) {
            return Err(invalid(&"version: 1 to 40 of 0-9 a-z A-Z . + -"));
        }
        if self.description.len() > 400 || self.description.chars().any(char::is_control) {
            return Err(invalid(&"description: one line of at most 400 bytes"));
        }
        self.check_rules()?;
        Globs::new(&self.documents)?;
        self.reach()?;
        Ok(self)
    }

    /// Few rules, each with a plain name and one plain sentence.
    fn check_rules(&self) -> Result<(), ManifestError> {
        if self.rules.len() > RULES_MAX {
            return Err(invalid(&format!("rules: at most {RULES_MAX}")));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
        let is_odd = |char: char| char.is_control() || clean::is_hidden(char);
        for (rule, sentence) in &self.rules {
            if rule.is_empty() || rule.len() > RULE_BYTES_MAX || !rule.bytes().all(is_plain) {
                return Err(invalid(&format!("rules: a name is 1 to {RULE_BYTES_MAX} of a-z A-Z 0-9 - _ / .")));
            }
            if sentence.trim().is_empty() || sentence.len() > SENTENCE_BYTES_MAX || sentence.contains(is_odd) {
                return Err(invalid(&format!("rules: {rule}: one line of 1 to {SENTENCE_BYTES_MAX} bytes")));
            }
        }
        Ok(())
    }
}

fn invalid(reason: &dyn std::fmt::Display) -> ManifestError {
    // The reason may quote the section.
    let reason = reason.to_string();
    ManifestError::Invalid { reason: clean::line(clean::cut(&reason, REASON_BYTES_MAX)).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error() {
        let text = "name = 'x'\nversion = '1'\ndescription = ''\n";
        assert!(Manifest::parse(text).is_ok());
        assert!(Manifest::parse(&format!("{text}[limits]\ncalls_max = 10\n")).is_ok());
        for line in [
            "colour = 1",
            "[capabilities.net]",
            "[capabilities.read]\nglobs = []\nmax = 1",
            "[limits]\ngate_seconds_max = 1",
            "config = ['../x']",
        ] {
            assert!(Manifest::parse(&format!("{text}{line}\n")).is_err(), "{line}");
        }
        for name in ["-x", "x-", "-", "", "X", "a b"] {
            let error = Manifest::parse(&text.replace("'x'", &format!("'{name}'"))).expect_err(name).to_string();
            assert!(error.contains("and no - at either end"), "{name}: {error}");
        }
        let wrong = Manifest::parse(&format!("{text}colour = 1\n")).expect_err("an unknown key");
        assert!(wrong.to_string().contains("line 4: unknown field `colour`"), "{wrong}");
    }
}
