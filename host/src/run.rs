//! The whole story of one run, top to bottom: examine, keep the candidate,
//! approve, land, and write down what happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::approve::{ApproveError, Approved};
use crate::check::{Checked, CheckedEdit, Problem, Refused};
use crate::clean;
use crate::config::{Autonomy, Task};
use crate::digest::Digest;
use crate::edit::Finding;
use crate::event::Events;
use crate::examine::{ExamineError, Examined, Machine, Proposal, examine};
use crate::land::{LandError, Landed};
use crate::ledger::{
    self, Body, EditText, Ledger, LedgerError, Outcome, PluginId, ReachText, Record, RefusedText, SCHEMA, State, Story,
};
use crate::lock::{Lock, LockError};
use crate::plugin::Plugin;
use crate::policy::Reach;
use crate::repo::{Repo, RepoError};
use crate::trace;
use crate::waiting::{Identity, Waiting, WaitingError};

/// How a run ended, and what it leaves.
pub struct Finished {
    /// Its id.
    pub run: String,
    /// Where it stands.
    pub state: State,
    /// As recorded.
    pub record: ledger::Run,
    /// The branch that moved, if one did.
    pub branch: Option<String>,
    /// What the plugin saw.
    pub findings: Vec<Finding>,
    /// Edits that were refused one by one.
    pub refused: Vec<Refused>,
    /// Lines for the author.
    pub log: String,
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
    repo: &Repo,
    task: &Task,
    plugin: &Plugin,
    instruction: Option<&str>,
    machine: &Machine,
    now: i64,
    events: &Events<'_>,
) -> Result<Finished, RunError> {
    crate::repo::make_durable();
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo);
    let base = repo.pin(repo.head()?)?;
    let identity = identity(task, plugin);
    let commit = base.commit;
    let mut record = blank(task, plugin, &identity, commit);
    let examined = match examine(repo, base, task, plugin, instruction, machine, events) {
        Ok(examined) => examined,
        Err(error) => return Err(failed(&ledger, &identity, record, now, error.into())),
    };
    fill(&mut record, &examined);
    let files = attachments(&examined);
    let Examined { findings, proposal, refused, log, .. } = examined;
    let candidate = match proposal {
        Proposal::Candidate(candidate) => candidate,
        Proposal::Refused(whole) => return Err(failed(&ledger, &identity, record, now, RunError::Refused(whole))),
        Proposal::Nothing => {
            let run = identity.empty_run(commit);
            append(&ledger, &run, task, now, Body::Run(Box::new(record.clone())), &files)?;
            return Ok(Finished { run, state: State::Nothing, record, branch: None, findings, refused, log });
        }
    };
    let waiting = Waiting::write(&candidate, identity, &summary(&record.findings), now, repo, &lock)?;
    record.outcome = Outcome::Candidate;
    record.candidate = Some(waiting.recorded());
    let run = waiting.run().to_owned();
    let before = ledger.stories()?.into_iter().find(|story| story.run == run);
    if before.is_none() {
        append(&ledger, &run, task, now, Body::Run(Box::new(record.clone())), &files)?;
    }
    let state = before.map_or(State::Waiting, |story| story.state);
    // A candidate that was judged keeps its verdict; one with refused edits waits for a person.
    if state != State::Waiting || !refused.is_empty() {
        return Ok(Finished { run, state, record, branch: None, findings, refused, log });
    }
    let (state, branch) = match Approved::by_rule(waiting, task.approve, &ledger, now)? {
        Err(_) => (State::Waiting, None),
        Ok(approved) => land(&approved, task.autonomy, &ledger, now, repo, &lock)?,
    };
    Ok(Finished { run, state, record, branch, findings, refused, log })
}

/// Approves a waiting run in the name of a person, and lands it as far as the
/// task's autonomy allows.
///
/// # Errors
/// [`RunError::Waiting`] when anything under the candidate changed.
pub fn approve(
    repo: &Repo,
    story: &Story,
    task: &Task,
    plugin: &Plugin,
    named: Option<Digest>,
    person: &str,
    now: i64,
) -> Result<(State, Option<String>), RunError> {
    crate::repo::make_durable();
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo);
    let record = waiting_record(story, &[State::Waiting, State::Approved])?;
    let waiting = Waiting::find(&story.run, record, identity(task, plugin), repo)?;
    let approved = Approved::by_person(waiting, named, person, &ledger, now)?;
    land(&approved, task.autonomy, &ledger, now, repo, &lock)
}

