//! Approved -> Landed: the only file that moves a ref outside `refs/lifeos/`,
//! and only to the very commit that was approved.

use git2::Repository;

use crate::approve::Approved;
use crate::ledger::record::{Body, Record, SCHEMA};
use crate::ledger::{self, Ledger, LedgerError};
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
    pub fn on_branch(approved: &Approved, ledger: &Ledger<'_>, now: i64, repo: &Repo, lock: &Lock) -> Result<Self, LandError> {
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
        let intent = lock.intend(&[&name, ledger::REF])?;
        if old != Some(waiting.commit()) {
            refs::move_branch(git, &name, old, waiting.commit(), "lifeos: landed")?;
        }
        let (old, new) = (old.map(|old| old.to_string()), waiting.commit().to_string());
        let body = Body::Landing { branch: name, old, new };
        ledger.append(&Record { schema: SCHEMA, run: waiting.run().to_owned(), task: task.clone(), at: now, body }, &[])?;
        drop(intent);
        Ok(Self { branch })
    }

    /// The branch's short name.
    #[must_use]
    pub fn branch(&self) -> &str {
        &self.branch
    }
}

/// Whether some checkout of the repository stands on the branch.
fn is_checked_out(git: &Repository, name: &str) -> Result<bool, git2::Error> {
    let stands_on =
        |git: &Repository| git.find_reference("HEAD").is_ok_and(|head| head.symbolic_target_bytes() == Some(name.as_bytes()));
    let main = Repository::open(git.commondir())?;
    if stands_on(git) || stands_on(&main) {
        return Ok(true);
    }
    for worktree in git.worktrees()?.iter().filter_map(|name| name.ok().flatten()) {
        let checkout = git.find_worktree(worktree).and_then(|worktree| Repository::open_from_worktree(&worktree));
        if checkout.is_ok_and(|checkout| stands_on(&checkout)) {
            return Ok(true);
        }
    }
    Ok(false)
}
