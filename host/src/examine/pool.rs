//! The instances of one run: how documents are handed out, on how many threads,
//! and how the answers come back in one order. What one thread does with one
//! document is `worker`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::worker::{Outcome, Worker};
use super::{ExamineError, Machine};
use crate::broker::answer::{Collected, Document, Refusal, Stop};
use crate::broker::{Answered, Broker, Shared};
use crate::checkup::Conclusion;
use crate::config::Task;
use crate::digest::Digest;
use crate::event::{Event, Events};
use crate::glob::Globs;
use crate::plugin::Plugin;
use crate::plugin::imports::Lends;
use crate::plugin::manifest::ManifestError;
use crate::repo::{Entry, Location};
use crate::results::{Counts, Results};
use crate::wasm::{Failure, FileWorker, LoadError, Loaded, Settings, Summary, run_task};

/// Configuration files handed to a plugin.
const CONFIG_FILES_MAX: usize = 1_000;

/// What the instances of one run have in common.
pub(super) struct Pool<'a> {
    pub(super) location: Location,
    pub(super) shared: &'a Arc<Shared>,
    pub(super) task: &'a Task,
    pub(super) plugin: &'a Plugin,
    pub(super) machine: &'a Machine,
    pub(super) events: &'a Events<'a>,
    /// The component, once somebody needs it.
    pub(super) loaded: Mutex<Option<Arc<Loaded>>>,
}

/// What the instances left behind.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) results: Vec<Collected>,
    pub(super) documents: u64,
    pub(super) skipped: BTreeMap<&'static str, u64>,
    pub(super) remembered: Counts,
}

