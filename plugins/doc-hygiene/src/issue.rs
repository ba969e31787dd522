//! Something wrong that only the set shows, before it is told to the host.

use lifeos_sdk::{Finding, Severity};

use crate::edits::shortened;
use crate::edits::span;
use crate::facts::Place;

/// New text for a place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fix {
    pub(crate) place: Place,
    pub(crate) change: Change,
}

/// What a fix does to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The path, not what follows it.
    Path(String),
    /// The fragment, without `#`.
    Fragment(String),
}

/// Something wrong.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// Which document of the set.
    pub(crate) doc: usize,
    pub(crate) place: Option<Place>,
    pub(crate) message: String,
    pub(crate) help: &'static str,
    pub(crate) fix: Option<Fix>,
}

impl Issue {
    pub(crate) fn warning(rule: &'static str, doc: usize, message: String, help: &'static str) -> Self {
        Self { rule, severity: Severity::Warning, doc, place: None, message, help, fix: None }
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// As the host is told.
    pub(crate) fn told(&self, path: &str, repaired: bool) -> Finding {
        Finding {
            rule: self.rule.to_owned(),
            severity: self.severity,
            path: Some(path.to_owned()),
            span: self.place.map(|place| span(place.start as usize..place.end as usize)),
            message: shortened(&self.message),
            help: Some(self.help.to_owned()),
            repaired,
        }
    }
}
