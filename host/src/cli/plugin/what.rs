//! From a word to a component: a file, a task of `lifeos.toml`, a plugin of
//! `lifeos.lock`, or the name of an official plugin. Bytes are read here and judged elsewhere.

use std::borrow::Cow;

use lifeos::config::{Config, Source, Task};
use lifeos::digest::Digest;
use lifeos::plugin::official;
use lifeos::repo::Repo;

use super::{CommandError, Exit, Global, Term, open};
use crate::cli::locked::{self, Locked};

/// A component that somebody named.
pub(super) struct Component {
    /// Its bytes.
    pub(super) bytes: Cow<'static, [u8]>,
    /// Their digest.
    pub(super) digest: Digest,
    /// The file that it was read from, if it was one.
    pub(super) file: Option<String>,
    /// The task that was named, if it was one.
    pub(super) owner: Option<Owner>,
}

/// A task with what it stands in.
pub(super) struct Owner {
    pub(super) repo: Repo,
    /// The text of the tasks.
    pub(super) text: String,
    /// The plugins that were looked at.
    pub(super) locked: Locked,
    config: Config,
    name: String,
}

impl Owner {
    pub(super) fn task(&self) -> &Task {
        &self.config.tasks[&self.name]
    }
}

/// Finds what a word names: a file, a task, a plugin of the lock, an official one, in this order.
pub(super) fn component(word: &str, global: &Global, term: &Term) -> Result<Component, CommandError> {
    if let Source::File(path) = Source::parse(word) {
        let (bytes, digest) = locked::digested(open::bytes(&global.path(path.as_ref()))?);
        return Ok(Component { bytes, digest, file: Some(path), owner: None });
    }
    let is_official = official::names().any(|name| name == word);
    let error = match owner(word, global, term) {
        Ok(owner) => {
            if is_official && !matches!(&owner.task().plugin, Source::Name(name) if name == word) {
                term.note(&format!("`{word}` is a task here and the name of an official plugin; the task is meant"));
            }
            let (bytes, digest) = owner.locked.unjudged(owner.task(), &owner.repo)?;
            let file = if let Source::File(path) = &owner.task().plugin { Some(path.clone()) } else { None };
            return Ok(Component { bytes, digest, file, owner: Some(owner) });
        }
        Err(error) => error,
    };
    let found = match locked(global) {
        Some((repo, locked)) if locked.lock.plugins.contains_key(word) => locked.entry(word, &repo)?,
        _ if is_official => locked::carried(word)?,
        _ => {
            let word = lifeos::clean::line(word);
            let error = error.at(&format!("`{word}` is no plugin, and a file has a slash or `.wasm` in its name"));
            return Err(CommandError { exit: Exit::Usage, ..error });
        }
    };
    Ok(Component { bytes: found.0, digest: found.1, file: None, owner: None })
}

/// Whether a task or a plugin of the lock is called so.
pub(super) fn names_own(word: &str, global: &Global) -> bool {
    let has_task = || -> Result<bool, CommandError> {
        let repo = open::repo(global)?;
        Ok(open::config(global, &repo, repo.head()?)?.tasks.contains_key(word))
    };
    has_task().unwrap_or(false) || locked(global).is_some_and(|(_, locked)| locked.lock.plugins.contains_key(word))
}

/// The plugins of the commit that counts, if there is one.
fn locked(global: &Global) -> Option<(Repo, Locked)> {
    let repo = open::repo(global).ok()?;
    let locked = Locked::at(&repo, repo.head().ok()?, global).ok()?;
    Some((repo, locked))
}

/// A task of the commit that counts; it is told if the checkout has others.
pub(super) fn owner(name: &str, global: &Global, term: &Term) -> Result<Owner, CommandError> {
    let repo = open::repo(global)?;
    let head = repo.head()?;
    let config = open::config(global, &repo, head)?;
    open::task(&config, name)?;
    open::tell_of_changes(global, &repo, head, term)?;
    let text = open::config_text(global, &repo, head)?;
    let locked = Locked::at(&repo, head, global)?;
    Ok(Owner { repo, text, locked, config, name: name.to_owned() })
}