/// Rejects a waiting run.
///
/// # Errors
/// [`RunError::NotWaiting`], [`RunError::Ledger`].
pub fn reject(repo: &Repo, story: &Story, why: &str, person: &str, now: i64) -> Result<(), RunError> {
    crate::repo::make_durable();
    let _lock = Lock::take(repo.common_dir())?;
    waiting_record(story, &[State::Waiting, State::Approved])?;
    let body = Body::Rejection { why: why.to_owned(), by: person.to_owned() };
    let record = Record { schema: SCHEMA, run: story.run.clone(), task: story.task.clone(), at: now, body };
    Ledger::of(repo).append(&record, &[])?;
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

fn waiting_record<'s>(story: &'s Story, states: &[State]) -> Result<&'s ledger::Run, RunError> {
    let record = story.record.as_ref().filter(|_| states.contains(&story.state));
    let state = format!("{:?}", story.state).to_lowercase();
    record.map(|(_, record)| record).ok_or_else(|| RunError::NotWaiting { run: story.run.clone(), state })
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
    run: &str,
    task: &Task,
    at: i64,
    body: Body,
    files: &[(&str, Vec<u8>)],
) -> Result<(), LedgerError> {
    let record = Record { schema: SCHEMA, run: run.to_owned(), task: task.name.clone(), at, body };
    ledger.append(&record, files).map(drop)
}

/// Writes a failure down and hands it on; what cannot be written is told.
fn failed(ledger: &Ledger<'_>, identity: &Identity, mut record: ledger::Run, at: i64, error: RunError) -> RunError {
    record.outcome = Outcome::Failed;
    record.reason = Some(clean::line(clean::cut(&error.to_string(), 2000)).into_owned());
    let base = git2::Oid::from_str(&record.base).unwrap_or(git2::Oid::ZERO_SHA1);
    let (run, task) = (identity.empty_run(base), identity.task.clone());
    let record = Record { schema: SCHEMA, run, task, at, body: Body::Run(Box::new(record)) };
    match ledger.append(&record, &[]) {
        Ok(_) => error,
        Err(unwritten) => {
            tracing::error!(%unwritten, "the failure is not in the ledger");
            error
        }
    }
}

fn blank(task: &Task, plugin: &Plugin, identity: &Identity, base: git2::Oid) -> ledger::Run {
    let text = |reach: &Reach| ReachText {
        read: reach.read.patterns().to_vec(),
        edit: reach.edit.patterns().to_vec(),
        history: reach.history,
    };
    let nothing = ReachText { read: Vec::new(), edit: Vec::new(), history: false };
    ledger::Run {
        base: base.to_string(),
        outcome: Outcome::Nothing,
        reason: None,
        candidate: None,
        plugin: identity.plugin.clone(),
        grant: identity.grant.to_string(),
        imported: plugin.imports.iter().map(|import| import.name.clone()).collect(),
        declared: plugin.manifest.reach().map_or(nothing, |reach| text(&reach)),
        granted: text(&task.granted),
        used: BTreeMap::new(),
        documents: 0,
        skipped: BTreeMap::new(),
        findings: BTreeMap::new(),
        edits: Vec::new(),
        refused: Vec::new(),
    }
}

fn fill(record: &mut ledger::Run, examined: &Examined) {
    for finding in &examined.findings {
        *record.findings.entry(finding.rule.clone()).or_default() += 1;
    }
    record.used = trace::used(&examined.trace);
    record.documents = examined.documents;
    record.skipped = examined.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
    if let Proposal::Candidate(candidate) = &examined.proposal {
        record.edits = edits_of(candidate.checked());
    }
    record.refused = examined.refused.iter().map(refused_text).collect();
}

/// The edits of a checked proposal, in words.
#[must_use]
pub fn edits_of(checked: &Checked) -> Vec<EditText> {
    checked.edits().iter().map(edit_text).collect()
}

fn edit_text(edit: &CheckedEdit) -> EditText {
    let (old, new) = (edit.old_text(), edit.new_text());
    let action = match (old, new) {
        (None, _) => "created",
        (_, None) => "deleted",
        _ => "changed",
    };
    let (added, removed) = crate::diff::count(old.unwrap_or_default(), new.unwrap_or_default());
    EditText { path: edit.path().to_string(), action: action.to_owned(), added, removed }
}

/// A refusal in words, cleaned.
#[must_use]
pub fn refused_text(refused: &Refused) -> RefusedText {
    let problems = refused.problems.iter().map(Problem::to_string).collect();
    RefusedText { path: clean::line(clean::cut(&refused.path, 512)).into_owned(), problems }
}

fn problems_of(refused: &[Refused]) -> Vec<String> {
    let problem = |refused: &Refused| refused_text(refused).problems.join(", ");
    refused.iter().take(5).map(problem).collect()
}

fn summary(findings: &BTreeMap<String, u64>) -> String {
    let mut words = String::from("Findings:");
    for (rule, count) in findings {
        let _infallible = write!(words, " {rule} {count},");
    }
    if findings.is_empty() { "Findings: none".to_owned() } else { words.trim_end_matches(',').to_owned() }
}

/// Findings and trace as JSON lines, beside the record.
fn attachments(examined: &Examined) -> Vec<(&'static str, Vec<u8>)> {
    let trace = &examined.trace[..examined.trace.len().min(trace::CALLS_KEPT_MAX)];
    vec![("findings.jsonl", json_lines(&examined.findings)), ("trace.jsonl", json_lines(trace))]
}

fn json_lines<T: serde::Serialize>(items: &[T]) -> Vec<u8> {
    let lines = items.iter().filter_map(|item| serde_json::to_string(item).ok());
    lines.flat_map(|line| [line, "\n".to_owned()]).collect::<String>().into_bytes()
}
