//! What a task may reach and how much of it: one function answers every
//! question about a path, for list, read, edit and delete alike. It does no
//! counting; `broker` and `check` do.

mod capability;
mod demand;
mod protected;
mod unused;

use crate::digest::Digest;
use crate::glob::Globs;
use crate::path::RepoPath;
pub use capability::Capability;
pub use demand::Demand;
pub use protected::is_protected;
use protected::{Protection, protection};
pub use unused::Unused;

/// Upper bounds for one run of one task. Every one is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of one file that is read (default 1 MiB, at most 64 MiB).
    pub read_bytes_max: u64,
    /// Files one proposal may touch (default 50).
    pub edit_files_max: u64,
    /// Bytes one proposal may write, counted as whole new files (default 1 MiB).
    pub edit_bytes_max: u64,
    /// Share of the granted files' bytes that one proposal may remove, net (default 30).
    pub removed_percent_max: u64,
    /// Calls a plugin may make to the host (default 100,000).
    pub calls_max: u64,
    /// Findings of one run (default 200,000).
    pub findings_max: u64,
    /// Memory of one instance (default 256 MiB).
    pub memory_bytes_max: u64,
    /// Fuel of one call into the plugin, about one for each instruction (default 20,000,000,000).
    pub fuel_max: u64,
    /// Fuel for one document of a task over documents (default 10,000,000,000).
    pub document_fuel_max: u64,
    /// Wall clock of the whole task, without the gate (default 600).
    pub seconds_max: u64,
    /// Wall clock of one command of the gate (default 1,800).
    pub gate_seconds_max: u64,
    /// Memory of all processes of such a command together (default 8 GiB).
    pub gate_memory_bytes_max: u64,
    /// Processes of such a command at one time (default 1,000).
    pub gate_processes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_bytes_max: 1 << 20,
            edit_files_max: 50,
            edit_bytes_max: 1 << 20,
            removed_percent_max: 30,
            calls_max: 100_000,
            findings_max: 200_000,
            memory_bytes_max: 256 << 20,
            fuel_max: 20_000_000_000,
            document_fuel_max: 10_000_000_000,
            seconds_max: 600,
            gate_seconds_max: 1_800,
            gate_memory_bytes_max: 8 << 30,
            gate_processes_max: 1_000,
        }
    }
}

/// Upper bounds that an author promises for a plugin, with the units of [`Limits`]; held
/// as the owner's are, whichever is lower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceilings {
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_files_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_bytes_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_percent_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_fuel_max: Option<u64>,
    /// See [`Limits`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_max: Option<u64>,
}

