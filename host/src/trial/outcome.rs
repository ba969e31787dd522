//! What one run of the plugin came to: the tree that would result, what was told,
//! or how it failed; and whether that is good order. Expectations are not known here.

use std::fmt::Write as _;

use git2::Oid;

use super::TrialError;
use super::case::Given;
use super::ground::Ground;
use super::script;
use crate::candidate::Candidate;
use crate::check::problem::{Problem, Refused};
use crate::clean;
use crate::edit::Finding;
use crate::event::{Event, Events};
use crate::examine::{ExamineError, Examined, Job, Machine, Proposal, examine};
use crate::plugin::Plugin;
use crate::wasm::Failure;

/// What is tried, and with what.
pub(super) struct Runner<'r> {
    pub(super) ground: &'r Ground,
    pub(super) plugin: &'r Plugin,
    pub(super) machine: &'r Machine,
    pub(super) events: &'r Events<'r>,
}

/// What a run came to.
pub(super) struct Outcome {
    /// What would result, if anything changes.
    pub(super) candidate: Option<Candidate>,
    /// Its tree, or that of the base.
    pub(super) tree: Oid,
    /// Findings, refused edits and log lines, one to a line.
    pub(super) told: String,
    /// Edits that were refused, one by one or as a whole.
    pub(super) refused: Vec<Refused>,
    /// How it failed, if it did: what is told is empty then.
    pub(super) failed: Option<Failed>,
}

/// How a run failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// In words.
    pub(super) words: String,
    /// What kind of end that is.
    pub(super) end: End,
}

/// The kinds of ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With a sentence of the plugin's, or the host did not start it.
    Sentence,
    /// Over a limit.
    Limit,
    /// With a trap, or an answer outside the contract.
    Broken,
}

impl Runner<'_> {
    /// Runs the plugin over a commit.
    ///
    /// # Errors
    /// [`TrialError`] for what is not the plugin's doing.
    pub(super) fn run(&self, base: Oid, given: &Given) -> Result<Outcome, TrialError> {
        self.run_on(base, given, self.machine)
    }

    /// Runs the plugin over a commit on another machine.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(super) fn run_on(&self, base: Oid, given: &Given, machine: &Machine) -> Result<Outcome, TrialError> {
        let repo = self.ground.repo();
        let pinned = repo.pin(base)?;
        let tree = pinned.tree;
        // How far one of many runs is, nobody wants to see.
        let reader = |event: &Event| {
            if matches!(event, Event::Compiling { .. } | Event::Compiled { .. }) {
                self.events.emit(event);
            }
        };
        let events = Events::to(&reader);
        let task = given.task();
        let door = given.script.as_ref().and_then(script::door);
        let job = Job { door, ..Job::new(&task, self.plugin, given.instruction.as_deref()) };
        let examined = job.is_told().and_then(|()| examine(repo, pinned, &job, machine, &events));
        match examined {
            Ok(examined) => self.kept(examined, tree),
            Err(error) => {
                let failed = Some(failed(error)?);
                Ok(Outcome { candidate: None, tree, told: String::new(), refused: Vec::new(), failed })
            }
        }
    }

    fn kept(&self, examined: Examined, base_tree: Oid) -> Result<Outcome, TrialError> {
        let Examined { findings, proposal, mut refused, log, .. } = examined;
        let candidate = match proposal {
            Proposal::Nothing => None,
            Proposal::Refused(mut whole) => {
                refused.append(&mut whole);
                None
            }
            Proposal::Checked(checked) => Some(Candidate::build(&checked, self.ground.repo())?),
        };
        let tree = candidate.as_ref().map_or(base_tree, Candidate::tree);
        let told = told(&findings, &refused, &log);
        Ok(Outcome { candidate, tree, told, refused, failed: None })
    }
}

/// A failure of the plugin; what failed beside it is an error.
fn failed(error: ExamineError) -> Result<Failed, TrialError> {
    let words = error.to_string();
    let end = match &error {
        ExamineError::NotGranted { .. }
        | ExamineError::NoInstruction { .. }
        | ExamineError::NeedsInstruction { .. }
        | ExamineError::Model { .. } => End::Sentence,
        ExamineError::Failure { failure, .. } => match failure {
            Failure::GaveUp(_) | Failure::Options(_) => End::Sentence,
            Failure::Limit(..) => End::Limit,
            Failure::Trap(_) | Failure::Invalid(_) => End::Broken,
            Failure::Repo(_) | Failure::Model(_) | Failure::Bug(_) => return Err(error.into()),
        },
        ExamineError::Load(_) | ExamineError::Manifest(_) | ExamineError::Repo(_) => return Err(error.into()),
    };
    Ok(Failed { words, end })
}

impl Outcome {
    /// What is not in good order: a trap, an answer outside the contract, or an
    /// edit that the host refuses for another reason than a limit.
    pub(super) fn disorder(&self) -> Option<String> {
        self.disorder_but(|_| false)
    }

    /// As [`Self::disorder`], but for refused edits that `excused` excuses.
    pub(super) fn disorder_but(&self, excused: impl Fn(&Refused) -> bool) -> Option<String> {
        if let Some(failed) = self.failed.as_ref().filter(|failed| failed.end == End::Broken) {
            return Some(failed.words.clone());
        }
        let is_limit = |refused: &Refused| refused.problems.iter().all(|problem| matches!(problem, Problem::OverLimit(..)));
        self.refused.iter().find(|refused| !is_limit(refused) && !excused(refused)).map(refusal)
    }

    /// The sentence that it ended with, if it did.
    pub(super) fn sentence(&self) -> Option<&str> {
        let failed = self.failed.as_ref().filter(|failed| failed.end == End::Sentence)?;
        Some(&failed.words)
    }

    /// Everything that must be the same when it is run again.
    pub(super) fn whole(&self) -> String {
        let failed = self.failed.as_ref().map_or(String::new(), |failed| format!("failed: {}\n", clean::line(&failed.words)));
        format!("{}{failed}tree: {}\n", self.told, self.tree)
    }
}

/// What was told, in the form of `expected.txt`.
fn told(findings: &[Finding], refused: &[Refused], log: &str) -> String {
    let mut text = String::new();
    for Finding { path, position, rule, severity, message, help, repaired } in findings {
        let path = path.as_ref().map_or("(repository)".into(), |path| clean::line(path.as_str()));
        let place = position.map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
        let severity = severity.word();
        let repaired = if *repaired { " (repaired)" } else { "" };
        let help = help.as_ref().map_or(String::new(), |help| format!(" | help: {}", clean::line(help)));
        let (rule, message) = (clean::line(rule), clean::line(message));
        let _infallible = writeln!(text, "{path}{place}: {severity} {rule}: {message}{repaired}{help}");
    }
    refused.iter().for_each(|refused| text.extend([refusal(refused), "\n".to_owned()]));
    log.lines().for_each(|line| text.extend(["log: ", line, "\n"]));
    text
}

/// An edit that was refused, on one line.
fn refusal(refused: &Refused) -> String {
    let path = if refused.path.is_empty() { "(the whole proposal)".into() } else { clean::line(&refused.path) };
    let problems: Vec<String> = refused.problems.iter().map(ToString::to_string).collect();
    format!("refused: {path}: {}", clean::line(&problems.join("; ")))
}
