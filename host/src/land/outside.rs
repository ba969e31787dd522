//! Approved -> Opened -> Landed in the remote repository: the candidate is
//! pushed to a branch of its own, a pull request tells of it, and once its
//! checks are green the branch that the owner named moves to it. Every step
//! looks first at what is there already, so that one that was cut off is gone on
//! with.

use std::collections::BTreeMap;

use git2::Oid;

use super::desk::Desk;
use super::{LandError, Landed, words};
use crate::approve::Approved;
use crate::config;
use crate::forge::error::ForgeError;
use crate::forge::{Checks, Forge, NewPull, Pull, State as PullState};
use crate::ledger::record::{Body, PullRequest, Run, State};
use crate::refs;
use crate::remote::{Push, Remote};

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// The remote repository, the forge it is on, and what the owner says of both.
pub struct Outside<'r> {
    /// Spoken to by git.
    pub remote: Remote<'r>,
    /// Spoken to by HTTP, if there is one.
    pub forge: Option<Forge>,
    /// From the configuration.
    pub settings: config::Remote,
}

/// A candidate that is pushed and open for people and checks.
#[derive(Debug)]
pub struct Opened {
    approved: Approved,
    pull: Option<PullRequest>,
}

/// What became of it outside.
#[derive(Debug)]
pub enum Outcome {
    /// It is open.
    Open(Box<Opened>),
    /// The target branch holds it.
    Landed(Landed),
    /// People closed the pull request.
    Closed(PullRequest),
}

