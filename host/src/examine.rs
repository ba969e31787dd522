//! A task over a pinned base: what the plugin saw, and the candidate that its
//! edits make. Nothing is written, and every plugin is gone when it returns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::broker::{Broker, Document, Refusal, Results, Shared, Stop};
use crate::candidate::Candidate;
use crate::check::{Checked, CheckedEdit, Refused};
use crate::config::Task;
use crate::edit::Finding;
use crate::event::{Event, Events};
use crate::glob::Globs;
use crate::path::RepoPath;
use crate::plugin::manifest::{Manifest, ManifestError};
use crate::plugin::{Plugin, World};
use crate::policy::Policy;
use crate::repo::{Base, Entry, Repo, RepoError};
use crate::trace::Call;
use crate::wasm::{Cache, Compiler, Failure, FileWorker, LoadError, Loaded, Runtime, Settings, Summary, run_task};

/// What the host brings to every run.
pub struct Machine {
    /// The engine.
    pub runtime: Runtime,
    /// Compiled code, if it is kept.
    pub cache: Option<Cache>,
    /// How to compile.
    pub compiler: Compiler,
    /// Instances that check documents side by side, at least 1.
    pub threads: usize,
    /// Hands documents out in another order, for tests; results do not change.
    pub shuffle: Option<u64>,
}

/// What a task saw and would change.
pub struct Examined {
    /// Findings, by path, position and rule.
    pub findings: Vec<Finding>,
    /// The proposal: a candidate, nothing, or why the whole was refused.
    pub proposal: Proposal,
    /// Edits that were refused one by one.
    pub refused: Vec<Refused>,
    /// Every host call, in the order of the documents.
    pub trace: Vec<Call>,
    /// Lines for the author.
    pub log: String,
    /// Documents handed to the plugin.
    pub documents: u64,
    /// Documents in reach that could not be handed over, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The commit it stands on.
    pub base: git2::Oid,
}

/// What became of the edits.
pub enum Proposal {
    /// There were none.
    Nothing,
    /// They passed every check.
    Candidate(Box<Candidate>),
    /// They passed one by one and not as a whole.
    Refused(Vec<Refused>),
}

/// Why a task could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The owner does not grant what the plugin needs.
    #[error("plugin {plugin} needs the capability `{capability}`, which task {task} does not grant")]
    NotGranted {
        /// The plugin.
        plugin: String,
        /// The task.
        task: String,
        /// What is missing.
        capability: &'static str,
        /// The line of `lifeos.toml` that would allow it.
        line: String,
    },
    /// The component cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plugin failed.
    #[error("{}{failure}", .document.as_ref().map(|path| format!("at {path}: ")).unwrap_or_default())]
    Failure {
        /// The document it was given, if it was given one.
        document: Option<RepoPath>,
        /// How.
        failure: Failure,
    },
    /// The manifest is not usable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

/// Runs a task's plugin over a base and builds the candidate.
///
/// # Errors
/// [`ExamineError`]; no candidate is kept then.
pub fn examine(
    repo: &Repo,
    base: Base,
    task: &Task,
    plugin: &Plugin,
    instruction: Option<&str>,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Examined, ExamineError> {
    declared_within_granted(task, &plugin.manifest)?;
    let policy = Policy { declared: plugin.manifest.reach()?, granted: task.granted.clone(), limits: task.limits };
    let loaded = machine.runtime.load(plugin, machine.cache.as_ref(), &machine.compiler, events)?;
    let shared = Arc::new(Shared::new(base, policy));
    let deadline = Instant::now() + Duration::from_secs(task.limits.seconds_max);
    let flock = Flock { repo, shared: &shared, loaded: &loaded, deadline, machine, events };
    let gathered = match plugin.world {
        World::Task => flock.run_once(task, instruction)?,
        World::FileTask => flock.run_documents(task, &plugin.manifest)?,
    };
    drop(loaded);
    let Shared { base, policy, .. } = &*shared;
    gathered.judged(base, policy, repo, events)
}

/// Declared within Granted: what the plugin cannot do without must be granted.
fn declared_within_granted(task: &Task, manifest: &Manifest) -> Result<(), ExamineError> {
    let needed = &manifest.capabilities;
    // A JSON list of strings is a TOML list of strings.
    let list = |globs: &[String]| serde_json::to_string(globs).unwrap_or_default();
    let missing =
        |capability, line| ExamineError::NotGranted { plugin: manifest.name.clone(), task: task.name.clone(), capability, line };
    if let Some(scope) = needed.read.as_ref().filter(|scope| !scope.optional && task.granted.read.is_empty()) {
        return Err(missing("read", format!("read = {}", list(&scope.globs))));
    }
    if let Some(scope) = needed.edit.as_ref().filter(|scope| !scope.optional && task.granted.edit.is_empty()) {
        return Err(missing("edit", format!("edit = {}", list(&scope.globs))));
    }
    if needed.history.as_ref().is_some_and(|plain| !plain.optional && !task.granted.history) {
        return Err(missing("history", "history = true".to_owned()));
    }
    Ok(())
}

/// What the instances of one run have in common.
struct Flock<'a> {
    repo: &'a Repo,
    shared: &'a Arc<Shared>,
    loaded: &'a Loaded,
    deadline: Instant,
    machine: &'a Machine,
    events: &'a Events<'a>,
}

