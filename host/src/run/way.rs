//! The way of a candidate, whoever made it: kept, tested, written down, and
//! once it is approved, landed. One way at a time, while the lock is held.

use super::error::{RedRun, RunError};
use super::place::{Place, Stand, identity};
use super::record::{gate_text, output_of};
use super::spending::fold_left;
use crate::approve::{Approved, Voice, Vote};
use crate::autonomy::{self, Autonomy};
use crate::budget::journal;
use crate::candidate::Candidate;
use crate::clean;
use crate::config::Task;
use crate::event::{Events, Judged};
use crate::examine::{ExamineError, Machine};
use crate::gate::{self, Ask, Gate, Verdict};
use crate::land::desk::Desk;
use crate::land::outside::Outcome;
use crate::land::{LandError, Landed};
use crate::ledger::book::Book;
use crate::ledger::record::{self, Body, PluginId, Reverts, Run, State};
use crate::ledger::story::Story;
use crate::ledger::{Ledger, LedgerError, Pen};
use crate::lock::Lock;
use crate::path::RepoPath;
use crate::plugin::Plugin;
use crate::policy::Policy;
use crate::refs;
use crate::repo::{Base, Repo};
use crate::waiting::{Identity, Known, Waiting, WaitingError, run_of};

/// What every step needs.
pub(super) struct Way<'w> {
    pub(super) place: &'w Place<'w>,
    pub(super) task: &'w Task,
    pub(super) ledger: Ledger<'w>,
    pub(super) lock: Lock,
    pub(super) book: Book,
    /// Runs whose landing was told now, because a run that was stopped could not.
    finished: Vec<String>,
}

/// A candidate that waits, what was known of its run before, and its record.
pub(super) struct Kept {
    pub(super) waiting: Waiting,
    pub(super) before: Option<Story>,
    pub(super) record: Run,
}

/// Why a rollback is none.
const FORGED: &str = "it does not take back what it says";

/// What the commands of the gate printed, beside a record.
const GATE_FILE: &str = "gate.txt";

