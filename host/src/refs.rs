//! The one door through which a ref of this clone moves, always by
//! compare-and-swap. What may move, and when, is decided by `ledger`, `waiting`,
//! `sync` and `land`.

use git2::{ErrorCode, Oid, Repository};

use crate::writing;

/// Where everything of ours lives.
pub const PREFIX: &str = "refs/lifeos/";
/// Where branches of ours live.
const BRANCHES: &str = "refs/heads/lifeos/";

/// The branch of a task, by its full name.
#[must_use]
pub fn branch_of(task: &str) -> String {
    format!("{BRANCHES}{task}")
}

/// The same as people write it.
#[must_use]
pub fn short_branch_of(task: &str) -> String {
    format!("lifeos/{task}")
}

/// Why a ref did not move.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    /// Somebody else moved it first.
    #[error("{name} moved while this run was going")]
    Moved {
        /// The ref.
        name: String,
    },
    /// A lock file of git stands beside it.
    #[error("{name} is locked by another git process")]
    Locked {
        /// The ref.
        name: String,
    },
    /// The name is not one that this door opens for.
    #[error("{name} is not a ref that lifeos may move")]
    Forbidden {
        /// The ref.
        name: String,
    },
    /// Anything else git said.
    #[error("cannot move {name}: {source}")]
    Git {
        /// The ref.
        name: String,
        /// What libgit2 said.
        source: git2::Error,
    },
}

/// The commit a ref points at; none if there is no such ref.
///
/// # Errors
/// [`RefError::Git`] when git cannot read it.
pub fn read(git: &Repository, name: &str) -> Result<Option<Oid>, RefError> {
    match git.find_reference(name) {
        Ok(reference) => Ok(reference.target()),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(failure(name, error)),
    }
}

/// Moves a ref of ours, below `refs/lifeos/`, from `old` (none: it must not
/// exist) to `new`.
///
/// # Errors
/// [`RefError`]; the ref is then as it was.
pub(crate) fn move_own(git: &Repository, name: &str, old: Option<Oid>, new: Oid, why: &str) -> Result<(), RefError> {
    if !name.starts_with(PREFIX) {
        return Err(RefError::Forbidden { name: name.to_owned() });
    }
    swap(git, name, old, new, why)
}

/// How often a commit is written before a failure is one.
const WRITES_MAX: usize = 8;

/// Moves a ref of ours to the commit that `write` makes. What no ref leads to
/// yet, a `git gc --prune=now` beside us takes away at any moment, also the
/// folder of an object that is being written: then it is written again. And
/// once more when the ref has moved and no collector is at work that looked at
/// it before. To write what is there costs a look.
///
/// # Errors
/// As [`move_own`], or what `write` failed with the last time.
pub(crate) fn publish<E>(
    git: &Repository,
    name: &str,
    old: Option<Oid>,
    why: &str,
    mut write: impl FnMut() -> Result<Oid, git2::Error>,
) -> Result<Oid, E>
where
    E: From<git2::Error> + From<RefError>,
{
    let mut writes_left = WRITES_MAX;
    for attempt in 1.. {
        let is_last = attempt == WRITES_MAX;
        let commit = match write() {
            Ok(commit) => commit,
            // What was written halfway would be taken for whole the next time.
            Err(error) if is_last || writing::is_final(&error) => return Err(error.into()),
            Err(_) => continue,
        };
        match move_own(git, name, old, commit, why) {
            Err(RefError::Git { source, .. }) if !is_last && !writing::is_final(&source) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => break,
        }
    }
    let mut again = write();
    while writes_left > 0 && (writing::wait_for_collector(git) || again.is_err()) {
        (again, writes_left) = (write(), writes_left - 1);
    }
    Ok(again?)
}

/// Moves a branch below `refs/heads/lifeos/`. Only `land` calls it.
///
/// # Errors
/// As [`move_own`].
pub(crate) fn move_branch(git: &Repository, name: &str, old: Option<Oid>, new: Oid, why: &str) -> Result<(), RefError> {
    if !name.starts_with(BRANCHES) {
        return Err(RefError::Forbidden { name: name.to_owned() });
    }
    swap(git, name, old, new, why)
}

fn swap(git: &Repository, name: &str, old: Option<Oid>, new: Oid, why: &str) -> Result<(), RefError> {
    let moved = match old {
        Some(old) => git.reference_matching(name, new, true, old, why),
        None => git.reference(name, new, false, why),
    };
    moved.map(drop).map_err(|error| failure(name, error))
}

fn failure(name: &str, source: git2::Error) -> RefError {
    let name = name.to_owned();
    match source.code() {
        ErrorCode::Locked => RefError::Locked { name },
        ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound => RefError::Moved { name },
        _ => RefError::Git { name, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_105_a_commit_that_was_taken_away_is_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let git = Repository::init(folder.path()).expect("a repository");
        let time = git2::Time::new(1_000_000_000, 0);
        let author = git2::Signature::new("a", "a@localhost", &time).expect("a name");
        let file = |id: Oid| {
            let id = id.to_string();
            git.path().join("objects").join(&id[..2]).join(&id[2..])
        };
        for taken in [vec![], vec![1], vec![1, 2, 3]] {
            let (name, mut writes) = (format!("refs/lifeos/{}", taken.len()), 0);
            let write = || {
                writes += 1;
                let tree = git.find_tree(git.treebuilder(None)?.write()?)?;
                let commit = git.commit(None, &author, &author, "x", &tree, &[])?;
                if taken.contains(&writes) {
                    std::fs::remove_file(file(commit)).expect("the commit");
                }
                Ok(commit)
            };
            let commit: Result<Oid, LedgerLike> = publish(&git, &name, None, "test", write);
            let commit = commit.expect("published");
            assert_eq!(read(&git, &name).expect("a ref"), Some(commit));
            assert!(file(commit).exists() && writes == taken.len() + 2, "{taken:?}: {writes} writes");
            std::fs::remove_file(file(commit)).expect("the commit");
        }
        let nothing: Result<Oid, LedgerLike> =
            publish(&git, "refs/lifeos/none", None, "test", || Err(git2::Error::from_str("full")));
        assert!(nothing.is_err() && read(&git, "refs/lifeos/none").expect("no ref").is_none());
    }

    /// Any error of a floor above.
    #[derive(Debug, thiserror::Error)]
    enum LedgerLike {
        #[error(transparent)]
        Git(#[from] git2::Error),
        #[error(transparent)]
        Ref(#[from] RefError),
    }
}
