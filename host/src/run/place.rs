//! What a run stands on, and where it stands.

use super::error::RunError;
use crate::config::{Source, Task};
use crate::land::outside::Outside;
use crate::ledger::record::{PluginId, PullRequest, State};
use crate::plugin::Plugin;
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

/// A component that is not part of the program must be pinned before it may
/// write; `examine` runs it without.
///
/// # Errors
/// [`RunError::NotPinned`].
pub fn require_pin(task: &Task, plugin: &Plugin) -> Result<(), RunError> {
    if task.digest == Some(plugin.digest) || matches!(task.plugin, Source::Official(_)) {
        return Ok(());
    }
    Err(RunError::NotPinned { task: task.name.clone(), digest: plugin.digest })
}

/// What a task's candidates stand on besides their base.
#[must_use]
pub fn identity(task: &Task, plugin: &Plugin) -> Identity {
    let Plugin { manifest, digest, .. } = plugin;
    let plugin = PluginId { name: manifest.name.clone(), version: manifest.version.clone(), digest: digest.to_string() };
    Identity { task: task.name.clone(), plugin, grant: task.grant_digest }
}
