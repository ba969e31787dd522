//! Checked edits -> a git tree that exists in memory only. Writing it is
//! `land`'s business.

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository};

use crate::check::Checked;
use crate::repo::{Repo, RepoError};

/// The tree that would result. Only [`Candidate::build`] makes one.
pub struct Candidate {
    checked: Checked,
    tree: Oid,
    /// A git pack of every object that is new, blobs and trees.
    pack: Vec<u8>,
}

impl Candidate {
    /// Builds the tree in an object database that lives in memory.
    ///
    /// # Errors
    /// [`RepoError`] when the base cannot be read.
    pub fn build(checked: Checked, repo: &Repo) -> Result<Self, RepoError> {
        // A handle of its own: the memory in front of its database goes with it.
        let scratch = repo.reopen()?;
        let git = scratch.git();
        let odb = git.odb()?;
        odb.add_new_mempack_backend(1000)?;
        let mut fresh = Vec::new();
        let mut update = TreeUpdateBuilder::new();
        let before = git.find_tree(checked.base_tree())?;
        for edit in checked.edits() {
            let path = edit.path().as_str();
            match edit.texts(&scratch)?.new {
                None => {
                    update.remove(path);
                }
                Some(text) => {
                    let blob = odb.write(ObjectType::Blob, text.as_bytes())?;
                    update.upsert(path, blob, mode(&before, path));
                    fresh.push(blob);
                }
            }
        }
        let tree = update.create_updated(git, &before)?;
        new_trees(git, Some(checked.base_tree()), tree, &mut fresh)?;
        let mut builder = git.packbuilder()?;
        for id in fresh {
            builder.insert_object(id, None)?;
        }
        let mut pack = git2::Buf::new();
        builder.write_buf(&mut pack)?;
        Ok(Self { checked, tree, pack: pack.to_vec() })
    }

    /// The edits behind it.
    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// The commit it stands on.
    #[must_use]
    pub fn base(&self) -> Oid {
        self.checked.base()
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
        let candidate = Candidate::build(checked, &repo).expect("a candidate");
        assert!(repo.git().find_tree(candidate.tree()).is_err(), "nothing is written yet");
        let (_folder, _, expected) =
            fixture(&[("a/b/run.md", 0o755, "new\n"), ("a/c.md", 0o644, "c\n"), ("e/f.md", 0o644, "f\n")]);
        assert_eq!(candidate.tree(), expected.tree);
        assert!(candidate.pack().starts_with(b"PACK"));
    }
}
