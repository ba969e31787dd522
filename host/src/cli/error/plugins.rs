//! Errors of plugins that come from elsewhere, and of `lifeos.lock`, in words.

use lifeos::fetch::FetchError;
use lifeos::plugin::diff::{Difference, Way};
use lifeos::plugin::lock::{Changed, LockFileError, LockedError};
use lifeos::plugin::origin::OriginError;

use super::super::exit::Exit;
use super::CommandError;

/// Differences that are shown of two plugins.
const CHANGES_SHOWN: usize = 12;

/// The first differences, those that widen it before all others, and how many there are besides.
pub(crate) fn differences(changes: &[Difference]) -> Vec<String> {
    let (wider, others): (Vec<&Difference>, Vec<&Difference>) = changes.iter().partition(|change| change.way == Way::Wider);
    let mut lines: Vec<String> = wider.into_iter().chain(others).map(ToString::to_string).collect();
    let more = lines.len().saturating_sub(CHANGES_SHOWN);
    lines.truncate(CHANGES_SHOWN);
    lines.extend((more > 0).then(|| format!("and {more} more differences")));
    lines
}

impl From<LockFileError> for CommandError {
    fn from(error: LockFileError) -> Self {
        let (exit, hint) = match &error {
            LockFileError::Newer(_) => (Exit::Usage, "use the lifeos that wrote it, or a newer one"),
            LockFileError::TooLarge => (Exit::Limit, "take out plugins that no task uses: lifeos plugin list"),
            LockFileError::TwoOfOne { .. } => (Exit::Usage, "lifeos plugin remove takes one of them out"),
            LockFileError::Unwritable(_) => (Exit::Denied, "tell the plugin's author"),
            LockFileError::Syntax(_) | LockFileError::Name(_) => {
                (Exit::Usage, "lifeos alone writes this file; take it from an earlier commit: git checkout COMMIT -- lifeos.lock")
            }
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<LockedError> for CommandError {
    fn from(error: LockedError) -> Self {
        let message = error.to_string();
        match error {
            LockedError::Plugin(error) => error.into(),
            LockedError::Changed(changed) => {
                let Changed { name, changes, unfit, .. } = *changed;
                let error = Self::new(Exit::Denied, message);
                let error = match unfit {
                    Some(why) => error.hint(format!("what is there would not be taken: {why}")),
                    None if changes.is_empty() => error.hint("what it can call and what it declares are the same"),
                    None => differences(&changes).into_iter().fold(error, Self::hint),
                };
                error.hint(format!(
                    "changed bytes are a new plugin; if you trust them: lifeos plugin add {name}, and commit lifeos.lock"
                ))
            }
            LockedError::Untrue { name, changes, .. } => {
                let error = Self::new(Exit::Denied, message);
                let error =
                    differences(&changes).into_iter().fold(error.hint("what it tells, and what the bytes say:"), Self::hint);
                error.hint(format!(
                    "the file was edited, or another lifeos wrote it; lifeos plugin add {name} writes what is true"
                ))
            }
        }
    }
}

impl From<FetchError> for CommandError {
    fn from(error: FetchError) -> Self {
        let (exit, hint) = match &error {
            FetchError::Plain(_) => (Exit::Usage, "--allow-http asks this machine over http"),
            FetchError::Token { .. } => (Exit::Usage, "a token is one line, in a file that nobody else may read"),
            FetchError::Unauthorized { with_token: false, .. } => (Exit::Remote, "name a token with --token HOST=SOURCE"),
            FetchError::Unauthorized { .. } => (Exit::Remote, "the token is wrong, has expired, or may not read this"),
            FetchError::NotFound { .. } => {
                (Exit::Remote, "see the name and the tag; some hosts say so to anybody without a token")
            }
            FetchError::TooLarge { .. } => (Exit::Limit, "a component has at most 64 MiB"),
            FetchError::Malformed { .. } | FetchError::Digest { .. } => {
                (Exit::Denied, "nothing was kept; ask whoever put it there")
            }
            FetchError::Redirect { .. } => (Exit::Remote, "name the address that it is at"),
            FetchError::Unreachable { .. } => {
                (Exit::Remote, "see the name, and the network; a registry on this machine may want --allow-http")
            }
            _ => (Exit::Remote, "try again later: nothing was changed"),
        };
        Self::new(exit, &error).hint(hint)
    }
}

impl From<OriginError> for CommandError {
    fn from(error: OriginError) -> Self {
        let hint = match &error {
            OriginError::NotHttps => "ask its author for an https:// address",
            _ => "see docs/plugins.md",
        };
        Self::usage(&error).hint(hint)
    }
}
