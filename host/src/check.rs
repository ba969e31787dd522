//! Proposal -> Checked, or every reason why not. It looks only at the pinned
//! base and the policy; it writes nothing and asks nobody.

pub mod problem;

use std::collections::BTreeMap;

use git2::Oid;

use crate::clean;
use crate::edit::{self, Action, Edit};
use crate::path::RepoPath;
use crate::policy::{Denial, Policy};
use crate::repo::{Base, Entry, Kind, Repo, RepoError, Unreadable};
use problem::{Problem, Refused};

/// Replacements in one edit.
const REPLACEMENTS_MAX: usize = 10_000;

/// An edit that may be made. Only this file makes one.
#[derive(Debug, Clone)]
pub struct CheckedEdit {
    path: RepoPath,
    old: Option<(Oid, String)>,
    new: Option<String>,
}

/// A proposal that passed as a whole. Only [`Checked::whole`] makes one.
#[derive(Debug)]
pub struct Checked {
    edits: Vec<CheckedEdit>,
}

impl CheckedEdit {
    /// Where it applies.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The text before; none when the file is made.
    #[must_use]
    pub fn old_text(&self) -> Option<&str> {
        self.old.as_ref().map(|(_, text)| text.as_str())
    }

    /// The text after; none when the file is removed.
    #[must_use]
    pub fn new_text(&self) -> Option<&str> {
        self.new.as_deref()
    }

    fn removed_bytes(&self) -> u64 {
        let length = |text: Option<&str>| text.map_or(0, str::len) as u64;
        length(self.old_text()).saturating_sub(length(self.new_text()))
    }
}

impl Checked {
    /// The edits, in byte order of their paths.
    #[must_use]
    pub fn edits(&self) -> &[CheckedEdit] {
        &self.edits
    }

    /// Judges the whole: two edits of one path, and the owner's limits.
    ///
    /// # Errors
    /// [`RepoError`] when the base cannot be read. What speaks against the
    /// whole is the inner result.
    pub fn whole(
        edits: Vec<CheckedEdit>,
        base: &Base,
        policy: &Policy,
        repo: &Repo,
    ) -> Result<Result<Self, Vec<Refused>>, RepoError> {
        let mut refused = Vec::new();
        let mut by_path = BTreeMap::new();
        for edit in edits {
            let path = edit.path.clone();
            if by_path.insert(path.clone(), edit).is_some() {
                refused.push(Refused { path: path.to_string(), problems: vec![Problem::ConflictingEdit] });
            }
        }
        let edits: Vec<_> = by_path.into_values().collect();
        let limits = over_limits(&edits, base, policy, repo)?;
        if !limits.is_empty() {
            refused.push(Refused { path: String::new(), problems: limits });
        }
        Ok(if refused.is_empty() { Ok(Self { edits }) } else { Err(refused) })
    }
}

fn over_limits(edits: &[CheckedEdit], base: &Base, policy: &Policy, repo: &Repo) -> Result<Vec<Problem>, RepoError> {
    let limits = &policy.limits;
    let mut problems = Vec::new();
    if edits.len() as u64 > limits.edit_files_max {
        problems.push(Problem::OverLimit("edit_files_max", limits.edit_files_max));
    }
    let written: u64 = edits.iter().filter_map(CheckedEdit::new_text).map(|text| text.len() as u64).sum();
    if written > limits.edit_bytes_max {
        problems.push(Problem::OverLimit("edit_bytes_max", limits.edit_bytes_max));
    }
    let removed: u64 = edits.iter().map(CheckedEdit::removed_bytes).sum();
    let touched: u64 = edits.iter().filter_map(CheckedEdit::old_text).map(|text| text.len() as u64).sum();
    let over = |of: u64| u128::from(removed) * 100 > u128::from(of) * u128::from(limits.removed_percent_max);
    // What was touched is part of what was granted, so most proposals need no count of the rest.
    if over(touched) && over(granted_bytes(base, policy, repo)?) {
        problems.push(Problem::OverLimit("removed_percent_max", limits.removed_percent_max));
    }
    Ok(problems)
}

fn granted_bytes(base: &Base, policy: &Policy, repo: &Repo) -> Result<u64, RepoError> {
    let granted = base.entries.iter().filter(|entry| entry.kind == Kind::File && policy.may_edit(&entry.path).is_ok());
    granted.map(|entry| repo.size(entry.id)).sum()
}

/// What stands in the way of one edit, against a pinned base.
pub struct Checker<'a> {
    base: &'a Base,
    policy: &'a Policy,
}

impl<'a> Checker<'a> {
    /// A checker for edits of `base` under `policy`.
    #[must_use]
    pub fn new(base: &'a Base, policy: &'a Policy) -> Self {
        Self { base, policy }
    }

