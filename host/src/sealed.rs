//! A folder outside the repository that only the user can write, whose files
//! carry a keyed digest made with a key that lies beside them and nowhere
//! else. What does not bear its seal is not there. It knows nothing of what
//! the files mean; every one may be deleted at any time.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions, OpenOptionsExt as _};

const KEY: &str = "key";
/// A file that nobody wrote to for so long is not being written.
const ABANDONED: std::time::Duration = std::time::Duration::from_secs(3600);
/// Bytes of a seal.
const SEAL_BYTES: usize = 32;

/// The folder, open.
#[derive(Clone)]
pub struct SealedFolder {
    path: PathBuf,
    folder: Arc<Dir>,
    key: [u8; SEAL_BYTES],
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// Somebody else could put something into it.
    #[error("{path} can be written by others, so what is in it cannot be trusted")]
    Shared {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("cannot use the cache at {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl SealedFolder {
    /// Opens the folder, making it if it is not there.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn open(path: &Path) -> Result<Self, SealedError> {
        let io = |source| SealedError::Io { path: path.to_owned(), source };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        if let Some(parent) = path.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            std::fs::create_dir_all(parent).map_err(io)?;
            let parent = Dir::open_ambient_dir(parent, ambient_authority()).map_err(io)?;
            parent.create_dir_with(path.file_name().unwrap_or_default(), &builder).map_err(io)?;
        }
        let folder = Dir::open_ambient_dir(path, ambient_authority()).map_err(io)?;
        let about = folder.dir_metadata().map_err(io)?;
        if about.mode() & 0o022 != 0 || about.uid() != rustix::process::geteuid().as_raw() {
            return Err(SealedError::Shared { path: path.to_owned() });
        }
        let key = read_key(&folder).or_else(|_| make_key(&folder)).map_err(io)?;
        Ok(Self { path: path.to_owned(), folder: Arc::new(folder), key })
    }

    /// The path of a file whose seal, in a file beside it, is right.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let seal = self.folder.read(seal_of(name)).ok()?;
        let file = self.path.join(name);
        let mut hasher = self.hasher(name);
        let read = hasher.update_mmap_rayon(&file).is_ok();
        (read && seal.as_slice() == hasher.finalize().as_bytes()).then_some(file)
    }

    /// Keeps a file, and its seal in a file beside it.
    ///
    /// # Errors
    /// What the system said; nothing else is affected.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.sweep_temporaries();
        let seal = self.seal(name, bytes);
        self.write(name, &[bytes]).and_then(|()| self.write(&seal_of(name), &[&seal]))
    }

    /// The bytes of a file that begins with its seal.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = self.folder.read(name).ok()?;
        let (seal, body) = bytes.split_first_chunk::<SEAL_BYTES>()?;
        let is_right = *seal == self.seal(name, body);
        bytes.drain(..SEAL_BYTES);
        is_right.then_some(bytes)
    }

    /// Writes a file that begins with its seal; it appears whole or not at all.
    ///
    /// # Errors
    /// What the system said; the file of before stays then.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.sweep_temporaries();
        self.write(name, &[&self.seal(name, bytes), bytes])
    }

    /// Removes files whose names begin so and that nobody wrote for so long.
    pub fn sweep(&self, prefix: &str, unused: std::time::Duration) {
        for entry in self.folder.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_ours = name.to_str().is_some_and(|name| name.starts_with(prefix));
            let modified = entry.metadata().and_then(|about| about.modified()).ok();
            let is_old = modified.is_some_and(|at| at.into_std().elapsed().is_ok_and(|age| age > unused));
            if is_ours && is_old {
                // Somebody else may have been quicker.
                drop(self.folder.remove_file(&name));
            }
        }
    }

    /// Removes what killed processes left of files that they were writing.
    fn sweep_temporaries(&self) {
        for entry in self.folder.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            let end = name.to_str().and_then(|name| name.rsplit_once('.')).map(|(_, end)| end);
            let is_temporary = end.is_some_and(|end| end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let modified = entry.metadata().and_then(|about| about.modified()).ok();
            if is_temporary && modified.is_some_and(|at| at.into_std().elapsed().is_ok_and(|age| age > ABANDONED)) {
                // Somebody else may have been quicker.
                drop(self.folder.remove_file(&name));
            }
        }
    }

    fn hasher(&self, name: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes());
        hasher
    }

    fn seal(&self, name: &str, bytes: &[u8]) -> [u8; SEAL_BYTES] {
        *self.hasher(name).update_rayon(bytes).finalize().as_bytes()
    }

    fn write(&self, name: &str, parts: &[&[u8]]) -> std::io::Result<()> {
        let temporary = temporary_name(name)?;
        let written =
            write_new(&self.folder, &temporary, parts).and_then(|()| self.folder.rename(&temporary, &self.folder, name));
        if written.is_err() {
            drop(self.folder.remove_file(&temporary));
        }
        written
    }
}

