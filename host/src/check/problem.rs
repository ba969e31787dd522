//! Why the machine refuses an edit: as data for the plugin, in words for people.

use crate::clean;
use crate::edit::{Misfit, Span};

/// An edit that was refused, and everything that speaks against it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The path as the plugin wrote it.
    pub path: String,
    /// Why.
    pub problems: Vec<Problem>,
}

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not a path that names one file on every system.
    InvalidPath(&'static str),
    /// Outside the declared or granted globs.
    NotGranted,
    /// On the list that no wildcard reaches.
    Protected,
    /// No such file in the base.
    NotFound,
    /// There is such a file, or a folder of that name.
    AlreadyExists,
    /// Another path differs only in case or Unicode form.
    CollidesWith(String),
    /// A link, a submodule, a pointer, or bytes that are not text.
    NotAFile,
    /// A git filter stands between blob and content.
    Filtered,
    /// The blob named is not the one in the base.
    Stale,
    /// A span that does not lie in the text.
    SpanOutsideText(Span),
    /// A span that shares bytes with another, or is out of order.
    SpansOverlap(Span),
    /// A second edit of the same path.
    ConflictingEdit,
    /// The edit adds invisible or bidirectional control characters.
    HiddenCharacters,
    /// The edit adds what looks like a secret of this kind.
    Secret(&'static str),
    /// The edit of a document adds an address of this host, which it did not name before,
    /// or an image there whose address carries something.
    NewHost(String),
    /// Over a limit: its key and its value.
    OverLimit(&'static str, u64),
}

impl Problem {
    /// The word for it, as in a trace.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::InvalidPath(_) => "invalid-path",
            Self::NotGranted => "not-granted",
            Self::Protected => "protected",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::CollidesWith(_) => "collides-with",
            Self::NotAFile => "not-a-file",
            Self::Filtered => "filtered",
            Self::Stale => "stale",
            Self::SpanOutsideText(_) => "span-outside-text",
            Self::SpansOverlap(_) => "spans-overlap",
            Self::ConflictingEdit => "conflicting-edit",
            Self::HiddenCharacters => "hidden-characters",
            Self::Secret(_) => "secret",
            Self::NewHost(_) => "new-host",
            Self::OverLimit(..) => "over-limit",
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InvalidPath(reason) => write!(out, "not a path that names one file on every system: {reason}"),
            Self::NotGranted => write!(out, "not within the edit globs of the task and of the plugin"),
            Self::Protected => write!(
                out,
                "protected: only a grant that writes out this very path could reach it, and none reaches git's or lifeos's own"
            ),
            Self::NotFound => write!(out, "no such file in the base"),
            Self::AlreadyExists => write!(out, "the path is taken"),
            Self::CollidesWith(path) => write!(out, "differs from {} only in case or Unicode form", clean::line(path)),
            Self::NotAFile => write!(out, "not a text file"),
            Self::Filtered => write!(out, "a git filter stands between blob and content"),
            Self::Stale => write!(out, "stale: not made from the blob in the base"),
            Self::SpanOutsideText(Span { start, end }) => write!(out, "span {start}..{end} is not in the text"),
            Self::SpansOverlap(Span { start, end }) => write!(out, "span {start}..{end} overlaps another or is out of order"),
            Self::ConflictingEdit => write!(out, "another edit of this run concerns the same path"),
            Self::HiddenCharacters => write!(out, "adds invisible or bidirectional control characters"),
            Self::Secret(kind) => write!(out, "adds what looks like a secret ({kind})"),
            Self::NewHost(host) => {
                let host = clean::line(host);
                write!(out, "adds an address of {host}: the document did not name it before, or it is an image with a query")
            }
            Self::OverLimit(name, value) => write!(out, "over limits.{name} = {value}"),
        }
    }
}

impl From<Misfit> for Problem {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::OutsideText(span) => Self::SpanOutsideText(span),
            Misfit::Overlap(span) => Self::SpansOverlap(span),
        }
    }
}