impl Ceilings {
    /// Every bound by its key; none where the author promises nothing.
    #[must_use]
    pub fn by_key(&self) -> [(&'static str, Option<u64>); 10] {
        [
            ("read_bytes_max", self.read_bytes_max),
            ("edit_files_max", self.edit_files_max),
            ("edit_bytes_max", self.edit_bytes_max),
            ("removed_percent_max", self.removed_percent_max),
            ("calls_max", self.calls_max),
            ("findings_max", self.findings_max),
            ("memory_bytes_max", self.memory_bytes_max),
            ("fuel_max", self.fuel_max),
            ("document_fuel_max", self.document_fuel_max),
            ("seconds_max", self.seconds_max),
        ]
    }
}

impl From<Limits> for Ceilings {
    fn from(limits: Limits) -> Self {
        Self {
            read_bytes_max: Some(limits.read_bytes_max),
            edit_files_max: Some(limits.edit_files_max),
            edit_bytes_max: Some(limits.edit_bytes_max),
            removed_percent_max: Some(limits.removed_percent_max),
            calls_max: Some(limits.calls_max),
            findings_max: Some(limits.findings_max),
            memory_bytes_max: Some(limits.memory_bytes_max),
            fuel_max: Some(limits.fuel_max),
            document_fuel_max: Some(limits.document_fuel_max),
            seconds_max: Some(limits.seconds_max),
        }
    }
}

impl Limits {
    /// Every bound that an author can promise too, by its key, in the order of [`Ceilings::by_key`].
    #[must_use]
    pub fn by_key(&self) -> [(&'static str, u64); 10] {
        let all = Ceilings::from(*self).by_key();
        all.map(|(key, limit)| (key, limit.unwrap_or(u64::MAX)))
    }

    /// These bounds, and those that the author promised where they are lower.
    #[must_use]
    pub fn under(self, promised: &Ceilings) -> Self {
        let lower = |limit: u64, promised: Option<u64>| promised.map_or(limit, |promised| promised.min(limit));
        Self {
            read_bytes_max: lower(self.read_bytes_max, promised.read_bytes_max),
            edit_files_max: lower(self.edit_files_max, promised.edit_files_max),
            edit_bytes_max: lower(self.edit_bytes_max, promised.edit_bytes_max),
            removed_percent_max: lower(self.removed_percent_max, promised.removed_percent_max),
            calls_max: lower(self.calls_max, promised.calls_max),
            findings_max: lower(self.findings_max, promised.findings_max),
            memory_bytes_max: lower(self.memory_bytes_max, promised.memory_bytes_max),
            fuel_max: lower(self.fuel_max, promised.fuel_max),
            document_fuel_max: lower(self.document_fuel_max, promised.document_fuel_max),
            seconds_max: lower(self.seconds_max, promised.seconds_max),
            ..self
        }
    }
}

/// What one side (the author or the owner) says a task may reach.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Files whose names may be seen, besides those that may be read.
    pub list: Globs,
    /// Files that may be read.
    pub read: Globs,
    /// Files that may be changed, created and deleted.
    pub edit: Globs,
    /// Whether the history of readable files may be read.
    pub history: bool,
    /// Whether a model may be asked.
    pub model: bool,
    /// Whether the plugin may be told why the gate failed, and propose again.
    pub rounds: bool,
}

impl Reach {
    /// Over what it reaches, however its patterns are ordered.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut parts = vec![vec![u8::from(self.history)]];
        for globs in [&self.list, &self.read, &self.edit] {
            let mut patterns = globs.patterns().to_vec();
            patterns.sort_unstable();
            patterns.dedup();
            parts.push((patterns.len() as u64).to_le_bytes().to_vec());
            parts.extend(patterns.into_iter().map(String::into_bytes));
        }
        // A reach of before these could be granted keeps its digest.
        parts.extend(self.model.then(|| b"model".to_vec()));
        parts.extend(self.rounds.then(|| b"rounds".to_vec()));
        Digest::of_parts(parts.iter().map(Vec::as_slice))
    }
}

/// Both sides: a path must be within what the author declared and within what
/// the owner granted.
#[derive(Debug, Clone)]
pub struct Policy {
    /// From the manifest in the component.
    pub declared: Reach,
    /// From the owner's configuration.
    pub granted: Reach,
    /// The owner's bounds.
    pub limits: Limits,
}

/// Why a path may not be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Outside the declared or the granted globs.
    NotGranted,
    /// On the list that no wildcard reaches.
    Protected,
}

impl Policy {
    /// Whether the path's name may be seen.
    #[must_use]
    pub fn may_list(&self, path: &RepoPath) -> bool {
        let covers = |list: &Globs| list.matches(path.as_str());
        self.may_read(path) || (covers(&self.granted.list) && covers(&self.declared.list))
    }

    /// Whether the path may be read.
    #[must_use]
    pub fn may_read(&self, path: &RepoPath) -> bool {
        let path = path.as_str();
        self.granted.read.matches(path) && self.declared.read.matches(path)
    }

    /// Whether the history of readable paths may be read.
    #[must_use]
    pub fn may_read_history(&self) -> bool {
        self.granted.history && self.declared.history
    }

