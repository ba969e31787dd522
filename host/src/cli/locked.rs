//! From a task to its component, by way of `lifeos.lock` as a commit has it.
//! It never asks the network; `cli/plugin` does.

use std::borrow::Cow;

use git2::Oid;
use lifeos::config::{Source, Task};
use lifeos::digest::Digest;
use lifeos::nearest::nearest;
use lifeos::plugin::lock::{self, Entry, LockFile};
use lifeos::plugin::origin::Origin;
use lifeos::plugin::{Plugin, PluginError, official};
use lifeos::repo::Repo;
use lifeos::run::place;
use lifeos::sealed::SealedFolder;
use lifeos::wasm::LoadError;

use super::error::CommandError;
use super::exit::Exit;
use super::{Global, open};

/// The plugins that were looked at, and the folder that components from elsewhere are kept in.
pub(crate) struct Locked {
    pub(crate) lock: LockFile,
    folder: Option<SealedFolder>,
}

impl Locked {
    /// As a commit has them; none if it has no lock.
    pub(crate) fn at(repo: &Repo, base: Oid, global: &Global) -> Result<Self, CommandError> {
        let text = repo.file_at(base, lock::FILE, lock::LOCK_BYTES_MAX)?;
        let lock = text.map_or_else(|| Ok(LockFile::default()), |text| LockFile::parse(&text));
        let lock = lock.map_err(|error| CommandError::from(error).at(lock::FILE))?;
        let is_remote = lock.plugins.values().any(|entry| entry.source.is_remote());
        let folder = open::cache_folder(global).filter(|_| is_remote);
        let folder = folder.map(|folder| SealedFolder::open(&folder)).transpose().map_err(LoadError::from)?;
        Ok(Self { lock, folder })
    }

    /// The component of a task: the bytes read here are the bytes that run.
    pub(crate) fn plugin(&self, task: &Task, repo: &Repo) -> Result<Plugin, CommandError> {
        let plugin = match (place::entry(task, &self.lock), &task.plugin) {
            (Some((name, _)), _) if official::names().any(|official| official == name) => return Err(both(name)),
            (Some((name, entry)), _) => entry.admit(name, bytes(name, entry, repo, self.folder.as_ref())?)?,
            (None, Source::Name(name)) => official::read(name).map_err(|error| self.unknown(name, error))?,
            (None, Source::File(address)) if address.contains("://") => return Err(not_let_in(address)),
            (None, Source::File(path)) => open::component(&repo.workdir().join(path))?,
        };
        Ok(plugin.pinned(task.digest)?)
    }

    /// The bytes of a task's component, whoever they are for, with their digest: nothing about them is judged.
    pub(crate) fn unjudged(&self, task: &Task, repo: &Repo) -> Result<(Cow<'static, [u8]>, Digest), CommandError> {
        match (place::entry(task, &self.lock), &task.plugin) {
            (Some((name, _)), _) => self.entry(name, repo),
            (None, Source::Name(name)) => carried(name),
            (None, Source::File(path)) => Ok(digested(open::bytes(&repo.workdir().join(path))?)),
        }
    }

    /// The same for an entry of the lock.
    pub(crate) fn entry(&self, name: &str, repo: &Repo) -> Result<(Cow<'static, [u8]>, Digest), CommandError> {
        Ok(digested(bytes(name, &self.lock.plugins[name], repo, self.folder.as_ref())?))
    }

    fn unknown(&self, name: &str, error: PluginError) -> CommandError {
        let known: Vec<String> = self.lock.plugins.keys().cloned().chain(official::names().map(str::to_owned)).collect();
        let known = known.iter().map(String::as_str);
        match error {
            PluginError::Unknown { name: unknown, .. } => {
                PluginError::Unknown { name: unknown, nearest: nearest(name, known).map(str::to_owned) }.into()
            }
            error => error.into(),
        }
    }
}

/// The bytes that an entry names, as they are on this machine; whether they are the right ones is not looked at.
pub(crate) fn bytes(name: &str, entry: &Entry, repo: &Repo, folder: Option<&SealedFolder>) -> Result<Vec<u8>, CommandError> {
    if let Origin::File(path) = &entry.source {
        return open::bytes(&repo.workdir().join(path));
    }
    folder.and_then(|folder| folder.read(&kept_as(entry.digest))).ok_or_else(|| {
        let error = CommandError::usage(format!("the component of plugin {name} is not on this machine"));
        error.hint(format!("`lifeos plugin fetch {name}` brings it from {}", entry.source))
    })
}

/// The bytes of an official plugin; their digest was taken when the program was built.
pub(crate) fn carried(name: &str) -> Result<(Cow<'static, [u8]>, Digest), CommandError> {
    let (bytes, digest) = official::bytes(name)?;
    Ok((bytes.into(), digest))
}

/// Bytes with their digest.
pub(crate) fn digested(bytes: Vec<u8>) -> (Cow<'static, [u8]>, Digest) {
    let digest = Digest::of(&bytes);
    (bytes.into(), digest)
}

/// What a component from elsewhere is called in the cache folder.
pub(crate) fn kept_as(digest: Digest) -> String {
    format!("component-{}", digest.hex())
}

/// An address in the place of a name.
fn not_let_in(address: &str) -> CommandError {
    let error = CommandError::usage(format!("{} has no plugin from {}", lock::FILE, lifeos::clean::line(address)));
    error.hint("lifeos plugin add brings it; a task then names it as lifeos.lock does")
}

/// A name that the lock and this program both have.
fn both(name: &str) -> CommandError {
    let error =
        CommandError::new(Exit::Denied, format!("{name} is an official plugin of this lifeos, and one of {}", lock::FILE));
    error.hint(format!("lifeos plugin remove {name}, or add it again under another name: --name NAME"))
}