/// Files beside a record.
pub(super) type Attachments = Vec<(&'static str, Vec<u8>)>;

impl<'w> Way<'w> {
    /// Takes the lock and reads the ledger.
    pub(super) fn begin(place: &'w Place<'w>, task: &'w Task) -> Result<Self, RunError> {
        let lock = Lock::take(place.repo.common_dir())?;
        let ledger = Ledger::of(place.repo, place.memory);
        let book = ledger.book()?;
        // A run that was stopped moved a branch and could not tell.
        let pen = Pen { ledger: &ledger, lock: &lock, now: place.now };
        let finished = finish(&book, &pen, place.repo)?;
        lock.settle(|_| false);
        let folded = fold_left(&book, &pen)?;
        let book = if finished.is_empty() && !folded { book } else { ledger.book()? };
        Ok(Self { place, task, ledger, lock, book, finished })
    }

    /// Where the run stands that was finished now, if it is the one that is asked
    /// for, or takes that one back.
    pub(super) fn finished(&self, run: &str) -> Option<(String, Stand)> {
        let stories = self.finished.iter().filter_map(|finished| self.book.story(finished));
        let is_meant = |story: &&Story| story.run == run || story.reverts.as_ref().is_some_and(|reverts| reverts.run == run);
        let branch = Some(refs::short_branch_of(&self.task.name));
        stories.into_iter().find(is_meant).map(|story| (story.run.clone(), Stand { branch, ..State::Landed.into() }))
    }

    /// What writes down.
    pub(super) fn pen(&self) -> Pen<'_> {
        Pen { ledger: &self.ledger, lock: &self.lock, now: self.place.now }
    }

    /// The gate of the task, if it has one.
    pub(super) fn gate<'g>(&self, machine: &'g Machine) -> Option<Gate<'g>>
    where
        'w: 'g,
    {
        let Machine { jail, threads, scratch, .. } = machine;
        let location = self.place.repo.location();
        let place = gate::Place { location, scratch: scratch.clone(), memory: machine.memory(), threads: *threads };
        (!self.task.gate.is_empty()).then(|| Gate::new(&self.task.gate, &self.task.limits, jail, place))
    }

    /// Writes a candidate, has the gate judge it beside its base, and writes down
    /// what came of it. One that is recorded already is not recorded again.
    pub(super) fn keep(
        &self,
        candidate: &Candidate,
        identity: Identity,
        mut record: Run,
        mut files: Attachments,
        gate: Option<(&Gate<'_>, Option<&Verdict>)>,
        events: &Events<'_>,
    ) -> Result<Kept, RunError> {
        let run = run_of(&identity.digest(candidate.base(), candidate.tree()));
        let before = self.book.story(&run).cloned();
        let recorded = before.as_ref().map_or(&[][..], |story| &story.commits);
        record.edits = candidate.edits().to_vec();
        let known = Known { record: &record, commits: recorded };
        let waiting = Waiting::write(candidate, identity, &known, self.place.now, self.place.repo, &self.lock)?;
        record.outcome = record::Outcome::Candidate;
        record.candidate = Some(waiting.recorded());
        // What was judged was tested before that.
        let is_judged = before.as_ref().is_some_and(|story| !matches!(story.state, State::Waiting | State::Red));
        if let Some((gate, base)) = gate.filter(|_| !is_judged) {
            // What is taken back may be what a goal asked for.
            let ask = if record.reverts.is_some() { Ask::Gate } else { Ask::Whole };
            let verdict = match gate.judge(waiting.tree(), ask, Judged::Candidate, events) {
                Ok(verdict) => verdict,
                Err(error) => return Err(self.failed(waiting.identity(), record, error.into())),
            };
            record.gate = Some(gate_text(base, &verdict, gate.is_isolated()));
            files.push((GATE_FILE, output_of(&verdict)));
        }
        if let Some(fault) = record.gate.as_ref().and_then(|gate| gate.fault.clone()) {
            record.outcome = record::Outcome::Red;
            self.append(&run, Body::Run(Box::new(record.clone())), &files)?;
            let output = files.iter().rfind(|(name, _)| *name == GATE_FILE).map(|(_, bytes)| bytes.as_slice());
            let output = String::from_utf8_lossy(output.unwrap_or_default()).into_owned();
            return Err(RunError::Red(Box::new(RedRun { run, fault, output, record, rounds: 0 })));
        }
        let was_red = before.as_ref().is_some_and(|story| story.state == State::Red);
        let is_recorded = recorded.contains(&waiting.commit().to_string());
        let known = before.as_ref().map(|story| self.ledger.run_of(story)).transpose()?.flatten().map(|(_, known)| known);
        let is_on_tape = record.tape.is_some() && known.as_ref().is_some_and(|known| known.tape != record.tape);
        // What was spent is on record, whatever it led to; of a part it is already.
        let is_spent_now = record.model.as_ref().is_some_and(|asked| !self.book.spent().has(&asked.journal));
        let is_new = !is_recorded || is_spent_now;
        match known.filter(|_| !is_new && !was_red && (is_judged || !is_on_tape)) {
            Some(known) => record = known,
            None => self.append(&run, Body::Run(Box::new(record.clone())), &files)?,
        }
        Ok(Kept { waiting, before, record })
    }

    /// How far a run of the task goes: a rollback as far as what it takes back
    /// had gone.
    pub(super) fn reach(&self, record: &Run) -> Autonomy {
        let Some(reverts) = &record.reverts else { return self.autonomy() };
        let went = self.book.story(&reverts.run).and_then(|story| story.landed_at);
        went.map_or_else(|| self.autonomy(), |went| went.min(self.task.autonomy))
    }

    /// How far the task goes by itself now.
    pub(super) fn autonomy(&self) -> Autonomy {
        self.book.autonomy(&self.task.name, self.task.autonomy)
    }

    /// Lands an approved candidate as far as the task goes by itself.
    pub(super) fn land(&self, approved: Approved, record: &Run) -> Result<Stand, RunError> {
        // What was written down since the book was read is about this very run.
        let desk = Desk { repo: self.place.repo, book: &self.book, pen: self.pen() };
        let run = approved.waiting().run().to_owned();
        self.landed(approved, record, &desk).map_err(|error| RunError::Land { error, run })
    }

    fn landed(&self, approved: Approved, record: &Run, desk: &Desk<'_>) -> Result<Stand, LandError> {
        let at = |landed: &Landed| {
            let (branch, replaced) = (Some(landed.branch().to_owned()), landed.replaced().map(str::to_owned));
            Stand { branch, replaced, ..State::Landed.into() }
        };
        let level = self.reach(record);
        let outside = match level {
            Autonomy::Propose => return Ok(State::Approved.into()),
            Autonomy::Branch => return Landed::on_branch(&approved, desk).map(|landed| at(&landed)),
            Autonomy::PullRequest | Autonomy::Merge => self.place.outside.ok_or(LandError::NoRemote)?,
        };
        let opened = match outside.open(approved, record, desk)? {
            Outcome::Landed(landed) => return Ok(at(&landed)),
            Outcome::Closed(pull) => return Ok(Stand { pull_request: Some(pull), ..State::Rejected.into() }),
            Outcome::Open(opened) => opened,
        };
        let branch = Some(format!("{}/{}", outside.remote.name(), opened.branch()));
        let open = Stand { branch, pull_request: opened.pull().cloned(), ..State::Open.into() };
        if level < Autonomy::Merge {
            return Ok(open);
        }
        match outside.merge(&opened, record, desk) {
            Ok(landed) => Ok(Stand { pull_request: open.pull_request, ..at(&landed) }),
            Err(LandError::Checks { why, red: false }) => Ok(Stand { waits_for: Some(why), ..open }),
            Err(error) => Err(error),
        }
    }

    /// A run as it is now that nobody else can go on with it.
    pub(super) fn found(&self, run: &str, states: &[State]) -> Result<(Story, Run), RunError> {
        let wanted = match states {
            [State::Landed, ..] => "landed",
            [State::Waiting, ..] => "waiting",
            _ => "approved",
        };
        let other = |state: &str| RunError::WrongState { run: run.to_owned(), state: state.to_owned(), wanted };
        let story = self.book.story(run).ok_or_else(|| other("gone"))?;
        if !states.contains(&story.state) {
            return Err(other(story.state.word()));
        }
        let (_, record) = self.ledger.run_of(story)?.ok_or_else(|| other("gone"))?;
        Ok((story.clone(), record))
    }

    /// The candidate of a run, held against everything it stands on: also the
    /// base, unless it may be `anywhere`.
    pub(super) fn waiting(&self, story: &Story, record: &Run, plugin: &Plugin, anywhere: bool) -> Result<Waiting, RunError> {
        let stale = |reason: &str| WaitingError::Stale { run: story.run.clone(), reason: reason.to_owned() };
        let Place { repo, base, .. } = *self.place;
        if repo.head()? != base {
            return Err(stale("the base moved").into());
        }
        if !self.task.gate.is_empty() && record.gate.as_ref().is_none_or(|gate| gate.fault.is_some()) {
            return Err(stale("no gate is on its record").into());
        }
        let stood = git2::Oid::from_str(&record.base).map_err(WaitingError::from)?;
        // What is taken back may have landed on the task's branch and not here.
        let branch = refs::read(repo.git(), &refs::branch_of(&self.task.name)).map_err(WaitingError::from)?;
        let is_there = anywhere || record.reverts.is_some() && branch == Some(stood);
        let identity = match &record.reverts {
            Some(reverts) => Identity {
                plugin: self.reverting(reverts, record, stood).ok_or_else(|| stale(FORGED))?,
                ..identity(self.task, plugin)
            },
            None => identity(self.task, plugin),
        };
        let known = Known { record, commits: &story.commits };
        let waiting = Waiting::find(&story.run, &known, identity, if is_there { stood } else { base }, repo)?;
        // A record may have come from another clone.
        match record.reverts.is_none().then(|| self.beyond_grant(&waiting, plugin)).transpose()?.flatten() {
            Some(path) => Err(stale(&format!("the grant does not reach {path}")).into()),
            None => Ok(waiting),
        }
    }

    /// The identity of a rollback, if it is one: the run it takes back had landed,
    /// and taking it back comes to this very tree.
    fn reverting(&self, reverts: &Reverts, record: &Run, base: git2::Oid) -> Option<PluginId> {
        let landed = self.book.story(&reverts.run).filter(|story| story.landed_at.is_some())?;
        let candidate = landed.candidate.as_ref()?;
        let commit = git2::Oid::from_str(&candidate.commit).ok()?;
        let again = Candidate::revert(commit, base, self.place.repo).ok()?;
        let is_same = record.candidate.as_ref().is_some_and(|recorded| recorded.tree == again.tree().to_string());
        let plugin = super::rollback::plugin(&candidate.digest);
        (is_same && record.plugin == plugin).then_some(plugin)
    }

    /// The first file of a candidate that the task may not change, or not to that.
    fn beyond_grant(&self, waiting: &Waiting, plugin: &Plugin) -> Result<Option<String>, RunError> {
        let declared = plugin.manifest.reach().map_err(ExamineError::from)?;
        let policy = Policy { declared, granted: self.task.granted.clone(), limits: self.task.limits };
        let changed = self.place.repo.changed_modes(waiting.base(), waiting.commit())?;
        let is_beyond = |(path, old, new): &(String, u32, u32)| {
            let is_plain = matches!((old, new), (_, 0) | (0, 0o100_644)) || old == new && matches!(new, 0o100_644 | 0o100_755);
            !is_plain || !RepoPath::new(path).is_ok_and(|path| policy.may_edit(&path).is_ok())
        };
        Ok(changed.into_iter().find(is_beyond).map(|(path, ..)| clean::line(&path).into_owned()))
    }

    /// Lands what enough people approved; the rest waits for more of them.
    pub(super) fn settled(&self, vote: Vote, record: &Run, story: &Story, by: &Voice<'_>) -> Result<Stand, RunError> {
        match vote {
            Vote::Carried(approved) => self.land(approved, record),
            Vote::Open(waiting) => {
                let before = story.approvals.iter().filter(|(digest, _)| *digest == waiting.digest()).map(|(_, by)| by.as_str());
                let count = autonomy::people(before.chain([by.person]));
                let more = format!("for other people; {count} of {} approved it", self.task.approve.people());
                Ok(Stand { waits_for: Some(more), ..State::Waiting.into() })
            }
        }
    }

    pub(super) fn append(&self, run: &str, body: Body, files: &[(&str, Vec<u8>)]) -> Result<(), LedgerError> {
        let has_spent = matches!(&body, Body::Run(run) if run.model.is_some());
        self.pen().write(run, &self.task.name, body, files)?;
        if has_spent {
            // A journal that stays is known by its id.
            drop(journal::clear(&self.lock));
        }
        Ok(())
    }

    /// Writes a failure down and hands it on; what cannot be written is told.
    pub(super) fn failed(&self, identity: &Identity, mut record: Run, error: RunError) -> RunError {
        record.outcome = record::Outcome::Failed;
        // What it would have come to has another id.
        (record.candidate, record.edits) = (None, Vec::new());
        record.reason = Some(clean::line(clean::cut(&error.to_string(), 2000)).into_owned());
        let base = git2::Oid::from_str(&record.base).unwrap_or(git2::Oid::ZERO_SHA1);
        if let Err(unwritten) = self.append(&identity.empty_run(base), Body::Run(Box::new(record)), &[]) {
            tracing::error!(%unwritten, "the failure is not in the ledger");
        }
        error
    }
}

