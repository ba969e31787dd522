//! Waiting -> Approved: by the owner's rule, or by a person who names what is
//! approved. Nothing moves here.

use crate::config::Approve;
use crate::digest::Digest;
use crate::ledger::record::{Body, Record, SCHEMA, State};
use crate::ledger::story::Story;
use crate::ledger::{Ledger, LedgerError};
use crate::lock::Lock;
use crate::waiting::Waiting;

/// A candidate that may land. Only this file makes one, and its approval is in
/// the ledger by then.
#[derive(Debug)]
pub struct Approved {
    waiting: Waiting,
}

/// Why there is no approval.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// The digest named is another candidate's.
    #[error("run {run} has the digest {found}, not {named}")]
    Digest {
        /// The run.
        run: String,
        /// Its digest.
        found: Digest,
        /// What was named.
        named: Digest,
    },
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Approved {
    /// Approves by the owner's rule, if it says so; gives the candidate back
    /// otherwise.
    ///
    /// # Errors
    /// [`ApproveError::Ledger`].
    pub(crate) fn by_rule(
        waiting: Waiting,
        rule: Approve,
        ledger: &Ledger<'_>,
        lock: &Lock,
        now: i64,
    ) -> Result<Result<Self, Waiting>, ApproveError> {
        match rule {
            Approve::Person => Ok(Err(waiting)),
            Approve::Auto => Self::recorded(waiting, "rule: approve = \"auto\"", ledger, lock, now).map(Ok),
        }
    }

    /// Approves in the name of a person.
    ///
    /// # Errors
    /// [`ApproveError::Digest`] when `named` is given and is not the digest of
    /// the candidate.
    pub(crate) fn by_person(
        waiting: Waiting,
        named: Option<Digest>,
        person: &str,
        ledger: &Ledger<'_>,
        lock: &Lock,
        now: i64,
    ) -> Result<Self, ApproveError> {
        match named {
            Some(named) if named != waiting.digest() => {
                Err(ApproveError::Digest { run: waiting.run().to_owned(), found: waiting.digest(), named })
            }
            _ => Self::recorded(waiting, person, ledger, lock, now),
        }
    }

    /// Takes up an approval that is in the ledger already, because a run was
    /// stopped between approving and landing; none if it is another one's.
    pub(crate) fn taken_up(waiting: Waiting, story: &Story) -> Option<Self> {
        let same = story.state == State::Approved && story.approved == Some(waiting.digest());
        same.then_some(Self { waiting })
    }

    fn recorded(waiting: Waiting, by: &str, ledger: &Ledger<'_>, lock: &Lock, now: i64) -> Result<Self, ApproveError> {
        let body = Body::Approval { digest: waiting.digest(), by: by.to_owned() };
        let (run, task) = (waiting.run().to_owned(), waiting.identity().task.clone());
        ledger.append(lock, &Record { schema: SCHEMA, run, task, at: now, previous: None, body }, &[])?;
        Ok(Self { waiting })
    }

    /// The candidate.
    #[must_use]
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}
