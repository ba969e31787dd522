//! What a landing reads from and writes to.

use git2::Oid;

use crate::approve::Approved;
use crate::ledger::book::Book;
use crate::ledger::record::{Body, Run};
use crate::ledger::{self, LedgerError, Pen};
use crate::repo::Repo;

/// Rounds of one run that are looked back on; no task is granted more.
const ROUNDS_MAX: usize = 10;

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

    /// The rounds whose candidates the gate refused and that a run repairs, newest first.
    pub(super) fn rounds_before(&self, record: &Run) -> Result<Vec<Run>, LedgerError> {
        let mut before: Vec<Run> = Vec::new();
        if record.repairs.is_none() {
            return Ok(before);
        }
        // They were written down after the book on this desk was read.
        let book = self.pen.ledger.book()?;
        while let Some(run) = before.last().unwrap_or(record).repairs.as_ref().filter(|_| before.len() < ROUNDS_MAX) {
            let found = book.story(run).map(|story| self.pen.ledger.run_of(story)).transpose()?.flatten();
            let Some((_, found)) = found else { break };
            before.push(found);
        }
        Ok(before)
    }

    /// Writes down what became of an approved candidate.
    pub(super) fn append(&self, approved: &Approved, body: Body) -> Result<(), LedgerError> {
        let waiting = approved.waiting();
        self.pen.write(waiting.run(), &waiting.identity().task, body, &[]).map(drop)
    }
}