    /// Judges one edit by itself.
    ///
    /// # Errors
    /// [`RepoError`] when the base cannot be read. Everything that speaks
    /// against the edit is the inner result.
    pub fn edit(&self, edit: &Edit, repo: &Repo) -> Result<Result<CheckedEdit, Vec<Problem>>, RepoError> {
        let path = match self.reach(&edit.path) {
            Ok(path) => path,
            Err(problem) => return Ok(Err(vec![problem])),
        };
        match &edit.action {
            Action::Create { text } => Ok(self.creation(path, text)),
            Action::Change { id, replacements } => {
                if replacements.is_empty() || replacements.len() > REPLACEMENTS_MAX {
                    return Ok(Err(vec![Problem::OverLimit("replacements", REPLACEMENTS_MAX as u64)]));
                }
                let old = self.existing(&path, id, repo)?;
                Ok(old.and_then(|old| {
                    let new = edit::apply(&old.1, replacements)
                        .map_err(|misfits| misfits.into_iter().map(Problem::from).collect::<Vec<_>>())?;
                    finish(path, Some(old), Some(new))
                }))
            }
            Action::Delete { id } => Ok(self.existing(&path, id, repo)?.and_then(|old| finish(path, Some(old), None))),
        }
    }

    /// Whether an edit of an existing path could pass, its text aside.
    #[must_use]
    pub fn is_editable(&self, path: &RepoPath) -> bool {
        self.policy.may_edit(path).is_ok() && !self.base.filters.cover(path)
    }

    fn reach(&self, text: &str) -> Result<RepoPath, Problem> {
        let path = RepoPath::new(text).map_err(|error| Problem::InvalidPath(error.reason))?;
        match self.policy.may_edit(&path) {
            Err(Denial::NotGranted) => Err(Problem::NotGranted),
            Err(Denial::Protected) => Err(Problem::Protected),
            Ok(()) if self.base.filters.cover(&path) => Err(Problem::Filtered),
            Ok(()) => Ok(path),
        }
    }

    fn existing(&self, path: &RepoPath, id: &str, repo: &Repo) -> Result<Result<(Oid, String), Vec<Problem>>, RepoError> {
        let entry = match self.base.entry(path) {
            None => return Ok(Err(vec![Problem::NotFound])),
            Some(Entry { kind: Kind::Symlink | Kind::Submodule, .. }) => return Ok(Err(vec![Problem::NotAFile])),
            Some(entry) => entry,
        };
        if entry.id.to_string() != id {
            return Ok(Err(vec![Problem::Stale]));
        }
        let text = repo.read_text(entry.id, self.policy.limits.read_bytes_max)?;
        Ok(match text {
            Ok(text) => Ok((entry.id, text)),
            Err(Unreadable::TooLarge) => Err(vec![Problem::OverLimit("read_bytes_max", self.policy.limits.read_bytes_max)]),
            Err(Unreadable::NotText | Unreadable::Pointer) => Err(vec![Problem::NotAFile]),
        })
    }

    fn creation(&self, path: RepoPath, text: &str) -> Result<CheckedEdit, Vec<Problem>> {
        let below = format!("{path}/");
        let after = self.base.entries.partition_point(|entry| entry.path.as_str() < below.as_str());
        let is_folder = self.base.entries.get(after).is_some_and(|entry| entry.path.as_str().starts_with(&below));
        let under_file = path.folders().any(|folder| RepoPath::new(folder).is_ok_and(|path| self.base.entry(&path).is_some()));
        if self.base.entry(&path).is_some() || is_folder || under_file {
            return Err(vec![Problem::AlreadyExists]);
        }
        if let Some(other) = self.collision(&path) {
            return Err(vec![Problem::CollidesWith(other)]);
        }
        if text.contains('\0') {
            return Err(vec![Problem::NotAFile]);
        }
        finish(path, None, Some(text.to_owned()))
    }

    /// A path, or a folder of one, that some file systems take for this one.
    fn collision(&self, path: &RepoPath) -> Option<String> {
        let folded = self.base.folded();
        let mut names = path.folders().chain([path.as_str()]);
        names.find_map(|name| folded.get(&crate::path::fold(name)).filter(|other| *other != name).cloned())
    }
}

fn finish(path: RepoPath, old: Option<(Oid, String)>, new: Option<String>) -> Result<CheckedEdit, Vec<Problem>> {
    let old_text = old.as_ref().map_or("", |(_, text)| text.as_str());
    if new.as_ref().is_some_and(|new| adds_hidden(old_text, new)) {
        return Err(vec![Problem::HiddenCharacters]);
    }
    Ok(CheckedEdit { path, old, new })
}

/// Whether `new` holds more of some hidden character than `old`, or a NUL or
/// another control character that `old` does not hold.
fn adds_hidden(old: &str, new: &str) -> bool {
    let counts = |text: &str| {
        let mut counts = BTreeMap::<char, usize>::new();
        let suspects =
            text.chars().filter(|char| clean::is_hidden(*char) || char.is_control() && !matches!(char, '\t' | '\n' | '\r'));
        suspects.for_each(|char| *counts.entry(char).or_default() += 1);
        counts
    };
    let before = counts(old);
    counts(new).into_iter().any(|(char, count)| count > before.get(&char).copied().unwrap_or(0))
}
