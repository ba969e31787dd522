//! Proposal -> Checked, or every reason why not. It looks only at the pinned
//! base and the policy; it writes nothing and asks nobody.

pub mod guard;
pub mod problem;

use std::collections::BTreeMap;

use git2::Oid;

use crate::clean;
use crate::diff::Diff;
use crate::edit::{self, Action, Edit, Replacement};
use crate::path::RepoPath;
use crate::policy::{Denial, Policy};
use crate::repo::{Base, Entry, Kind, Repo, RepoError, Unreadable};
use guard::Guard;
use problem::{Problem, Refused};

/// Replacements in one edit.
const REPLACEMENTS_MAX: usize = 10_000;

/// An edit that may be made. Only this file makes one. It holds what changes
/// and not the texts, of which there may be tens of thousands.
#[derive(Debug, Clone)]
pub struct CheckedEdit {
    path: RepoPath,
    /// The blob before and its length.
    old: Option<(Oid, u64)>,
    new: New,
    change: Change,
}

/// What an edit comes to, for a report.
#[derive(Debug, Clone)]
pub struct Change {
    /// Created, changed or deleted.
    pub action: &'static str,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// The lines themselves, if somebody wants to see them.
    pub diff: Option<String>,
}

/// What stands at the path afterwards.
#[derive(Debug, Clone)]
enum New {
    Nothing,
    Whole(String),
    /// The blob before with these replacements, and its length then.
    Changed(Vec<Replacement>, u64),
}

/// The text of a file before an edit and after it; none where there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Before.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
}

/// A proposal that passed as a whole. Only [`Checked::whole`] makes one.
#[derive(Debug)]
pub struct Checked {
    base: Oid,
    tree: Oid,
    edits: Vec<CheckedEdit>,
}

impl CheckedEdit {
    /// Where it applies.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// What it comes to.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.change.action == "changed" && (self.change.added, self.change.removed) == (0, 0)
    }

    /// Bytes of the file before; 0 when it is made.
    #[must_use]
    pub fn old_bytes(&self) -> u64 {
        self.old.map_or(0, |(_, bytes)| bytes)
    }

    /// Bytes of the file after; 0 when it is removed.
    #[must_use]
    pub fn new_bytes(&self) -> u64 {
        match &self.new {
            New::Nothing => 0,
            New::Whole(text) => text.len() as u64,
            New::Changed(_, bytes) => *bytes,
        }
    }

    /// The texts, from the blob that was checked.
    ///
    /// # Errors
    /// [`RepoError`] when that blob cannot be read any more.
    pub fn texts(&self, repo: &Repo) -> Result<Texts, RepoError> {
        let gone = |blob: Oid| RepoError::NotText { path: self.path.to_string(), commit: blob.to_string() };
        let read = |(blob, _)| repo.read_text(blob, u64::MAX)?.map_err(|_| gone(blob));
        let old = self.old.map(read).transpose()?;
        let new = match (&self.new, &old, self.old) {
            (New::Whole(text), ..) => Some(text.clone()),
            (New::Changed(replacements, _), Some(text), Some((blob, _))) => {
                Some(edit::apply(text, replacements).map_err(|_| gone(blob))?)
            }
            _ => None,
        };
        Ok(Texts { old, new })
    }

    fn removed_bytes(&self) -> u64 {
        self.old_bytes().saturating_sub(self.new_bytes())
    }
}

impl Checked {
    /// The commit it was checked against.
    #[must_use]
    pub fn base(&self) -> Oid {
        self.base
    }

    /// The tree of that commit.
    #[must_use]
    pub fn base_tree(&self) -> Oid {
        self.tree
    }

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
        refused.extend(colliding(&edits));
        let limits = over_limits(&edits, base, policy, repo)?;
        if !limits.is_empty() {
            refused.push(Refused { path: String::new(), problems: limits });
        }
        Ok(if refused.is_empty() { Ok(Self { base: base.commit, tree: base.tree, edits }) } else { Err(refused) })
    }
}

/// Creations that could not stand side by side on every file system.
fn colliding(edits: &[CheckedEdit]) -> Vec<Refused> {
    let mut seen = BTreeMap::<String, (&str, bool)>::new();
    let mut refused = Vec::new();
    for path in edits.iter().filter(|edit| edit.old.is_none()).map(CheckedEdit::path) {
        let names = path.folders().map(|folder| (folder, true)).chain([(path.as_str(), false)]);
        let clash = names.filter_map(|(name, is_folder)| {
            let (other, other_is_folder) = *seen.entry(crate::path::fold(name)).or_insert((name, is_folder));
            match (other == name, other_is_folder == is_folder) {
                (true, true) => None,
                (true, false) => Some(Problem::ConflictingEdit),
                (false, _) => Some(Problem::CollidesWith(other.to_owned())),
            }
        });
        if let Some(problem) = clash.collect::<Vec<_>>().pop() {
            refused.push(Refused { path: path.to_string(), problems: vec![problem] });
        }
    }
    refused
}

