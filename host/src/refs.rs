//! The one door through which a ref moves, always by compare-and-swap. What
//! may move, and when, is decided by `ledger` (the record) and `land`.

use git2::{ErrorCode, Oid, Repository};

/// Where everything of ours lives.
pub const PREFIX: &str = "refs/lifeos/";

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

/// Moves a branch below `refs/heads/lifeos/`. Only `land` calls it.
///
/// # Errors
/// As [`move_own`].
pub(crate) fn move_branch(git: &Repository, name: &str, old: Option<Oid>, new: Oid, why: &str) -> Result<(), RefError> {
    if !name.starts_with("refs/heads/lifeos/") {
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
