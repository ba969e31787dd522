//! The one door to the author's own tools: cargo, componentize-py, node. They
//! run in the plugin's folder with the author's rights, as if typed there.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{CommandError, Exit};

/// A tool in a folder, not started yet.
pub(super) struct Tool(Command);

impl Tool {
    pub(super) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::inherit());
        Self(command)
    }

    pub(super) fn arguments<T: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(super) fn set(mut self, variable: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(variable, value);
        self
    }

    pub(super) fn unset(mut self, variable: &str) -> Self {
        self.0.env_remove(variable);
        self
    }

    /// Runs it and gives what it printed; what it says meanwhile is seen.
    pub(super) fn run(mut self, failed: impl FnOnce() -> CommandError) -> Result<Vec<u8>, CommandError> {
        let name = self.0.get_program().to_string_lossy().into_owned();
        let missing = |error| CommandError::new(Exit::Io, format!("{name}: {error}"));
        let output = self.0.output().map_err(missing)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed()) }
    }
}
