//! Candidate -> Waiting: written as a commit under `refs/lifeos/runs/`, where
//! it waits for a verdict. No ref of the user moves here.

pub mod words;

use git2::Oid;

use crate::candidate::Candidate;
use crate::digest::Digest;
use crate::ledger;
use crate::ledger::record::{self, PluginId};
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::repo::{Repo, RepoError};
use crate::writing;

/// What a candidate stands on besides its base: any change makes it another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The task.
    pub task: String,
    /// The component.
    pub plugin: PluginId,
    /// Digest of the task's table.
    pub grant: Digest,
}

/// A candidate that is written and can be approved. Its tree is the one that
/// was built, and its digest covers everything it stands on.
#[derive(Debug)]
pub struct Waiting {
    run: String,
    identity: Identity,
    base: Oid,
    tree: Oid,
    commit: Oid,
    digest: Digest,
}

/// Why a candidate cannot wait, or waits no more.
#[derive(Debug, thiserror::Error)]
pub enum WaitingError {
    /// What was recorded is not what is there.
    #[error("run {run} is stale: {reason}")]
    Stale {
        /// The run.
        run: String,
        /// What changed.
        reason: String,
    },
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The state folder cannot be written.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Identity {
    /// Digest of a candidate: what an approval names.
    #[must_use]
    pub fn digest(&self, base: Oid, tree: Oid) -> Digest {
        let parts = [&self.task, &base.to_string(), &tree.to_string(), &self.plugin.digest, &self.grant.to_string()];
        Digest::of_parts(parts.map(|part| part.as_bytes()))
    }

    /// The id of a run that came to no candidate.
    #[must_use]
    pub fn empty_run(&self, base: Oid) -> String {
        run_of(&self.digest(base, Oid::ZERO_SHA1))
    }
}

/// A run's id: the first digits of its candidate's digest.
#[must_use]
pub fn run_of(digest: &Digest) -> String {
    digest.hex()[..12].to_owned()
}

/// The ref of a run.
#[must_use]
pub fn ref_of(run: &str) -> String {
    format!("{}runs/{run}", refs::PREFIX)
}

/// What is known of a run whose candidate is made or found.
pub(crate) struct Known<'k> {
    /// Its record.
    pub(crate) record: &'k record::Run,
    /// Commits of its candidates that are on record.
    pub(crate) commits: &'k [String],
}

