//! The words of an answer to a plugin: what is given, what is refused, and
//! what makes the plugin stop.

use std::sync::Arc;

use crate::check::CheckedEdit;
use crate::check::problem::{Problem, Refused};
use crate::edit::Finding;
use crate::model::error::ModelError;
use crate::path::RepoPath;
use crate::repo::RepoError;
use crate::trace::Call;

/// Entries in one page of a listing.
pub const PAGE_ENTRIES: usize = 1000;

/// What an instance left behind.
#[derive(Default)]
pub struct Collected {
    /// Edits that passed by themselves.
    pub edits: Vec<CheckedEdit>,
    /// Edits that did not.
    pub refused: Vec<Refused>,
    /// A limit of the whole proposal that was hit.
    pub over: Option<Problem>,
    /// Findings, as reported.
    pub findings: Vec<Finding>,
    /// Every host call that is traced.
    pub trace: Vec<Call>,
    /// How many calls there were in all.
    pub calls: u64,
    /// Lines for the author, cleaned.
    pub log: String,
}

/// Why something is not read for a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not a path, or not a pattern.
    InvalidPath,
    /// Outside the grant, whether it exists or not.
    NotGranted,
    /// Granted, but not there.
    NotFound,
    /// A link, a submodule or a pointer.
    NotAFile,
    /// Not UTF-8 text.
    NotText,
    /// Larger than so many bytes.
    TooLarge(u64),
    /// The clone is shallow.
    HistoryMissing,
}

impl Refusal {
    /// The word for it, as in a trace.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidPath => "invalid-path",
            Self::NotGranted => "not-granted",
            Self::NotFound => "not-found",
            Self::NotAFile => "not-a-file",
            Self::NotText => "not-text",
            Self::TooLarge(_) => "too-large",
            Self::HistoryMissing => "history-missing",
        }
    }
}

/// Why the plugin has to stop at once.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Over a limit: its key and its value.
    #[error("over limits.{0} = {1}")]
    Limit(&'static str, u64),
    /// The tape has no answer.
    #[error(transparent)]
    Model(ModelError),
    /// The repository failed us.
    #[error(transparent)]
    Repo(#[from] Arc<RepoError>),
}

/// A document that is handed to a plugin.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is.
    pub path: RepoPath,
    /// Its blob.
    pub id: git2::Oid,
    /// Its text.
    pub text: String,
    /// Whether an edit of it could pass.
    pub editable: bool,
}

/// Some entries of a listing, and where the next page begins.
#[derive(Debug, Clone)]
pub struct Page {
    /// At most [`PAGE_ENTRIES`], in byte order of their paths.
    pub entries: Vec<(RepoPath, PathKind)>,
    /// The last path of this page, if there are more.
    pub next: Option<RepoPath>,
}

impl PathKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Symlink => "symlink",
            Self::Submodule => "submodule",
            Self::Pointer => "pointer",
            Self::Folder => "folder",
        }
    }
}

/// What a listed path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// Text or bytes.
    File,
    /// Never followed.
    Symlink,
    /// Never entered.
    Submodule,
    /// A large-file pointer.
    Pointer,
    /// Files are below it.
    Folder,
}
