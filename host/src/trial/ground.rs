//! The repository that cases are tried on: made for one trial in a folder that
//! goes with it. It has objects and no ref; every commit has the same author and
//! time, so that the same case is the same commit everywhere.

use std::path::PathBuf;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, RepositoryInitOptions, Signature, Time};

use super::TrialError;
use super::files::{File, Files, Mode};
use crate::candidate::Candidate;
use crate::repo::Repo;
use crate::repo::history::TRAILER;
use crate::writing;

/// Time of every base commit: 2026-01-02T03:04:05Z.
pub(super) const NOW_SECONDS: i64 = 1_767_323_045;
/// How much later what a plugin proposed lands: a day.
const LATER_SECONDS: i64 = 86_400;

/// A repository, and room beside it.
pub(super) struct Ground {
    folder: tempfile::TempDir,
    repo: Repo,
}

impl Ground {
    /// Makes one beneath `scratch`.
    pub(super) fn new(scratch: &std::path::Path) -> Result<Self, TrialError> {
        let folder = tempfile::Builder::new().prefix("lifeos-trial-").tempdir_in(scratch).map_err(TrialError::Scratch)?;
        let place = folder.path().join("repository");
        let mut options = RepositoryInitOptions::new();
        options.external_template(false).no_reinit(true).mkpath(true).initial_head("main");
        Repository::init_opts(&place, &options)?;
        Ok(Self { repo: Repo::discover(&place)?, folder })
    }

    pub(super) fn repo(&self) -> &Repo {
        &self.repo
    }

    /// A place beside the repository that nothing stands at.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes files as a tree.
    pub(super) fn tree(&self, files: &Files) -> Result<Oid, TrialError> {
        let git = self.repo.git();
        let mut update = TreeUpdateBuilder::new();
        for (path, File { mode, bytes }) in files {
            let mode = match mode {
                Mode::Plain => FileMode::Blob,
                Mode::Executable => FileMode::BlobExecutable,
                Mode::Link => FileMode::Link,
            };
            update.upsert(path.as_str(), git.blob(bytes)?, mode);
        }
        let empty = git.find_tree(git.treebuilder(None)?.write()?)?;
        Ok(update.create_updated(git, &empty)?)
    }

    /// Writes files as a commit without a parent.
    pub(super) fn commit(&self, files: &Files) -> Result<Oid, TrialError> {
        let (git, tree) = (self.repo.git(), self.tree(files)?);
        Ok(writing::commit(git, &author("Author", NOW_SECONDS)?, "The files of a case\n", &git.find_tree(tree)?, &[])?)
    }

    /// Writes a candidate as the commit after its base, as a run that lands does, a day later.
    pub(super) fn land(&self, candidate: &Candidate) -> Result<Oid, TrialError> {
        let git = self.repo.git();
        writing::add_pack(git, candidate.pack(), self.folder.path())?;
        let message = format!("trial: what the plugin proposed\n\n{TRAILER} trial\n");
        let (tree, base) = (git.find_tree(candidate.tree())?, git.find_commit(candidate.base())?);
        Ok(writing::commit(git, &author("lifeos", NOW_SECONDS + LATER_SECONDS)?, &message, &tree, &[&base])?)
    }

    /// The files of a tree that was written.
    pub(super) fn files(&self, tree: Oid) -> Result<Files, TrialError> {
        let git = self.repo.git();
        let tree = git.find_tree(tree)?;
        let (mut files, mut fault) = (Files::new(), None);
        tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            let mode = match entry.filemode() {
                0o100_644 => Mode::Plain,
                0o100_755 => Mode::Executable,
                0o120_000 => Mode::Link,
                _ => return git2::TreeWalkResult::Ok,
            };
            match git.find_blob(entry.id()) {
                Ok(blob) => {
                    let path = format!("{}{}", folder, String::from_utf8_lossy(entry.name_bytes()));
                    files.insert(path, File { mode, bytes: blob.content().to_vec() });
                }
                Err(error) => fault = Some(error),
            }
            git2::TreeWalkResult::Ok
        })?;
        fault.map_or(Ok(files), |error| Err(error.into()))
    }
}

fn author(name: &str, seconds: i64) -> Result<Signature<'static>, git2::Error> {
    Signature::new(name, "author@example.org", &Time::new(seconds, 0))
}
