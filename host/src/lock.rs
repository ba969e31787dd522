//! The state folder beside git's own, and the lock that lets one run at a
//! time. The lock is the kernel's: it ends with the process, however it ends.

use std::cell::{Cell, RefCell};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, OpenOptions, OpenOptionsExt as _};

/// Name of the folder inside git's common folder.
const FOLDER: &str = "lifeos";
/// Name of the lock in it.
const LOCK: &str = "run.lock";
/// Name of the note that says which refs are about to move.
const INTENT: &str = "intent";
/// Its name while it is written.
const INTENT_NEW: &str = "intent.new";
/// Name of the journal of spending.
const JOURNAL: &str = "spending";
/// Bytes of the journal of spending.
pub const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Name of the folder for what is being made.
const MAKING: &str = "making";
/// The folder for what is being made, in git's common folder; the next run
/// takes away what a killed one left in it.
pub const MAKING_PLACE: &str = "lifeos/making";
/// Where branches of ours live.
const BRANCHES: &str = "refs/heads/lifeos/";

/// The right to write; held for the life of a run.
pub struct Lock {
    _file: File,
    git: Dir,
    folder: Dir,
    path: PathBuf,
    notes: RefCell<Vec<String>>,
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
        let mut lock = Self { _file: file, git: parent, folder, path: path.clone(), notes: RefCell::default() };
        lock.recover().map_err(io)?;
        Ok(lock)
    }

    /// Notes that a ref is about to move, so that a lock file which git leaves
    /// behind when this process is killed is known to be ours. The note goes with
    /// the value.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn intend(&self, name: &str) -> Result<Intent<'_>, LockError> {
        let is_theirs = self.has_lock_of(name);
        let intent = Intent { lock: self, name: name.to_owned(), is_theirs, stays: Cell::new(false) };
        self.notes.borrow_mut().push(name.to_owned());
        match self.write_notes() {
            Ok(()) => Ok(intent),
            Err(source) => Err(LockError::Io { path: self.path.clone(), source }),
        }
    }

    /// Forgets of which branches it was noted that they move, unless `still` says
    /// that their landing is not on record.
    pub fn settle(&self, still: impl Fn(&str) -> bool) {
        let before = self.notes.borrow().len();
        self.notes.borrow_mut().retain(|name| still(name));
        if self.notes.borrow().len() < before {
            // What cannot be written now is taken up by the next run.
            drop(self.write_notes());
        }
    }

    /// A folder on the file system of the repository, for what is being made.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn making(&self) -> Result<PathBuf, LockError> {
        let io = |source| LockError::Io { path: self.path.clone(), source };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        self.folder.create_dir_with(MAKING, &builder).map_err(io)?;
        Ok(self.path.join(MAKING))
    }

    /// The journal of spending, new and empty; its name is on the disk. The lock must be held while it is written.
    ///
    /// # Errors
    /// What the system said, also that there is one already.
    pub fn journal(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = self.folder.open_with(JOURNAL, &options)?.into_std();
        self.folder.open(".")?.sync_all()?;
        Ok(file)
    }

    /// The bytes of the journal of spending that a run left; none if it left none.
    ///
    /// # Errors
    /// As [`Self::journal_of`].
    pub fn journal_left(&self) -> std::io::Result<Option<Vec<u8>>> {
        is_plain(self.folder.symlink_metadata(JOURNAL).map(|about| about.is_file()))?;
        read_journal(self.folder.open(JOURNAL).map(cap_std::fs::File::into_std))
    }

    /// The same without the lock, in the repository whose common folder is `git`: a
    /// run may be writing it.
    ///
    /// # Errors
    /// What the system said; a journal above its bound is `FileTooLarge`.
    pub fn journal_of(git: &Path) -> std::io::Result<Option<Vec<u8>>> {
        let path = git.join(FOLDER).join(JOURNAL);
        is_plain(std::fs::symlink_metadata(&path).map(|about| about.is_file()))?;
        read_journal(File::open(path))
    }

    /// Removes the journal of spending, if there is one.
    ///
    /// # Errors
    /// What the system said.
    pub fn journal_clear(&self) -> std::io::Result<()> {
        match self.folder.remove_file(JOURNAL) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Names of branches of ours of which a run that was stopped noted that they
    /// move, in the repository whose common folder is `git`.
    #[must_use]
    pub fn moving(git: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(git.join(FOLDER).join(INTENT)).unwrap_or_default();
        text.lines().filter(|name| name.starts_with(BRANCHES)).map(str::to_owned).collect()
    }

    /// Removes what a killed run of ours left: the lock file of a ref that it was
    /// moving, and what it was making. That a branch was moving stays on the note
    /// until its landing is on record.
    fn recover(&mut self) -> std::io::Result<()> {
        self.clear()?;
        let Ok(text) = self.folder.read_to_string(INTENT) else { return Ok(()) };
        for name in text.lines().filter(|name| is_ours(name)) {
            match self.git.remove_file(format!("{name}.lock")) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let branches = text.lines().filter(|name| is_ours(name) && name.starts_with(BRANCHES));
        *self.notes.borrow_mut() = branches.map(str::to_owned).collect();
        self.write_notes()
    }

    fn clear(&self) -> std::io::Result<()> {
        for cleared in [self.folder.remove_file(INTENT_NEW), self.folder.remove_dir_all(MAKING)] {
            if let Err(error) = cleared
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error);
            }
        }
        Ok(())
    }

    fn write_notes(&self) -> std::io::Result<()> {
        let text = self.notes.borrow().join("\n");
        if text.is_empty() {
            return match self.folder.remove_file(INTENT) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        // Whole or not at all: what stands in it now may be needed.
        let file = self.folder.create(INTENT_NEW)?;
        std::io::Write::write_all(&mut &file, text.as_bytes())?;
        file.sync_all()?;
        self.folder.rename(INTENT_NEW, &self.folder, INTENT)
    }

    fn has_lock_of(&self, name: &str) -> bool {
        self.git.symlink_metadata(format!("{name}.lock")).is_ok()
    }

    fn done(&self, name: &str) {
        self.notes.borrow_mut().retain(|noted| noted != name);
        // What cannot be written now is taken up by the next run.
        drop(self.write_notes());
    }
}

