//! The whole story of one run, top to bottom: examine, keep the candidate,
//! approve, land, and write down what happened.

pub mod record;

use crate::approve::{ApproveError, Approved};
use crate::candidate::Candidate;
use crate::check::problem::Refused;
use crate::clean;
use crate::config::{Autonomy, Source, Task};
use crate::digest::Digest;
use crate::edit::Finding;
use crate::event::{Event, Events};
use crate::examine::{ExamineError, Examined, Machine, Proposal, examine};
use crate::gate::{self, Gate, GateError, Verdict};
use crate::land::{LandError, Landed};
use crate::ledger::record::{Body, Outcome, PluginId, Record, Run, SCHEMA, State};
use crate::ledger::story::Story;
use crate::ledger::{Ledger, LedgerError};
use crate::lock::{Lock, LockError};
use crate::plugin::Plugin;
use crate::repo::{Base, Repo, RepoError};
use crate::results::Counts;
use crate::waiting::{Identity, Waiting, WaitingError, Words, run_of};
use record::{attachments, blank, fill, gate_text, output_of, problems_of, summary};

/// Where a run stands: fixed before its configuration is read.
pub struct Place<'r> {
    /// The repository.
    pub repo: &'r Repo,
    /// The commit that tasks, grants and documents come from.
    pub base: git2::Oid,
}

/// How a run ended, and what it leaves.
pub struct Finished {
    /// Its id.
    pub run: String,
    /// Where it stands.
    pub state: State,
    /// As recorded.
    pub record: Run,
    /// The branch that moved, if one did.
    pub branch: Option<String>,
    /// What the plugin saw.
    pub findings: Vec<Finding>,
    /// Edits that were refused one by one.
    pub refused: Vec<Refused>,
    /// Lines for the author.
    pub log: String,
    /// How many answers were remembered.
    pub remembered: Counts,
}

