//! The record: a chain of commits under `refs/lifeos/ledger`, one for each
//! thing that was decided, so that git's own hashing makes it tamper-evident.

pub mod record;
pub mod story;

use std::collections::HashSet;

use git2::{Oid, Signature, Time};

use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::repo::Repo;
use record::{Body, Record, SCHEMA};
use story::Story;

/// The ref of the chain.
pub const REF: &str = "refs/lifeos/ledger";
/// Attempts to append while somebody else does.
const APPENDS_MAX: usize = 16;

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
    /// The state folder cannot be written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

/// The chain in a repository.
pub struct Ledger<'r> {
    repo: &'r Repo,
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
    pub(crate) fn append(&self, lock: &Lock, record: &Record, files: &[(&str, Vec<u8>)]) -> Result<Oid, LedgerError> {
        let _intent = lock.intend(REF)?;
        let git = self.repo.git();
        let tree = |head: Option<Oid>| {
            let record = Record { previous: head.map(|head| head.to_string()), ..record.clone() };
            let text = serde_json::to_vec_pretty(&record).map_err(|error| git2::Error::from_str(&error.to_string()))?;
            let mut builder = git.treebuilder(None)?;
            builder.insert("record.json", git.blob(&text)?, 0o100_644)?;
            for (name, bytes) in files {
                builder.insert(name, git.blob(bytes)?, 0o100_644)?;
            }
            git.find_tree(builder.write()?)
        };
        let title = format!("{}: {} of run {}", record.task, record.body.noun(), record.run);
        for attempt in 1.. {
            let head = refs::read(git, REF)?;
            let parent = head.map(|id| git.find_commit(id)).transpose()?;
            let at = record.at.max(parent.as_ref().map_or(0, |parent| parent.time().seconds()));
            let author = signature(at)?;
            let parents: Vec<_> = parent.iter().collect();
            let write = || git.commit(None, &author, &author, &title, &tree(head)?, &parents);
            match refs::publish::<LedgerError>(git, REF, head, &title, write) {
                Err(LedgerError::Ref(RefError::Moved { .. } | RefError::Locked { .. })) if attempt < APPENDS_MAX => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                published => return published,
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

/// The name under which lifeos commits.
///
/// # Errors
/// Never for times that git can hold.
pub fn signature(seconds: i64) -> Result<Signature<'static>, git2::Error> {
    Signature::new("lifeos", "lifeos@localhost", &Time::new(seconds, 0))
}
