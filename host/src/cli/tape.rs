//! Tapes as files: where one is written, how one is read, and `run --replay`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::Oid;
use lifeos::config::Config;
use lifeos::examine::Machine;
use lifeos::plugin::Plugin;
use lifeos::repo::Repo;
use lifeos::run;
use lifeos::run::place::Place;
use lifeos::tape::{self, TAPE_BYTES_MAX, Tape};

use super::error::CommandError;
use super::exit::Exit;
use super::file::{self, Making};
use super::locked::Locked;
use super::progress::during;
use super::term::Term;
use super::{Global, json, open};

/// Bytes that tell a tape from another file.
const BEGIN_BYTES: u64 = 64;

/// A place for a tape that could be written when the run began; there is nothing beside it meanwhile.
pub(crate) struct TapeFile(PathBuf);

impl TapeFile {
    /// Takes the place, unless something else is there or git's own folder is
    /// around it.
    pub(crate) fn new(path: &Path, repo: &Repo) -> Result<Self, CommandError> {
        let io = |error: std::io::Error| CommandError::io(path, &error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = folder.canonicalize().map_err(io)?;
        let is_git = |name: &std::ffi::OsStr| name.eq_ignore_ascii_case(".git");
        let common = repo.common_dir().canonicalize().map_err(io)?;
        if real.starts_with(common) || real.iter().any(is_git) || path.file_name().is_none_or(is_git) {
            return Err(CommandError::usage(format!("{}: a tape is not kept in git's own folder", path.display())));
        }
        let begin = file::beginning(path, BEGIN_BYTES);
        let is_free = begin.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if !is_free && !begin.is_ok_and(|begin| tape::is_tape(&begin)) {
            let error = CommandError::usage(format!("{} is there already and is no tape", path.display()));
            return Err(error.hint("name another file"));
        }
        drop(Making::begin(path)?);
        Ok(Self(path.to_owned()))
    }

    /// Writes the tape; it appears whole or not at all.
    pub(crate) fn keep(&self, bytes: &[u8]) -> std::io::Result<()> {
        Making::begin(&self.0).map_err(|error| std::io::Error::other(error.message))?.replace(bytes)
    }
}

/// Reads a tape.
pub(crate) fn read(path: &Path) -> Result<Tape, CommandError> {
    let bytes = file::read(path, TAPE_BYTES_MAX as u64);
    let bytes = bytes.map_err(|source| CommandError::usage(format!("{}: {source}", path.display())))?;
    Tape::read(&bytes).map_err(|error| CommandError::from(error).at(&path.display().to_string()))
}

/// The commit of a tape, and the configuration of that commit.
pub(crate) fn stand(tape: &Tape, repo: &Repo, global: &Global) -> Result<(Oid, Config), CommandError> {
    let base = run::tape::base_of(repo, &tape.header)?;
    let config = open::config(global, repo, base)?;
    Ok((base, config))
}

/// Says when another lifeos recorded the tape: it may digest calls otherwise.
fn older(error: CommandError, tape: &Tape) -> CommandError {
    let (recorded, here) = (lifeos::clean::line(&tape.header.lifeos), env!("CARGO_PKG_VERSION"));
    if recorded == here { error } else { error.hint(format!("lifeos {recorded} recorded it, and this is lifeos {here}")) }
}

/// `lifeos run TASK --replay TAPE`.
pub(crate) fn replay(
    file: &Path,
    name: &str,
    threads: Option<usize>,
    repo: &Repo,
    global: &Global,
    term: &Term,
) -> Result<Exit, CommandError> {
    let tape = read(file)?;
    if tape.header.task != name {
        let (recorded, found) = (tape.header.task, lifeos::clean::line(name).into_owned());
        return Err(tape::TapeError::Other { what: "task", recorded, found }.into());
    }
    let (base, config) = stand(&tape, repo, global)?;
    let task = open::task(&config, name)?;
    let locked = Locked::at(repo, base, global)?;
    // That it is another one than on the tape says more than that it is not the pinned one.
    run::tape::is_of(&tape.header, task, &Plugin::read(locked.unjudged(task, repo)?.0.into_owned())?)?;
    let plugin = locked.plugin(task, repo)?;
    let machine = Machine { remembers: false, ..open::machine(global, threads, term)? };
    let place = Place { repo, base, now: open::now(), memory: None, outside: None, lock: Some(&locked.lock) };
    let same = during(term, |events| run::tape::replay(&place, &tape, task, &plugin, &machine, events));
    let run::tape::Same { calls, tree } = same.map_err(|error| older(error.into(), &tape))?;
    if term.is_json() {
        let Tape { header, seal, .. } = tape;
        let (task, plugin, base, seal) = (header.task, header.plugin, header.base, seal.to_string());
        term.json(&json::tape::Replayed { schema: "lifeos/replay@1", task, plugin, base, calls, tree, seal });
        return Ok(Exit::Done);
    }
    term.data(&format!("{}\n", tree.as_deref().unwrap_or("no change")));
    term.note(&format!("{name}: the {calls} calls, the findings and the tree are those of the tape; nothing was written"));
    Ok(Exit::Done)
}