impl Outside<'_> {
    /// Pushes the approved candidate and opens or updates the pull request of
    /// its task, as far as that is not done yet.
    ///
    /// # Errors
    /// [`LandError`]; what is done stays, and the next attempt goes on from it.
    pub(crate) fn open(&self, approved: Approved, record: &Run, desk: &Desk<'_>) -> Result<Outcome, LandError> {
        let waiting = approved.waiting();
        let (task, commit, base) = (&waiting.identity().task, waiting.commit(), waiting.base());
        let tip = self.target_tip(base, desk)?;
        if desk.repo.holds(tip, commit) {
            return self.landed(&approved, None, false, desk).map(Outcome::Landed);
        }
        self.settle_others(waiting.run(), task, tip, desk)?;
        let story = desk.book.story(waiting.run());
        let known = story.filter(|story| story.opened.is_some()).and_then(|story| story.pull_request.clone());
        if let Some(decided) = known.as_ref().map(|known| self.decided(&approved, known, desk)).transpose()?.flatten() {
            return Ok(decided);
        }
        let (short, branch) = (refs::short_branch_of(task), refs::branch_of(task));
        let there = self.there(task, commit, desk)?;
        let open = self.forge.as_ref().map(|forge| forge.pull_of(&short)).transpose()?.flatten();
        if let (Some(forge), Some(settings), None) = (&self.forge, &self.settings.forge, &open) {
            room(forge, settings, desk)?;
        }
        if there != Some(commit) {
            self.remote.push(&[Push { name: branch.clone(), old: there, new: commit }])?;
        }
        let pull = match (&self.forge, open, known) {
            (None, ..) => None,
            // It tells of this very candidate already.
            (Some(_), Some(open), Some(known)) if open.number == known.number && there == Some(commit) => Some(open),
            (Some(forge), open, _) => Some(self.tell(forge, open, &short, (&approved, record), desk)?),
        };
        let pull = pull.map(|pull| PullRequest { number: pull.number, url: pull.url });
        let is_recorded = story.is_some_and(|story| story.opened.is_some() && story.pull_request == pull);
        if !is_recorded || there != Some(commit) {
            let body = Body::Opening { branch: branch.clone(), new: commit.to_string(), pull_request: pull.clone() };
            desk.append(&approved, body)?;
        }
        Ok(Outcome::Open(Box::new(Opened { approved, pull })))
    }

    /// What people made of the pull request that is known; none while it is open, or
    /// where it is not ours.
    fn decided(&self, approved: &Approved, known: &PullRequest, desk: &Desk<'_>) -> Result<Option<Outcome>, LandError> {
        let Some(forge) = &self.forge else { return Ok(None) };
        let pull = forge.pull(known.number)?;
        if pull.is_fork || pull.branch != refs::short_branch_of(&approved.waiting().identity().task) {
            return Ok(None);
        }
        let became = match pull.state {
            PullState::Open => return Ok(None),
            PullState::Merged if pull.base == self.settings.branch => {
                return self.landed(approved, None, true, desk).map(|landed| Some(Outcome::Landed(landed)));
            }
            PullState::Merged => "merged into another branch",
            PullState::Closed => "closed",
        };
        let why = format!("pull request #{} was {became}", known.number);
        self.closed(approved, known, why, desk).map(|closed| Some(Outcome::Closed(closed)))
    }

    /// Where the task's branch stands there, if it may be moved.
    fn there(&self, task: &str, commit: Oid, desk: &Desk<'_>) -> Result<Option<Oid>, LandError> {
        let there = self.remote.read(&refs::branch_of(task))?;
        if let Some(other) = there.filter(|there| *there != commit && !desk.is_ours(task, *there)) {
            let (branch, remote) = (refs::short_branch_of(task), self.remote.name().to_owned());
            return Err(LandError::NotOursThere { branch, remote, commit: other.to_string() });
        }
        Ok(there)
    }

    /// Moves the target branch to an open candidate, if its checks are green and
    /// the branch is where the candidate stands.
    ///
    /// # Errors
    /// [`LandError::Checks`] while they are not; any other [`LandError`].
    pub(crate) fn merge(&self, opened: &Opened, record: &Run, desk: &Desk<'_>) -> Result<Landed, LandError> {
        self.require_green(opened, record)?;
        let waiting = opened.approved.waiting();
        let (commit, base) = (waiting.commit(), waiting.base());
        let tip = self.target_tip(base, desk)?;
        if tip != base {
            let (branch, remote) = (self.settings.branch.clone(), self.remote.name().to_owned());
            return Err(LandError::StaleBase { branch, remote });
        }
        self.remote.push(&[Push { name: self.target(), old: Some(base), new: commit }])?;
        self.landed(&opened.approved, Some(base), false, desk)
    }

    /// Green checks of this very commit; without a forge, the gate.
    fn require_green(&self, opened: &Opened, record: &Run) -> Result<(), LandError> {
        let commit = opened.approved.waiting().commit().to_string();
        let (Some(forge), Some(pull)) = (&self.forge, &opened.pull) else {
            let is_tested = record.gate.as_ref().is_some_and(|gate| gate.fault.is_none());
            let why = "there is no forge to ask for checks, and the task has no gate".to_owned();
            return if is_tested { Ok(()) } else { Err(LandError::Checks { why, red: true }) };
        };
        let required = self.settings.forge.as_ref().map_or(&[][..], |settings| &settings.checks);
        let found = forge.pull(pull.number)?;
        if found.head != commit || found.base != self.settings.branch {
            return Err(LandError::HeadMoved { number: pull.number, head: found.head });
        }
        let list = |names: &[String]| names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        match forge.checks(&commit, required)? {
            Checks::Green { .. } => Ok(()),
            Checks::None => Err(LandError::Checks { why: "no check has run on it yet".to_owned(), red: false }),
            Checks::Pending { names } => Err(LandError::Checks { why: format!("still running: {}", list(&names)), red: false }),
            Checks::Red { names } => Err(LandError::Checks { why: format!("not green: {}", list(&names)), red: true }),
        }
    }

    /// Where the target branch is; the base must be part of it, for else commits
    /// that nobody pushed would be published along.
    fn target_tip(&self, base: Oid, desk: &Desk<'_>) -> Result<Oid, LandError> {
        let (branch, remote) = (self.settings.branch.clone(), self.remote.name().to_owned());
        let Some(tip) = self.remote.read(&self.target())? else { return Err(LandError::NoTarget { branch, remote }) };
        if desk.repo.git().find_commit(tip).is_err() {
            self.remote.fetch(&[self.target()])?;
        }
        if !desk.repo.holds(tip, base) {
            return Err(LandError::BaseNotThere { base: base.to_string(), branch, remote });
        }
        Ok(tip)
    }

    fn target(&self) -> String {
        format!("refs/heads/{}", self.settings.branch)
    }

    /// Opens a pull request, or writes the open one anew.
    fn tell(
        &self,
        forge: &Forge,
        open: Option<Pull>,
        branch: &str,
        (approved, record): (&Approved, &Run),
        desk: &Desk<'_>,
    ) -> Result<Pull, LandError> {
        // They were written down after the book on the desk was read.
        let before = desk.pen.ledger.rounds_before(record)?;
        let (title, body) = (words::title(approved, record), words::body(approved, record, &before));
        let settings = self.settings.forge.as_ref();
        let draft = settings.is_some_and(|settings| settings.draft);
        let new = NewPull { title: &title, body: &body, head: branch, base: &self.settings.branch, draft };
        let pull = match open {
            Some(open) => forge.update(open.number, &title, &body)?,
            None => match forge.open(&new) {
                // It may have been opened all the same, by this attempt or another.
                Err(error) if error.is_retryable() || matches!(error, ForgeError::AlreadyOpen { .. }) => {
                    forge.pull_of(branch)?.ok_or(error)?
                }
                opened => opened?,
            },
        };
        if let Some(labels) = settings.map(|settings| &settings.labels).filter(|labels| !labels.is_empty()) {
            forge.label(pull.number, labels)?;
        }
        Ok(pull)
    }

    /// Tells of other runs of the task that people merged, before a newer one
    /// takes their place.
    fn settle_others(&self, run: &str, task: &str, tip: Oid, desk: &Desk<'_>) -> Result<(), LandError> {
        for story in desk.book.of_task(task).filter(|story| story.state == State::Open && story.run != run) {
            let commits = story.commits.iter().filter_map(|commit| Oid::from_str(commit).ok());
            let held = commits.into_iter().find(|commit| desk.repo.holds(tip, *commit)).map(|commit| commit.to_string());
            let is_merged = match (&self.forge, &story.pull_request, &held) {
                (Some(forge), Some(pull), None) => {
                    let pull = forge.pull(pull.number)?;
                    let is_ours = pull.branch == refs::short_branch_of(task) && !pull.is_fork;
                    is_ours && pull.state == PullState::Merged && pull.base == self.settings.branch
                }
                _ => held.is_some(),
            };
            if is_merged && let Some(new) = held.clone().or_else(|| story.commits.last().cloned()) {
                let (branch, remote) = (self.target(), Some(self.remote.name().to_owned()));
                let body = Body::Landing { branch, old: None, new, remote, by_people: held.is_none(), drops: None };
                desk.pen.write(&story.run, task, body, &[])?;
            }
        }
        Ok(())
    }

    fn landed(&self, approved: &Approved, old: Option<Oid>, by_people: bool, desk: &Desk<'_>) -> Result<Landed, LandError> {
        let (remote, old) = (Some(self.remote.name().to_owned()), old.map(|old| old.to_string()));
        let new = approved.waiting().commit().to_string();
        desk.append(approved, Body::Landing { branch: self.target(), old, new, remote, by_people, drops: None })?;
        Ok(Landed { branch: format!("{}/{}", self.remote.name(), self.settings.branch), replaced: None })
    }

    fn closed(&self, approved: &Approved, known: &PullRequest, why: String, desk: &Desk<'_>) -> Result<PullRequest, LandError> {
        let by = format!("people at {}", self.remote.name());
        desk.append(approved, Body::Rejection { why, by })?;
        Ok(known.clone())
    }
}