/// Refuses what would be waited for, or leads elsewhere, in place of a file.
fn is_plain(is_file: std::io::Result<bool>) -> std::io::Result<()> {
    match is_file {
        Ok(false) => Err(std::io::Error::new(ErrorKind::InvalidData, "it is no plain file")),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_journal(file: std::io::Result<File>) -> std::io::Result<Option<Vec<u8>>> {
    let file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(JOURNAL_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > JOURNAL_BYTES_MAX {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than any that lifeos writes"));
    }
    Ok(Some(bytes))
}

fn is_ours(name: &str) -> bool {
    (name.starts_with("refs/lifeos/") || name.starts_with(BRANCHES)) && !name.contains("..")
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.clear());
    }
}

/// A note that stands while a ref moves.
pub struct Intent<'l> {
    lock: &'l Lock,
    name: String,
    /// Whether somebody else's lock file was there before.
    is_theirs: bool,
    stays: Cell<bool>,
}

impl Intent<'_> {
    /// Whether the note outlives the value: from when a branch has moved until
    /// that is on record.
    pub fn stays(&self, stays: bool) {
        self.stays.set(stays);
    }
}

impl Drop for Intent<'_> {
    fn drop(&mut self) {
        let Self { lock, name, is_theirs, stays } = self;
        // Git may have failed to remove its own lock file; then the note must stay too.
        let is_left = !*is_theirs && lock.has_lock_of(name) && lock.git.remove_file(format!("{name}.lock")).is_err();
        if !is_left && !stays.get() {
            lock.done(name);
        }
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
        assert_eq!(Lock::moving(git.path()), ["refs/heads/lifeos/docs"], "until its landing is on record");
        drop(lock.intend("refs/heads/lifeos/docs").expect("intent"));
        assert!(!git.path().join("lifeos/intent").exists());
        drop(lock);
    }
}
