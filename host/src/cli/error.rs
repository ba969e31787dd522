//! Every error of the library in words, with a hint and an exit code. What a
//! person sees when something fails is decided here and nowhere else.

pub(crate) mod model;
mod outside;
mod plugins;
mod tape;
mod trial;

use std::path::Path;

use lifeos::approve::ApproveError;
use lifeos::candidate::RevertError;
use lifeos::check::problem::{Problem, Refused};
use lifeos::config::ConfigError;
use lifeos::examine::ExamineError;
use lifeos::gate::{GateError, JailError};
use lifeos::land::LandError;
use lifeos::ledger::LedgerError;
use lifeos::lock::LockError;
use lifeos::plugin::PluginError;
use lifeos::plugin::imports::ImportError;
use lifeos::plugin::manifest::ManifestError;
use lifeos::refs::RefError;
use lifeos::repo::RepoError;
use lifeos::review::ReviewError;
use lifeos::run::error::RunError;
use lifeos::sealed::SealedError;
use lifeos::verify::VerifyError;
use lifeos::waiting::WaitingError;
use lifeos::wasm::{CompileError, Failure, LoadError};

use super::exit::Exit;
pub(crate) use plugins::differences;

/// What went wrong, and what to do next.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    /// A stable word for it, where programs need one finer than the class.
    pub(crate) reason: Option<&'static str>,
}

