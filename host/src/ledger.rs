//! The record: a chain of commits under `refs/lifeos/ledger`, one for each
//! thing that was decided, so that git's own hashing makes it tamper-evident.

use std::collections::{BTreeMap, HashSet};

use git2::{Oid, Signature, Time};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::refs::{self, RefError};
use crate::repo::Repo;
use crate::trace::Used;

/// The ref of the chain.
pub const REF: &str = "refs/lifeos/ledger";
/// The version of what is written; a reader refuses a newer one.
pub const SCHEMA: u32 = 1;
/// Attempts to append while somebody else does.
const APPENDS_MAX: usize = 16;

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run it is about.
    pub run: String,
    /// The task of that run.
    pub task: String,
    /// When, seconds since 1970-01-01T00:00Z.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// A task ran.
    Run(Box<Run>),
    /// Somebody, or the owner's rule, approved the candidate.
    Approval {
        /// What was approved.
        digest: Digest,
        /// By whom.
        by: String,
    },
    /// Somebody said no.
    Rejection {
        /// In one sentence.
        why: String,
        /// Who.
        by: String,
    },
    /// A branch moved to the candidate.
    Landing {
        /// Its full name.
        branch: String,
        /// Where it was.
        old: Option<String>,
        /// Where it is.
        new: String,
    },
}

/// What a run did.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// The commit it stood on.
    pub base: String,
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence, when there is more to say.
    pub reason: Option<String>,
    /// The candidate, if there is one.
    pub candidate: Option<Candidate>,
    /// The component.
    pub plugin: PluginId,
    /// Digest of the task's table in the configuration.
    pub grant: String,
    /// Imported: interfaces the component can call.
    pub imported: Vec<String>,
    /// Declared and granted reach.
    pub declared: ReachText,
    /// What the owner granted.
    pub granted: ReachText,
    /// Used: host calls by capability.
    pub used: BTreeMap<String, Used>,
    /// Documents handed to the plugin.
    pub documents: u64,
    /// Documents in reach that could not be handed over, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Findings by rule.
    pub findings: BTreeMap<String, u64>,
    /// Edits of the candidate.
    pub edits: Vec<EditText>,
    /// Edits that were refused, and why.
    pub refused: Vec<RefusedText>,
}

/// A candidate as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Candidate {
    /// Its tree.
    pub tree: String,
    /// The commit that holds it.
    pub commit: String,
    /// Digest over task, base, tree, component and grant: what is approved.
    pub digest: String,
}

/// A component as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PluginId {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest of its bytes.
    pub digest: String,
}

/// A reach as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReachText {
    /// Globs.
    pub read: Vec<String>,
    /// Globs.
    pub edit: Vec<String>,
    /// Whether history may be read.
    pub history: bool,
}

/// An edit as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EditText {
    /// The file.
    pub path: String,
    /// `changed`, `created` or `deleted`.
    pub action: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// A refused edit as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefusedText {
    /// The path as the plugin wrote it, cleaned; empty for the whole proposal.
    pub path: String,
    /// Why, in words.
    pub problems: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is a candidate.
    Candidate,
    /// There was nothing to do.
    Nothing,
    /// It did not get that far; the reason says why.
    Failed,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A candidate waits for approval.
    Waiting,
    /// Approved; nothing has moved (autonomy `propose`), or not yet.
    Approved,
    /// Rejected.
    Rejected,
    /// A branch moved to the candidate.
    Landed,
    /// There was nothing to do.
    Nothing,
    /// It failed.
    Failed,
}

/// Why the record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A newer lifeos wrote it.
    #[error("record {commit} has schema {found}; this lifeos reads up to {SCHEMA}")]
    Newer {
        /// The commit.
        commit: String,
        /// Its schema.
        found: u64,
    },
    /// It is not what a ledger holds.
    #[error("record {commit} is damaged: {reason}")]
    Damaged {
        /// The commit.
        commit: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

/// The chain in a repository.
pub struct Ledger<'r> {
    repo: &'r Repo,
}

/// A run and where it stands, from all its records.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its id.
    pub run: String,
    /// Its task.
    pub task: String,
    /// Time of its newest record.
    pub at: i64,
    /// Where it stands.
    pub state: State,
    /// The newest record of kind `run`, and the commit that holds it.
    pub record: Option<(Oid, Run)>,
    /// Who approved or rejected, and why if it was said.
    pub verdict: Option<(String, Option<String>)>,
}

impl<'r> Ledger<'r> {
    /// The ledger of a repository; there may be none yet.
    #[must_use]
    pub fn of(repo: &'r Repo) -> Self {
        Self { repo }
    }

