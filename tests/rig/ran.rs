//! What a run of the program left: its exit code and its words.

use serde_json::Value;

/// The end of one command.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Data.
    pub(crate) stdout: String,
    /// Everything else.
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "exit code\n{self}");
        self
    }

    /// Asserts that something was said, on either stream.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words) || self.stderr.contains(words), "{words:?} was not said\n{self}");
        self
    }

    /// Asserts that something was not said, on either stream.
    #[track_caller]
    pub(crate) fn keeps_quiet_about(&self, words: &str) -> &Self {
        assert!(!self.stdout.contains(words) && !self.stderr.contains(words), "{words:?} was said\n{self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON: {error}\n{self}"))
    }

    /// The plugin's log, in a `check --json`.
    #[track_caller]
    pub(crate) fn log(&self) -> String {
        self.json()["log"].as_str().unwrap_or_else(|| panic!("no log\n{self}")).to_owned()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(4000).collect::<String>();
        write!(out, "exit: {:?}\nstdout: {}\nstderr: {}", self.code, cut(&self.stdout), cut(&self.stderr))
    }
}
