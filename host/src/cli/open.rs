//! From what was typed and where: repository, tasks, plugin, machine. The only
//! file that reads the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::Oid;
use lifeos::config::{self, Config, Task};
use lifeos::examine::Machine;
use lifeos::gate::Jail;
use lifeos::ledger::book::Book;
use lifeos::ledger::story::Story;
use lifeos::plugin::{COMPONENT_BYTES_MAX, Plugin, PluginError, lock};
use lifeos::redact::Redactor;
use lifeos::remote::Git;
use lifeos::repo::Repo;
use lifeos::sealed::SealedFolder;
use lifeos::wasm::{Compiler, LoadError, Runtime};

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, file};

/// How commands of the gate are isolated.
#[derive(clap::Args)]
pub(crate) struct GateOptions {
    /// Let the gate's commands read DIR too, for toolchains in unusual places.
    #[arg(long, value_name = "DIR")]
    gate_read: Vec<PathBuf>,
    /// Run the gate's commands even where this system cannot isolate them.
    #[arg(long)]
    unconfined_gate: bool,
}

/// What a run is to do.
#[derive(clap::Args)]
pub(crate) struct Instruction {
    /// What to do, for tasks that take an instruction.
    #[arg(long, value_name = "TEXT")]
    instruction: Option<String>,
    /// The same, from FILE.
    #[arg(long, value_name = "FILE", conflicts_with = "instruction")]
    instruction_file: Option<PathBuf>,
}

/// Bytes of an instruction, as the contract has it.
const INSTRUCTION_BYTES_MAX: u64 = 64 << 10;
/// Bytes of a lifeos.toml.
pub(crate) const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// The hidden verb of the compiling child.
pub(crate) const COMPILE_VERB: &str = "__compile";

pub(crate) fn repo(global: &Global) -> Result<Repo, CommandError> {
    Ok(Repo::discover(&global.directory)?)
}

/// The tasks: from the operator's file, or from the commit that the run stands on.
pub(crate) fn config(global: &Global, repo: &Repo, base: Oid) -> Result<Config, CommandError> {
    let text = config_text(global, repo, base)?;
    let place = global.config.as_ref().map_or_else(|| config::FILE.to_owned(), |path| path.display().to_string());
    Config::parse(&text).map_err(|error| CommandError::from(error).at(&place))
}

/// The same as text.
pub(crate) fn config_text(global: &Global, repo: &Repo, base: Oid) -> Result<String, CommandError> {
    if let Some(path) = global.config.as_ref().map(|path| global.path(path)) {
        let text = file::text(&path, CONFIG_BYTES_MAX)?;
        return text.ok_or_else(|| CommandError::usage(format!("{}: no such file", path.display())));
    }
    repo.file_at(base, config::FILE, CONFIG_BYTES_MAX)?.ok_or_else(|| {
        CommandError::usage(format!("there is no {} in the base commit {}", config::FILE, &base.to_string()[..10])).hint(
            if repo.workdir().join(config::FILE).exists() {
                "it is there but not committed: git add lifeos.toml && git commit"
            } else {
                "`lifeos init --write` makes one; commit it, or name a file with --config FILE"
            },
        )
    })
}

/// Says when the checkout has other tasks, or other plugins, than the commit that counts.
pub(crate) fn tell_of_changes(global: &Global, repo: &Repo, base: Oid, term: &Term) -> Result<(), CommandError> {
    let differs = |file: &str, bytes_max: u64| {
        let Ok(here) = super::file::read(&repo.workdir().join(file), bytes_max) else { return Ok(false) };
        let here = String::from_utf8_lossy(&here);
        let counts = repo.file_at(base, file, bytes_max)?;
        // A lock that is not there at all is told of as well: somebody has just begun one.
        let counts = counts.or_else(|| (file == lock::FILE).then(String::new));
        Ok::<_, CommandError>(counts.is_some_and(|counts| counts.replace("\r\n", "\n") != here.replace("\r\n", "\n")))
    };
    for (file, bytes_max) in [(config::FILE, CONFIG_BYTES_MAX), (lock::FILE, lock::LOCK_BYTES_MAX)] {
        if (file == lock::FILE || global.config.is_none()) && differs(file, bytes_max)? {
            term.note(&format!("{file} in the checkout differs from that of the commit, which counts"));
        }
    }
    Ok(())
}

/// The task of this name.
pub(crate) fn task<'c>(config: &'c Config, name: &str) -> Result<&'c Task, CommandError> {
    if let Some(task) = config.tasks.get(name) {
        return Ok(task);
    }
    let error = CommandError::usage(format!("there is no task `{}` in {}", lifeos::clean::line(name), config::FILE));
    let known: Vec<&str> = config.tasks.keys().map(String::as_str).collect();
    Err(match config.nearest_task(name) {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint(format!("the tasks are: {}", known.join(", "))),
    })
}

