//! The repository that cases are tried on: made for one trial in a folder that
//! goes with it. It has objects and no ref; every commit has the same author and
//! time, so that the same case is the same commit everywhere.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// How the name of its folder begins.
const PREFIX: &str = "lifeos-trial-";
/// A folder that is older was left by a trial that was killed.
const ABANDONED: Duration = Duration::from_secs(86_400);

/// A repository, and room beside it.
pub(super) struct Ground {
    folder: tempfile::TempDir,
    repo: Repo,
}

impl Ground {
    /// Makes one beneath `scratch`.
    pub(super) fn new(scratch: &Path) -> Result<Self, TrialError> {
        sweep(scratch);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(scratch).map_err(TrialError::Scratch)?;
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

    /// Writes files as a commit. Its parent has those of the `past`, a day before; without them there is none.
    pub(super) fn commit(&self, files: &Files, past: Option<&Files>) -> Result<Oid, TrialError> {
        let write = |files: &Files, seconds: i64, parents: &[&git2::Commit<'_>]| {
            let (git, tree) = (self.repo.git(), self.tree(files)?);
            let author = author("Author", seconds)?;
            Ok::<_, TrialError>(writing::commit(git, &author, "The files of a case\n", &git.find_tree(tree)?, parents)?)
        };
        let Some(past) = past else { return write(files, NOW_SECONDS, &[]) };
        let parent = self.repo.git().find_commit(write(past, NOW_SECONDS - LATER_SECONDS, &[])?)?;
        write(files, NOW_SECONDS, &[&parent])
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

/// Removes what killed trials left behind.
fn sweep(scratch: &Path) {
    for entry in std::fs::read_dir(scratch).into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        // Others may make folders of that name in a place that is shared; of a link the metadata are its own.
        let is_left = |about: std::fs::Metadata| {
            let is_old = about.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
            about.is_dir() && is_old && about.uid() == rustix::process::geteuid().as_raw()
        };
        if is_named && entry.metadata().is_ok_and(is_left) {
            // Somebody else may have been quicker.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

fn author(name: &str, seconds: i64) -> Result<Signature<'static>, git2::Error> {
    Signature::new(name, "author@example.org", &Time::new(seconds, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_old_and_ours_is_swept() {
        let scratch = tempfile::tempdir().expect("a folder");
        let old = std::time::SystemTime::now() - 2 * ABANDONED;
        for (name, is_old) in [("lifeos-trial-old", true), ("lifeos-trial-new", false), ("other-old", true)] {
            let place = scratch.path().join(name);
            std::fs::create_dir(&place).expect("a folder");
            if is_old {
                std::fs::File::open(&place).expect("a folder").set_modified(old).expect("a time");
            }
        }
        drop(Ground::new(scratch.path()).expect("a ground"));
        let left = |name: &str| scratch.path().join(name).exists();
        assert!(!left("lifeos-trial-old") && left("lifeos-trial-new") && left("other-old"));
        assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 2, "it goes with its value");
    }
}