fn seal_of(name: &str) -> String {
    format!("{name}.seal")
}

fn read_key(folder: &Dir) -> std::io::Result<[u8; SEAL_BYTES]> {
    folder.read(KEY)?.try_into().map_err(|_| std::io::Error::other("the key is damaged"))
}

fn make_key(folder: &Dir) -> std::io::Result<[u8; SEAL_BYTES]> {
    let mut key = [0; SEAL_BYTES];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    let temporary = temporary_name(KEY)?;
    write_new(folder, &temporary, &[&key])?;
    // Of two that do this at once the last one wins; what the other sealed is made anew.
    folder.rename(&temporary, folder, KEY)?;
    read_key(folder)
}

/// A name that nobody has used, also not a process of the same id that was killed.
fn temporary_name(name: &str) -> std::io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("{name}.{:016x}", u64::from_le_bytes(bytes)))
}

fn write_new(folder: &Dir, name: &str, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = folder.open_with(name, &options)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_bears_its_seal_is_there() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("sealed");
        let sealed = SealedFolder::open(&path).expect("a folder");
        assert_eq!(sealed.read("a"), None);
        sealed.replace("a", b"text").expect("written");
        assert_eq!(sealed.read("a").as_deref(), Some(b"text".as_slice()));
        assert_eq!(SealedFolder::open(&path).expect("the same key").read("a").as_deref(), Some(b"text".as_slice()));
        std::fs::copy(path.join("a"), path.join("b")).expect("a copy");
        assert_eq!(sealed.read("b"), None, "a seal is for one name");
        let whole = std::fs::read(path.join("a")).expect("bytes");
        for (at, _) in whole.iter().enumerate() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(path.join("a"), &bytes).expect("written");
            assert_eq!(sealed.read("a"), None, "byte {at}");
            std::fs::write(path.join("a"), &whole[..at]).expect("written");
            assert_eq!(sealed.read("a"), None, "cut at {at}");
        }
    }

    #[test]
    fn only_old_files_of_a_kind_are_swept() {
        let root = tempfile::tempdir().expect("a folder");
        let sealed = SealedFolder::open(&root.path().join("sealed")).expect("a folder");
        for name in ["x-1", "x-2", "y-1"] {
            sealed.replace(name, b"").expect("written");
        }
        sealed.sweep("x-", std::time::Duration::from_secs(3600));
        assert!(sealed.read("x-1").is_some());
        sealed.sweep("x-", std::time::Duration::ZERO);
        assert_eq!(["x-1", "x-2", "y-1"].map(|name| sealed.read(name).is_some()), [false, false, true]);
    }

    #[test]
    fn what_a_killed_process_left_goes_when_something_is_kept() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("sealed");
        let sealed = SealedFolder::open(&path).expect("a folder");
        let (old, young) = (path.join("x.0123456789abcdef"), path.join("x.0123456789abcdee"));
        for file in [&old, &young] {
            std::fs::write(file, "half").expect("written");
        }
        let long_ago = std::time::SystemTime::now() - 2 * ABANDONED;
        std::fs::File::options().write(true).open(&old).and_then(|file| file.set_modified(long_ago)).expect("a time");
        sealed.replace("y", b"").expect("written");
        assert!(!old.exists() && young.exists());
    }
}
