//! A case of a plugin's author: a folder with the files before, the files after,
//! what the plugin is given, and what it has to say. Reading and rewriting it;
//! whether it holds is `verdict`'s business.

use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;
use serde::Deserialize;

use super::TrialError;
use super::files::{self, Files, FilesError};
use crate::autonomy::{Approve, Autonomy};
use crate::clean;
use crate::config::{self, ConfigError, ModelGrant, Source, Task};
use crate::digest::Digest;
use crate::glob::{Globs, InvalidPattern};
use crate::model::scripted::{SCRIPT_BYTES_MAX, Scripted};
use crate::plugin::manifest::{Manifest, ManifestError};
use crate::policy::{Demand, Limits, Reach};

/// The folder that holds the cases, beside the manifest.
pub const FOLDER: &str = "cases";
/// Findings, refused edits and log lines that are expected, one to a line.
pub const EXPECTED: &str = "expected.txt";
/// The files before, and the files after.
pub const BEFORE: &str = "before";
/// See [`BEFORE`].
pub const AFTER: &str = "after";
/// The files of the commit before.
const PAST: &str = "past";
/// What the plugin is given.
const SHEET: &str = "case.toml";
/// What a model answers in it: rules, in the form of `[model] script`.
const SCRIPT: &str = "model.toml";

/// Cases of one plugin.
const CASES_MAX: usize = 1_000;
/// Bytes of a `case.toml`.
const SHEET_BYTES_MAX: u64 = 64 << 10;
/// Bytes of an `expected.txt`.
const EXPECTED_BYTES_MAX: u64 = 4 << 20;
/// Bytes of all files of all cases together.
const BYTES_MAX: usize = 512 << 20;
/// Bytes of a case's name.
const NAME_BYTES_MAX: usize = 100;
/// Bytes of the options and of the instruction, as the contract has it.
const GIVEN_BYTES_MAX: usize = 64 << 10;

/// One case.
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// The folder of all cases.
    cases: Arc<Dir>,
    pub(super) before: Files,
    /// None: nothing may change.
    pub(super) after: Option<Files>,
    pub(super) expected: String,
    pub(super) given: Given,
    /// Words of the error that the run has to end with.
    pub(super) fails: Option<String>,
}

/// What the plugin is given in a run.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) options: String,
    pub(super) instruction: Option<String>,
    pub(super) granted: Reach,
    pub(super) limits: Limits,
    /// Who answers when it asks a model; none: nobody.
    pub(super) script: Option<Arc<Scripted>>,
    /// The files of the commit before the base; none: it has no parent.
    pub(super) past: Option<Arc<Files>>,
}

/// What is wrong with a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Its files cannot be read or written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Its folder has a name that it may not have.
    #[error("the name of a case is 1 to {NAME_BYTES_MAX} of a-z A-Z 0-9 - _ .")]
    Name,
    /// Something in its folder that no case has.
    #[error("`{entry}` is no part of a case; it holds {PAST}/, {BEFORE}/, {AFTER}/, {SHEET}, {SCRIPT} and {EXPECTED}")]
    Unknown {
        /// Its name, cleaned.
        entry: String,
    },
    /// `case.toml` does not read.
    #[error("{SHEET}: {0}")]
    Sheet(#[from] ConfigError),
    /// A pattern outside the dialect.
    #[error("{SHEET}: {key}: {source}")]
    Pattern {
        /// `list`, `read` or `edit`.
        key: &'static str,
        /// What is wrong with it.
        source: InvalidPattern,
    },
    /// A value that is of the right type and still not usable.
    #[error("{SHEET}: {0}")]
    Value(String),
    /// `model.toml` does not read.
    #[error("{SCRIPT}: {0}")]
    Script(String),
    /// Both an error and a result are expected.
    #[error("a case with `fails` has neither {AFTER}/ nor {EXPECTED}: a run that fails keeps nothing")]
    FailsWithResult,
    /// The manifest is not usable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// `case.toml` as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sheet {
    options: toml::Table,
    instruction: Option<String>,
    list: Option<Vec<String>>,
    read: Option<Vec<String>>,
    edit: Option<Vec<String>>,
    history: Option<bool>,
    limits: Limits,
    fails: Option<String>,
}

