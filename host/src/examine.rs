//! A task over a pinned base: what the plugin saw, and the edits of it that
//! passed every check. Nothing is written to the repository, and every plugin is gone when it returns.

mod pool;
pub mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::broker::answer::Collected;
use crate::broker::{LOG_BYTES_MAX, Shared};
use crate::check::guard::Guard;
use crate::check::problem::Refused;
use crate::check::{Checked, CheckedEdit};
use crate::clean;
use crate::config::Task;
use crate::edit::Finding;
use crate::event::Events;
use crate::gate::Jail;
use crate::model::door::Door;
use crate::model::error::ModelError;
use crate::path::RepoPath;
use crate::plugin::manifest::{Instructed, Manifest, ManifestError};
use crate::plugin::needs::{self, Missing};
use crate::plugin::{Plugin, World};
use crate::policy::{Capability, Policy};
use crate::reach::Reached;
use crate::repo::history::Memory;
use crate::repo::{Base, Repo, RepoError};
use crate::results::Counts;
use crate::round::Round;
use crate::sealed::SealedFolder;
use crate::trace::Call;
use crate::wasm::{Compiler, Failure, LoadError, Runtime};
use pool::{Gathered, Pool};

/// What the host brings to every run.
#[derive(Clone)]
pub struct Machine {
    /// The engine.
    pub runtime: Runtime,
    /// Compiled code and remembered answers, if they are kept.
    pub cache: Option<SealedFolder>,
    /// Whether answers are remembered.
    pub remembers: bool,
    /// Where answers are remembered, if not in the cache.
    pub answers: Option<SealedFolder>,
    /// How to compile.
    pub compiler: Compiler,
    /// Instances that check documents side by side, at least 1.
    pub threads: usize,
    /// Whether edits are wanted with their diffs.
    pub shows: bool,
    /// Whether the calls of a plugin are noted; what it may do is the same without.
    pub traces: bool,
    /// Whether it is wanted what was reached, folded.
    pub folds: bool,
    /// How commands of the gate are isolated.
    pub jail: Jail,
    /// Beneath what the gate's folder is made.
    pub scratch: PathBuf,
    /// Hands documents out in another order, for tests; results do not change.
    pub shuffle: Option<u64>,
}

impl Machine {
    /// Where listings and answers are remembered, if they are.
    #[must_use]
    pub fn memory(&self) -> Option<&SealedFolder> {
        self.answers.as_ref().or(self.cache.as_ref()).filter(|_| self.remembers)
    }
}

/// What is to be done over a base.
#[derive(Clone)]
pub struct Job<'j> {
    /// The task.
    pub task: &'j Task,
    /// Its component.
    pub plugin: &'j Plugin,
    /// What to do, if the task takes an instruction.
    pub instruction: Option<&'j str>,
    /// The way to a model, if the task is granted one and there is one.
    pub door: Option<Arc<Door>>,
    /// What became of the round before.
    pub round: Option<Round>,
    /// Whether answers are wanted whole that nothing gives again, for a tape.
    pub holds: bool,
}

impl<'j> Job<'j> {
    /// A job without a model, in its first round.
    #[must_use]
    pub fn new(task: &'j Task, plugin: &'j Plugin, instruction: Option<&'j str>) -> Self {
        Self { task, plugin, instruction, door: None, round: None, holds: false }
    }

    /// Refuses an instruction that the plugin would not look at, and a job without the
    /// one that it needs; for a job that is new, before anything is run for it. One that
    /// is done again has the instruction that it had.
    ///
    /// # Errors
    /// [`ExamineError::NoInstruction`], [`ExamineError::NeedsInstruction`].
    pub fn is_told(&self) -> Result<(), ExamineError> {
        let plugin = || self.plugin.manifest.name.clone();
        let is_blank = self.instruction.is_none_or(|text| text.trim().is_empty());
        match self.plugin.manifest.instruction {
            Instructed::None if self.instruction.is_some() => Err(ExamineError::NoInstruction { plugin: plugin() }),
            Instructed::Required if is_blank => Err(ExamineError::NeedsInstruction { plugin: plugin() }),
            _ => Ok(()),
        }
    }
}

/// What a task saw and would change.
pub struct Examined {
    /// Findings, by path, position and rule.
    pub findings: Vec<Finding>,
    /// The proposal: edits, nothing, or why the whole was refused.
    pub proposal: Proposal,
    /// Edits that were refused one by one.
    pub refused: Vec<Refused>,
    /// Every host call, in the order of the documents.
    pub trace: Vec<Call>,
    /// What was reached, folded, if somebody wants it.
    pub reached: Option<Reached>,
    /// Lines for the author.
    pub log: String,
    /// Documents handed to the plugin.
    pub documents: u64,
    /// Documents in reach that could not be handed over, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// How many answers were remembered.
    pub remembered: Counts,
    /// The commit it stands on.
    pub base: git2::Oid,
    /// Why a call to a model came to nothing, of the last that did for a reason that
    /// the owner must know: what was proposed may be half of it.
    pub trouble: Option<ModelError>,
}

