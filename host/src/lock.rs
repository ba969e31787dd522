//! The state folder beside git's own, and the lock that lets one run at a
//! time. The lock is the kernel's: it ends with the process, however it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, OpenOptions, OpenOptionsExt as _};

/// Name of the folder inside git's common folder.
const FOLDER: &str = "lifeos";
/// Name of the lock in it.
const LOCK: &str = "run.lock";
/// Name of the note that says which ref is about to move.
const INTENT: &str = "intent";

/// The right to write; held for the life of a run.
pub struct Lock {
    _file: File,
    folder: Dir,
    path: PathBuf,
}

/// Why the lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it.
    #[error("another lifeos run is working on this repository")]
    Busy,
    /// The folder cannot be used.
    #[error("cannot use the state folder {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of the repository whose common folder is `git`.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(git: &Path) -> Result<Self, LockError> {
        let path = git.join(FOLDER);
        let io = |source| LockError::Io { path: path.clone(), source };
        let parent = Dir::open_ambient_dir(git, ambient_authority()).map_err(io)?;
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        parent.create_dir_with(FOLDER, &builder).map_err(io)?;
        let folder = parent.open_dir(FOLDER).map_err(io)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = folder.open_with(LOCK, &options).map_err(io)?.into_std();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Busy),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let lock = Self { _file: file, folder, path: path.clone() };
        lock.recover(&parent).map_err(io)?;
        Ok(lock)
    }

    /// Notes that a ref is about to move, so that a lock file which git leaves
    /// behind when this process is killed is known to be ours. One note at a
    /// time.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn intend(&self, name: &str) -> Result<Intent<'_>, LockError> {
        let io = |source| LockError::Io { path: self.path.clone(), source };
        let file = self.folder.create(INTENT).map_err(io)?;
        std::io::Write::write_all(&mut &file, name.as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        Ok(Intent { lock: self })
    }

    /// Removes the lock file of a ref that a killed run of ours was moving.
    fn recover(&self, git: &Dir) -> std::io::Result<()> {
        let Ok(name) = self.folder.read_to_string(INTENT) else { return Ok(()) };
        let ours = name.starts_with("refs/lifeos/") || name.starts_with("refs/heads/lifeos/");
        if ours && !name.contains("..") {
            match git.remove_file(format!("{name}.lock")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.folder.remove_file(INTENT)
    }
}

/// A note that stands while a ref moves.
pub struct Intent<'l> {
    lock: &'l Lock,
}

impl Drop for Intent<'_> {
    fn drop(&mut self) {
        drop(self.lock.folder.remove_file(INTENT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_97_101_one_at_a_time_and_only_our_own_leftovers_go() {
        let git = tempfile::tempdir().expect("folder");
        std::fs::create_dir_all(git.path().join("refs/heads/lifeos")).expect("folder");
        let ours = git.path().join("refs/heads/lifeos/docs.lock");
        let theirs = git.path().join("refs/heads/main.lock");
        for file in [&ours, &theirs] {
            std::fs::write(file, "").expect("file");
        }
        let lock = Lock::take(git.path()).expect("lock");
        assert!(matches!(Lock::take(git.path()), Err(LockError::Busy)));
        assert!(ours.exists() && theirs.exists());
        std::mem::forget(lock.intend("refs/heads/lifeos/docs").expect("intent"));
        drop(lock);
        let lock = Lock::take(git.path()).expect("lock");
        assert!(!ours.exists() && theirs.exists());
        assert!(!git.path().join("lifeos/intent").exists());
        drop(lock);
    }
}