impl Case {
    /// Reads the cases of a plugin's folder, in the order of their names. There may be none.
    ///
    /// # Errors
    /// [`TrialError`] for the first case that is not one.
    pub fn read_all(folder: &Path, manifest: &Manifest) -> Result<Vec<Self>, TrialError> {
        let place = folder.join(FOLDER);
        let unreadable = |source| TrialError::Cases { path: place.clone(), source };
        match place.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
            // What a link leads to is not the author's to bless.
            Ok(there) if !there.is_dir() => return Err(unreadable(std::io::Error::other("not a folder"))),
            Ok(_) => {}
        }
        let cases = Arc::new(files::open(&place).map_err(unreadable)?);
        let mut names = Vec::new();
        for entry in cases.entries().map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            // Files may lie beside the cases; a link that leads to a case would be left out without a word.
            if !entry.file_type().map_err(unreadable)?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort_unstable();
        if names.len() > CASES_MAX {
            return Err(TrialError::TooMany { cases_max: CASES_MAX });
        }
        let (mut read, mut left) = (Vec::new(), BYTES_MAX);
        for name in names {
            let at = |error| TrialError::Case { case: clean::line(&name).into_owned(), error };
            let case = Self::read(&name, &cases, manifest).map_err(at)?;
            left = left.checked_sub(case.bytes()).ok_or(TrialError::TooLarge { bytes_max: BYTES_MAX })?;
            read.push(case);
        }
        Ok(read)
    }

    fn read(name: &str, cases: &Arc<Dir>, manifest: &Manifest) -> Result<Self, CaseError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.len() > NAME_BYTES_MAX || name.starts_with('.') || !name.bytes().all(is_plain) {
            return Err(CaseError::Name);
        }
        let folder = files::inside(cases, name)?;
        only_known(&folder)?;
        let text = files::text(&folder, SHEET, SHEET_BYTES_MAX)?.unwrap_or_default();
        let sheet = Sheet::parse(&text)?;
        let rules = files::text(&folder, SCRIPT, SCRIPT_BYTES_MAX)?;
        let script = rules.map(|rules| Scripted::parse("script", &rules)).transpose();
        let script = script.map_err(|reason| CaseError::Script(clean::line(&reason).into_owned()))?.map(Arc::new);
        let past = files::read(&folder, PAST)?.map(Arc::new);
        let case = Self {
            before: files::read(&folder, BEFORE)?.unwrap_or_default(),
            after: files::read(&folder, AFTER)?,
            expected: files::text(&folder, EXPECTED, EXPECTED_BYTES_MAX)?.unwrap_or_default(),
            fails: sheet.fails.clone(),
            given: Given { script, past, ..sheet.given(manifest)? },
            cases: cases.clone(),
            name: name.to_owned(),
        };
        let expects_result = case.after.is_some() || !case.expected.is_empty();
        if case.fails.is_some() && expects_result { Err(CaseError::FailsWithResult) } else { Ok(case) }
    }

    fn bytes(&self) -> usize {
        let past = self.given.past.iter().flat_map(|past| past.values());
        let sides = self.before.values().chain(self.after.iter().flat_map(Files::values));
        sides.chain(past).map(|file| file.bytes.len()).sum()
    }

    /// Makes what was found what is expected; gives what was written, one entry for each file.
    pub(super) fn accept(&self, found: &Files, told: &str) -> Result<Vec<String>, FilesError> {
        if told.len() as u64 > EXPECTED_BYTES_MAX {
            return Err(FilesError::TooMuch { path: EXPECTED.to_owned() });
        }
        let folder = files::inside(&self.cases, &self.name)?;
        let mut written = Vec::new();
        if self.after.is_some() || *found != self.before {
            written = files::write(&folder, AFTER, found)?;
        }
        if files::write_text(&folder, EXPECTED, told)? {
            let sign = if told.is_empty() {
                '-'
            } else if self.expected.is_empty() {
                '+'
            } else {
                '~'
            };
            written.push(format!("{sign} {EXPECTED}"));
        }
        Ok(written)
    }
}

/// Refuses what is misspelled: it would be taken for something that is not there.
fn only_known(folder: &Dir) -> Result<(), CaseError> {
    let io = |source| files::io(".", source);
    for entry in folder.entries().map_err(io)? {
        let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && ![PAST, BEFORE, AFTER, SHEET, SCRIPT, EXPECTED].contains(&name.as_str()) {
            return Err(CaseError::Unknown { entry: clean::line(&name).into_owned() });
        }
    }
    Ok(())
}