/// What became of the edits.
pub enum Proposal {
    /// There were none.
    Nothing,
    /// They passed every check.
    Checked(Checked),
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
        capability: Capability,
        /// The line of `lifeos.toml` that would allow it.
        line: String,
    },
    /// The plugin follows no instruction.
    #[error("plugin {plugin} takes no instruction")]
    NoInstruction {
        /// The plugin.
        plugin: String,
    },
    /// The plugin does nothing without an instruction.
    #[error("plugin {plugin} needs an instruction")]
    NeedsInstruction {
        /// The plugin.
        plugin: String,
    },
    /// The plugin gave up because a model was not there for it.
    #[error("{error} ({words})")]
    Model {
        /// Why not.
        error: ModelError,
        /// What the plugin says of it.
        words: String,
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

/// Runs a task's plugin over a base and checks what it proposes.
///
/// # Errors
/// [`ExamineError`]; nothing of it is kept then.
pub fn examine(repo: &Repo, base: Base, job: &Job<'_>, machine: &Machine, events: &Events<'_>) -> Result<Examined, ExamineError> {
    let Job { task, plugin, instruction, door, round, holds } = job;
    declared_within_granted(task, &plugin.manifest)?;
    if plugin.world == World::FileTask && instruction.is_some() {
        return Err(ExamineError::NoInstruction { plugin: plugin.manifest.name.clone() });
    }
    let limits = task.limits.under(&plugin.manifest.limits);
    let policy = Policy { declared: plugin.manifest.reach()?, granted: task.granted.clone(), limits };
    let deadline = Instant::now() + Duration::from_secs(limits.seconds_max);
    let memory = machine
        .memory()
        .filter(|_| repo.has_whole_history())
        .map(|folder| Memory::new(folder.clone(), repo.common_dir(), policy.reading()));
    let shared = Shared::new(base, policy, machine.shows, deadline, memory).tracing(machine.traces);
    let redactor = door.as_ref().map(|door| door.redactor()).unwrap_or_default();
    let shared = shared.guarded(Guard::new(redactor, task.model.is_some().then_some(&*task.hosts)));
    let shared = shared.asking(door.clone(), round.clone(), *holds);
    let shared = Arc::new(shared);
    let pool = Pool { location: repo.location(), shared: &shared, task, plugin, machine, events, loaded: Mutex::new(None) };
    let gathered = match plugin.world {
        World::Task => pool.run_once(*instruction),
        World::FileTask => pool.run_documents(),
    };
    let trouble = door.as_ref().and_then(|door| door.traffic().trouble);
    let gathered = gathered.map_err(|error| caused(error, trouble.as_ref()))?;
    drop(pool);
    shared.remember();
    let Shared { base, policy, .. } = &*shared;
    let examined = gathered.judged(base, policy, repo)?;
    let reached = machine.folds.then(|| Reached::of(&examined.trace, base, policy));
    Ok(Examined { reached, trouble, ..examined })
}

/// A plugin that gives up after a model was not there for it gives up because of that.
fn caused(error: ExamineError, trouble: Option<&ModelError>) -> ExamineError {
    match (error, trouble) {
        (ExamineError::Failure { failure: Failure::GaveUp(words), .. }, Some(trouble)) => {
            ExamineError::Model { error: trouble.clone(), words }
        }
        (error, _) => error,
    }
}

/// Declared within Granted: what the plugin cannot do without must be granted.
fn declared_within_granted(task: &Task, manifest: &Manifest) -> Result<(), ExamineError> {
    let missing = needs::missing(manifest, &task.granted).into_iter().find(|missing| !missing.optional);
    missing.map_or(Ok(()), |Missing { capability, line, .. }| {
        Err(ExamineError::NotGranted { plugin: manifest.name.clone(), task: task.name.clone(), capability, line })
    })
}

impl Gathered {
    /// Proposal -> Checked, and everything in one fixed order.
    fn judged(self, base: &Base, policy: &Policy, repo: &Repo) -> Result<Examined, ExamineError> {
        let mut all = Collected::default();
        all.trace.reserve_exact(self.results.iter().map(|results| results.trace.len()).sum());
        for mut results in self.results {
            all.findings.append(&mut results.findings);
            all.edits.append(&mut results.edits);
            all.refused.append(&mut results.refused);
            all.over = all.over.or(results.over);
            all.trace.append(&mut results.trace);
            let room = LOG_BYTES_MAX.saturating_sub(all.log.len());
            all.log.push_str(clean::cut(&results.log, room));
        }
        all.trace.iter_mut().zip(0..).for_each(|(call, sequence)| call.sequence = sequence);
        all.findings.sort_by(Finding::in_order);
        let proposal = match all.over {
            Some(limit) => Proposal::Refused(vec![Refused { path: String::new(), problems: vec![limit] }]),
            None => propose(all.edits, base, policy, repo)?,
        };
        Ok(Examined {
            findings: all.findings,
            proposal,
            refused: all.refused,
            trace: all.trace,
            reached: None,
            log: all.log,
            documents: self.documents,
            skipped: self.skipped,
            remembered: self.remembered,
            base: base.commit,
            trouble: None,
        })
    }
}

fn propose(edits: Vec<CheckedEdit>, base: &Base, policy: &Policy, repo: &Repo) -> Result<Proposal, ExamineError> {
    let edits: Vec<_> = edits.into_iter().filter(|edit| !edit.is_idle()).collect();
    if edits.is_empty() {
        return Ok(Proposal::Nothing);
    }
    match Checked::whole(edits, base, policy, repo)? {
        Err(refused) => Ok(Proposal::Refused(refused)),
        Ok(checked) => Ok(Proposal::Checked(checked)),
    }
}