/// Why a run, or a verdict on one, failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plugin could not be run.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The proposal as a whole was refused.
    #[error("the proposal was refused as a whole: {}", problems_of(.0).join("; "))]
    Refused(Vec<Refused>),
    /// Only a pinned component may write.
    #[error("task {task} runs a component that is not pinned")]
    NotPinned {
        /// The task.
        task: String,
        /// Digest of the component.
        digest: Digest,
    },
    /// The gate could not be run.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The gate spoke against the base.
    #[error("the gate is red on the base, so nothing was started: {fault}")]
    RedBase {
        /// Why.
        fault: String,
        /// The end of what the command printed.
        output: String,
    },
    /// The gate spoke against the candidate.
    #[error("run {run} did not pass the gate: {fault}")]
    Red {
        /// The run.
        run: String,
        /// Why.
        fault: String,
    },
    /// The candidate is stale or cannot be kept.
    #[error(transparent)]
    Waiting(#[from] WaitingError),
    /// It was not approved.
    #[error(transparent)]
    Approve(#[from] ApproveError),
    /// The branch did not move.
    #[error(transparent)]
    Land(#[from] LandError),
    /// The record cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Somebody else is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The run is in no state for that verdict.
    #[error("run {run} is {state}, not waiting")]
    NotWaiting {
        /// The run.
        run: String,
        /// Where it stands.
        state: String,
    },
}

/// Runs a task as far as its autonomy allows.
///
/// # Errors
/// [`RunError`]; the failure is in the ledger then, unless the ledger is what
/// failed.
pub fn run(
    place: &Place<'_>,
    task: &Task,
    plugin: &Plugin,
    instruction: Option<&str>,
    machine: &Machine,
    now: i64,
    events: &Events<'_>,
) -> Result<Finished, RunError> {
    require_pin(task, plugin)?;
    crate::repo::make_durable();
    let Place { repo, base: commit } = *place;
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo);
    let base = repo.pin_with(commit, machine.memory())?;
    let identity = identity(task, plugin);
    let mut record = blank(task, plugin, &identity, commit);
    let gate = gate_of(task, repo, machine);
    let green = match gate.as_ref().map(|gate| on_base(gate, &base, events)).transpose() {
        Ok(green) => green,
        Err(error) => return Err(failed(&ledger, &lock, &identity, record, now, error)),
    };
    let examined = match examine(repo, base, task, plugin, instruction, machine, events) {
        Ok(examined) => examined,
        Err(error) => return Err(failed(&ledger, &lock, &identity, record, now, error.into())),
    };
    fill(&mut record, &examined);
    let mut files = attachments(&examined);
    let Examined { findings, proposal, refused, log, remembered, .. } = examined;
    let checked = match proposal {
        Proposal::Checked(checked) => checked,
        Proposal::Refused(whole) => return Err(failed(&ledger, &lock, &identity, record, now, RunError::Refused(whole))),
        Proposal::Nothing => {
            let run = identity.empty_run(commit);
            append(&ledger, &lock, &run, task, now, Body::Run(Box::new(record.clone())), &files)?;
            return Ok(Finished { run, state: State::Nothing, record, branch: None, findings, refused, log, remembered });
        }
    };
    events.emit(&Event::Building { files: checked.edits().len() as u64 });
    let candidate = match Candidate::build(checked, repo) {
        Ok(candidate) => candidate,
        Err(error) => return Err(failed(&ledger, &lock, &identity, record, now, error.into())),
    };
    let run = run_of(&identity.digest(commit, candidate.tree()));
    let before = ledger.stories()?.into_iter().find(|story| story.run == run);
    let recorded = before.as_ref().and_then(|story| story.record.as_ref()?.1.candidate.as_ref());
    let summary = summary(&record.findings);
    let words = Words { summary: &summary, recorded: recorded.map(|candidate| candidate.commit.as_str()) };
    let waiting = Waiting::write(&candidate, identity, &words, now, repo, &lock)?;
    record.outcome = Outcome::Candidate;
    record.candidate = Some(waiting.recorded());
    if let (Some(gate), Some(base)) = (&gate, &green) {
        let verdict = match gate.judge(waiting.tree(), events) {
            Ok(verdict) => verdict,
            Err(error) => return Err(failed(&ledger, &lock, waiting.identity(), record, now, error.into())),
        };
        record.gate = Some(gate_text(base, &verdict, !machine.jail.unconfined));
        files.push(("gate.txt", output_of(&verdict)));
    }
    if let Some(fault) = record.gate.as_ref().and_then(|gate| gate.fault.clone()) {
        record.outcome = Outcome::Red;
        append(&ledger, &lock, &run, task, now, Body::Run(Box::new(record)), &files)?;
        return Err(RunError::Red { run, fault });
    }
    let was_red = before.as_ref().is_some_and(|story| story.state == State::Red);
    let is_recorded = recorded.is_some_and(|candidate| candidate.commit == waiting.commit().to_string());
    if !is_recorded || was_red {
        append(&ledger, &lock, &run, task, now, Body::Run(Box::new(record.clone())), &files)?;
    }
    let judged = before.filter(|story| !matches!(story.state, State::Waiting | State::Red));
    let approved = match &judged {
        // A candidate that was judged keeps its verdict, and what it led to is finished.
        Some(story) => Approved::taken_up(waiting, story),
        None if refused.is_empty() => Approved::by_rule(waiting, task.approve, &ledger, &lock, now)?.ok(),
        // One with refused edits waits for a person.
        None => None,
    };
    let (state, branch) = match approved {
        Some(approved) => land(&approved, task.autonomy, &ledger, now, repo, &lock)?,
        None => (judged.map_or(State::Waiting, |story| story.state), None),
    };
    Ok(Finished { run, state, record, branch, findings, refused, log, remembered })
}

/// The gate of a task, if it has one.
fn gate_of<'g>(task: &'g Task, repo: &Repo, machine: &'g Machine) -> Option<Gate<'g>> {
    let Machine { jail, threads, scratch, .. } = machine;
    let place = gate::Place { location: repo.location(), scratch: scratch.clone(), memory: machine.memory(), threads: *threads };
    (!task.gate.is_empty()).then(|| Gate::new(&task.gate, &task.limits, jail, place))
}

/// The gate's verdict on the base: a red one stops before anything is spent.
fn on_base(gate: &Gate<'_>, base: &Base, events: &Events<'_>) -> Result<Verdict, RunError> {
    let verdict = gate.judge(base.tree, events)?;
    match verdict.fault() {
        None => Ok(verdict),
        Some(fault) => {
            let output = verdict.commands.last().map(|ran| ran.output.clone()).unwrap_or_default();
            Err(RunError::RedBase { fault, output })
        }
    }
}

/// Approves a waiting run in the name of a person, and lands it as far as the
/// task's autonomy allows.
///
/// # Errors
/// [`RunError::Waiting`] when anything under the candidate changed.
pub fn approve(
    place: &Place<'_>,
    story: &Story,
    task: &Task,
    plugin: &Plugin,
    named: Option<Digest>,
    person: &str,
    now: i64,
) -> Result<(State, Option<String>), RunError> {
    require_pin(task, plugin)?;
    crate::repo::make_durable();
    let Place { repo, base } = *place;
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo);
    let story = &now_told(&ledger, story)?;
    if repo.head()? != base {
        let reason = "the base moved".to_owned();
        return Err(WaitingError::Stale { run: story.run.clone(), reason }.into());
    }
    let record = waiting_record(story)?;
    if !task.gate.is_empty() && record.gate.as_ref().is_none_or(|gate| gate.fault.is_some()) {
        let reason = "no gate is on its record".to_owned();
        return Err(WaitingError::Stale { run: story.run.clone(), reason }.into());
    }
    let waiting = Waiting::find(&story.run, record, identity(task, plugin), base, repo)?;
    let approved = Approved::by_person(waiting, named, person, &ledger, &lock, now)?;
    land(&approved, task.autonomy, &ledger, now, repo, &lock)
}

