//! The owner's options, and their bounds.

use serde::Deserialize;

/// Bytes of files that fit into a request beside the rest of it.
const READ_BYTES_MAX: u64 = 768 << 10;
/// Files of one request.
const FILES_MAX: u64 = 200;
/// Bytes of hints.
const HINTS_BYTES_MAX: usize = 4 << 10;

/// The owner's options.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Files that are shown to the model in one request (default 20).
    pub files_max: u64,
    /// Bytes of all these files together (default 64 KiB).
    pub read_bytes_max: u64,
    /// The owner's words for every request: conventions, places, what to leave alone.
    pub hints: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { files_max: 20, read_bytes_max: 64 << 10, hints: String::new() }
    }
}

impl Options {
    /// The options, if they are within their bounds.
    ///
    /// # Errors
    /// One sentence for the owner.
    pub fn bounded(self) -> Result<Self, String> {
        if !(1..=FILES_MAX).contains(&self.files_max) {
            return Err(format!("options.files_max: must be 1 to {FILES_MAX}"));
        }
        if !(1..=READ_BYTES_MAX).contains(&self.read_bytes_max) {
            return Err(format!("options.read_bytes_max: must be 1 to {READ_BYTES_MAX}"));
        }
        if self.hints.len() > HINTS_BYTES_MAX {
            return Err(format!("options.hints: at most {HINTS_BYTES_MAX} bytes"));
        }
        Ok(self)
    }

    /// The hints as a paragraph of a request; nothing if there are none.
    #[must_use]
    pub fn hinted(&self) -> String {
        let hints = self.hints.trim();
        if hints.is_empty() { String::new() } else { format!("Hints of the repository's owner:\n{hints}\n\n") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_defaults_and_bounds() {
        let read = |json: &str| serde_json::from_str::<Options>(json).map_err(|error| error.to_string())?.bounded();
        assert_eq!(read("{}").map(|options| (options.files_max, options.hinted())), Ok((20, String::new())));
        assert_eq!(read(r#"{"hints":"a\n"}"#).map(|options| options.hinted().ends_with("a\n\n")), Ok(true));
        for wrong in [r#"{"files_max":0}"#, r#"{"read_bytes_max":99999999}"#, r#"{"file_max":1}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(Options { hints: "x".repeat(HINTS_BYTES_MAX + 1), ..Options::default() }.bounded().is_err());
    }
}