/// The gate's verdict on the base. A red one stops before anything is spent, and so does a
/// goal of which the base meets a command already: a candidate would prove nothing by it.
pub(super) fn on_base(gate: &Gate<'_>, base: &Base, events: &Events<'_>) -> Result<Verdict, RunError> {
    let verdict = gate.judge(base.tree, Ask::Gate, Judged::Base, events)?;
    if let Some(fault) = verdict.fault() {
        let output = verdict.commands.last().map(|ran| ran.output.clone()).unwrap_or_default();
        return Err(RunError::RedBase { fault, output });
    }
    if !gate.has_goals() {
        return Ok(verdict);
    }
    let goal = gate.judge(base.tree, Ask::Goal, Judged::BaseByGoal, events)?;
    match goal.passed() {
        Some(command) => Err(RunError::GoalMet { command: command.to_owned() }),
        None => Ok(Verdict { unmet: goal.fault(), ..verdict }),
    }
}

/// Tells of landings that a run which was stopped did not tell; gives their runs.
fn finish(book: &Book, pen: &Pen<'_>, repo: &Repo) -> Result<Vec<String>, RunError> {
    let mut told = Vec::new();
    for branch in Lock::moving(repo.common_dir()) {
        let tip = refs::read(repo.git(), &branch).ok().flatten().map(|tip| tip.to_string());
        let landed = tip.and_then(|tip| Some((book.approved().find(|story| story.commits.contains(&tip))?, tip)));
        if let Some((story, new)) = landed.filter(|(story, _)| refs::branch_of(&story.task) == branch) {
            let body = Body::Landing { branch, old: None, new, remote: None, by_people: false, drops: None };
            pen.write(&story.run, &story.task, body, &[])?;
            told.push(story.run.clone());
        }
    }
    Ok(told)
}