impl Pool<'_> {
    pub(super) fn broker(&self) -> Result<Broker, ExamineError> {
        Ok(Broker::new(self.shared.clone(), self.location.open()?))
    }

    /// The component, loaded once for all.
    pub(super) fn loaded(&self) -> Result<Arc<Loaded>, LoadError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(loaded.clone());
        }
        let Machine { runtime, cache, compiler, .. } = self.machine;
        let fresh = Arc::new(runtime.load(self.plugin, cache.as_ref(), compiler, self.events)?);
        Ok(loaded.insert(fresh).clone())
    }

    /// Runs a task in free form.
    pub(super) fn run_once(&self, instruction: Option<&str>) -> Result<Gathered, ExamineError> {
        let (results, outcome) = run_task(&*self.loaded()?, self.broker()?, &self.task.options, instruction);
        outcome.map_err(|failure| ExamineError::Failure { document: None, failure })?;
        Ok(Gathered { results: vec![results], ..Gathered::default() })
    }

    /// Feeds documents to a task that wants them one at a time.
    pub(super) fn run_documents(&self) -> Result<Gathered, ExamineError> {
        let wanted = Globs::new(&self.plugin.manifest.documents).map_err(ManifestError::from)?;
        let Shared { base, policy, .. } = &**self.shared;
        let in_reach = base.entries.iter().filter(|entry| wanted.matches(entry.path.as_str()) && policy.may_read(&entry.path));
        let documents: Vec<&Entry> = in_reach.collect();
        self.events.emit(&Event::Checking { documents: documents.len() as u64 });
        let mut gathered = Gathered::default();
        let settings = Settings { options: self.task.options.clone(), config: self.config(&mut gathered)? };
        let identity = self.identity(&settings);
        let results = Results::open(self.machine.memory(), identity);
        let mut summaries = Vec::new();
        for outcome in self.check_all(&documents, &settings, &results)? {
            match outcome {
                Outcome::Done { collected, summary, .. } => {
                    gathered.documents += 1;
                    gathered.results.push(collected);
                    summaries.push(summary);
                }
                Outcome::Skipped { collected, reason } => {
                    gathered.results.push(collected);
                    *gathered.skipped.entry(reason).or_default() += 1;
                }
                Outcome::Failed(error) => return Err(error),
            }
        }
        if base.names_skipped > 0 {
            gathered.skipped.insert("name-not-portable", base.names_skipped);
        }
        self.events.emit(&Event::Concluding);
        let concluded = self.conclude(&settings, summaries, &results, identity)?;
        replace_edits(&mut gathered.results, &concluded);
        gathered.results.push(concluded);
        // Every instance is gone: from here on something may be written.
        gathered.remembered = results.close();
        Ok(gathered)
    }

    /// Everything besides the documents that an answer may depend on.
    fn identity(&self, settings: &Settings) -> Digest {
        let Shared { base, policy, .. } = &**self.shared;
        let limits = &policy.limits;
        let numbers = [limits.document_fuel_max, limits.memory_bytes_max, limits.read_bytes_max];
        let has_clock = self.plugin.imports.iter().any(|import| import.lends == Lends::Inert);
        let clock = if has_clock { base.seconds } else { 0 };
        let config = settings.config.iter().map(|file| format!("{} {}\n", file.id, file.path)).collect::<String>();
        let facts = format!("{numbers:?} {} {clock} {}", policy.may_read_history(), env!("CARGO_PKG_VERSION"));
        let component = self.plugin.digest.hex();
        let place = self.location.common.as_os_str().as_encoded_bytes();
        let attributes = std::fs::read(self.location.common.join("info/attributes")).unwrap_or_default();
        let parts = [component.as_bytes(), settings.options.as_bytes(), config.as_bytes(), facts.as_bytes(), place, &attributes];
        Digest::of_parts(parts)
    }

    /// The configuration files that the manifest asks for, as far as granted.
    fn config(&self, gathered: &mut Gathered) -> Result<Vec<Document>, ExamineError> {
        let Shared { base, policy, .. } = &**self.shared;
        let wanted = Globs::new(&self.plugin.manifest.config).map_err(ManifestError::from)?;
        let mut broker = self.broker()?;
        let mut documents = Vec::new();
        let mut skip = |reason| *gathered.skipped.entry(reason).or_default() += 1;
        for entry in base.entries.iter().filter(|entry| wanted.matches(entry.path.as_str())) {
            if documents.len() >= CONFIG_FILES_MAX {
                skip("config-too-many");
            } else if policy.may_read(&entry.path) {
                let answered = match broker.feed(entry).map_err(stopped)? {
                    Ok(document) => {
                        let bytes = document.text.len() as u64;
                        documents.push(document);
                        Answered::document(entry.id, bytes)
                    }
                    Err(refusal) => {
                        skip("config-not-readable");
                        Answered::refusal(refusal)
                    }
                };
                broker.fed(0, "configure", entry, answered);
            } else {
                skip("config-not-granted");
            }
        }
        gathered.results.push(broker.take());
        Ok(documents)
    }

    /// Checks documents on as many instances as there are threads; the answers
    /// are in the order of the documents, whatever the order of the work.
    fn check_all(&self, documents: &[&Entry], settings: &Settings, results: &Results<'_>) -> Result<Vec<Outcome>, ExamineError> {
        let order = order(documents.len(), self.machine.shuffle);
        let (next, halt) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = |mut worker: Worker<'_>| {
            let mut done = Vec::new();
            while !halt.load(Ordering::Relaxed) {
                let Some(place) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                let outcome = worker.check(*place, documents[*place]);
                halt.fetch_or(matches!(outcome, Outcome::Failed(_)), Ordering::Relaxed);
                done.push((*place, outcome));
                self.events.emit(&Event::Checked);
            }
            done
        };
        let threads = self.machine.threads.clamp(1, documents.len().max(1));
        let workers: Vec<_> = (0..threads).map(|_| Worker::new(self, settings, results)).collect::<Result<_, _>>()?;
        let finished: Vec<_> = std::thread::scope(|scope| {
            let handles: Vec<_> = workers.into_iter().map(|worker| scope.spawn(|| work(worker))).collect();
            handles.into_iter().map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let mut done: Vec<(usize, Outcome)> = finished.into_iter().flatten().collect();
        done.sort_unstable_by_key(|(place, _)| *place);
        match all_over(&done) {
            Some((place, failure)) => Err(failed_at(documents[place], failure)),
            None => Ok(done.into_iter().map(|(_, outcome)| outcome).collect()),
        }
    }

    /// Draws the conclusion, unless it is remembered.
    fn conclude(
        &self,
        settings: &Settings,
        summaries: Vec<Summary>,
        results: &Results<'_>,
        identity: Digest,
    ) -> Result<Collected, ExamineError> {
        let Shared { base, policy, .. } = &**self.shared;
        let bytes: u64 = summaries.iter().map(|summary| summary.data.len() as u64).sum();
        let limit = policy.limits.memory_bytes_max;
        let failed = |failure| ExamineError::Failure { document: None, failure };
        if bytes > limit {
            return Err(failed(Failure::Limit("memory_bytes_max".into(), limit)));
        }
        let mut broker = self.broker()?;
        let all = self.of_all(&summaries, identity, base.tree);
        let past = self.shared.past();
        let holds = |conclusion: &Conclusion| conclusion.past.is_none() || conclusion.past == past;
        let conclusion = match results.conclusion(all).filter(holds) {
            Some(conclusion) => {
                broker.recall(conclusion.calls_made).map_err(stopped)?;
                conclusion
            }
            None => {
                let mut worker = FileWorker::start(&*self.loaded()?, self.broker()?, settings).map_err(failed)?;
                let mut conclusion = worker.conclude(summaries).map_err(failed)?;
                conclusion.past = past.filter(|_| conclusion.asked_history());
                if conclusion.past.is_some() || !conclusion.asked_history() {
                    results.conclude(all, &conclusion);
                }
                conclusion
            }
        };
        settle(&mut broker, conclusion).map_err(stopped)?;
        Ok(broker.take())
    }

    /// Everything that a conclusion may depend on.
    fn of_all(&self, summaries: &[Summary], identity: Digest, tree: git2::Oid) -> Digest {
        let policy = &self.shared.policy;
        let fuel = policy.limits.fuel_max.to_le_bytes();
        let (identity, tree) = (identity.hex(), tree.to_string());
        let grant = self.task.grant_digest.hex();
        let fixed = [identity.as_bytes(), tree.as_bytes(), grant.as_bytes(), &fuel];
        let given = summaries.iter().flat_map(|summary| [summary.path.as_bytes(), summary.data.as_slice()]);
        Digest::of_parts(fixed.into_iter().chain(given))
    }
}