fn over_limits(edits: &[CheckedEdit], base: &Base, policy: &Policy, repo: &Repo) -> Result<Vec<Problem>, RepoError> {
    let limits = &policy.limits;
    let mut problems = Vec::new();
    if edits.len() as u64 > limits.edit_files_max {
        problems.push(Problem::OverLimit("edit_files_max", limits.edit_files_max));
    }
    let written: u64 = edits.iter().map(CheckedEdit::new_bytes).sum();
    if written > limits.edit_bytes_max {
        problems.push(Problem::OverLimit("edit_bytes_max", limits.edit_bytes_max));
    }
    let removed: u64 = edits.iter().map(CheckedEdit::removed_bytes).sum();
    let touched: u64 = edits.iter().map(CheckedEdit::old_bytes).sum();
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
    guard: &'a Guard,
    shows: bool,
}

impl<'a> Checker<'a> {
    /// A checker for edits of `base` under `policy`; it keeps diffs if it `shows`.
    #[must_use]
    pub fn new(base: &'a Base, policy: &'a Policy, shows: bool) -> Self {
        Self { base, policy, guard: Guard::plain(), shows }
    }

    /// The same with another guard of what edits bring in.
    #[must_use]
    pub fn guarded(self, guard: &'a Guard) -> Self {
        Self { guard, ..self }
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
                if replacements.len() > REPLACEMENTS_MAX {
                    return Ok(Err(vec![Problem::OverLimit("replacements_max", REPLACEMENTS_MAX as u64)]));
                }
                Ok(self.existing(&path, id, repo)?.and_then(|(blob, old)| self.changed(path, blob, &old, replacements)))
            }
            Action::Delete { id } => Ok(self.existing(&path, id, repo)?.map(|(blob, old)| {
                let change = self.change(&path, Some(&old), None);
                CheckedEdit { path, old: Some((blob, old.len() as u64)), new: New::Nothing, change }
            })),
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
        // What may not be read cannot be guessed at either.
        if !self.policy.may_read(path) {
            return Ok(Err(vec![Problem::NotGranted]));
        }
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
        let is_folder = !self.base.below(&path).is_empty();
        let under_file = path.folders().any(|folder| RepoPath::new(folder).is_ok_and(|path| self.base.entry(&path).is_some()));
        if self.base.entry(&path).is_some() || is_folder || under_file {
            return Err(vec![if self.policy.may_read(&path) { Problem::AlreadyExists } else { Problem::NotGranted }]);
        }
        if let Some(other) = self.collision(&path) {
            // A name outside the read grant stays unknown.
            let known = RepoPath::new(&other).is_ok_and(|other| self.policy.may_read(&other));
            return Err(vec![if known { Problem::CollidesWith(other) } else { Problem::NotGranted }]);
        }
        if text.contains('\0') {
            return Err(vec![Problem::NotAFile]);
        }
        if path.as_str().contains(clean::is_hidden) {
            return Err(vec![Problem::HiddenCharacters]);
        }
        let limit = self.policy.limits.read_bytes_max;
        if text.len() as u64 > limit {
            return Err(vec![Problem::OverLimit("read_bytes_max", limit)]);
        }
        match fault("", text, text).or_else(|| self.guard.created(&path, text)) {
            Some(problem) => Err(vec![problem]),
            None => {
                let change = self.change(&path, None, Some(text));
                Ok(CheckedEdit { path, old: None, new: New::Whole(text.to_owned()), change })
            }
        }
    }

    fn changed(&self, path: RepoPath, blob: Oid, old: &str, replacements: &[Replacement]) -> Result<CheckedEdit, Vec<Problem>> {
        let misfits = |misfits: Vec<edit::Misfit>| misfits.into_iter().map(Problem::from).collect::<Vec<_>>();
        let new = edit::apply(old, replacements).map_err(misfits)?;
        let written: String = replacements.iter().map(|replacement| replacement.text.as_str()).collect();
        let limit = self.policy.limits.read_bytes_max;
        match fault(old, &new, &written).or_else(|| self.guard.changed(&path, old, &new, replacements)) {
            Some(problem) => Err(vec![problem]),
            None if new.len() as u64 > limit => Err(vec![Problem::OverLimit("read_bytes_max", limit)]),
            None => {
                let change = self.change(&path, Some(old), Some(&new));
                let (old, new) = ((blob, old.len() as u64), New::Changed(replacements.to_vec(), new.len() as u64));
                Ok(CheckedEdit { path, old: Some(old), new, change })
            }
        }
    }

    /// Both texts are at hand here, and nowhere else without reading again.
    fn change(&self, path: &RepoPath, old: Option<&str>, new: Option<&str>) -> Change {
        let diff = Diff::new(old, new);
        let (added, removed) = diff.counts();
        let shown = self.shows.then(|| diff.unified(&clean::line(path.as_str())));
        Change { action: diff.action(), added, removed, diff: shown }
    }

    /// A path, or a folder of one, that some file systems take for this one.
    fn collision(&self, path: &RepoPath) -> Option<String> {
        let folded = self.base.folded();
        let mut names = path.folders().chain([path.as_str()]);
        names.find_map(|name| folded.get(&crate::path::fold(name)).filter(|other| *other != name).cloned())
    }
}

