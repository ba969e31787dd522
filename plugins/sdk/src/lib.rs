//! What a plugin author needs: the contract's words, and one trait for each of
//! the two worlds. It is deliberately not a runtime: no logging façade, no
//! allocator, no async.
//!
//! ```no_run
//! use lifeos_sdk::{Document, FileTask, Finding, Replacement, Report, Settings, file_task};
//!
//! #[derive(serde::Deserialize)]
//! struct Options {}
//!
//! struct Tabs;
//!
//! impl FileTask for Tabs {
//!     type Options = Options;
//!
//!     fn configure(_: Options, _: &Settings) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn check(&self, document: &Document) -> Result<Report, String> {
//!         let mut report = Report::default();
//!         for (at, tab) in document.text.match_indices('\t') {
//!             let bytes = at..at + tab.len();
//!             let finding = Finding::warning("tab", "a tab").at(document, bytes.clone());
//!             report.repair(document, finding, Replacement::new(bytes, "    "));
//!         }
//!         Ok(report)
//!     }
//! }
//!
//! file_task!(Tabs);
//! ```
//!
//! `?` works on what the host refuses: a [`Refusal`] becomes the sentence that
//! the owner reads.

mod file_task;
pub mod model;
mod task;
mod words;

#[doc(hidden)]
pub use serde_json;

/// The raw bindings of everything a plugin may import.
#[allow(missing_docs, reason = "generated; the WIT files are the documentation")]
pub mod bindings {
    wit_bindgen::generate!({
        world: "capabilities",
        path: "../../wit",
        generate_all,
        additional_derives: [PartialEq, Eq],
    });
}

pub use bindings::lifeos::task::types::{
    Change, Creation, Deletion, Document, Edit, Finding, Problem, Refusal, Replacement, Severity, Span,
};
pub use file_task::{Conclusion, FileTask, Report, Settings, Summary, world as file_task_world};
pub use task::{Input, Task, world as task_world};

/// Listing and reading the base commit (capability `read`).
pub mod repo {
    use crate::Refusal;
    pub use crate::bindings::lifeos::task::repo::{Entry, Kind, Page, list_files, read_file, stat};

    /// All paths that match `pattern`, page after page, in byte order.
    ///
    /// # Errors
    /// When the pattern is none.
    pub fn all_files(pattern: &str) -> Result<Vec<Entry>, Refusal> {
        let mut page = list_files(pattern, None)?;
        let mut entries = page.entries;
        while let Some(after) = page.next {
            page = list_files(pattern, Some(&after))?;
            entries.append(&mut page.entries);
        }
        Ok(entries)
    }
}

/// How a file came to be (capability `history`).
pub mod history {
    pub use crate::bindings::lifeos::task::history::{Revision, revisions, texts};
}

/// Proposing edits from a [`Task`] (capability `edit`).
pub mod edits {
    use crate::Problem;
    pub use crate::bindings::lifeos::task::edits::propose;

    /// What [`propose`] has against an edit, as one sentence for the owner.
    pub fn reasons(problems: Vec<Problem>) -> String {
        let words: Vec<String> = problems.into_iter().map(String::from).collect();
        format!("the host took no edit: {}", words.join("; "))
    }
}

/// What became of the proposal of the round before (capability `rounds`).
pub mod rounds {
    pub use crate::bindings::lifeos::task::rounds::{Proposed, Round, previous};
}

/// Reporting findings from a [`Task`].
pub mod findings {
    pub use crate::bindings::lifeos::task::findings::report;
}

/// Lines for the author.
pub mod log {
    pub use crate::bindings::lifeos::task::log::{Level, write};
}

/// Lets a panic say its words and its place before it ends the run: they go to the
/// log, and the host tells of them.
#[doc(hidden)]
pub fn tell_of_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let tell = |panic: &std::panic::PanicHookInfo<'_>| log::write(log::Level::Warn, &panic.to_string().replace('\n', " "));
    ONCE.call_once(|| std::panic::set_hook(Box::new(tell)));
}

/// Reads the owner's options.
///
/// # Errors
/// One sentence naming the key that is unknown or of the wrong type.
#[doc(hidden)]
pub fn parse_options<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("options: {error}"))
}
