//! `lifeos.lock` and `lifeos.toml` as the checkout has them: what the verbs of
//! plugins work on. Runs never look here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lifeos::config::{self, Config, Task};
use lifeos::digest::Digest;
use lifeos::lock::Lock;
use lifeos::name::{NAME_RULE, is_name};
use lifeos::plugin::lock::{self, Entry, LockFile};
use lifeos::repo::Repo;
use lifeos::run::place;

use super::{CommandError, Global, Term, file, open};

/// Both files, and where they lie.
pub(super) struct Checkout<'r> {
    pub(super) repo: &'r Repo,
    pub(super) lock: LockFile,
    config: Config,
    /// The text of `lifeos.toml`; none if it is not there.
    text: Option<String>,
    /// As it was read.
    text_read: Option<String>,
    config_path: PathBuf,
}

impl<'r> Checkout<'r> {
    pub(super) fn read(repo: &'r Repo, global: &Global) -> Result<Self, CommandError> {
        let lock = file::text(&repo.workdir().join(lock::FILE), lock::LOCK_BYTES_MAX)?;
        let lock = lock.map_or_else(|| Ok(LockFile::default()), |text| LockFile::parse(&text));
        let lock = lock.map_err(|error| CommandError::from(error).at(lock::FILE))?;
        let config_path = global.config.as_ref().map_or_else(|| repo.workdir().join(config::FILE), |path| global.path(path));
        let text = file::text(&config_path, open::CONFIG_BYTES_MAX)?;
        let config = Config::parse(text.as_deref().unwrap_or("version = 1"));
        let config = config.map_err(|error| CommandError::from(error).at(&config_path.display().to_string()))?;
        Ok(Self { repo, lock, config, text_read: text.clone(), text, config_path })
    }

    /// The task of that name, whatever plugin it uses.
    pub(super) fn task(&self, name: &str) -> Option<&Task> {
        self.config.tasks.get(name)
    }

    /// Where a path of an entry is.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.repo.workdir().join(path)
    }

    /// A file as an entry names it: by its path inside the checkout if it lies there.
    pub(super) fn inside(&self, file: &Path) -> Result<String, CommandError> {
        let io = |source| CommandError::usage(format!("{}: {source}", file.display()));
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let place = folder.canonicalize().map_err(io)?.join(file.file_name().unwrap_or_default());
        let root = self.repo.workdir().canonicalize().map_err(io)?;
        let place = place.strip_prefix(&root).unwrap_or(&place);
        let text = place.to_str().map(str::to_owned);
        text.ok_or_else(|| CommandError::usage(format!("{}: the path is not UTF-8", file.display())))
    }

    /// The tasks that use a plugin.
    pub(super) fn tasks(&self, name: &str) -> Vec<&Task> {
        let uses = |task: &&Task| match (place::entry(task, &self.lock), &task.plugin) {
            (Some((found, _)), _) => found == name,
            (None, config::Source::Name(wanted)) => wanted == name,
            (None, config::Source::File(_)) => false,
        };
        self.config.tasks.values().filter(uses).collect()
    }

    /// What the tasks that use a plugin grant it now.
    pub(super) fn grants(&self, name: &str) -> BTreeMap<String, Digest> {
        self.tasks(name).into_iter().map(|task| (task.name.clone(), task.granted.digest())).collect()
    }

    /// Writes `lifeos.lock` with one entry changed, unless somebody else has in the meantime.
    pub(super) fn write(&mut self, name: &str, entry: Option<Entry>) -> Result<(), CommandError> {
        let path = self.at(lock::FILE);
        let _one_at_a_time = Lock::take(self.repo.common_dir())?;
        let now =
            file::text(&path, lock::LOCK_BYTES_MAX)?.map_or_else(|| Ok(LockFile::default()), |text| LockFile::parse(&text))?;
        let config_differs = || Ok::<_, CommandError>(file::text(&self.config_path, open::CONFIG_BYTES_MAX)? != self.text_read);
        let changed = match now != self.lock {
            true => Some(lock::FILE),
            false => (self.text != self.text_read && config_differs()?).then_some(config::FILE),
        };
        if let Some(changed) = changed {
            let error = CommandError::new(super::Exit::Busy, format!("{changed} was changed in the meantime"));
            return Err(error.hint("nothing was written; the same command again looks at what is there now"));
        }
        match entry {
            Some(entry) => drop(self.lock.plugins.insert(name.to_owned(), entry)),
            None => drop(self.lock.plugins.remove(name)),
        }
        file::replace(&path, self.lock.text()?.as_bytes())
    }

    /// Takes a task into `lifeos.toml`, after what is there; gives the tables that it wrote.
    pub(super) fn with_task(&mut self, task: &str, name: &str, entry: &Entry) -> Result<Option<String>, CommandError> {
        if let Some(there) = self.config.tasks.get(task) {
            let wanted = [config::Source::parse(name), config::Source::parse(&entry.source.to_string())];
            if wanted.contains(&there.plugin) {
                return Ok(None);
            }
            let error = CommandError::usage(format!("the task {task} has another plugin"));
            return Err(error.hint(format!("name a new one, or write plugin = \"{name}\" into {}", config::FILE)));
        }
        // It is written as it is, so it must be no more than a name.
        if !is_name(task) {
            return Err(CommandError::usage(format!("a task's name is {NAME_RULE}")));
        }
        let table = super::summary::task(task, name, entry)?;
        let before = self.text.clone().unwrap_or_else(|| "version = 1\n".to_owned());
        let text = format!("{}\n\n{table}", before.trim_end());
        // The same reader as a run's: a form that has no room for it is found here.
        self.config = Config::parse(&text).map_err(|error| CommandError::from(error).at(config::FILE))?;
        self.text = Some(text);
        Ok(Some(table))
    }

    /// Writes `lifeos.toml` as it is by now.
    pub(super) fn write_config(&self) -> Result<(), CommandError> {
        file::replace(&self.config_path, self.text.as_deref().unwrap_or_default().as_bytes())
    }

    /// Says when the commit of HEAD has another lock: that is the one that counts.
    pub(super) fn tell(&self, global: &Global, term: &Term) -> Result<(), CommandError> {
        self.repo.head().map_or(Ok(()), |head| open::tell_of_changes(global, self.repo, head, term))
    }
}
