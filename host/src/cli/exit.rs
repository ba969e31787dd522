//! The exit codes: public, in `docs/exit-codes.md`, and never reused.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, or nothing to do, or waiting.
    Done,
    /// `check` found something, a case of `plugin test` failed, or `plugin diff`
    /// that the newer one can more or does otherwise.
    Findings,
    /// Wrong arguments or configuration; nothing was started.
    Usage,
    /// `run --detailed-exitcode`: there was nothing to do.
    Nothing,
    /// `run --detailed-exitcode`: a candidate waits.
    Waiting,
    /// Of several tasks some failed.
    Partial,
    /// A capability or a path was refused.
    Denied,
    /// Over a limit of time, memory, size or count.
    Limit,
    /// Tests failed, or none ran.
    Gate,
    /// The plugin trapped or answered nonsense.
    Plugin,
    /// A model, a forge, a remote repository, or where a plugin comes from failed.
    Remote,
    /// The next call to a model would go over a budget.
    Budget,
    /// The state of the repository forbids it.
    Repo,
    /// Another run is at work.
    Busy,
    /// Reading or writing failed.
    Io,
    /// A mistake in lifeos itself.
    Bug,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Nothing => 3,
            Self::Waiting => 4,
            Self::Partial => 10,
            Self::Denied => 20,
            Self::Limit => 21,
            Self::Gate => 22,
            Self::Plugin => 23,
            Self::Remote => 30,
            Self::Budget => 31,
            Self::Repo => 40,
            Self::Busy => 41,
            Self::Io => 50,
            Self::Bug => 70,
        }
    }

    /// The word for it in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Nothing => "nothing",
            Self::Waiting => "waiting",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::Limit => "limit",
            Self::Gate => "gate",
            Self::Plugin => "plugin",
            Self::Remote => "remote",
            Self::Budget => "budget",
            Self::Repo => "repo",
            Self::Busy => "busy",
            Self::Io => "io",
            Self::Bug => "bug",
        }
    }
}
