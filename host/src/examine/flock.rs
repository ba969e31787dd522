//! The instances of one run: how documents are handed out, on how many threads,
//! and how the answers come back in one order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{ExamineError, Machine};
use crate::broker::answer::{Document, Refusal, Results, Stop};
use crate::broker::{Broker, Shared};
use crate::config::Task;
use crate::event::{Event, Events};
use crate::glob::Globs;
use crate::path::RepoPath;
use crate::plugin::manifest::{Manifest, ManifestError};
use crate::repo::{Entry, Repo};
use crate::wasm::{Failure, FileWorker, Loaded, Settings, Summary, run_task};

/// What the instances of one run have in common.
pub(super) struct Flock<'a> {
    pub(super) repo: &'a Repo,
    pub(super) shared: &'a Arc<Shared>,
    pub(super) loaded: &'a Loaded,
    pub(super) machine: &'a Machine,
    pub(super) events: &'a Events<'a>,
}

/// What the instances left behind.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) results: Vec<Results>,
    pub(super) documents: u64,
    pub(super) skipped: BTreeMap<&'static str, u64>,
}

/// What one document came to.
enum Checkup {
    Done { results: Results, summary: Summary },
    Skipped(&'static str),
    Failed(ExamineError),
}

impl Flock<'_> {
    fn broker(&self) -> Result<Broker, ExamineError> {
        Ok(Broker::new(self.shared.clone(), self.repo.reopen()?))
    }

    /// Runs a task in free form.
    pub(super) fn run_once(&self, task: &Task, instruction: Option<&str>) -> Result<Gathered, ExamineError> {
        let (results, outcome) = run_task(self.loaded, self.broker()?, &task.options, instruction);
        outcome.map_err(|failure| ExamineError::Failure { document: None, failure })?;
        Ok(Gathered { results: vec![results], ..Gathered::default() })
    }

    /// Feeds documents to a task that wants them one at a time.
    pub(super) fn run_documents(&self, task: &Task, manifest: &Manifest) -> Result<Gathered, ExamineError> {
        let wanted = Globs::new(&manifest.documents).map_err(ManifestError::from)?;
        let Shared { base, policy, .. } = &**self.shared;
        let in_reach = base.entries.iter().filter(|entry| wanted.matches(entry.path.as_str()) && policy.may_read(&entry.path));
        let documents: Vec<&Entry> = in_reach.collect();
        self.events.emit(&Event::Checking { documents: documents.len() as u64 });
        let mut gathered = Gathered::default();
        let settings = Settings { options: task.options.clone(), config: self.config(manifest, &mut gathered.skipped)? };
        let mut summaries = Vec::new();
        for checkup in self.check_all(&documents, &settings)? {
            match checkup {
                Checkup::Done { results, summary } => {
                    gathered.documents += 1;
                    gathered.results.push(results);
                    summaries.push(summary);
                }
                Checkup::Skipped(reason) => *gathered.skipped.entry(reason).or_default() += 1,
                Checkup::Failed(error) => return Err(error),
            }
        }
        if base.names_skipped > 0 {
            gathered.skipped.insert("name-not-portable", base.names_skipped);
        }
        let bytes: u64 = summaries.iter().map(|summary| summary.data.len() as u64).sum();
        if bytes > policy.limits.memory_bytes_max {
            let failure = Failure::Limit("memory_bytes_max", policy.limits.memory_bytes_max);
            return Err(ExamineError::Failure { document: None, failure });
        }
        self.events.emit(&Event::Concluding);
        gathered.results.push(self.conclude(&settings, summaries)?);
        Ok(gathered)
    }

    /// The configuration files that the manifest asks for, as far as granted.
    fn config(&self, manifest: &Manifest, skipped: &mut BTreeMap<&'static str, u64>) -> Result<Vec<Document>, ExamineError> {
        let Shared { base, policy, .. } = &**self.shared;
        let mut broker = self.broker()?;
        let paths = manifest.config.iter().filter_map(|path| RepoPath::new(path).ok());
        let mut documents = Vec::new();
        for entry in paths.filter_map(|path| base.entry(&path)) {
            if policy.may_read(&entry.path) {
                match broker.feed(0, entry).map_err(stopped)? {
                    Ok(document) => documents.push(document),
                    Err(_) => *skipped.entry("config-not-readable").or_default() += 1,
                }
            } else {
                *skipped.entry("config-not-granted").or_default() += 1;
            }
        }
        Ok(documents)
    }

