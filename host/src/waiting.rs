//! Candidate -> Waiting: written as a commit under `refs/lifeos/runs/`, where
//! it waits for a verdict. No ref of the user moves here.

use git2::Oid;

use crate::candidate::Candidate;
use crate::digest::Digest;
use crate::ledger;
use crate::ledger::record::{self, PluginId};
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::repo::{Repo, RepoError};

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

/// The trailer that names the newest entry of the ledger before a candidate.
pub const RECORD_TRAILER: &str = "Lifeos-Record:";

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

/// What the host adds to a candidate.
pub struct Words<'w> {
    /// What the run found, on one line.
    pub summary: &'w str,
    /// The commit of this candidate in the ledger, if it is there.
    pub recorded: Option<&'w str>,
}

impl Waiting {
    /// Writes the candidate. One that is recorded is not written again.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub(crate) fn write(
        candidate: &Candidate,
        identity: Identity,
        words: &Words<'_>,
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
        let recorded = words.recorded.and_then(|commit| Oid::from_str(commit).ok());
        if let Some(commit) = recorded.filter(|commit| git.find_commit(*commit).is_ok()) {
            if there != Some(commit) {
                let _intent = lock.intend(&name)?;
                refs::move_own(git, &name, there, commit, "lifeos: candidate put back")?;
            }
            return Self::verified(run, identity, base, tree, commit, repo);
        }
        let parent = git.find_commit(base)?;
        let author = ledger::signature(now.max(parent.time().seconds()))?;
        let message = message(&identity, candidate, words.summary, &run, &digest, refs::read(git, ledger::REF)?);
        let mut is_written = false;
        let write = || {
            // A handle of its own: this one would still see a pack that is gone.
            if !is_written || git2::Repository::open(git.path())?.find_tree(tree).is_err() {
                write_pack(repo, candidate.pack())?;
                is_written = true;
            }
            git.commit(None, &author, &author, &message, &git.find_tree(tree)?, &[&parent])
        };
        let intent = lock.intend(&name)?;
        let commit = refs::publish::<WaitingError>(git, &name, there, "lifeos: candidate", write)?;
        drop(intent);
        Self::verified(run, identity, base, tree, commit, repo)
    }

    /// Finds a candidate again and holds it against what it stood on; `base` is
    /// the commit that a run would stand on now.
    ///
    /// # Errors
    /// [`WaitingError::Stale`] when anything is not as recorded.
    pub(crate) fn find(
        run: &str,
        recorded: &record::Run,
        identity: Identity,
        base: Oid,
        repo: &Repo,
    ) -> Result<Self, WaitingError> {
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
        if candidate.commit != commit.to_string() {
            return Err(stale("its candidate was replaced"));
        }
        let (base, tree) = (Oid::from_str(&recorded.base)?, Oid::from_str(&candidate.tree)?);
        let waiting = Self::verified(run.to_owned(), identity, base, tree, commit, repo)?;
        let recorded_paths: Vec<&str> = recorded.edits.iter().map(|edit| edit.path.as_str()).collect();
        let mut differing = repo.differing(base, commit)?;
        differing.sort_unstable();
        if differing != recorded_paths {
            return Err(stale("its tree has other changes than its record says"));
        }
        if waiting.digest.to_string() == candidate.digest {
            Ok(waiting)
        } else {
            Err(stale("its digest does not match its record"))
        }
    }

    fn verified(run: String, identity: Identity, base: Oid, tree: Oid, commit: Oid, repo: &Repo) -> Result<Self, WaitingError> {
        let found = repo.git().find_commit(commit)?;
        let parents: Vec<Oid> = found.parent_ids().collect();
        let digest = identity.digest(base, tree);
        if found.tree_id() != tree || parents != [base] || run_of(&digest) != run {
            return Err(WaitingError::Stale { run, reason: "its commit is not the candidate that was made".to_owned() });
        }
        Ok(Self { run, identity, tree, commit, digest })
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

fn write_pack(repo: &Repo, pack: &[u8]) -> Result<(), git2::Error> {
    let odb = repo.git().odb()?;
    let mut writer = odb.packwriter()?;
    std::io::Write::write_all(&mut writer, pack).map_err(|error| unwritten(&error))?;
    writer.commit()?;
    Ok(())
}

/// A full disk comes as an error of the writer, and must not lose its class.
fn unwritten(error: &std::io::Error) -> git2::Error {
    git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Os, error.to_string())
}

/// The host's own words; nothing that a plugin said stands in it.
/// `record` is the newest entry of the ledger: what came before a candidate
/// cannot be rewritten without rewriting the candidate.
fn message(identity: &Identity, candidate: &Candidate, summary: &str, run: &str, digest: &Digest, record: Option<Oid>) -> String {
    let Identity { task, plugin, .. } = identity;
    let files = candidate.edits().len();
    let noun = if files == 1 { "file" } else { "files" };
    format!(
        "{task}: {files} {noun} by {name} {version}\n\n{summary}\n\n{trailer} {run}\nLifeos-Task: {task}\nLifeos-Plugin: {name} {version} {component}\nLifeos-Digest: {digest}\n{before}",
        before = record.map(|record| format!("{RECORD_TRAILER} {record}\n")).unwrap_or_default(),
        name = plugin.name,
        version = plugin.version,
        component = plugin.digest,
        trailer = crate::repo::history::TRAILER,
    )
}
