//! Waiting -> Approved: by the owner's rule, or by a person who names what is
//! approved. Nothing moves here.

use crate::autonomy::{self, Approve};
use crate::digest::Digest;
use crate::ledger::record::{Body, State};
use crate::ledger::story::Story;
use crate::ledger::{LedgerError, Pen};
use crate::waiting::Waiting;

/// A candidate that may land. Only this file makes one, and its approval is in
/// the ledger by then.
#[derive(Debug)]
pub struct Approved {
    waiting: Waiting,
}

/// What the approval of one person comes to.
#[derive(Debug)]
pub(crate) enum Vote {
    /// So many approve that it may land.
    Carried(Approved),
    /// The rule asks for more people.
    Open(Waiting),
}

/// A person who approves.
#[derive(Clone, Copy)]
pub struct Voice<'v> {
    /// As git names people.
    pub person: &'v str,
    /// The digest that they approve, if they wrote it down.
    pub named: Option<Digest>,
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
    /// Approves by the owner's rule; none if it asks for people.
    ///
    /// # Errors
    /// [`ApproveError::Ledger`].
    pub(crate) fn by_rule(waiting: Waiting, rule: Approve, pen: Pen<'_>) -> Result<Option<Self>, ApproveError> {
        if rule.people() > 0 {
            return Ok(None);
        }
        record(&waiting, "rule: approve = \"auto\"", 1, pen)?;
        Ok(Some(Self { waiting }))
    }

    /// Adds the approval of a person to those of `story`.
    ///
    /// # Errors
    /// [`ApproveError::Digest`] when `named` is given and is not the digest of
    /// the candidate.
    pub(crate) fn by_person(
        waiting: Waiting,
        rule: Approve,
        story: Option<&Story>,
        by: &Voice<'_>,
        pen: Pen<'_>,
    ) -> Result<Vote, ApproveError> {
        if let Some(named) = by.named.filter(|named| *named != waiting.digest()) {
            return Err(ApproveError::Digest { run: waiting.run().to_owned(), found: waiting.digest(), named });
        }
        let needed = rule.people().max(1);
        let before: Vec<&str> = story.into_iter().flat_map(Story::approvers).collect();
        let person = autonomy::person_of(by.person);
        if !before.iter().any(|approver| autonomy::person_of(approver) == person) {
            record(&waiting, by.person, needed, pen)?;
        }
        let count = autonomy::people(before.into_iter().chain([by.person]));
        Ok(if count >= needed { Vote::Carried(Self { waiting }) } else { Vote::Open(waiting) })
    }

    /// Takes up an approval that is in the ledger already, because a run was
    /// stopped between approving and landing; none if it is another one's.
    pub(crate) fn taken_up(waiting: Waiting, rule: Approve, story: &Story) -> Option<Self> {
        let of_this = story.approvals.iter().filter(|(digest, _)| *digest == waiting.digest());
        let enough = autonomy::people(of_this.map(|(_, by)| by.as_str())) >= rule.people().max(1);
        (matches!(story.state, State::Approved | State::Open) && enough).then_some(Self { waiting })
    }

    /// The candidate.
    #[must_use]
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

fn record(waiting: &Waiting, by: &str, of: u32, pen: Pen<'_>) -> Result<(), LedgerError> {
    let body = Body::Approval { digest: waiting.digest(), by: by.to_owned(), of };
    pen.write(waiting.run(), &waiting.identity().task, body, &[]).map(drop)
}
