//! Compiled code on disk, outside the repository, in a folder that only the
//! user can write. Loading native code is running it, so each file carries a
//! keyed digest made with a key that lies beside it and nowhere else.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::digest::Digest;

const KEY: &str = "key";

/// The folder of compiled code.
pub struct Cache {
    path: PathBuf,
    folder: Dir,
    key: [u8; 32],
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Somebody else could put code into it.
    #[error("{path} can be written by others, so compiled code in it cannot be trusted")]
    Shared {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("cannot use the cache of compiled code at {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Fresh code does not load.
    #[error("compiled code does not load: {0}")]
    Code(String),
}

impl Cache {
    /// Opens the folder, making it if it is not there.
    ///
    /// # Errors
    /// [`CacheError::Shared`], [`CacheError::Io`].
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        let io = |source| CacheError::Io { path: path.to_owned(), source };
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
            return Err(CacheError::Shared { path: path.to_owned() });
        }
        let key = read_key(&folder).or_else(|_| make_key(&folder)).map_err(io)?;
        Ok(Self { path: path.to_owned(), folder, key })
    }

    /// Compiled code of a component, if it is there and is what we put there.
    pub(super) fn find(&self, engine: &Engine, component: Digest) -> Result<Option<Component>, CacheError> {
        let name = name(engine, component);
        let Ok(seal) = self.folder.read(format!("{name}.seal")) else { return Ok(None) };
        let file = self.path.join(&name);
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes());
        if hasher.update_mmap_rayon(&file).is_err() || seal.as_slice() != hasher.finalize().as_bytes() {
            return Ok(None);
        }
        // SAFETY: the bytes are those that `keep` sealed with a key that only this user can read,
        // in a folder that only this user can write.
        #[expect(unsafe_code, reason = "loading native code that this program made")]
        let component = unsafe { Component::deserialize_file(engine, &file) };
        // Code of another build of the engine does not load: compile again.
        Ok(component.ok())
    }

    /// Keeps fresh code and loads it.
    pub(super) fn keep(&self, engine: &Engine, component: Digest, code: &[u8]) -> Result<Component, CacheError> {
        let name = name(engine, component);
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes()).update_rayon(code);
        // A full disk costs the next run a compilation and this one nothing.
        let kept = self.write(&name, code).and_then(|()| self.write(&format!("{name}.seal"), hasher.finalize().as_bytes()));
        if let Err(error) = kept {
            tracing::warn!(%error, "compiled code was not kept");
        }
        adopt(engine, code)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let temporary = temporary_name(name)?;
        let written =
            write_new(&self.folder, &temporary, bytes).and_then(|()| self.folder.rename(&temporary, &self.folder, name));
        if written.is_err() {
            drop(self.folder.remove_file(&temporary));
        }
        written
    }
}

/// Loads code that the compiling child has just handed over.
pub(super) fn adopt(engine: &Engine, code: &[u8]) -> Result<Component, CacheError> {
    // SAFETY: the bytes come straight from a child process that runs this same program.
    #[expect(unsafe_code, reason = "loading native code that this program made")]
    let component = unsafe { Component::deserialize(engine, code) };
    component.map_err(|error| CacheError::Code(format!("{error:#}")))
}

/// Component, engine configuration and engine version in one file name.
fn name(engine: &Engine, component: Digest) -> String {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    format!("{}-{:016x}", component.hex(), hasher.finish())
}

fn read_key(folder: &Dir) -> std::io::Result<[u8; 32]> {
    folder.read(KEY)?.try_into().map_err(|_| std::io::Error::other("the key is damaged"))
}

fn make_key(folder: &Dir) -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    let temporary = temporary_name(KEY)?;
    write_new(folder, &temporary, &key)?;
    // Of two that do this at once the last one wins; what the other sealed is compiled anew.
    folder.rename(&temporary, folder, KEY)?;
    read_key(folder)
}

/// A name that nobody has used, also not a process of the same id that was killed.
fn temporary_name(name: &str) -> std::io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("{name}.{:016x}", u64::from_le_bytes(bytes)))
}

fn write_new(folder: &Dir, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = folder.open_with(name, &options)?;
    file.write_all(bytes)
}
