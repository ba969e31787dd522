//! Approved -> Landed: the only file that moves a ref outside `refs/lifeos/`,
//! and only to the very commit that was approved.

use std::path::Path;

use git2::Repository;

use crate::approve::Approved;
use crate::ledger::record::{Body, Record, SCHEMA};
use crate::ledger::{Ledger, LedgerError};
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::repo::Repo;

/// A branch that is at an approved candidate.
#[derive(Debug)]
pub struct Landed {
    branch: String,
}

/// Why a branch did not move.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// Somebody committed to it.
    #[error("branch {branch} holds a commit that lifeos did not make")]
    NotOurs {
        /// Its short name.
        branch: String,
    },
    /// Moving it would change a checkout under its user.
    #[error("branch {branch} is checked out")]
    CheckedOut {
        /// Its short name.
        branch: String,
    },
    /// The ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state folder cannot be written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

impl Landed {
    /// Moves the branch `lifeos/TASK` to the approved candidate.
    ///
    /// # Errors
    /// [`LandError`]; the branch is then as it was.
    pub(crate) fn on_branch(
        approved: &Approved,
        ledger: &Ledger<'_>,
        now: i64,
        repo: &Repo,
        lock: &Lock,
    ) -> Result<Self, LandError> {
        let git = repo.git();
        let waiting = approved.waiting();
        let task = &waiting.identity().task;
        let branch = format!("lifeos/{task}");
        let name = format!("refs/heads/{branch}");
        let old = refs::read(git, &name)?;
        if old.is_some_and(|old| old != waiting.commit()) {
            let ours = ledger.commits_of(task)?;
            if !old.is_some_and(|old| ours.contains(&old.to_string())) {
                return Err(LandError::NotOurs { branch });
            }
        }
        if is_checked_out(git, &name)? {
            return Err(LandError::CheckedOut { branch });
        }
        if old != Some(waiting.commit()) {
            let _intent = lock.intend(&name)?;
            refs::move_branch(git, &name, old, waiting.commit(), "lifeos: landed")?;
        }
        let (old, new) = (old.map(|old| old.to_string()), waiting.commit().to_string());
        let body = Body::Landing { branch: name, old, new };
        ledger.append(
            lock,
            &Record { schema: SCHEMA, run: waiting.run().to_owned(), task: task.clone(), at: now, previous: None, body },
            &[],
        )?;
        Ok(Self { branch })
    }

    /// The branch's short name.
    #[must_use]
    pub fn branch(&self) -> &str {
        &self.branch
    }
}

/// Whether some checkout of the repository stands on the branch. One whose HEAD
/// cannot be read counts as standing on it.
fn is_checked_out(git: &Repository, name: &str) -> Result<bool, git2::Error> {
    let worktrees = git.commondir().join("worktrees");
    let known = git.worktrees()?;
    let folders = known.iter().filter_map(|name| name.ok().flatten()).map(|name| worktrees.join(name));
    let mut folders = std::iter::once(git.commondir().to_owned()).chain(folders);
    Ok(folders.any(|folder| stands_on(git, &folder, name)))
}

/// Follows the HEAD in `folder`, which may name a branch that names another.
fn stands_on(git: &Repository, folder: &Path, name: &str) -> bool {
    let Ok(head) = std::fs::read_to_string(folder.join("HEAD")) else { return true };
    let mut next = head.trim_end().strip_prefix("ref: ").map(str::to_owned);
    for _ in 0..8 {
        match next {
            None => return false,
            Some(target) if target == name => return true,
            Some(target) => {
                let found = git.find_reference(&target).ok();
                next = found.and_then(|found| found.symbolic_target().ok().flatten().map(str::to_owned));
            }
        }
    }
    true
}