/// Rejects a waiting run.
///
/// # Errors
/// [`RunError::NotWaiting`], [`RunError::Ledger`].
pub fn reject(repo: &Repo, story: &Story, why: &str, person: &str, now: i64) -> Result<(), RunError> {
    crate::repo::make_durable();
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo);
    let story = &now_told(&ledger, story)?;
    waiting_record(story)?;
    let body = Body::Rejection { why: why.to_owned(), by: person.to_owned() };
    let record = Record { schema: SCHEMA, run: story.run.clone(), task: story.task.clone(), at: now, previous: None, body };
    ledger.append(&lock, &record, &[])?;
    Ok(())
}

fn land(
    approved: &Approved,
    autonomy: Autonomy,
    ledger: &Ledger<'_>,
    now: i64,
    repo: &Repo,
    lock: &Lock,
) -> Result<(State, Option<String>), RunError> {
    match autonomy {
        Autonomy::Propose => Ok((State::Approved, None)),
        Autonomy::Branch => {
            let landed = Landed::on_branch(approved, ledger, now, repo, lock)?;
            Ok((State::Landed, Some(landed.branch().to_owned())))
        }
    }
}

/// The story as it is now that nobody else can go on with it.
fn now_told(ledger: &Ledger<'_>, story: &Story) -> Result<Story, RunError> {
    let gone = || RunError::NotWaiting { run: story.run.clone(), state: "gone".to_owned() };
    ledger.stories()?.into_iter().find(|told| told.run == story.run).ok_or_else(gone)
}

fn waiting_record(story: &Story) -> Result<&Run, RunError> {
    let record = story.record.as_ref().filter(|_| matches!(story.state, State::Waiting | State::Approved));
    let state = format!("{:?}", story.state).to_lowercase();
    record.map(|(_, record)| record).ok_or_else(|| RunError::NotWaiting { run: story.run.clone(), state })
}

/// A component that is not part of the program must be pinned before it may
/// write; `examine` runs it without.
///
/// # Errors
/// [`RunError::NotPinned`].
pub fn require_pin(task: &Task, plugin: &Plugin) -> Result<(), RunError> {
    if task.digest == Some(plugin.digest) || matches!(task.plugin, Source::Official(_)) {
        return Ok(());
    }
    Err(RunError::NotPinned { task: task.name.clone(), digest: plugin.digest })
}

/// What a task's candidates stand on besides their base.
#[must_use]
pub fn identity(task: &Task, plugin: &Plugin) -> Identity {
    let Plugin { manifest, digest, .. } = plugin;
    let plugin = PluginId { name: manifest.name.clone(), version: manifest.version.clone(), digest: digest.to_string() };
    Identity { task: task.name.clone(), plugin, grant: task.grant_digest }
}

fn append(
    ledger: &Ledger<'_>,
    lock: &Lock,
    run: &str,
    task: &Task,
    at: i64,
    body: Body,
    files: &[(&str, Vec<u8>)],
) -> Result<(), LedgerError> {
    let record = Record { schema: SCHEMA, run: run.to_owned(), task: task.name.clone(), at, previous: None, body };
    ledger.append(lock, &record, files).map(drop)
}

/// Writes a failure down and hands it on; what cannot be written is told.
fn failed(ledger: &Ledger<'_>, lock: &Lock, identity: &Identity, mut record: Run, at: i64, error: RunError) -> RunError {
    record.outcome = Outcome::Failed;
    record.reason = Some(clean::line(clean::cut(&error.to_string(), 2000)).into_owned());
    let base = git2::Oid::from_str(&record.base).unwrap_or(git2::Oid::ZERO_SHA1);
    let (run, task) = (identity.empty_run(base), identity.task.clone());
    let record = Record { schema: SCHEMA, run, task, at, previous: None, body: Body::Run(Box::new(record)) };
    if let Err(unwritten) = ledger.append(lock, &record, &[]) {
        tracing::error!(%unwritten, "the failure is not in the ledger");
    }
    error
}
