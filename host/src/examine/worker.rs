//! One thread of a run: a document in, its outcome out. It remembers answers,
//! keeps one instance for as long as that behaves, and gives a heavy document
//! an instance of its own, so that what it comes to depends on no other.

use super::ExamineError;
use super::pool::{Pool, failed_at, reason, stopped};
use crate::broker::answer::{Collected, Document, Refusal, Stop};
use crate::broker::{Answered, Broker};
use crate::checkup::Checkup;
use crate::edit::{Action, Edit, Finding, Replacement, Severity};
use crate::repo::{Entry, Kind};
use crate::results::{Key, Results};
use crate::wasm::{Failure, FileWorker, Settings, Summary};

/// The rule of the host's own finding about a document over a limit.
pub const OVER_LIMIT: &str = "lifeos/over-limit";

/// What a document is handed to.
const FUNCTION: &str = "check";

/// What one document came to.
pub(super) enum Outcome {
    Done { collected: Collected, summary: Summary, over: Option<(String, u64)> },
    Skipped { collected: Collected, reason: &'static str },
    Failed(ExamineError),
}

/// A thread's side of a run.
pub(super) struct Worker<'p> {
    pool: &'p Pool<'p>,
    settings: &'p Settings,
    results: &'p Results<'p>,
    broker: Broker,
    /// Made with the first document that nobody remembers.
    instance: Option<FileWorker>,
    /// Whether answers rest on more than their documents.
    asked_at_first: bool,
}

impl<'p> Worker<'p> {
    pub(super) fn new(pool: &'p Pool<'p>, settings: &'p Settings, results: &'p Results<'p>) -> Result<Self, ExamineError> {
        Ok(Self { pool, settings, results, broker: pool.broker()?, instance: None, asked_at_first: false })
    }

    /// Checks the document at `place` in the order of the run.
    pub(super) fn check(&mut self, place: usize, entry: &Entry) -> Outcome {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.outcome(place, entry).unwrap_or_else(Outcome::Failed)
    }

    fn outcome(&mut self, place: u32, entry: &Entry) -> Result<Outcome, ExamineError> {
        if entry.kind != Kind::File {
            return Ok(self.skipped(place, entry, Refusal::NotAFile));
        }
        let at = |failure| match failure {
            // They are the same for every document.
            Failure::Options(_) => ExamineError::Failure { document: None, failure },
            failure => failed_at(entry, failure),
        };
        let stop = |stop: Stop| failed_at(entry, stop.into());
        let key = self.key(entry);
        let checkup = match self.remembered(&key, entry).map_err(stop)? {
            Some(checkup) => checkup,
            None => match self.broker.feed(entry).map_err(stopped)? {
                Err(refusal) => return Ok(self.skipped(place, entry, refusal)),
                Ok(document) => self.fresh(&document, key)?.map_err(at)?,
            },
        };
        let (summary, over) = (Summary { path: entry.path.to_string(), data: checkup.summary.clone() }, checkup.over.clone());
        self.settle(place, entry, checkup).map_err(stop)?;
        Ok(Outcome::Done { collected: self.broker.take(), summary, over })
    }

    fn skipped(&mut self, place: u32, entry: &Entry, refusal: Refusal) -> Outcome {
        self.broker.fed(place, FUNCTION, entry, Answered::refusal(refusal));
        Outcome::Skipped { collected: self.broker.take(), reason: reason(refusal) }
    }

    fn key(&self, entry: &Entry) -> Key {
        let mut blob = [0; 20];
        blob.copy_from_slice(entry.id.as_bytes());
        Key { path: entry.path.as_str().into(), blob, editable: self.broker.is_editable(&entry.path) }
    }

    /// The answer of another time, if it rests on the same history.
    fn remembered(&mut self, key: &Key, entry: &Entry) -> Result<Option<Checkup>, Stop> {
        let Self { results, broker, .. } = self;
        let still = |checkup: &Checkup| match checkup.facts {
            None => Ok::<_, Stop>(true),
            Some(facts) => Ok(facts == broker.facts(&entry.path)?),
        };
        let found = results.find(key, still)?;
        if let Some(checkup) = &found {
            broker.recall(checkup.calls_made)?;
        }
        Ok(found)
    }

