//! Errors about a plugin's cases, in words.

use lifeos::config::ConfigError;
use lifeos::plugin::PluginError;
use lifeos::trial::TrialError;
use lifeos::trial::case::CaseError;
use lifeos::wasm::LoadError;

use super::{CommandError, git};
use crate::cli::exit::Exit;

impl From<TrialError> for CommandError {
    fn from(error: TrialError) -> Self {
        let (exit, hint) = match error {
            TrialError::Repo(error) => return error.into(),
            TrialError::Git(error) => return git(&error),
            TrialError::Examine(error) => return error.into(),
            TrialError::Manifest(error) => return PluginError::from(error).into(),
            TrialError::Sealed(error) => return LoadError::from(error).into(),
            TrialError::Cases { .. } => (Exit::Io, "cases are folders below cases/ in the plugin's folder".to_owned()),
            TrialError::Scratch(_) => (Exit::Io, "TMPDIR names the folder that cases are tried in".to_owned()),
            TrialError::TooMany { .. } | TrialError::TooLarge { .. } => {
                (Exit::Limit, "cases are small: make them smaller, or fewer".to_owned())
            }
            TrialError::Unknown { nearest: Some(ref nearest), .. } => (Exit::Usage, format!("did you mean `{nearest}`?")),
            TrialError::Unknown { .. } => (Exit::Usage, "without --case all of them are tried and named".to_owned()),
            TrialError::Case { error: CaseError::Sheet(ConfigError::Syntax { nearest: Some(ref nearest), .. }), .. } => {
                (Exit::Usage, format!("did you mean `{nearest}`?"))
            }
            TrialError::Case { .. } => (Exit::Usage, "what a case holds is in docs/testing-plugins.md".to_owned()),
        };
        Self::new(exit, &error).hint(hint)
    }
}