    /// Checks documents on as many instances as there are threads; the answers
    /// are in the order of the documents, whatever the order of the work.
    fn check_all(&self, documents: &[&Entry], settings: &Settings) -> Result<Vec<Checkup>, ExamineError> {
        let order = order(documents.len(), self.machine.shuffle);
        let (next, halt) = (AtomicUsize::new(0), AtomicBool::new(false));
        let events = self.events;
        let work = |mut worker: Worker<'_>| {
            let mut done = Vec::new();
            while !halt.load(Ordering::Relaxed) {
                let Some(place) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                let checkup = worker.check(*place, documents[*place]);
                halt.fetch_or(matches!(checkup, Checkup::Failed(_)), Ordering::Relaxed);
                done.push((*place, checkup));
                events.emit(&Event::Checked);
            }
            done
        };
        let threads = self.machine.threads.clamp(1, documents.len().max(1));
        let mut workers = Vec::new();
        for _ in 0..threads {
            workers.push(Worker { loaded: self.loaded, settings, broker: Some(self.broker()?), instance: None });
        }
        let mut done: Vec<(usize, Checkup)> = std::thread::scope(|scope| {
            let handles: Vec<_> = workers.into_iter().map(|worker| scope.spawn(|| work(worker))).collect();
            handles
                .into_iter()
                .flat_map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        done.sort_unstable_by_key(|(place, _)| *place);
        Ok(done.into_iter().map(|(_, checkup)| checkup).collect())
    }

    fn conclude(&self, settings: &Settings, summaries: Vec<Summary>) -> Result<Results, ExamineError> {
        let failed = |failure| ExamineError::Failure { document: None, failure };
        let mut worker = FileWorker::start(self.loaded, self.broker()?, settings).map_err(failed)?;
        worker.conclude(summaries).map_err(failed)?;
        Ok(worker.broker().take())
    }
}

/// A thread's instance, made with the first document.
struct Worker<'f> {
    loaded: &'f Loaded,
    settings: &'f Settings,
    broker: Option<Broker>,
    instance: Option<FileWorker>,
}

impl Worker<'_> {
    fn check(&mut self, place: usize, entry: &Entry) -> Checkup {
        let failed = |failure| Checkup::Failed(ExamineError::Failure { document: Some(entry.path.clone()), failure });
        if let Some(broker) = self.broker.take() {
            match FileWorker::start(self.loaded, broker, self.settings) {
                Ok(instance) => self.instance = Some(instance),
                Err(failure) => return Checkup::Failed(ExamineError::Failure { document: None, failure }),
            }
        }
        let Some(instance) = &mut self.instance else { return Checkup::Skipped("worker-failed") };
        let document = match instance.broker().feed(u32::try_from(place).unwrap_or(u32::MAX), entry) {
            Err(stop) => return Checkup::Failed(stopped(stop)),
            Ok(Err(refusal)) => return Checkup::Skipped(reason(refusal)),
            Ok(Ok(document)) => document,
        };
        match instance.check(document) {
            Err(failure) => failed(failure),
            Ok(report) => {
                let summary = Summary { path: entry.path.to_string(), data: report.summary };
                Checkup::Done { results: instance.broker().take(), summary }
            }
        }
    }
}

fn order(documents: usize, shuffle: Option<u64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..documents).collect();
    if let Some(seed) = shuffle {
        order.sort_by_key(|place| crate::digest::Digest::of(&[seed.to_le_bytes(), (*place as u64).to_le_bytes()].concat()));
    }
    order
}

fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TooLarge(_) => "too-large",
        Refusal::NotText => "not-text",
        Refusal::NotAFile => "not-a-file",
        _ => "not-readable",
    }
}

fn stopped(stop: Stop) -> ExamineError {
    let failure = match stop {
        Stop::Limit(name, value) => Failure::Limit(name, value),
        Stop::Repo(error) => Failure::Repo(error),
    };
    ExamineError::Failure { document: None, failure }
}
