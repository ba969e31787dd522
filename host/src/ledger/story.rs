//! A run and where it stands, told from all its records.

use git2::Oid;

use super::record::{Body, Outcome, Record, Run, State};
use crate::digest::Digest;

/// A run and where it stands, from all its records.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its id.
    pub run: String,
    /// Its task.
    pub task: String,
    /// Time of its newest record.
    pub at: i64,
    /// Where it stands.
    pub state: State,
    /// The newest record of kind `run`, and the commit that holds it.
    pub record: Option<(Oid, Run)>,
    /// The digest that was approved last.
    pub approved: Option<Digest>,
    /// Who approved or rejected, and why if it was said.
    pub verdict: Option<(String, Option<String>)>,
}

impl Story {
    pub(super) fn new(record: &Record) -> Self {
        let (run, task) = (record.run.clone(), record.task.clone());
        Self { run, task, at: record.at, state: State::Failed, record: None, approved: None, verdict: None }
    }

    pub(super) fn add(&mut self, id: Oid, record: Record) {
        self.at = record.at;
        match record.body {
            Body::Run(run) => {
                self.state = match run.outcome {
                    // A run that comes to a candidate that was judged already stays judged.
                    Outcome::Candidate if self.record.is_some() && self.state != State::Red => self.state,
                    Outcome::Red => State::Red,
                    Outcome::Candidate => State::Waiting,
                    Outcome::Nothing => State::Nothing,
                    Outcome::Failed => State::Failed,
                };
                self.record = Some((id, *run));
            }
            Body::Approval { by, digest } => {
                self.approved = Some(digest);
                self.state = State::Approved;
                self.verdict = Some((by, None));
            }
            Body::Rejection { by, why } => {
                self.state = State::Rejected;
                self.verdict = Some((by, Some(why)));
            }
            Body::Landing { .. } => self.state = State::Landed,
        }
    }
}