    /// Whether a model may be asked.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.granted.model && self.declared.model
    }

    /// Whether the plugin may be told why the gate failed.
    #[must_use]
    pub fn may_repair(&self) -> bool {
        self.granted.rounds && self.declared.rounds
    }

    /// What may be read, in one digest.
    #[must_use]
    pub fn reading(&self) -> Digest {
        let sides = [&self.granted.read, &self.declared.read].map(|globs| globs.patterns().join("\n"));
        Digest::of_parts(sides.iter().map(|side| side.as_bytes()))
    }

    /// Whether the path may be changed, created or deleted.
    ///
    /// # Errors
    /// The [`Denial`] that decides; protection is named before a missing grant.
    pub fn may_edit(&self, path: &RepoPath) -> Result<(), Denial> {
        match protection(path) {
            Protection::Always => return Err(Denial::Protected),
            Protection::UnlessNamed if !self.granted.edit.names(path.as_str()) => return Err(Denial::Protected),
            _ => {}
        }
        let covered = self.granted.edit.matches(path.as_str()) && self.declared.edit.matches(path.as_str());
        if covered { Ok(()) } else { Err(Denial::NotGranted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(edit: &[&str]) -> Policy {
        let reach = |edit: &[&str]| Reach {
            list: Globs::new(&["img/*"]).expect("globs"),
            read: Globs::new(&["docs/**"]).expect("globs"),
            edit: Globs::new(edit).expect("globs"),
            history: true,
            model: false,
            rounds: false,
        };
        Policy { declared: reach(&["**", ".github/**", ".*", "**/.*"]), granted: reach(edit), limits: Limits::default() }
    }

    fn verdict(edit: &[&str], path: &str) -> Result<(), Denial> {
        policy(edit).may_edit(&RepoPath::new(path).expect("path"))
    }

    #[test]
    fn case_41_no_glob_reaches_a_protected_path() {
        let rows = [
            ".github/workflows/x.yml",
            ".gitmodules",
            "CODEOWNERS",
            "docs/CODEOWNERS",
            "Cargo.toml",
            "sub/cargo.TOML",
            "AGENTS.md",
            "lifeos.toml",
            "LifeOS.toml",
            "tests/a.rs",
            "x/__tests__/a.js",
            ".env",
            ".env.local",
            "Makefile",
            ".gitattributes",
            ".CLAUDE/x.md",
            "a/.github/b",
        ];
        for path in rows {
            assert_eq!(verdict(&["**", ".*", "**/.*", ".github/**"], path), Err(Denial::Protected), "{path}");
        }
    }

    #[test]
    fn a_grant_that_names_the_path_reaches_it_but_never_the_configuration() {
        assert_eq!(verdict(&["AGENTS.md"], "AGENTS.md"), Ok(()));
        assert_eq!(verdict(&["AGENTS.md"], "x/AGENTS.md"), Err(Denial::Protected));
        assert_eq!(verdict(&["lifeos.toml"], "lifeos.toml"), Err(Denial::Protected));
        assert_eq!(verdict(&[".gitmodules"], ".gitmodules"), Err(Denial::Protected));
    }

    #[test]
    fn both_sides_must_cover_a_path() {
        let mut policy = policy(&["docs/**"]);
        let path = RepoPath::new("docs/a.md").expect("path");
        assert_eq!(policy.may_edit(&path), Ok(()));
        assert!(policy.may_read(&path) && policy.may_list(&path) && policy.may_read_history());
        let image = RepoPath::new("img/a.png").expect("path");
        assert!(policy.may_list(&image) && !policy.may_read(&image));
        policy.declared.edit = Globs::new(&["*.md"]).expect("globs");
        policy.declared.read = Globs::new(&["*.md"]).expect("globs");
        policy.declared.list = Globs::new(&["*.png"]).expect("globs");
        policy.declared.history = false;
        assert_eq!(policy.may_edit(&path), Err(Denial::NotGranted));
        assert!(!policy.may_read(&path) && !policy.may_list(&path) && !policy.may_read_history());
        assert!(!policy.may_list(&image));
    }

    #[test]
    fn a_reach_has_one_digest_whatever_the_order() {
        let reach = |read: &[&str], edit: &[&str], history| Reach {
            list: Globs::none(),
            read: Globs::new(read).expect("globs"),
            edit: Globs::new(edit).expect("globs"),
            history,
            model: false,
            rounds: false,
        };
        let one = reach(&["a", "b"], &["c"], false).digest();
        assert_eq!(one, reach(&["b", "a", "a"], &["c"], false).digest());
        for other in [reach(&["a"], &["b", "c"], false), reach(&["a", "b", "c"], &[], false), reach(&["a", "b"], &["c"], true)] {
            assert_ne!(one, other.digest());
        }
    }

    #[test]
    fn an_empty_list_denies() {
        assert_eq!(verdict(&[], "docs/a.md"), Err(Denial::NotGranted));
    }
}