    /// Asks the plugin, and remembers the answer if it rests on nothing else.
    fn fresh(&mut self, document: &Document, key: Key) -> Result<Result<Checkup, Failure>, ExamineError> {
        let mut checkup = match self.ask(document)? {
            Ok(checkup) => checkup,
            Err(failure) => return Ok(Err(failure)),
        };
        checkup.edit = edit(document.path.as_str(), document.id, checkup.replacements.clone()).map(|edit| Broker::given(&edit));
        if !self.asked_at_first && checkup.is_about(&document.path) {
            if checkup.asked_history() {
                checkup.facts = Some(self.broker.facts(&document.path).map_err(stopped)?);
            }
            self.results.keep(key, &checkup);
        }
        Ok(Ok(checkup))
    }

    /// One that took half of its fuel or more, or went over a limit, is judged
    /// by what it does on an instance that has seen nothing else.
    fn ask(&mut self, document: &Document) -> Result<Result<Checkup, Failure>, ExamineError> {
        let fuel_max = self.pool.shared.policy.limits.document_fuel_max;
        if let Some(instance) = &mut self.instance {
            match instance.check(document.clone()) {
                Ok((checkup, fuel)) if fuel < fuel_max / 2 => return Ok(Ok(checkup)),
                Ok((checkup, _)) => self.broker.forget(checkup.calls_made),
                Err(failure) if over(&failure).is_some() => self.broker.forget(instance.broker().take().calls),
                Err(failure) => return Ok(Err(failure)),
            }
            self.instance = None;
        }
        let start = FileWorker::start(&*self.pool.loaded()?, self.pool.broker()?, self.settings);
        let mut instance = match start {
            Ok(instance) => instance,
            Err(failure) => return Ok(Err(failure)),
        };
        self.asked_at_first |= instance.asked_at_first();
        Ok(match instance.check(document.clone()) {
            Ok((checkup, fuel)) => {
                self.instance = Some(instance).filter(|_| fuel < fuel_max / 2);
                Ok(checkup)
            }
            Err(failure) => match over(&failure) {
                None => Err(failure),
                // What it asked up to then is part of the trace, and of what the answer rests on.
                Some(over) => {
                    let Collected { trace: calls, calls: calls_made, .. } = instance.broker().take();
                    let bytes = document.text.len() as u64;
                    Ok(Checkup { over: Some(over), bytes, calls, calls_made, ..Checkup::default() })
                }
            },
        })
    }

    /// Hands an answer to the broker.
    fn settle(&mut self, place: u32, entry: &Entry, checkup: Checkup) -> Result<(), Stop> {
        let Checkup { findings, replacements, bytes, edit: given, calls, log, over, .. } = checkup;
        self.broker.fed(place, FUNCTION, entry, Answered::document(entry.id, bytes));
        self.broker.told(place, calls, &log);
        findings.into_iter().try_for_each(|finding| self.broker.report(finding))?;
        if let Some((limit, value)) = over {
            self.broker.report(too_much(entry, &limit, value))?;
        }
        if let Some(edit) = edit(entry.path.as_str(), entry.id, replacements) {
            drop(self.broker.propose_given(&edit, given)?);
        }
        Ok(())
    }
}

/// The edit that replacements in a document make.
fn edit(path: &str, blob: git2::Oid, replacements: Vec<Replacement>) -> Option<Edit> {
    if replacements.is_empty() {
        return None;
    }
    Some(Edit { path: path.to_owned(), action: Action::Change { id: blob.to_string(), replacements } })
}

/// The limit that a single document may be too much for.
fn over(failure: &Failure) -> Option<(String, u64)> {
    match failure {
        Failure::Limit(name, value) if matches!(&**name, "document_fuel_max" | "memory_bytes_max") => {
            Some((name.to_string(), *value))
        }
        _ => None,
    }
}

fn too_much(entry: &Entry, limit: &str, value: u64) -> Finding {
    Finding {
        path: Some(entry.path.clone()),
        position: None,
        rule: OVER_LIMIT.to_owned(),
        severity: Severity::Warning,
        message: format!("not checked: the plugin went over limits.{limit} = {value} on this document"),
        help: Some(format!("raise limits.{limit} of the task, or take the document out of `read`")),
        repaired: false,
    }
}
