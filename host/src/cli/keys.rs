//! Keys and tokens by host, from where the operator said: a file, a variable, what a
//! command prints. The operator binds a key to a host, never a file of the repository,
//! and no word of a key is in any message.

mod asked;

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lifeos::token::Token;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use zeroize::Zeroizing;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, file, open};

/// Bytes of a token's file.
const KEY_BYTES_MAX: u64 = 4096;
/// How long a command may take.
const COMMAND_MAX: Duration = Duration::from_secs(30);

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file that nobody else may read.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// What a command prints; there is no shell.
    Command(Vec<String>),
}

impl std::fmt::Display for Source {
    /// A command's arguments are left away: they may hold more than is good.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Env(name) => write!(out, "env:{name}"),
            Self::Command(words) => write!(out, "command:{}", words.first().map_or("", String::as_str)),
        }
    }
}

/// Hosts that a key was looked for, by whatever part of a verb.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Mutex<BTreeSet<String>>);

impl Wanted {
    fn add(&self, host: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned());
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Says which keys of the command line nothing looked for: most often the host is
/// misspelled. A command that ended before it looked for any says nothing.
pub(crate) fn tell_of_unused(global: &Global, is_done: bool, term: &Term) {
    let wanted = global.wanted.hosts();
    if wanted.is_empty() && !is_done {
        return;
    }
    let hosts: Vec<_> = wanted.iter().map(|host| lifeos::clean::line(host)).collect();
    let why = match hosts.as_slice() {
        [] => "nothing here asks a host that takes one".to_owned(),
        hosts => format!("what was asked, or would have been, is {}", hosts.join(", ")),
    };
    for binding in &global.token {
        // What has no host may be the key itself.
        let host = binding.split_once('=').map(|(host, _)| host.to_lowercase());
        if host.as_ref().is_none_or(|host| !wanted.contains(host)) {
            let whose =
                host.map_or("of a --token without HOST=".to_owned(), |host| format!("for {}", lifeos::clean::line(&host)));
            term.note(&format!("the key {whose} was not used: {why}"));
        }
    }
}

/// The key for a host and where it was, if there is one.
pub(crate) fn key(host: &str, global: &Global) -> Result<Option<(Token, Source)>, CommandError> {
    let Some(source) = source(host, global)? else { return Ok(None) };
    harden();
    let bytes = match &source {
        Source::File(path) => bytes(path)?,
        Source::Env(name) => {
            let value = open::variable(name).map(|value| Zeroizing::new(value.into_vec()));
            value.ok_or_else(|| CommandError::usage(format!("{source}: there is no such variable")))?
        }
        Source::Command(words) => {
            asked::stdout(words, KEY_BYTES_MAX, COMMAND_MAX).map_err(|error| error.at(&source.to_string()))?
        }
    };
    let token = Token::from_bytes(&bytes).map_err(|error| CommandError::usage(error).at(&source.to_string()))?;
    Ok(Some((token, source)))
}

/// Where the key for a host is: as it was named, else in the user's configuration folder.
fn source(host: &str, global: &Global) -> Result<Option<Source>, CommandError> {
    global.wanted.add(host);
    let named = named(global)?.into_iter().find(|(known, _)| known == host).map(|(_, source)| source);
    let kept = || kept().into_iter().find(|(known, _)| known == host).map(|(_, path)| Source::File(path));
    Ok(named.or_else(kept))
}

/// Files with tokens by host, for git.
pub(crate) fn files(global: &Global) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let named = named(global)?.into_iter().filter_map(|(host, source)| match source {
        Source::File(path) => Some((host, path)),
        Source::Env(_) | Source::Command(_) => None,
    });
    Ok(named.chain(kept()).collect())
}

/// Refuses a key of a git server that is in no file.
pub(crate) fn of_file(host: &str, global: &Global) -> Result<(), CommandError> {
    match source(host, global)? {
        Some(source @ (Source::Env(_) | Source::Command(_))) => {
            let error =
                CommandError::usage(format!("{source}: git takes the token for {} from a file alone", lifeos::clean::line(host)));
            Err(error.hint(format!("put it into a file that nobody else may read: --token {host}=FILE")))
        }
        Some(Source::File(_)) | None => Ok(()),
    }
}

/// What was named on the command line, by host.
fn named(global: &Global) -> Result<Vec<(String, Source)>, CommandError> {
    let wrong = || {
        let error = CommandError::usage("--token takes HOST=SOURCE");
        error.hint("a source is a file, env:NAME, or 'command:WORDS'")
    };
    let named = |binding: &String| {
        let (host, source) =
            binding.split_once('=').filter(|(host, source)| !host.is_empty() && !source.is_empty()).ok_or_else(wrong)?;
        let source = if let Some(name) = source.strip_prefix("env:") {
            Source::Env(Some(name).filter(|name| is_variable(name)).ok_or_else(wrong)?.to_owned())
        } else if let Some(words) = source.strip_prefix("command:") {
            Source::Command(shell_words::split(words).ok().filter(|words| !words.is_empty()).ok_or_else(wrong)?)
        } else {
            let file = global.path(Path::new(source));
            let missing = |error| CommandError::usage(format!("{}: {error}", file.display())).hint("--token takes HOST=FILE");
            Source::File(file.canonicalize().map_err(missing)?)
        };
        Ok((host.to_lowercase(), source))
    };
    global.token.iter().map(named).collect()
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// Files in the user's configuration folder, by host.
fn kept() -> Vec<(String, PathBuf)> {
    let entries = open::tokens_folder().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().to_str()?.to_lowercase(), entry.path()))).collect()
}

/// The bytes of a token's file, which is one that only the user can read.
pub(crate) fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    harden();
    let io = |source| CommandError::io(path, &source);
    let about = std::fs::metadata(path).map_err(io)?;
    let place = path.display();
    if !about.is_file() {
        return Err(CommandError::usage(format!("{place} is no file")));
    }
    if about.mode() & 0o077 != 0 {
        let error = CommandError::new(Exit::Denied, format!("{place} can be read by others, so its token is none"));
        return Err(error.hint(format!("chmod 600 {place}, and make a new token if others use this machine")));
    }
    file::read(path, KEY_BYTES_MAX).map(Zeroizing::new).map_err(io)
}

/// From now on no other process of the user's can look into this one, and no image of
/// it is left behind. What it starts becomes another program, to which that is new.
fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let hardened = set_dumpable_behavior(DumpableBehavior::NotDumpable).and_then(|()| setrlimit(Resource::Core, none));
    if let Err(error) = hardened {
        tracing::warn!(%error, "this process can be looked into while it holds a key");
    }
}