impl Waiting {
    /// Writes the candidate. One that is recorded is not written again.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub(crate) fn write(
        candidate: &Candidate,
        identity: Identity,
        known: &Known<'_>,
        now: i64,
        repo: &Repo,
        lock: &Lock,
    ) -> Result<Self, WaitingError> {
        let git = repo.git();
        let (base, tree) = (candidate.base(), candidate.tree());
        let digest = identity.digest(base, tree);
        let run = run_of(&digest);
        let name = ref_of(&run);
        let there = refs::read(git, &name)?;
        // What is recorded is put back if somebody moved its ref; what is not, is made anew.
        let is_known = |commit: Oid| known.commits.contains(&commit.to_string());
        let recorded = known.commits.iter().rev().filter_map(|commit| Oid::from_str(commit).ok());
        let mut kept = there.filter(|there| is_known(*there)).into_iter().chain(recorded);
        if let Some(commit) = kept.find(|commit| verified(&identity, known.record, base, tree, *commit, repo).is_some()) {
            if there != Some(commit) {
                let _intent = lock.intend(&name)?;
                refs::move_own(git, &name, there, commit, "lifeos: candidate put back")?;
            }
            return Ok(Self { run, identity, base, tree, commit, digest });
        }
        let parent = git.find_commit(base)?;
        let author = ledger::signature(now.max(parent.time().seconds()))?;
        let message = words::message(&identity, known.record, &run, &digest, refs::read(git, ledger::REF)?);
        let making = lock.making()?;
        let mut is_written = false;
        let write = || {
            // A handle of its own: this one would still see a pack that is gone.
            if !is_written || git2::Repository::open(git.path())?.find_tree(tree).is_err() {
                writing::add_pack(git, candidate.pack(), &making)?;
                is_written = true;
            }
            writing::commit(git, &author, &message, &git.find_tree(tree)?, &[&parent])
        };
        let intent = lock.intend(&name)?;
        let commit = refs::publish::<WaitingError>(git, &name, there, "lifeos: candidate", write)?;
        drop(intent);
        if verified(&identity, known.record, base, tree, commit, repo).is_none() {
            return Err(WaitingError::Stale { run, reason: "its commit is not the candidate that was made".to_owned() });
        }
        Ok(Self { run, identity, base, tree, commit, digest })
    }

    /// Finds a candidate again and holds it against what it stood on; `base` is
    /// the commit that a run would stand on now.
    ///
    /// # Errors
    /// [`WaitingError::Stale`] when anything is not as recorded.
    pub(crate) fn find(run: &str, known: &Known<'_>, identity: Identity, base: Oid, repo: &Repo) -> Result<Self, WaitingError> {
        let recorded = known.record;
        let stale = |reason: &str| WaitingError::Stale { run: run.to_owned(), reason: reason.to_owned() };
        let candidate = recorded.candidate.as_ref().ok_or_else(|| stale("it came to no candidate"))?;
        let commit = refs::read(repo.git(), &ref_of(run))?.ok_or_else(|| stale("its candidate is gone"))?;
        if recorded.plugin != identity.plugin {
            return Err(stale("the component is another one now"));
        }
        if recorded.grant != identity.grant.to_string() {
            return Err(stale("the task's configuration changed"));
        }
        if recorded.base != base.to_string() {
            return Err(stale("the base moved"));
        }
        if !known.commits.contains(&commit.to_string()) {
            return Err(stale("its candidate was replaced"));
        }
        let tree = Oid::from_str(&candidate.tree)?;
        let digest = verified(&identity, recorded, base, tree, commit, repo).filter(|digest| run_of(digest) == run);
        let digest = digest.ok_or_else(|| stale("its commit is not the candidate that was made"))?;
        let recorded_paths: Vec<&str> = recorded.edits.iter().map(|edit| edit.path.as_str()).collect();
        let mut differing = repo.differing(base, commit)?;
        differing.sort_unstable();
        if differing != recorded_paths {
            return Err(stale("its tree has other changes than its record says"));
        }
        if digest.to_string() != candidate.digest {
            return Err(stale("its digest does not match its record"));
        }
        Ok(Self { run: run.to_owned(), identity, base, tree, commit, digest })
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// What it stands on besides its base.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The commit it stands on.
    #[must_use]
    pub fn base(&self) -> Oid {
        self.base
    }

    /// Its tree.
    #[must_use]
    pub fn tree(&self) -> Oid {
        self.tree
    }

    /// Its commit.
    #[must_use]
    pub fn commit(&self) -> Oid {
        self.commit
    }

    /// What an approval names.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// As it is recorded.
    #[must_use]
    pub fn recorded(&self) -> record::Candidate {
        let (tree, commit) = (self.tree.to_string(), self.commit.to_string());
        record::Candidate { tree, commit, digest: self.digest.to_string() }
    }
}

/// The digest of a candidate, if the commit is one that the host made for it:
/// its tree, its only parent, its author and its words.
#[must_use]
pub fn verified(identity: &Identity, record: &record::Run, base: Oid, tree: Oid, commit: Oid, repo: &Repo) -> Option<Digest> {
    let found = repo.git().find_commit(commit).ok()?;
    let digest = identity.digest(base, tree);
    let is_candidate = found.tree_id() == tree && found.parent_ids().collect::<Vec<_>>() == [base];
    (is_candidate && writing::is_plain(repo.git(), &found) && words::is_ours(&found, identity, record, &run_of(&digest), &digest))
        .then_some(digest)
}