impl Instruction {
    /// The instruction, if there is one, the contract has room for it, and it holds no
    /// secret: it stands on record and in a pull request.
    pub(crate) fn read(&self, global: &Global) -> Result<Option<String>, CommandError> {
        let text = match &self.instruction_file {
            None => self.instruction.clone(),
            Some(path) => {
                let path = global.path(path);
                let text = file::text(&path, INSTRUCTION_BYTES_MAX)?;
                Some(text.ok_or_else(|| CommandError::usage(format!("{}: no such file", path.display())))?)
            }
        };
        let Some(text) = text else { return Ok(None) };
        if text.len() as u64 > INSTRUCTION_BYTES_MAX {
            return Err(CommandError::new(Exit::Limit, "the instruction has more than 64 KiB"));
        }
        match Redactor::default().count(&text).keys().next() {
            None => Ok(Some(text)),
            Some(kind) => Err(CommandError::usage(format!("the instruction holds what looks like a secret ({kind})"))
                .hint("leave it out: an instruction stands on record, and in the text of a pull request")),
        }
    }
}

/// Reads a component file.
pub(crate) fn component(path: &Path) -> Result<Plugin, CommandError> {
    Plugin::read(bytes(path)?).map_err(|error: PluginError| CommandError::from(error).at(&path.display().to_string()))
}

/// The bytes of a component file, one more than are taken at most.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, CommandError> {
    file::read(path, COMPONENT_BYTES_MAX as u64).map_err(|source| {
        let error = CommandError::usage(format!("{}: {source}", path.display()));
        error.hint(
            "`plugin` is the name of a plugin (`lifeos plugin list`), or the path of a component relative to the repository",
        )
    })
}

/// The engine, the cache of compiled code, and one thread for each core.
pub(crate) fn machine(global: &Global, threads: Option<usize>, term: &Term) -> Result<Machine, CommandError> {
    let cache = match cache_folder(global) {
        None => {
            term.note("no cache folder is known (HOME is not set), so plugins are compiled each time; see --cache-dir");
            None
        }
        Some(folder) => {
            apart(&folder)?;
            Some(SealedFolder::open(&folder).map_err(LoadError::from)?)
        }
    };
    Ok(Machine {
        runtime: Runtime::new()?,
        cache,
        remembers: true,
        answers: None,
        compiler: compiler()?,
        threads: threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
        shows: false,
        traces: true,
        folds: false,
        jail: jail()?,
        scratch: std::env::temp_dir(),
        shuffle: None,
    })
}

/// The same machine for a verb whose gate was given these options.
pub(crate) fn gated(machine: Machine, options: &GateOptions, global: &Global) -> Result<Machine, CommandError> {
    let mut jail = Jail { unconfined: options.unconfined_gate, ..machine.jail.clone() };
    for place in options.gate_read.iter().map(|place| global.path(place)) {
        jail.readable.push(place.canonicalize().map_err(|source| CommandError::io(&place, &source))?);
    }
    Ok(Machine { jail, ..machine })
}

/// What was read before is remembered here, if there is a usable cache folder.
pub(crate) fn memory(global: &Global) -> Option<SealedFolder> {
    cache_folder(global).filter(|folder| apart(folder).is_ok()).and_then(|folder| SealedFolder::open(&folder).ok())
}

/// A reason that is recorded: one sentence.
pub(crate) fn sentence(text: &str) -> Result<String, CommandError> {
    if text.trim().is_empty() || text.len() > 2_000 {
        return Err(CommandError::usage("--why takes one sentence of 1 to 2,000 bytes"));
    }
    Ok(lifeos::clean::line(text).into_owned())
}

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())
}

/// A program of this system.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&path()).map(|folder| folder.join(name)).find(|file| file.is_absolute() && file.is_file())
}

/// Git as this system has it, with files of tokens by host.
pub(crate) fn git(tokens: Vec<(String, PathBuf)>) -> Result<Git, CommandError> {
    let program =
        program("git").ok_or_else(|| CommandError::usage("git is not there, and pushing needs it").hint("install git"))?;
    let itself = std::env::current_exe().map_err(|source| CommandError::io(Path::new("lifeos"), &source))?;
    let environment = ["HOME", "SSH_AUTH_SOCK"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let environment = environment.chain([("PATH", path())]).collect();
    Ok(Git { program, itself, environment, tokens })
}

/// Where a user keeps tokens: a file for each host.
pub(crate) fn tokens_folder() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let user = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    Some(user?.join("lifeos/tokens"))
}