/// What the instances left behind.
#[derive(Default)]
struct Gathered {
    results: Vec<Results>,
    documents: u64,
    skipped: BTreeMap<&'static str, u64>,
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

    fn run_once(&self, task: &Task, instruction: Option<&str>) -> Result<Gathered, ExamineError> {
        let (results, outcome) = run_task(self.loaded, self.broker()?, &task.options, instruction, self.deadline);
        outcome.map_err(|failure| ExamineError::Failure { document: None, failure })?;
        Ok(Gathered { results: vec![results], ..Gathered::default() })
    }

    fn run_documents(&self, task: &Task, manifest: &Manifest) -> Result<Gathered, ExamineError> {
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
                documents.extend(broker.feed(0, entry).map_err(stopped)?.ok());
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
            workers.push(Worker {
                loaded: self.loaded,
                settings,
                deadline: self.deadline,
                broker: Some(self.broker()?),
                instance: None,
            });
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
        let mut worker = FileWorker::start(self.loaded, self.broker()?, settings, self.deadline).map_err(failed)?;
        worker.conclude(summaries).map_err(failed)?;
        Ok(worker.broker().take())
    }
}

/// A thread's instance, made with the first document.
struct Worker<'f> {
    loaded: &'f Loaded,
    settings: &'f Settings,
    deadline: Instant,
    broker: Option<Broker>,
    instance: Option<FileWorker>,
}

impl Worker<'_> {
    fn check(&mut self, place: usize, entry: &Entry) -> Checkup {
        let failed = |failure| Checkup::Failed(ExamineError::Failure { document: Some(entry.path.clone()), failure });
        if let Some(broker) = self.broker.take() {
            match FileWorker::start(self.loaded, broker, self.settings, self.deadline) {
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

impl Gathered {
    /// Proposal -> Checked -> Candidate, and everything in one fixed order.
    fn judged(self, base: &Base, policy: &Policy, repo: &Repo, events: &Events<'_>) -> Result<Examined, ExamineError> {
        let mut all = Results::default();
        for mut results in self.results {
            all.findings.append(&mut results.findings);
            all.edits.append(&mut results.edits);
            all.refused.append(&mut results.refused);
            all.trace.append(&mut results.trace);
            all.log.push_str(&results.log);
        }
        all.findings.sort_by(|one, other| {
            let key = |finding: &Finding| (finding.path.clone(), finding.position, finding.rule.clone());
            key(one).cmp(&key(other))
        });
        let proposal = propose(all.edits, base, policy, repo, events)?;
        Ok(Examined {
            findings: all.findings,
            proposal,
            refused: all.refused,
            trace: all.trace,
            log: all.log,
            documents: self.documents,
            skipped: self.skipped,
            base: base.commit,
        })
    }
}

fn propose(
    edits: Vec<CheckedEdit>,
    base: &Base,
    policy: &Policy,
    repo: &Repo,
    events: &Events<'_>,
) -> Result<Proposal, ExamineError> {
    let edits: Vec<_> = edits.into_iter().filter(|edit| edit.old_text() != edit.new_text()).collect();
    if edits.is_empty() {
        return Ok(Proposal::Nothing);
    }
    events.emit(&Event::Building { files: edits.len() as u64 });
    match Checked::whole(edits, base, policy, repo)? {
        Err(refused) => Ok(Proposal::Refused(refused)),
        Ok(checked) => Ok(Proposal::Candidate(Box::new(Candidate::build(checked, base, repo)?))),
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