impl Sheet {
    fn parse(text: &str) -> Result<Self, CaseError> {
        let sheet: Self = toml::from_str(text).map_err(|error| config::syntax(text, &error))?;
        let limits = toml::from_str::<toml::Table>(text).ok().and_then(|table| table.get("limits")?.as_table().cloned());
        if let Some(key) = limits.unwrap_or_default().keys().find(|key| key.starts_with("gate_")) {
            return Err(CaseError::Value(format!("limits.{key}: a case has no gate")));
        }
        config::check_limits(&sheet.limits).map_err(CaseError::Value)?;
        if sheet.fails.as_ref().is_some_and(|words| words.trim().is_empty()) {
            return Err(CaseError::Value("fails: it names words of the error".to_owned()));
        }
        if sheet.instruction.as_ref().is_some_and(|text| text.len() > GIVEN_BYTES_MAX) {
            return Err(CaseError::Value("instruction: more than 64 KiB".to_owned()));
        }
        Ok(sheet)
    }

    /// What is not written is what the manifest declares.
    fn given(self, manifest: &Manifest) -> Result<Given, CaseError> {
        let declared = manifest.reach()?;
        let globs = |key, patterns: Option<Vec<String>>, declared: Globs| match patterns {
            None => Ok(declared),
            Some(patterns) => Globs::new(&patterns).map_err(|source| CaseError::Pattern { key, source }),
        };
        let options = serde_json::to_string(&self.options).map_err(|error| CaseError::Value(format!("options: {error}")))?;
        if options.len() > GIVEN_BYTES_MAX {
            return Err(CaseError::Value("options: more than 64 KiB".to_owned()));
        }
        let granted = Reach {
            list: globs("list", self.list, declared.list)?,
            read: globs("read", self.read, declared.read)?,
            edit: globs("edit", self.edit, declared.edit)?,
            history: self.history.unwrap_or(declared.history),
            model: declared.model,
            rounds: declared.rounds,
        };
        Ok(Given { options, instruction: self.instruction, granted, limits: self.limits, script: None, past: None })
    }
}

impl Given {
    /// Everything that the manifest declares, with these options.
    pub(super) fn declared(manifest: &Manifest, options: String) -> Result<Self, ManifestError> {
        let (granted, limits) = (manifest.reach()?, Limits::default());
        Ok(Self { options, instruction: None, granted, limits, script: None, past: None })
    }

    /// The task that a run of it is.
    pub(super) fn task(&self) -> Task {
        let Self { options, granted, limits, .. } = self;
        let said = format!("{} {limits:?} {options}", granted.digest());
        Task {
            name: "trial".to_owned(),
            plugin: Source::File(String::new()),
            digest: None,
            granted: granted.clone(),
            limits: *limits,
            autonomy: Autonomy::Propose,
            approve: Approve::Person,
            merge_into: None,
            gate: Demand { commands: Vec::new(), goals: Vec::new(), reports: Globs::none() },
            rounds: 0,
            model: self.script.as_ref().map(|_| ModelGrant::default()),
            hosts: Vec::new(),
            options: options.clone(),
            grant_digest: Digest::of(said.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match Sheet::parse(text).and_then(|sheet| sheet.given(&manifest())) {
            Err(error) => error.to_string(),
            Ok(_) => "ok".to_owned(),
        }
    }

    fn manifest() -> Manifest {
        let text = "name = 'x'\nversion = '1'\ndescription = ''\n[capabilities.read]\nglobs = ['*.md']\n[capabilities.history]\n";
        Manifest::parse(text).expect("a manifest")
    }

    #[test]
    fn says_what_is_wrong_with_a_sheet() {
        let rows = [
            ("", "ok"),
            ("options.a = 1\ninstruction = 'x'\nlist = []\nread = []\nedit = []\nhistory = true\nfails = 'x'", "ok"),
            ("opitons.a = 1", "case.toml: line 1: unknown field `opitons`"),
            ("limits.calls = 1", "unknown field `calls`"),
            ("limits.seconds_max = 0", "limits.seconds_max = 0: must be 1 to 86400"),
            ("limits.gate_seconds_max = 1", "limits.gate_seconds_max: a case has no gate"),
            ("read = ['/a']", "case.toml: read: bad pattern `/a`"),
            ("fails = ' '", "fails: it names words of the error"),
            ("read = 'a'", "line 1: invalid type"),
        ];
        for (text, expected) in rows {
            let error = error(text);
            assert!(error.contains(expected), "{text:?} gave {error:?}");
        }
    }

    #[test]
    fn what_is_not_written_is_what_is_declared() {
        let given = |text| Sheet::parse(text).and_then(|sheet| sheet.given(&manifest())).expect("a sheet").granted;
        assert!(given("").read.matches("a.md") && given("").history && given("").edit.is_empty());
        assert!(given("read = ['b.md']").read.matches("b.md") && !given("read = ['b.md']").read.matches("a.md"));
        assert!(!given("history = false").history);
    }
}