/// A variable of the environment, as the operator named it.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Where cargo was told to put what it builds, if it was.
pub(crate) fn cargo_target() -> Option<PathBuf> {
    std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A folder that is gone with its value.
pub(crate) fn scratch() -> std::io::Result<tempfile::TempDir> {
    tempfile::tempdir()
}

/// What every system keeps programs and libraries in.
const SYSTEM: [&str; 16] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/nix",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
];

/// The gate's commands may read the system, the places of PATH, and the Rust
/// toolchain with what cargo has fetched; nothing else of the user's.
pub(crate) fn jail() -> Result<Jail, CommandError> {
    let program = std::env::current_exe().map_err(|source| CommandError::io(Path::new("lifeos"), &source))?;
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below_home = |variable: &str, name: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join(name)))
            .filter(|path| path.is_absolute())
    };
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    // A folder that holds the home folder would show all of it, whatever it is called.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_narrow =
        |place: &PathBuf| place.is_absolute() && !home.as_ref().is_some_and(|home| real(home).starts_with(real(place)));
    let mut readable: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    readable.extend(std::env::split_paths(&path).filter(is_narrow));
    let mut environment = BTreeMap::from([("PATH".to_owned(), path), ("LANG".to_owned(), "C.UTF-8".to_owned())]);
    if let Some(rustup) = below_home("RUSTUP_HOME", ".rustup").filter(|path| path.is_dir()) {
        environment.insert("RUSTUP_HOME".to_owned(), rustup.display().to_string());
        readable.push(rustup);
    }
    let mut links = Vec::new();
    for name in ["registry", "git"] {
        if let Some(fetched) = below_home("CARGO_HOME", ".cargo").map(|cargo| cargo.join(name)).filter(|path| path.is_dir()) {
            links.push((Path::new(".cargo").join(name), fetched.clone()));
            readable.push(fetched);
        }
    }
    Ok(Jail { program, readable, links, environment, unconfined: false })
}

/// Refuses a cache folder that came with a repository, this one or any other that it
/// lies in: whoever committed it knows its key, and could have native code run.
fn apart(folder: &Path) -> Result<(), CommandError> {
    let Some(folder) = folder.canonicalize().ok() else { return Ok(()) };
    let Ok(around) = Repo::discover(&folder) else { return Ok(()) };
    let Some(inside) = around.workdir().canonicalize().ok().and_then(|top| folder.strip_prefix(top).ok().map(Path::to_owned))
    else {
        return Ok(());
    };
    if !around.tracks(&inside)? {
        return Ok(());
    }
    let error = CommandError::new(Exit::Denied, format!("the cache folder {} is part of the repository", folder.display()));
    Err(error.hint("name a folder outside of it with --cache-dir, and take this one out of the repository"))
}

/// Where compiled code and remembered answers are kept: the user's cache folder, unless told otherwise.
pub(crate) fn cache_folder(global: &Global) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let user = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    global.cache_dir.as_ref().map(|folder| global.path(folder)).or_else(|| Some(user()?.join("lifeos")))
}

fn compiler() -> Result<Compiler, CommandError> {
    let program = std::env::current_exe().map_err(|source| CommandError::io(Path::new("lifeos"), &source))?;
    Ok(Compiler { program, arguments: vec![COMPILE_VERB.to_owned()] })
}

/// A run by its id or the beginning of it.
pub(crate) fn story(book: &Book, run: &str) -> Result<Story, CommandError> {
    let unknown = |message: String| CommandError::usage(message).hint("`lifeos status` and `lifeos log` list the runs");
    let stories = book.newest_first().into_iter().filter(|story| !run.is_empty() && story.run.starts_with(run));
    let stories: Vec<&Story> = stories.collect();
    match stories.len() {
        1 => Ok(stories[0].clone()),
        0 => Err(unknown(format!("there is no run `{}`", lifeos::clean::line(run)))),
        count => Err(unknown(format!("`{run}` is the beginning of {count} runs"))),
    }
}

/// Who is typing, as git knows them.
pub(crate) fn person(repo: &Repo) -> Result<String, CommandError> {
    let unknown = || {
        let error = CommandError::usage("git does not know who you are, and a verdict is recorded with a name");
        error.hint("git config user.name \"Your Name\" && git config user.email you@example.org")
    };
    let config = repo.git().config().and_then(|mut config| config.snapshot()).map_err(|_| unknown())?;
    let get = |key| config.get_str(key).ok().filter(|value| !value.trim().is_empty()).map(str::to_owned);
    let (name, email) = (get("user.name").ok_or_else(unknown)?, get("user.email").ok_or_else(unknown)?);
    Ok(lifeos::clean::line(&format!("{name} <{email}>")).into_owned())
}

/// Seconds since 1970-01-01T00:00Z.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
