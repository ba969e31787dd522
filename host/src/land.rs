//! Approved -> Landed: the only folder that moves a ref outside `refs/lifeos/`,
//! here or in the remote repository, and only to the very commit that was approved.

pub(crate) mod desk;
pub mod outside;
mod words;

use std::path::Path;

use git2::Repository;

use crate::approve::Approved;
use crate::forge::error::ForgeError;
use crate::ledger::LedgerError;
use crate::ledger::record::Body;
use crate::lock::LockError;
use crate::refs::{self, RefError};
use crate::remote::RemoteError;
use desk::Desk;

/// A branch that is at an approved candidate.
#[derive(Debug)]
pub struct Landed {
    branch: String,
    /// The run that was on the branch, and is not part of it any more.
    replaced: Option<String>,
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
    /// Somebody pushed to it.
    #[error("branch {branch} of remote `{remote}` is at {commit:.10}, a commit that lifeos did not make")]
    NotOursThere {
        /// Its short name.
        branch: String,
        /// The remote.
        remote: String,
        /// Where it is.
        commit: String,
    },
    /// The remote lacks the branch that pull requests are for.
    #[error("remote `{remote}` has no branch {branch}")]
    NoTarget {
        /// Its short name.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// To push the candidate would push commits along that nobody pushed.
    #[error("the base {base:.10} is not part of branch {branch} of remote `{remote}`")]
    BaseNotThere {
        /// The commit.
        base: String,
        /// The branch's short name.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// The branch went on since the candidate was made.
    #[error("branch {branch} of remote `{remote}` moved on: the candidate stands on a stale base")]
    StaleBase {
        /// The branch's short name.
        branch: String,
        /// The remote.
        remote: String,
    },
    /// Somebody pushed to the pull request.
    #[error("pull request #{number} is at {head:.10}, which is not the candidate that was approved")]
    HeadMoved {
        /// Its number.
        number: u64,
        /// Where it is.
        head: String,
    },
    /// The checks of the candidate are not green.
    #[error("the candidate is not merged: {why}")]
    Checks {
        /// Which, or that there are none.
        why: String,
        /// Whether waiting is of no use.
        red: bool,
    },
    /// One of the owner's bounds on pull requests.
    #[error("no pull request was opened: remote.forge.{key} allows {value} of lifeos {what}")]
    TooMany {
        /// The key.
        key: &'static str,
        /// Its value.
        value: u64,
        /// What is counted.
        what: &'static str,
    },
    /// The task goes there, and nothing is known of it.
    #[error("this task goes to a remote repository, and there is no table [remote]")]
    NoRemote,
    /// The remote repository failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The forge failed.
    #[error(transparent)]
    Forge(#[from] ForgeError),
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
    /// [`LandError`]; if the branch has moved by then, a note says so until the
    /// landing is on record.
    pub(crate) fn on_branch(approved: &Approved, desk: &Desk<'_>) -> Result<Self, LandError> {
        let git = desk.repo.git();
        let waiting = approved.waiting();
        let task = &waiting.identity().task;
        let (branch, name) = (refs::short_branch_of(task), refs::branch_of(task));
        let old = refs::read(git, &name)?;
        if old.is_some_and(|old| old != waiting.commit() && !desk.is_ours(task, old)) {
            return Err(LandError::NotOurs { branch });
        }
        if is_checked_out(git, &name)? {
            return Err(LandError::CheckedOut { branch });
        }
        let intent = desk.pen.lock.intend(&name)?;
        intent.stays(true);
        if old != Some(waiting.commit())
            && let Err(error) = refs::move_branch(git, &name, old, waiting.commit(), "lifeos: landed")
        {
            // It may have moved all the same, and only the flush failed.
            let is_there = refs::read(git, &name).is_ok_and(|found| found == Some(waiting.commit()));
            intent.stays(is_there);
            return Err(error.into());
        }
        // What nobody took over is gone from the branch.
        let dropped = old.filter(|old| !desk.repo.holds(waiting.commit(), *old)).map(|old| old.to_string());
        let (old, new) = (old.map(|old| old.to_string()), waiting.commit().to_string());
        let replaced = dropped.as_ref().and_then(|dropped| desk.book.made(dropped)).map(|story| story.run.clone());
        let body = Body::Landing { branch: name, old, new, remote: None, by_people: false, drops: dropped };
        desk.append(approved, body)?;
        intent.stays(false);
        Ok(Self { branch, replaced: replaced.filter(|run| run != waiting.run()) })
    }

    /// The run that was on the branch, and is not part of it any more.
    #[must_use]
    pub fn replaced(&self) -> Option<&str> {
        self.replaced.as_deref()
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
