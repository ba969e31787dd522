//! A run and where it stands, told from all its records; small, so that ten
//! thousand of them are read at once.

use serde::{Deserialize, Serialize};

use super::record::{Body, Candidate, Outcome, PullRequest, Record, Reverts, Run, State};
use crate::autonomy::{self, Autonomy};
use crate::digest::Digest;

/// A run and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Its id.
    pub run: String,
    /// Its task.
    pub task: String,
    /// Time of its newest record.
    pub at: i64,
    /// Place of that record among all.
    pub(super) place: u64,
    /// Where it stands.
    pub state: State,
    /// The commit of the newest record of kind `run`.
    pub entry: Option<String>,
    /// The commit it stood on.
    pub base: String,
    /// Its candidate.
    pub candidate: Option<Candidate>,
    /// Commits of all candidates that were made for it.
    pub commits: Vec<String>,
    /// Files of the candidate.
    pub files: u64,
    /// Findings.
    pub findings: u64,
    /// Why it failed.
    pub reason: Option<String>,
    /// Who approved what.
    pub approvals: Vec<(Digest, String)>,
    /// Who rejected it, and why.
    pub rejection: Option<(String, String)>,
    /// The landed run that it takes back.
    pub reverts: Option<Reverts>,
    /// When it was pushed.
    pub opened: Option<i64>,
    /// The pull request that tells of it.
    pub pull_request: Option<PullRequest>,
    /// How far it had gone when it landed.
    pub landed_at: Option<Autonomy>,
}

impl Story {
    pub(super) fn new(record: &Record) -> Self {
        Self {
            run: record.run.clone(),
            task: record.task.clone(),
            at: record.at,
            place: 0,
            state: State::Failed,
            entry: None,
            base: String::new(),
            candidate: None,
            commits: Vec::new(),
            files: 0,
            findings: 0,
            reason: None,
            approvals: Vec::new(),
            rejection: None,
            reverts: None,
            opened: None,
            pull_request: None,
            landed_at: None,
        }
    }

    pub(super) fn add(&mut self, id: &str, record: Record) {
        self.at = record.at;
        let is_over = matches!(self.state, State::Landed | State::RolledBack);
        match record.body {
            Body::Run(run) => self.add_run(id, *run),
            Body::Approval { by, digest, of } => {
                self.approvals.push((digest, by));
                if self.state == State::Waiting && autonomy::people(self.approvers()) >= of {
                    self.state = State::Approved;
                }
            }
            Body::Rejection { by, why } => {
                self.rejection = Some((by, why));
                if !is_over {
                    self.approvals.clear();
                    self.state = State::Rejected;
                }
            }
            Body::Opening { pull_request, .. } => {
                self.opened = self.opened.or(Some(record.at));
                self.pull_request = pull_request;
                if matches!(self.state, State::Waiting | State::Approved | State::Superseded) {
                    self.state = State::Open;
                }
            }
            Body::Landing { remote, old, .. } => {
                self.state = State::Landed;
                self.landed_at = Some(match (remote, old) {
                    (None, _) => Autonomy::Branch,
                    // People merged it, or lifeos did.
                    (Some(_), None) => Autonomy::PullRequest,
                    (Some(_), Some(_)) => Autonomy::Merge,
                });
            }
            Body::Level { .. } | Body::Spend { .. } | Body::Alert { .. } | Body::Join { .. } => {}
        }
    }

    /// What was judged already stays judged.
    fn add_run(&mut self, id: &str, run: Run) {
        let is_judged =
            self.entry.is_some() && !matches!(self.state, State::Waiting | State::Red | State::Nothing | State::Failed);
        self.state = match run.outcome {
            _ if is_judged => self.state,
            Outcome::Candidate => State::Waiting,
            Outcome::Red => {
                self.approvals.clear();
                State::Red
            }
            Outcome::Nothing => State::Nothing,
            Outcome::Failed => State::Failed,
        };
        if is_judged && run.candidate.is_none() {
            return;
        }
        self.entry = Some(id.to_owned());
        self.commits.extend(run.candidate.iter().map(|candidate| candidate.commit.clone()));
        (self.base, self.candidate, self.reason, self.reverts) = (run.base, run.candidate, run.reason, run.reverts);
        (self.files, self.findings) =
            (run.edits.len() as u64, run.findings.values().fold(0_u64, |sum, count| sum.saturating_add(*count)));
    }

    /// Who approved the candidate as it is now.
    pub fn approvers(&self) -> impl Iterator<Item = &str> {
        let digest = self.candidate.as_ref().and_then(|candidate| Digest::parse(&candidate.digest));
        self.approvals.iter().filter(move |(approved, _)| digest == Some(*approved)).map(|(_, by)| by.as_str())
    }
}
