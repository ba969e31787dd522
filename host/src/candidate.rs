//! A git tree that exists in memory only: what checked edits make of the base,
//! or some files of a candidate that was checked, or a landed candidate taken
//! back. Writing it is `waiting`'s business.

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository};

use crate::check::{Change, Checked, CheckedEdit};
use crate::clean;
use crate::ledger::record::EditText;
use crate::repo::{Repo, RepoError};

/// The tree that would result.
pub struct Candidate {
    base: Oid,
    tree: Oid,
    edits: Vec<EditText>,
    /// A git pack of every object that is new, blobs and trees.
    pack: Vec<u8>,
}

/// Why a candidate cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum RevertError {
    /// Later work touches the same lines.
    #[error("later work touches what it changed: {}", .paths.join(", "))]
    Conflict {
        /// The files, cleaned, at most ten.
        paths: Vec<String>,
    },
    /// Nothing of it is there.
    #[error("nothing of it is left to take back")]
    Nothing,
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

impl Candidate {
    /// Builds the tree of checked edits.
    ///
    /// # Errors
    /// [`RepoError`] when the base cannot be read.
    pub fn build(checked: &Checked, repo: &Repo) -> Result<Self, RepoError> {
        Self::build_of(checked, repo, |_| true)
    }

    /// Builds the tree of those checked edits that `take` takes.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub(crate) fn build_of(checked: &Checked, repo: &Repo, take: impl Fn(&CheckedEdit) -> bool) -> Result<Self, RepoError> {
        let edits: Vec<&CheckedEdit> = checked.edits().iter().filter(|edit| take(edit)).collect();
        in_memory(repo, checked.base(), checked.base_tree(), |scratch, before| {
            let git = scratch.git();
            let odb = git.odb()?;
            let (mut fresh, mut update) = (Vec::new(), TreeUpdateBuilder::new());
            for edit in &edits {
                let path = edit.path().as_str();
                match edit.texts(scratch)?.new {
                    None => {
                        update.remove(path);
                    }
                    Some(text) => {
                        let blob = odb.write(ObjectType::Blob, text.as_bytes())?;
                        update.upsert(path, blob, mode(before, path));
                        fresh.push(blob);
                    }
                }
            }
            Ok((update.create_updated(git, before)?, fresh, edits.iter().map(|edit| edit_text(edit)).collect()))
        })
    }

    /// Builds the tree of some files of a candidate's whole tree, whose edits were
    /// checked one by one, over the same base.
    ///
    /// # Errors
    /// [`RepoError`] when something cannot be read.
    pub(crate) fn part(whole: Oid, base: Oid, paths: &[String], repo: &Repo) -> Result<Self, RepoError> {
        let base_tree = repo.git().find_commit(base)?.tree_id();
        in_memory(repo, base, base_tree, |scratch, before| {
            let git = scratch.git();
            let (whole, mut update) = (git.find_tree(whole)?, TreeUpdateBuilder::new());
            for path in paths {
                match whole.get_path(std::path::Path::new(path)) {
                    Ok(entry) => {
                        update.upsert(path.as_str(), entry.id(), mode(before, path));
                    }
                    Err(_) => {
                        update.remove(path.as_str());
                    }
                }
            }
            let tree = update.create_updated(git, before)?;
            Ok((tree, Vec::new(), edits_between(git, before, tree)?))
        })
    }

    /// Builds the tree of `onto` without what `commit` changed against its only
    /// parent; later work stays.
    ///
    /// # Errors
    /// [`RevertError`].
    pub(crate) fn revert(commit: Oid, onto: Oid, repo: &Repo) -> Result<Self, RevertError> {
        let base_tree = repo.git().find_commit(onto).map_err(RepoError::from)?.tree_id();
        let mut conflicts = Vec::new();
        let reverted = in_memory(repo, onto, base_tree, |scratch, before| {
            let git = scratch.git();
            let mut index = git.revert_commit(&git.find_commit(commit)?, &git.find_commit(onto)?, 0, None)?;
            for conflict in index.conflicts()? {
                let conflict = conflict?;
                let sides = [conflict.our, conflict.their, conflict.ancestor];
                let path = sides.into_iter().flatten().next().map(|entry| entry.path).unwrap_or_default();
                conflicts.push(clean::line(&String::from_utf8_lossy(&path)).into_owned());
            }
            if !conflicts.is_empty() {
                return Ok((base_tree, Vec::new(), Vec::new()));
            }
            let tree = index.write_tree_to(git)?;
            let diff = git.diff_tree_to_tree(Some(before), Some(&git.find_tree(tree)?), None)?;
            let fresh = diff.deltas().map(|delta| delta.new_file().id()).filter(|id| !id.is_zero() && repo.size(*id).is_err());
            Ok((tree, fresh.collect(), edits_between(git, before, tree)?))
        })?;
        conflicts.sort_unstable();
        conflicts.dedup();
        conflicts.truncate(10);
        match (conflicts.is_empty(), reverted.tree == base_tree) {
            (false, _) => Err(RevertError::Conflict { paths: conflicts }),
            (true, true) => Err(RevertError::Nothing),
            (true, false) => Ok(reverted),
        }
    }

    /// What differs from the base, in words.
    #[must_use]
    pub fn edits(&self) -> &[EditText] {
        &self.edits
    }

    /// The commit it stands on.
    #[must_use]
    pub fn base(&self) -> Oid {
        self.base
    }

    /// The id of the tree.
    #[must_use]
    pub fn tree(&self) -> Oid {
        self.tree
    }

    /// What must be written before the tree can be used.
    pub(crate) fn pack(&self) -> &[u8] {
        &self.pack
    }
}