/// A document that is too much for a limit costs a finding; when all of them
/// are, the plugin is at fault: the first one and its limit.
fn all_over(done: &[(usize, Outcome)]) -> Option<(usize, Failure)> {
    let mut checked = done.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Skipped { .. }));
    let limit = |outcome: &Outcome| match outcome {
        Outcome::Done { over: Some((name, value)), .. } => Some(Failure::Limit(name.clone().into(), *value)),
        _ => None,
    };
    let (place, first) = checked.next()?;
    let failure = limit(first)?;
    checked.all(|(_, outcome)| limit(outcome).is_some()).then_some((*place, failure))
}

/// Hands a conclusion to the broker.
fn settle(broker: &mut Broker, conclusion: Conclusion) -> Result<(), Stop> {
    broker.told(0, conclusion.calls, &conclusion.log);
    conclusion.findings.into_iter().try_for_each(|finding| broker.report(finding))?;
    conclusion.edits.iter().try_for_each(|edit| broker.propose(edit).map(drop))
}

/// An edit of the conclusion takes the place of the one that came with its document.
fn replace_edits(results: &mut [Collected], concluded: &Collected) {
    let paths: BTreeSet<_> = concluded.edits.iter().map(|edit| edit.path()).collect();
    if !paths.is_empty() {
        results.iter_mut().for_each(|collected| collected.edits.retain(|edit| !paths.contains(edit.path())));
    }
}

fn order(documents: usize, shuffle: Option<u64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..documents).collect();
    if let Some(seed) = shuffle {
        order.sort_by_key(|place| Digest::of(&[seed.to_le_bytes(), (*place as u64).to_le_bytes()].concat()));
    }
    order
}

pub(super) fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TooLarge(_) => "too-large",
        Refusal::NotText => "not-text",
        Refusal::NotAFile => "not-a-file",
        _ => "not-readable",
    }
}

pub(super) fn failed_at(entry: &Entry, failure: Failure) -> ExamineError {
    ExamineError::Failure { document: Some(entry.path.clone()), failure }
}

pub(super) fn stopped(stop: Stop) -> ExamineError {
    ExamineError::Failure { document: None, failure: stop.into() }
}
