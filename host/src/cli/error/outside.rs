//! Errors of landing, here and outside, in words.

use lifeos::forge::error::ForgeError;
use lifeos::land::LandError;
use lifeos::remote::RemoteError;
use lifeos::sync::SyncError;

use super::super::exit::Exit;
use super::{CommandError, git};

impl From<LandError> for CommandError {
    fn from(error: LandError) -> Self {
        let (exit, hint) = match error {
            LandError::Ref(error) => return error.into(),
            LandError::Ledger(error) => return error.into(),
            LandError::Lock(error) => return error.into(),
            LandError::Git(error) => return git(&error),
            LandError::Remote(error) => return error.into(),
            LandError::Forge(error) => return error.into(),
            LandError::NotOurs { .. } | LandError::NotOursThere { .. } => {
                (Exit::Repo, "merge or delete that branch; nothing has moved")
            }
            LandError::CheckedOut { .. } => (Exit::Repo, "switch to another branch; nothing has moved"),
            LandError::NoTarget { .. } => (Exit::Repo, "push it there, or name another one as remote.branch in lifeos.toml"),
            LandError::BaseNotThere { .. } => (Exit::Repo, "push your commits first, or run on a commit that is there"),
            LandError::StaleBase { .. } => {
                (Exit::Repo, "git pull, and run the task (or roll back) again: only what was tested on the newest base is merged")
            }
            LandError::HeadMoved { .. } => (Exit::Repo, "somebody pushed to it; merge or close it there"),
            LandError::Checks { .. } => (Exit::Gate, "nothing was merged; see the checks of that commit"),
            LandError::TooMany { .. } => (Exit::Limit, "merge or close some, or raise that limit in lifeos.toml"),
            LandError::NoRemote => (Exit::Usage, "add [remote] with `branch`; see docs/landing.md"),
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<RemoteError> for CommandError {
    fn from(error: RemoteError) -> Self {
        let (exit, hint) = match &error {
            RemoteError::Unknown { .. } => (Exit::Usage, "git remote add NAME URL, or name another one"),
            RemoteError::Address { .. } => {
                (Exit::Usage, "https, ssh and absolute local paths are; http to this machine only; no password in an address")
            }
            RemoteError::Program { .. } => (Exit::Io, "see whether the disk is full or read-only"),
            RemoteError::TimedOut { .. } => (Exit::Remote, "the same command looks first at what is there, and goes on from it"),
            RemoteError::Failed { .. } => (
                Exit::Remote,
                "tokens for https come from --token HOST=FILE; ssh asks no questions here, so its key must be at hand",
            ),
            RemoteError::Rejected { .. } => (Exit::Remote, "nothing was forced; what is here is kept"),
        };
        let said = match &error {
            RemoteError::Rejected { said, .. } | RemoteError::Failed { said, .. } => said.as_slice(),
            _ => &[],
        };
        said.iter().fold(Self::new(exit, &error), |error, line| error.hint(format!("it said: {line}"))).hint(hint)
    }
}

impl From<ForgeError> for CommandError {
    fn from(error: ForgeError) -> Self {
        let hint = match &error {
            ForgeError::Unauthorized { .. } => "the token is wrong or has expired",
            ForgeError::Forbidden { .. } => "the token lacks a right: contents and pull requests, read and write; checks, read",
            ForgeError::NotFound { .. } => "see remote.forge.repository; a token without rights sees nothing either",
            ForgeError::RateLimited { .. } => "wait for the time it names",
            ForgeError::Conflict { .. } | ForgeError::Invalid { .. } => "see what it says, and what is open there",
            ForgeError::Redirect { .. } => "remote.forge.api must be the address that it answers at; none is followed",
            ForgeError::Malformed { .. } | ForgeError::TooLarge { .. } => "is remote.forge.api the address of such a forge?",
            _ => "try again later: what is here is kept",
        };
        Self::new(Exit::Remote, &error).hint(hint)
    }
}

impl From<SyncError> for CommandError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Remote(error) => error.into(),
            SyncError::Ledger(error) => error.into(),
            SyncError::Ref(error) => error.into(),
            SyncError::Lock(error) => error.into(),
            SyncError::Git(error) => git(&error),
        }
    }
}