/// What no text may become; `written` is all of it that is not in the old text.
fn fault(old: &str, new: &str, written: &str) -> Option<Problem> {
    if crate::repo::is_pointer(new) {
        return Some(Problem::NotAFile);
    }
    // What was there before may stay, so both texts count, but only if it can matter.
    (written.contains(is_suspect) && adds_hidden(old, new)).then_some(Problem::HiddenCharacters)
}

fn is_suspect(char: char) -> bool {
    clean::is_hidden(char) || char.is_control() && !matches!(char, '\t' | '\n' | '\r')
}

/// Whether `new` holds more of some hidden character than `old`, or a NUL or
/// another control character that `old` does not hold.
fn adds_hidden(old: &str, new: &str) -> bool {
    let counts = |text: &str| {
        let mut counts = BTreeMap::<char, usize>::new();
        text.chars().filter(|char| is_suspect(*char)).for_each(|char| *counts.entry(char).or_default() += 1);
        counts
    };
    let before = counts(old);
    counts(new).into_iter().any(|(char, count)| count > before.get(&char).copied().unwrap_or(0))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::edit::Span;
    use crate::glob::Globs;
    use crate::policy::{Limits, Reach};

    /// A repository with these files in its one commit, and that commit pinned.
    pub(crate) fn fixture(files: &[(&str, i32, &str)]) -> (tempfile::TempDir, Repo, Base) {
        let folder = tempfile::tempdir().expect("a folder");
        let git = git2::Repository::init(folder.path()).expect("a repository");
        let empty = git.find_tree(git.treebuilder(None).expect("a tree").write().expect("a tree")).expect("a tree");
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, mode, text) in files {
            let mode = match mode {
                0o755 => git2::FileMode::BlobExecutable,
                0o120 => git2::FileMode::Link,
                _ => git2::FileMode::Blob,
            };
            update.upsert(*path, git.blob(text.as_bytes()).expect("a blob"), mode);
        }
        let tree = update.create_updated(&git, &empty).expect("a tree");
        let author = crate::ledger::signature(1_700_000_000).expect("a name");
        let tree = git.find_tree(tree).expect("a tree");
        let commit = git.commit(Some("HEAD"), &author, &author, "first", &tree, &[]).expect("a commit");
        let repo = Repo::discover(folder.path()).expect("a repository");
        let base = repo.pin(commit).expect("a base");
        (folder, repo, base)
    }

    /// Everything may be read, `globs` may be edited.
    pub(crate) fn policy(globs: &[&str], limits: Limits) -> Policy {
        let reach = |edit| Reach {
            list: Globs::none(),
            read: Globs::new(&["**"]).expect("globs"),
            edit,
            history: false,
            model: false,
            rounds: false,
        };
        let all = Globs::new(&["**", ".*", "**/.*", ".github/**"]).expect("globs");
        Policy { declared: reach(all), granted: reach(Globs::new(globs).expect("globs")), limits }
    }

    const FILES: &[(&str, i32, &str)] = &[
        ("README.md", 0o644, "one\ntwo\n"),
        ("docs/a.md", 0o644, "é\u{200d}\n"),
        ("docs/link.md", 0o120, "/etc/passwd"),
        ("docs/big.psd", 0o644, "version https://git-lfs.github.com/spec/v1\noid x\n"),
        ("docs/filtered.md", 0o644, "x\n"),
        (".gitattributes", 0o644, "filtered.md filter=lfs\n"),
    ];

    fn change(base: &Base, path: &str, spans: &[(u32, u32, &str)]) -> Edit {
        let id = RepoPath::new(path).ok().and_then(|path| Some(base.entry(&path)?.id.to_string()));
        let replacement = |(start, end, text): &(u32, u32, &str)| Replacement {
            span: Span { start: *start, end: *end },
            text: (*text).to_owned(),
        };
        let replacements = spans.iter().map(replacement).collect();
        Edit { path: path.to_owned(), action: Action::Change { id: id.unwrap_or_default(), replacements } }
    }

    fn create(path: &str, text: &str) -> Edit {
        Edit { path: path.to_owned(), action: Action::Create { text: text.to_owned() } }
    }

    #[test]
    fn says_what_speaks_against_an_edit() {
        let (_folder, repo, base) = fixture(FILES);
        let policy = policy(&["**"], Limits::default());
        let stale = Edit { path: "README.md".to_owned(), action: Action::Delete { id: "0".repeat(40) } };
        let rows: Vec<(Edit, Problem)> = vec![
            (change(&base, "../x", &[(0, 0, "x")]), Problem::InvalidPath("it has a component `.` or `..`")),
            (change(&base, ".github/x.yml", &[(0, 0, "x")]), Problem::Protected),
            (change(&base, ".hidden.md", &[(0, 0, "x")]), Problem::NotGranted),
            (change(&base, "docs/none.md", &[(0, 0, "x")]), Problem::NotFound),
            (change(&base, "docs/link.md", &[(0, 0, "x")]), Problem::NotAFile),
            (change(&base, "docs/big.psd", &[(0, 0, "x")]), Problem::NotAFile),
            (change(&base, "docs/filtered.md", &[(0, 0, "x")]), Problem::Filtered),
            (change(&base, "README.md", &[(7, 99, "x")]), Problem::SpanOutsideText(Span { start: 7, end: 99 })),
            (change(&base, "docs/a.md", &[(1, 2, "x")]), Problem::SpanOutsideText(Span { start: 1, end: 2 })),
            (change(&base, "README.md", &[(0, 3, "x"), (2, 4, "y")]), Problem::SpansOverlap(Span { start: 2, end: 4 })),
            (change(&base, "README.md", &[(0, 0, "a\u{202e}b")]), Problem::HiddenCharacters),
            (change(&base, "README.md", &[(0, 0, "\u{1b}[0m")]), Problem::HiddenCharacters),
            (create("README.md", ""), Problem::AlreadyExists),
            (create("docs", ""), Problem::AlreadyExists),
            (create("README.md/x", ""), Problem::AlreadyExists),
            (create("readme.md", ""), Problem::CollidesWith("README.md".to_owned())),
            (create("DOCS/b.md", ""), Problem::CollidesWith("docs".to_owned())),
            (create("docs/A.md", ""), Problem::CollidesWith("docs/a.md".to_owned())),
            (create("docs/b.md", "a\0b"), Problem::NotAFile),
            (stale, Problem::Stale),
        ];
        let checker = Checker::new(&base, &policy, false);
        for (edit, problem) in rows {
            let verdict = checker.edit(&edit, &repo).expect("a readable base").map(|_| ());
            assert_eq!(verdict, Err(vec![problem]), "{edit:?}");
        }
    }

    #[test]
    fn lets_through_what_keeps_what_was_hidden_before() {
        let (_folder, repo, base) = fixture(FILES);
        let policy = policy(&["**"], Limits::default());
        let edit = change(&base, "docs/a.md", &[(5, 6, "!\n")]);
        let checked = Checker::new(&base, &policy, false).edit(&edit, &repo).expect("a base").expect("an edit");
        assert_eq!(checked.texts(&repo).expect("a base").new.as_deref(), Some("é\u{200d}!\n"));
    }

    #[test]
    fn case_61_62_judges_the_whole() {
        let (_folder, repo, base) = fixture(FILES);
        let check = |limits: Limits, edits: &[Edit]| {
            let policy = policy(&["**"], limits);
            let checker = Checker::new(&base, &policy, false);
            let edits = edits.iter().map(|edit| checker.edit(edit, &repo).expect("a base").expect("an edit")).collect();
            let whole = Checked::whole(edits, &base, &policy, &repo).expect("a base");
            whole.map(|checked| checked.edits().len()).map_err(|refused| refused[0].problems.clone())
        };
        let limits = Limits::default();
        let (one, two) = (change(&base, "README.md", &[(0, 0, "x")]), create("docs/b.md", "b\n"));
        assert_eq!(check(limits, &[two.clone(), one.clone()]), Ok(2));
        assert_eq!(check(limits, &[one.clone(), one.clone()]), Err(vec![Problem::ConflictingEdit]));
        let few = Limits { edit_files_max: 1, edit_bytes_max: 9, ..limits };
        let over = vec![Problem::OverLimit("edit_files_max", 1), Problem::OverLimit("edit_bytes_max", 9)];
        assert_eq!(check(few, &[one, two]), Err(over));
        let gone = change(&base, "README.md", &[(0, 8, "")]);
        assert_eq!(
            check(Limits { removed_percent_max: 5, ..limits }, std::slice::from_ref(&gone)),
            Err(vec![Problem::OverLimit("removed_percent_max", 5)])
        );
        assert_eq!(check(limits, &[gone]), Ok(1), "8 of the bytes in reach are less than 30 percent");
    }
}
