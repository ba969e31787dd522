//! What a run stands on, and where it stands.

use super::error::RunError;
use crate::config::{Source, Task};
use crate::land::outside::Outside;
use crate::ledger::record::{PluginId, PullRequest, State};
use crate::plugin::Plugin;
use crate::plugin::lock::{Entry, LockFile};
use crate::repo::Repo;
use crate::sealed::SealedFolder;
use crate::waiting::Identity;

/// Where and when a run stands: fixed before its configuration is read.
pub struct Place<'r> {
    /// The repository.
    pub repo: &'r Repo,
    /// The commit that tasks, grants and documents come from.
    pub base: git2::Oid,
    /// Seconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// Where what was read before is remembered, if it is.
    pub memory: Option<&'r SealedFolder>,
    /// Where pull requests and merges go, if anywhere.
    pub outside: Option<&'r Outside<'r>>,
    /// The plugins that were looked at, as the base commit has them.
    pub lock: Option<&'r LockFile>,
}

/// Where a run stands, and where its candidate is.
#[derive(Debug, Clone)]
pub struct Stand {
    /// Its state.
    pub state: State,
    /// The branch that moved, here or in the remote repository.
    pub branch: Option<String>,
    /// The pull request that tells of it.
    pub pull_request: Option<PullRequest>,
    /// What it waits for, if it waits.
    pub waits_for: Option<String>,
    /// The run that was on the branch, and is not part of it any more.
    pub replaced: Option<String>,
}

impl From<State> for Stand {
    fn from(state: State) -> Self {
        Self { state, branch: None, pull_request: None, waits_for: None, replaced: None }
    }
}

/// The entry of `lifeos.lock` that a task's plugin has, with its name.
#[must_use]
pub fn entry<'l>(task: &Task, lock: &'l LockFile) -> Option<(&'l str, &'l Entry)> {
    match &task.plugin {
        Source::Name(name) => lock.plugins.get_key_value(name).map(|(name, entry)| (name.as_str(), entry)),
        Source::File(path) => lock.of_path(path),
    }
}

/// A component that is not part of the program must be pinned before it may
/// write, and one of `lifeos.lock` must have been looked at with what the task
/// grants it; `examine` runs it without.
///
/// # Errors
/// [`RunError::NotPinned`], [`RunError::NotReviewed`].
pub fn require_pin(task: &Task, plugin: &Plugin, lock: Option<&LockFile>) -> Result<(), RunError> {
    let not_pinned = || RunError::NotPinned { task: task.name.clone(), digest: plugin.digest };
    let Some((name, entry)) = lock.and_then(|lock| entry(task, lock)) else {
        let is_carried = matches!(task.plugin, Source::Name(_));
        return if is_carried || task.digest == Some(plugin.digest) { Ok(()) } else { Err(not_pinned()) };
    };
    if entry.digest != plugin.digest {
        return Err(not_pinned());
    }
    match entry.grants.get(&task.name) {
        Some(grant) if *grant == task.granted.digest() => Ok(()),
        grant => Err(RunError::NotReviewed { task: task.name.clone(), plugin: name.to_owned(), changed: grant.is_some() }),
    }
}

/// A plugin in the words of the ledger.
#[must_use]
pub fn id(plugin: &Plugin) -> PluginId {
    let Plugin { manifest, digest, .. } = plugin;
    PluginId { name: manifest.name.clone(), version: manifest.version.clone(), digest: digest.to_string() }
}

/// What a task's candidates stand on besides their base.
#[must_use]
pub fn identity(task: &Task, plugin: &Plugin) -> Identity {
    Identity { task: task.name.clone(), plugin: id(plugin), grant: task.grant_digest }
}
