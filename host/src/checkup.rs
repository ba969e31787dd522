//! What a plugin answered: for one document, and for the whole set. Data only;
//! what becomes of it is decided by `broker`, and it may be remembered by
//! `results`.

use serde::{Deserialize, Serialize};

use crate::clean;
use crate::digest::Digest;
use crate::edit::{Edit, Finding, Replacement};
use crate::path::RepoPath;
use crate::trace::{Call, SUBJECT_BYTES_MAX, Short};

/// What came of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// What was seen.
    pub findings: Vec<Finding>,
    /// What is to change in it; empty for no edit.
    pub replacements: Vec<Replacement>,
    /// What the conclusion wants to know of it.
    #[serde(with = "serde_bytes")]
    pub summary: Vec<u8>,
    /// Bytes of the document.
    pub bytes: u64,
    /// Digest and bytes of the edit that the replacements make, if they make one.
    pub edit: Option<(Short, u64)>,
    /// The calls to the host that it took, as far as they are traced.
    pub calls: Vec<Call>,
    /// How many calls it took in all.
    pub calls_made: u64,
    /// Lines for the author, cleaned.
    pub log: String,
    /// The history that it was told of, if it asked.
    pub facts: Option<Digest>,
    /// The limit that the document was too much for: its key and its value.
    pub over: Option<(String, u64)>,
}

/// What came of the whole set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// What was seen.
    pub findings: Vec<Finding>,
    /// What is to change.
    pub edits: Vec<Edit>,
    /// The calls to the host that it took, as far as they are traced.
    pub calls: Vec<Call>,
    /// How many calls it took in all.
    pub calls_made: u64,
    /// Lines for the author, cleaned.
    pub log: String,
    /// The commit whose history it was told of, if it asked.
    pub past: Option<[u8; 20]>,
}

impl Checkup {
    /// Whether it says something of the document at `path` and was made from
    /// nothing but that document and its history.
    #[must_use]
    pub fn is_about(&self, path: &RepoPath) -> bool {
        let subject = clean::line(clean::cut(path.as_str(), SUBJECT_BYTES_MAX));
        let is_short = path.as_str().len() <= SUBJECT_BYTES_MAX;
        let own = |call: &Call| is_short && call.capability == "history" && call.subject == subject;
        self.calls.iter().all(own) && self.findings.iter().all(|finding| finding.path.as_ref().is_none_or(|at| at == path))
    }

    /// Whether it asked for the history of the document.
    #[must_use]
    pub fn asked_history(&self) -> bool {
        self.calls.iter().any(|call| call.capability == "history")
    }
}

impl Conclusion {
    /// Whether it asked for history: otherwise the summaries and the base tree
    /// are all it was made from.
    #[must_use]
    pub fn asked_history(&self) -> bool {
        self.calls.iter().any(|call| call.capability == "history")
    }
}
