//! What a landing reads from and writes to.

use git2::Oid;

use crate::approve::Approved;
use crate::ledger::book::Book;
use crate::ledger::record::Body;
use crate::ledger::{self, LedgerError, Pen};
use crate::repo::Repo;

/// The repository, what its record tells, and the pen.
pub(crate) struct Desk<'d> {
    pub(crate) repo: &'d Repo,
    pub(crate) book: &'d Book,
    pub(crate) pen: Pen<'d>,
}

impl Desk<'_> {
    /// Whether lifeos made a commit for a task: the record says so, and the
    /// commit itself does not say otherwise.
    pub(super) fn is_ours(&self, task: &str, commit: Oid) -> bool {
        let is_host = |who: &git2::Signature<'_>| who.email_bytes() == ledger::MAIL.as_bytes();
        let made = self.repo.git().find_commit(commit).is_ok_and(|found| is_host(&found.author()) && is_host(&found.committer()));
        made && self.book.is_ours(task, &commit.to_string())
    }

    /// Writes down what became of an approved candidate.
    pub(super) fn append(&self, approved: &Approved, body: Body) -> Result<(), LedgerError> {
        let waiting = approved.waiting();
        self.pen.write(waiting.run(), &waiting.identity().task, body, &[]).map(drop)
    }
}