impl Opened {
    /// The branch's short name there.
    #[must_use]
    pub fn branch(&self) -> String {
        refs::short_branch_of(&self.approved.waiting().identity().task)
    }

    /// The pull request, if there is a forge.
    #[must_use]
    pub fn pull(&self) -> Option<&PullRequest> {
        self.pull.as_ref()
    }
}

/// The owner's bounds on pull requests, before a new one is opened.
fn room(forge: &Forge, settings: &config::Forge, desk: &Desk<'_>) -> Result<(), LandError> {
    // A request that newer candidates took over was opened when the first of them was pushed.
    let mut opened = BTreeMap::<u64, i64>::new();
    for story in desk.book.newest_first() {
        if let (Some(at), Some(pull)) = (story.opened, &story.pull_request) {
            opened.entry(pull.number).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
    }
    let today = opened.values().filter(|at| at.div_euclid(DAY) == desk.pen.now.div_euclid(DAY)).count() as u64;
    if today >= settings.per_day_max {
        return Err(LandError::TooMany { key: "per_day_max", value: settings.per_day_max, what: "a day" });
    }
    let open = forge.open_pulls("lifeos/")?.len() as u64;
    if open >= settings.open_max {
        return Err(LandError::TooMany { key: "open_max", value: settings.open_max, what: "at one time" });
    }
    Ok(())
}