/// An edit of a checked proposal, in words.
#[must_use]
pub fn edit_text(edit: &CheckedEdit) -> EditText {
    let Change { action, added, removed, .. } = edit.change();
    EditText { path: edit.path().to_string(), action: (*action).to_owned(), added: *added, removed: *removed }
}

/// What differs between two trees, in words.
fn edits_between(git: &Repository, before: &git2::Tree<'_>, after: Oid) -> Result<Vec<EditText>, RepoError> {
    let diff = git.diff_tree_to_tree(Some(before), Some(&git.find_tree(after)?), None)?;
    let mut edits = Vec::new();
    for (at, delta) in diff.deltas().enumerate() {
        let (action, file) = match delta.status() {
            git2::Delta::Added => ("created", delta.new_file()),
            git2::Delta::Deleted => ("deleted", delta.old_file()),
            _ => ("changed", delta.new_file()),
        };
        let patch = git2::Patch::from_diff(&diff, at)?;
        let (_, added, removed) = patch.map(|patch| patch.line_stats()).transpose()?.unwrap_or_default();
        let path = String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned();
        edits.push(EditText { path, action: action.to_owned(), added: added as u64, removed: removed as u64 });
    }
    Ok(edits)
}

/// Makes a tree in an object database that lives in memory; `make` gives the
/// tree, new blobs, and what differs.
fn in_memory(
    repo: &Repo,
    base: Oid,
    base_tree: Oid,
    make: impl FnOnce(&Repo, &git2::Tree<'_>) -> Result<(Oid, Vec<Oid>, Vec<EditText>), RepoError>,
) -> Result<Candidate, RepoError> {
    // A handle of its own: the memory in front of its database goes with it.
    let scratch = repo.reopen()?;
    let git = scratch.git();
    git.odb()?.add_new_mempack_backend(1000)?;
    let (tree, mut fresh, edits) = make(&scratch, &git.find_tree(base_tree)?)?;
    new_trees(git, Some(base_tree), tree, &mut fresh)?;
    let mut builder = git.packbuilder()?;
    for id in fresh {
        builder.insert_object(id, None)?;
    }
    let mut pack = git2::Buf::new();
    builder.write_buf(&mut pack)?;
    Ok(Candidate { base, tree, edits, pack: pack.to_vec() })
}

/// The mode of an existing file is kept; a new one is plain.
fn mode(before: &git2::Tree<'_>, path: &str) -> FileMode {
    match before.get_path(std::path::Path::new(path)).map(|entry| entry.filemode()) {
        Ok(0o100_755) => FileMode::BlobExecutable,
        _ => FileMode::Blob,
    }
}

/// Trees below `new` that are not in their place below `old`.
fn new_trees(git: &Repository, old: Option<Oid>, new: Oid, found: &mut Vec<Oid>) -> Result<(), RepoError> {
    if old == Some(new) {
        return Ok(());
    }
    let before = old.map(|old| git.find_tree(old)).transpose()?;
    for entry in &git.find_tree(new)? {
        if entry.kind() == Some(ObjectType::Tree) {
            let same_place = before.as_ref().and_then(|tree| tree.get_name_bytes(entry.name_bytes()));
            let old = same_place.filter(|entry| entry.kind() == Some(ObjectType::Tree)).map(|entry| entry.id());
            new_trees(git, old, entry.id(), found)?;
        }
    }
    found.push(new);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Checker;
    use crate::check::tests::{fixture, policy};
    use crate::edit::{Action, Edit};
    use crate::policy::Limits;

    #[test]
    fn the_tree_has_exactly_the_edits_and_keeps_modes() {
        let files = [("a/b/run.md", 0o755, "old\n"), ("a/c.md", 0o644, "c\n"), ("d.md", 0o644, "d\n")];
        let (_folder, repo, base) = fixture(&files);
        let policy = policy(&["**"], Limits { removed_percent_max: 100, ..Limits::default() });
        let checker = Checker::new(&base, &policy, false);
        let id = |path: &str| base.entries.iter().find(|entry| entry.path.as_str() == path).expect("an entry").id.to_string();
        let replacements =
            vec![crate::edit::Replacement { span: crate::edit::Span { start: 0, end: 3 }, text: "new".to_owned() }];
        let edits = [
            Edit { path: "a/b/run.md".to_owned(), action: Action::Change { id: id("a/b/run.md"), replacements } },
            Edit { path: "d.md".to_owned(), action: Action::Delete { id: id("d.md") } },
            Edit { path: "e/f.md".to_owned(), action: Action::Create { text: "f\n".to_owned() } },
        ];
        let edits = edits.iter().map(|edit| checker.edit(edit, &repo).expect("a base").expect("an edit")).collect();
        let checked = Checked::whole(edits, &base, &policy, &repo).expect("a base").expect("a proposal");
        let candidate = Candidate::build(&checked, &repo).expect("a candidate");
        assert!(repo.git().find_tree(candidate.tree()).is_err(), "nothing is written yet");
        let (_folder, _, expected) =
            fixture(&[("a/b/run.md", 0o755, "new\n"), ("a/c.md", 0o644, "c\n"), ("e/f.md", 0o644, "f\n")]);
        assert_eq!(candidate.tree(), expected.tree);
        assert!(candidate.pack().starts_with(b"PACK"));
    }
}