impl CommandError {
    pub(crate) fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: message.to_string(), hints: Vec::new(), reason: None }
    }

    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn io(path: &Path, source: &std::io::Error) -> Self {
        Self::new(Exit::Io, format!("{}: {source}", path.display()))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// With a stable word for it.
    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Puts the place in front: a task, a file.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

/// The class of a refused proposal: a limit if only limits speak against it.
pub(crate) fn class_of(refused: &[Refused]) -> Exit {
    let mut problems = refused.iter().flat_map(|refused| &refused.problems);
    if problems.all(|problem| matches!(problem, Problem::OverLimit(..))) { Exit::Limit } else { Exit::Denied }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let hint = match &error {
            ConfigError::Syntax { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            ConfigError::Pattern { .. } => "the pattern dialect is in docs/configuration.md".to_owned(),
            _ => "the keys are in docs/configuration.md; `lifeos init` shows a commented file".to_owned(),
        };
        Self::usage(error).hint(hint)
    }
}

impl From<RepoError> for CommandError {
    fn from(error: RepoError) -> Self {
        let hint = match &error {
            RepoError::Missing { .. } => "go into a repository, or name one with -C DIR",
            RepoError::Bare { .. } => "clone it and run lifeos in the clone",
            RepoError::Unborn => "make a first commit: lifeos works on commits, never on the worktree",
            RepoError::Owner { .. } => "run as its owner, or add it to git's safe.directory",
            RepoError::Object { .. } => "`git fsck` tells more; a partial or shallow clone must be completed with `git fetch`",
            RepoError::NotText { .. } => "commit it as a plain UTF-8 file, no link",
            RepoError::TooManyEntries => "split the repository, or keep generated files out of it",
            RepoError::Revision { .. } => {
                "`git log` shows commits; a shallow clone may have to be completed with `git fetch --unshallow`"
            }
            RepoError::Git(_) => "`git status` and `git fsck` may tell more",
        };
        let exit = match error {
            RepoError::TooManyEntries => Exit::Limit,
            RepoError::Revision { .. } => Exit::Usage,
            RepoError::Git(ref source) if is_io(source) => Exit::Io,
            _ => Exit::Repo,
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<PluginError> for CommandError {
    fn from(error: PluginError) -> Self {
        let (exit, hint) = match &error {
            PluginError::Unknown { nearest: Some(nearest), .. } => (Exit::Usage, format!("did you mean `{nearest}`?")),
            PluginError::Unknown { .. } => (Exit::Usage, "name a component file with a slash or `.wasm` in its path".to_owned()),
            PluginError::Native => (Exit::Denied, "ask its author for the component".to_owned()),
            PluginError::Import(ImportError::Forbidden { .. }) => {
                (Exit::Denied, "a plugin can import lifeos:task/* and inert WASI (cli, io, clocks, random) only".to_owned())
            }
            PluginError::Import(ImportError::Undeclared { capability, .. }) => (
                Exit::Denied,
                format!("its author must add [capabilities.{capability}] to lifeos-plugin.toml and build it again"),
            ),
            PluginError::NotPinned { found, .. } => {
                (Exit::Denied, format!("changed bytes are a new plugin; if you trust them, set digest = \"{found}\""))
            }
            PluginError::TooLarge { .. } => (Exit::Limit, "build it with size optimisation, stripped".to_owned()),
            PluginError::TooMany { .. } | PluginError::Manifest(ManifestError::TooLarge { .. }) => {
                (Exit::Limit, "no plugin needs as many; look at it with care".to_owned())
            }
            _ => (Exit::Usage, "build it with `lifeos plugin build`".to_owned()),
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Ledger(error) => error.into(),
            VerifyError::Repo(error) => error.into(),
            VerifyError::Git(error) => RepoError::from(error).into(),
        }
    }
}

impl From<ReviewError> for CommandError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Ledger(error) => error.into(),
            ReviewError::Repo(error) => error.into(),
        }
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        let (exit, hint) = match &error {
            LoadError::Compile(CompileError::Invalid(_)) => {
                (Exit::Usage, "plugins are built without threads, GC, exceptions, memory64, tail calls and async")
            }
            LoadError::Compile(CompileError::Limit) => (Exit::Limit, "the component is too large or too strange to compile"),
            LoadError::Compile(CompileError::Crashed(_)) => {
                (Exit::Bug, "this is a mistake in lifeos; please report it with the component")
            }
            LoadError::Compile(CompileError::Child(_)) => (Exit::Io, "the lifeos program must be able to start itself"),
            LoadError::Sealed(SealedError::Shared { .. }) => {
                (Exit::Io, "`chmod go-w` the folder, or name another one with --cache-dir")
            }
            LoadError::Sealed(_) => (Exit::Io, "name another folder with --cache-dir"),
            LoadError::Link(_) => (Exit::Usage, "build it against the WIT files of this lifeos"),
            LoadError::Engine(_) | LoadError::Code(_) => (Exit::Bug, "`lifeos doctor` tells more"),
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<ExamineError> for CommandError {
    fn from(error: ExamineError) -> Self {
        let message = error.to_string();
        let (exit, hint) = match error {
            ExamineError::Load(error) => return error.into(),
            ExamineError::Repo(error) => return error.into(),
            ExamineError::Manifest(error) => return PluginError::from(error).into(),
            ExamineError::Model { error: ref cause, .. } => (model::class(cause), model::hint(cause)),
            ExamineError::NoInstruction { .. } => {
                (Exit::Usage, "leave the instruction out, or name tasks that follow one".to_owned())
            }
            ExamineError::NeedsInstruction { .. } => {
                (Exit::Usage, "say what to do: --instruction TEXT, or --instruction-file FILE".to_owned())
            }
            ExamineError::NotGranted { task, line, .. } => (Exit::Denied, format!("to allow it, add to [task.{task}]: {line}")),
            ExamineError::Failure { failure, .. } => match failure {
                Failure::Model(ref error) => (model::class(error), model::hint(error)),
                Failure::Repo(_) => (Exit::Repo, "`git fsck` tells more".to_owned()),
                Failure::Limit(name, _) => (Exit::Limit, limit_hint(&name)),
                Failure::Options(_) => {
                    (Exit::Usage, "see the options table of the task in lifeos.toml, and the plugin's page".to_owned())
                }
                Failure::Trap(_) | Failure::GaveUp(_) | Failure::Invalid(_) => {
                    (Exit::Plugin, "nothing was kept; tell the plugin's author".to_owned())
                }
                Failure::Bug(_) => (Exit::Bug, "this is a mistake in lifeos; please report it".to_owned()),
            },
        };
        Self::new(exit, message).hint(hint)
    }
}

fn limit_hint(name: &str) -> String {
    match name {
        "transfer_bytes_max"
        | "findings_bytes_max"
        | "document_findings_max"
        | "handles_max"
        | "table_elements_max"
        | "summary_bytes_max" => {
            format!("{name} is fixed; tell the plugin's author")
        }
        _ => format!(
            "nothing was kept; if you want to allow more, raise limits.{name} of the task (one in the plugin's own manifest holds too)"
        ),
    }
}

impl From<RunError> for CommandError {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        match error {
            RunError::Examine(error) => error.into(),
            RunError::NotPinned { task, digest } => Self::new(Exit::Denied, message)
                .hint(format!("`check` runs it without writing; to allow `run`: lifeos plugin add PATH, or add to [task.{task}]: digest = \"{digest}\"")),
            RunError::NotReviewed { plugin, .. } => Self::new(Exit::Denied, message)
                .hint(format!("look at it and lock it again: lifeos plugin add {plugin}; then commit lifeos.lock")),
            RunError::Refused(refused) => Self { hints: hints_of(&refused), ..Self::new(class_of(&refused), message) },
            RunError::Waiting(error) => error.into(),
            RunError::Land { error, run } => {
                // From a stale base nothing can be gone on with.
                let is_over = matches!(error, LandError::StaleBase { .. });
                let error = Self::from(error);
                if is_over { error } else { error.hint(format!("the approval is recorded; go on with: lifeos land {run}")) }
            }
            RunError::Revert { error, .. } => not_reverted(message, error),
            RunError::NoSuchFile { run, .. } => {
                Self::usage(message).hint(format!("`lifeos show {run}` lists the files; paths are relative to the repository"))
            }
            RunError::TooFew { .. } => {
                Self::new(Exit::Denied, message).hint("to promote it all the same, say why: --why TEXT; it is recorded")
            }
            RunError::NoLevel { .. } => {
                Self::usage(message).hint("levels are propose, branch, pull-request, merge; `lifeos status` shows them")
            }
            RunError::PartOfRollback { .. } => Self::usage(message).hint("leave out --file"),
            RunError::Ledger(error) | RunError::Approve(ApproveError::Ledger(error)) => error.into(),
            RunError::Approve(ApproveError::Digest { .. }) => {
                Self::new(Exit::Denied, message).hint("`lifeos show RUN` prints the digest; look at the candidate again")
            }
            RunError::Gate(error) => not_judged(message, &error),
            RunError::RedBase { output, .. } => red_base(message, &output),
            RunError::GoalMet { .. } => Self::new(Exit::Gate, message).hint("commit a test that fails, or take `goal` out of the task"),
            RunError::Red(red) => {
                let exit = if red.rounds > 0 { Exit::Limit } else { Exit::Gate };
                Self::new(exit, message).hint(format!("what it said: lifeos show {}", red.run))
            }
            RunError::NoModel { .. } => Self::usage(message).hint("give the task a table `model`; see docs/models.md"),
            RunError::Budget(error) => lifeos::model::error::ModelError::from(error).into(),
            RunError::Tape(error) => error.into(),
            RunError::TapeFile(_) => Self::new(Exit::Io, message).hint("see whether the disk is full or read-only"),
            RunError::Parted(divergence) => (*divergence).into(),
            RunError::Lock(error) => error.into(),
            RunError::Repo(error) => error.into(),
            RunError::WrongState { run, state, wanted } => Self::usage(message).hint(state_hint(&run, &state, wanted)),
            RunError::WholeLanded { .. } => Self::usage(message).hint("there is nothing left to approve of it"),
        }
    }
}

/// Why a run was not taken back.
fn not_reverted(message: String, error: RevertError) -> CommandError {
    let repo = |hint| CommandError::new(Exit::Repo, message).hint(hint);
    match error {
        RevertError::Conflict { .. } => repo("nothing was changed; take those lines back by hand, as they were before the run"),
        RevertError::Nothing => {
            repo("it was taken back already, a newer run took its place before it was merged, or it never got here: git pull")
        }
        RevertError::Repo(error) => error.into(),
    }
}

/// Why the commands of a gate were not run.
fn not_judged(message: String, error: &GateError) -> CommandError {
    let (exit, hint) = match error {
        GateError::Jail(JailError::NotIsolated(_)) => {
            (Exit::Denied, "a kernel with Landlock is needed; --unconfined-gate runs the commands with all rights of yours")
        }
        GateError::Jail(JailError::Supervisor(_)) => (Exit::Io, "the lifeos program must be able to start itself"),
        GateError::Folder(_) => (Exit::Io, "TMPDIR names the folder that trees are written out in"),
    };
    CommandError::new(exit, message).hint(hint)
}

/// A base that its own gate speaks against, with the end of what it said.
fn red_base(message: String, output: &str) -> CommandError {
    let mut error = CommandError::new(Exit::Gate, message).hint("make the base green first");
    if output.contains("ermission denied") {
        error = error.hint("if the gate may not read what it needs: --gate-read DIR, see docs/gate.md");
    }
    let last: Vec<&str> = output.trim_end().lines().rev().take(12).collect();
    last.into_iter().rev().fold(error, |error, line| error.hint(format!("it said: {line}")))
}

/// What to do with a run that is not where it would have to be.
fn state_hint(run: &str, state: &str, wanted: &str) -> String {
    match (state, wanted) {
        ("waiting", _) => format!("approve it first: lifeos approve {run}"),
        ("red", _) => format!("what the gate said: lifeos show {run}"),
        ("approved", "landed") => "nothing landed; what you merged yourself is taken back with: git revert COMMIT".to_owned(),
        ("landed", "waiting") => "nothing is left to approve; to take it back: lifeos rollback RUN".to_owned(),
        ("rejected", _) => "a no stands until the base changes; then run the task again".to_owned(),
        ("superseded", _) => "a newer run of the task took its place: lifeos log".to_owned(),
        _ => "`lifeos status` and `lifeos log` tell where runs stand".to_owned(),
    }
}

/// For each limit or host that was hit, the line that would allow it.
pub(crate) fn hints_of(refused: &[Refused]) -> Vec<String> {
    let problems = refused.iter().flat_map(|refused| &refused.problems);
    let limits = problems.filter_map(|problem| match problem {
        Problem::OverLimit("replacements_max", _) => Some("replacements_max is fixed; tell the plugin's author".to_owned()),
        Problem::OverLimit(name, value) => Some(format!("to allow more, set limits.{name} above {value} in the task's table")),
        // A scheme, or a place where something is filled in, cannot be allowed.
        Problem::NewHost(host) if !host.ends_with(':') && !host.contains(['{', '<', ' ']) => Some(format!(
            "links to {0} are allowed by \"{0}\" in `hosts` of the task's table, images with a query by nothing; see docs/egress.md",
            lifeos::clean::line(host)
        )),
        _ => None,
    });
    let mut hints: Vec<String> = limits.collect();
    hints.sort();
    hints.dedup();
    hints
}

impl From<WaitingError> for CommandError {
    fn from(error: WaitingError) -> Self {
        match error {
            WaitingError::Stale { .. } => Self::new(Exit::Repo, &error).hint("run the task again and look at the new candidate"),
            WaitingError::Repo(error) => error.into(),
            WaitingError::Ref(error) => error.into(),
            WaitingError::Lock(error) => error.into(),
            WaitingError::Git(error) => git(&error),
        }
    }
}

impl From<RefError> for CommandError {
    fn from(error: RefError) -> Self {
        let hint = match &error {
            RefError::Moved { .. } => "nothing was changed; run again",
            RefError::Locked { .. } => "wait for the other git process; if there is none, remove the .lock file beside the ref",
            RefError::Forbidden { .. } | RefError::Git { .. } => "`git fsck` may tell more",
        };
        if let RefError::Git { source, .. } = &error
            && is_io(source)
        {
            return Self::new(Exit::Io, &error).hint("see whether the disk is full or read-only");
        }
        Self::new(Exit::Repo, &error).hint(hint)
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Newer { .. } => Self::usage(&error).hint("use the lifeos that wrote it, or a newer one"),
            LedgerError::Damaged { .. } => {
                Self::new(Exit::Io, &error).hint("`git log refs/lifeos/ledger` shows the chain; nothing was written to it")
            }
            LedgerError::Unfit(_) => Self::new(Exit::Io, &error)
                .hint("nothing was written; unless a name or an address of git's is very long, please report it"),
            LedgerError::Ref(error) => error.into(),
            LedgerError::Lock(error) => error.into(),
            LedgerError::Git(error) => git(&error),
        }
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy => Self::new(Exit::Busy, &error).hint("wait for it to end; the lock ends with it"),
            LockError::Io { .. } => Self::new(Exit::Io, &error).hint("lifeos needs to write there to record what it does"),
        }
    }
}

fn git(error: &git2::Error) -> CommandError {
    let exit = if is_io(error) { Exit::Io } else { Exit::Repo };
    CommandError::new(exit, format!("git: {}", error.message()))
        .hint("nothing was published; see whether the disk is full or read-only")
}

fn is_io(error: &git2::Error) -> bool {
    matches!(
        error.class(),
        git2::ErrorClass::Os | git2::ErrorClass::Filesystem | git2::ErrorClass::Zlib | git2::ErrorClass::Indexer
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_28_a_panic_of_ours_exits_with_70_and_asks_for_a_report() {
        let failure = Failure::Bug("on purpose".to_owned());
        let error = CommandError::from(ExamineError::Failure { document: None, failure });
        assert_eq!((error.exit, error.exit.code()), (Exit::Bug, 70));
        assert!(error.message.contains("internal error") && error.hints[0].contains("report it"), "{error:?}");
    }
}