    /// Appends a record with further files beside it. Concurrent appends wait
    /// their turn.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn append(&self, record: &Record, files: &[(&str, Vec<u8>)]) -> Result<Oid, LedgerError> {
        let git = self.repo.git();
        let text = serde_json::to_vec_pretty(record).map_err(|error| git2::Error::from_str(&error.to_string()))?;
        let mut builder = git.treebuilder(None)?;
        builder.insert("record.json", git.blob(&text)?, 0o100_644)?;
        for (name, bytes) in files {
            builder.insert(name, git.blob(bytes)?, 0o100_644)?;
        }
        let tree = git.find_tree(builder.write()?)?;
        let title = format!("{}: {} of run {}", record.task, record.body.noun(), record.run);
        for attempt in 1.. {
            let head = refs::read(git, REF)?;
            let parent = head.map(|id| git.find_commit(id)).transpose()?;
            let at = record.at.max(parent.as_ref().map_or(0, |parent| parent.time().seconds()));
            let author = signature(at)?;
            let parents: Vec<_> = parent.iter().collect();
            let commit = git.commit(None, &author, &author, &title, &tree, &parents)?;
            match refs::move_own(git, REF, head, commit, &title) {
                Err(RefError::Moved { .. } | RefError::Locked { .. }) if attempt < APPENDS_MAX => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                moved => return Ok(moved.map(|()| commit)?),
            }
        }
        unreachable!("the loop returns")
    }

    /// All records, newest first, with the commits that hold them.
    ///
    /// # Errors
    /// [`LedgerError`] for the first one that cannot be read.
    pub fn records(&self) -> Result<Vec<(Oid, Record)>, LedgerError> {
        let git = self.repo.git();
        let mut next = refs::read(git, REF)?;
        let mut records = Vec::new();
        while let Some(id) = next {
            let commit = git.find_commit(id)?;
            records.push((id, self.read(id, &commit)?));
            next = commit.parent_id(0).ok();
        }
        Ok(records)
    }

    /// A file beside a record.
    ///
    /// # Errors
    /// [`LedgerError::Git`]; a missing file is none.
    pub fn file(&self, record: Oid, name: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let git = self.repo.git();
        let tree = git.find_commit(record)?.tree()?;
        let Some(entry) = tree.get_name(name) else { return Ok(None) };
        Ok(Some(git.find_blob(entry.id())?.content().to_owned()))
    }

    /// Every run and where it stands, newest first.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn stories(&self) -> Result<Vec<Story>, LedgerError> {
        let mut stories: Vec<Story> = Vec::new();
        for (id, record) in self.records()?.into_iter().rev() {
            let at = stories.iter().position(|story| story.run == record.run);
            let mut story = at.map_or_else(|| Story::new(&record), |at| stories.remove(at));
            story.add(id, record);
            stories.push(story);
        }
        stories.reverse();
        Ok(stories)
    }

    /// Commits of candidates that lifeos made for a task.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn commits_of(&self, task: &str) -> Result<HashSet<String>, LedgerError> {
        let records = self.records()?.into_iter().map(|(_, record)| record).filter(|record| record.task == task);
        let commits = records.filter_map(|record| match record.body {
            Body::Run(run) => run.candidate.map(|candidate| candidate.commit),
            _ => None,
        });
        Ok(commits.collect())
    }

    fn read(&self, id: Oid, commit: &git2::Commit<'_>) -> Result<Record, LedgerError> {
        let damaged = |reason: String| LedgerError::Damaged { commit: id.to_string(), reason };
        let tree = commit.tree()?;
        let entry = tree.get_name("record.json").ok_or_else(|| damaged("it has no record.json".to_owned()))?;
        let blob = self.repo.git().find_blob(entry.id())?;
        let value: serde_json::Value = serde_json::from_slice(blob.content()).map_err(|error| damaged(error.to_string()))?;
        match value["schema"].as_u64() {
            Some(found) if found > u64::from(SCHEMA) => Err(LedgerError::Newer { commit: id.to_string(), found }),
            _ => serde_json::from_value(value).map_err(|error| damaged(error.to_string())),
        }
    }
}

impl Story {
    fn new(record: &Record) -> Self {
        let (run, task) = (record.run.clone(), record.task.clone());
        Self { run, task, at: record.at, state: State::Failed, record: None, verdict: None }
    }

    fn add(&mut self, id: Oid, record: Record) {
        self.at = record.at;
        match record.body {
            Body::Run(run) => {
                self.state = match run.outcome {
                    // A run that comes to a candidate that was judged already stays judged.
                    Outcome::Candidate if self.record.is_some() => self.state,
                    Outcome::Candidate => State::Waiting,
                    Outcome::Nothing => State::Nothing,
                    Outcome::Failed => State::Failed,
                };
                self.record = Some((id, *run));
            }
            Body::Approval { by, .. } => {
                self.state = State::Approved;
                self.verdict = Some((by, None));
            }
            Body::Rejection { by, why } => {
                self.state = State::Rejected;
                self.verdict = Some((by, Some(why)));
            }
            Body::Landing { .. } => self.state = State::Landed,
        }
    }
}

impl Body {
    /// What to call it.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Run(_) => "result",
            Self::Approval { .. } => "approval",
            Self::Rejection { .. } => "rejection",
            Self::Landing { .. } => "landing",
        }
    }
}

/// The name under which lifeos commits.
///
/// # Errors
/// Never for times that git can hold.
pub fn signature(seconds: i64) -> Result<Signature<'static>, git2::Error> {
    Signature::new("lifeos", "lifeos@localhost", &Time::new(seconds, 0))
}
