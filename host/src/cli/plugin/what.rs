//! From a word to a component: a file, the name of an official plugin, or a task
//! of `lifeos.toml`. Bytes are read here and judged elsewhere.

use std::borrow::Cow;

use lifeos::config::{Config, Source, Task};
use lifeos::digest::Digest;
use lifeos::plugin::official;
use lifeos::repo::Repo;

use super::{CommandError, Exit, Global, Term, open};

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
    config: Config,
    name: String,
}

impl Owner {
    pub(super) fn task(&self) -> &Task {
        &self.config.tasks[&self.name]
    }
}

/// Finds what a word names. A task wins over an official plugin.
pub(super) fn component(word: &str, global: &Global, term: &Term) -> Result<Component, CommandError> {
    let source = Source::parse(word);
    if let Source::File(path) = &source {
        let (bytes, digest) = open::bytes(&source, &global.directory)?;
        return Ok(Component { bytes, digest, file: Some(path.clone()), owner: None });
    }
    let is_official = official::names().any(|name| name == word);
    match owner(word, global) {
        Ok(owner) => {
            if is_official && !matches!(&owner.task().plugin, Source::Official(name) if name == word) {
                term.note(&format!("`{word}` is a task here and the name of an official plugin; the task is meant"));
            }
            let (bytes, digest) = open::bytes_of(owner.task(), &owner.repo)?;
            let file = if let Source::File(path) = &owner.task().plugin { Some(path.clone()) } else { None };
            Ok(Component { bytes, digest, file, owner: Some(owner) })
        }
        Err(_) if is_official => {
            let (bytes, digest) = open::bytes(&source, &global.directory)?;
            Ok(Component { bytes, digest, file: None, owner: None })
        }
        Err(error) => {
            let word = lifeos::clean::line(word);
            let error = error.at(&format!("`{word}` is no official plugin, and a file has a slash or `.wasm` in its name"));
            Err(CommandError { exit: Exit::Usage, ..error })
        }
    }
}

/// A task of the commit that counts.
pub(super) fn owner(name: &str, global: &Global) -> Result<Owner, CommandError> {
    let repo = open::repo(global)?;
    let head = repo.head()?;
    let config = open::config(global, &repo, head)?;
    open::task(&config, name)?;
    let text = open::config_text(global, &repo, head);
    Ok(Owner { repo, text, config, name: name.to_owned() })
}
