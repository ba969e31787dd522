//! The host functions: each takes the guest's words, asks the broker, and
//! gives the answer back in the guest's words. Nothing is decided here.

mod model;

use wasmtime::component::{HasSelf, Linker};

use super::bindings::capabilities::lifeos::task as wit;
use super::state::State;
use crate::broker::Broker;
use crate::broker::answer::{self, PathKind, Refusal, Stop};
use crate::check::problem::Problem;
use crate::clean;
use crate::edit::{Action, Edit, Finding, Lines, Position, Replacement, Severity, Span};
use crate::path::RepoPath;
use crate::round::{Proposed, Round};

/// Bytes of a rule id, and of the sentences in a finding.
const RULE_BYTES_MAX: usize = 64;
const SENTENCE_BYTES_MAX: usize = 2_000;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wit::types::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::repo::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::history::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::edits::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::model::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::rounds::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::findings::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    wit::log::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}

type Answer<T> = wasmtime::Result<Result<T, wit::types::Refusal>>;

impl wit::types::Host for State {}

impl wit::repo::Host for State {
    fn list_files(&mut self, pattern: String, after: Option<String>) -> Answer<wit::repo::Page> {
        let answer = self.broker.list_files(&pattern, after.as_deref()).map_err(stop)?;
        let entry = |(path, kind): (RepoPath, PathKind)| wit::repo::Entry { path: path.to_string(), kind: path_kind(kind) };
        let page = answer.map(|answer::Page { entries, next }| wit::repo::Page {
            entries: entries.into_iter().map(entry).collect(),
            next: next.map(|path| path.to_string()),
        });
        Ok(page.map_err(refusal))
    }

    fn stat(&mut self, path: String) -> Answer<wit::repo::Kind> {
        Ok(self.broker.stat(&path).map_err(stop)?.map(path_kind).map_err(refusal))
    }

    fn read_file(&mut self, path: String) -> Answer<wit::types::Document> {
        Ok(self.broker.read_file(&path).map_err(stop)?.map(document).map_err(refusal))
    }
}

impl wit::history::Host for State {
    fn revisions(&mut self, path: String, max: u32) -> Answer<Vec<wit::history::Revision>> {
        let answer = self.broker.revisions(&path, max).map_err(stop)?;
        let revision = |revision: crate::repo::history::Revision| wit::history::Revision {
            commit: revision.commit.to_string(),
            seconds: revision.seconds,
            offset_minutes: revision.offset_minutes,
            files_changed: revision.files_changed,
            automated: revision.automated,
        };
        Ok(answer.map(|revisions| revisions.into_iter().map(revision).collect()).map_err(refusal))
    }

    fn texts(&mut self, path: String, commit: String) -> Answer<(Option<String>, Option<String>)> {
        Ok(self.broker.texts(&path, &commit).map_err(stop)?.map_err(refusal))
    }
}

impl wit::edits::Host for State {
    fn propose(&mut self, asked: wit::types::Edit) -> wasmtime::Result<Result<(), Vec<wit::types::Problem>>> {
        let answer = self.broker.propose(&edit(asked)).map_err(stop)?;
        Ok(answer.map_err(|problems| problems.into_iter().map(problem).collect()))
    }
}

impl wit::model::Host for State {
    fn complete(&mut self, asked: wit::model::Request) -> wasmtime::Result<Result<wit::model::Reply, wit::model::Refusal>> {
        let answer = self.broker.complete(&model::asked(asked)).map_err(stop)?;
        Ok(answer.map(model::reply).map_err(model::refusal))
    }
}

impl wit::rounds::Host for State {
    fn previous(&mut self) -> wasmtime::Result<Option<wit::rounds::Round>> {
        let round = self.broker.previous().map_err(stop)?;
        let proposed = |Proposed { path, text }| wit::rounds::Proposed { path, text };
        Ok(round.map(|Round { number, left, fault, output, edits }| wit::rounds::Round {
            number,
            left,
            fault,
            output,
            edits: edits.into_iter().map(proposed).collect(),
        }))
    }
}

impl wit::findings::Host for State {
    fn report(&mut self, reported: wit::types::Finding) -> wasmtime::Result<()> {
        let finding = finding(reported, &mut Texts::default(), &self.broker).map_err(wasmtime::Error::msg)?;
        self.broker.report(finding).map_err(stop)
    }
}

impl wit::log::Host for State {
    fn write(&mut self, level: wit::log::Level, text: String) -> wasmtime::Result<()> {
        let level = match level {
            wit::log::Level::Debug => "debug",
            wit::log::Level::Info => "info",
            wit::log::Level::Warn => "warn",
        };
        self.broker.log(&format!("{level}: {text}")).map_err(stop)
    }
}

fn stop(stop: Stop) -> wasmtime::Error {
    wasmtime::Error::new(stop)
}

pub(super) fn document(document: answer::Document) -> wit::types::Document {
    wit::types::Document {
        path: document.path.to_string(),
        id: document.id.to_string(),
        text: document.text,
        editable: document.editable,
    }
}

pub(super) fn replacement(replacement: wit::types::Replacement) -> Replacement {
    let wit::types::Replacement { span: wit::types::Span { start, end }, text } = replacement;
    Replacement { span: Span { start, end }, text }
}

pub(super) fn edit(edit: wit::types::Edit) -> Edit {
    match edit {
        wit::types::Edit::Change(wit::types::Change { path, id, replacements }) => {
            let replacements = replacements.into_iter().map(replacement).collect();
            Edit { path, action: Action::Change { id, replacements } }
        }
        wit::types::Edit::Create(wit::types::Creation { path, text }) => Edit { path, action: Action::Create { text } },
        wit::types::Edit::Delete(wit::types::Deletion { path, id }) => Edit { path, action: Action::Delete { id } },
    }
}

/// A document's text with its lines indexed, for the positions of findings.
pub(super) struct Text<'a> {
    path: &'a str,
    text: &'a str,
    lines: Lines,
}

impl<'a> Text<'a> {
    pub(super) fn of(document: &'a wit::types::Document) -> Self {
        Self { path: &document.path, text: &document.text, lines: Lines::new(&document.text) }
    }
}

/// Takes a finding about any document.
pub(super) fn finding(reported: wit::types::Finding, texts: &mut Texts, broker: &Broker) -> Result<Finding, String> {
    taken(reported, |path, span| texts.position(path, span, broker))
}

/// Takes a finding that came with a document, mostly about it.
pub(super) fn finding_in(current: &Text<'_>, reported: wit::types::Finding, broker: &Broker) -> Result<Finding, String> {
    taken(reported, |path, span| match current.path == path.as_str() {
        true => Some(current.lines.position(current.text, span.start)),
        false => Texts::default().position(path, span, broker),
    })
}

/// A finding cleaned and cut; a rule id or path that is none is an error.
fn taken(
    finding: wit::types::Finding,
    position: impl FnOnce(&RepoPath, wit::types::Span) -> Option<Position>,
) -> Result<Finding, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    if finding.rule.is_empty() || finding.rule.len() > RULE_BYTES_MAX || !finding.rule.bytes().all(plain) {
        return Err("a finding's rule id is not 1 to 64 of a-z A-Z 0-9 - _ / .".to_owned());
    }
    let path = finding.path.as_deref().map(RepoPath::new).transpose();
    let path = path.map_err(|error| format!("a finding's path is {error}"))?;
    let position = path.as_ref().zip(finding.span).and_then(|(path, span)| position(path, span));
    let sentence = |text: &str| clean::cut(&clean::line(clean::cut(text, SENTENCE_BYTES_MAX)), SENTENCE_BYTES_MAX).to_owned();
    Ok(Finding {
        path,
        position,
        rule: finding.rule,
        severity: match finding.severity {
            wit::types::Severity::Error => Severity::Error,
            wit::types::Severity::Warning => Severity::Warning,
            wit::types::Severity::Note => Severity::Note,
        },
        message: sentence(&finding.message),
        help: finding.help.as_deref().map(sentence),
        repaired: finding.repaired,
    })
}

/// The texts that a conclusion points into, each read once while findings of
/// one document follow each other.
#[derive(Default)]
pub(super) struct Texts(Option<(RepoPath, Option<(String, Lines)>)>);

impl Texts {
    fn position(&mut self, path: &RepoPath, span: wit::types::Span, broker: &Broker) -> Option<Position> {
        if self.0.as_ref().is_none_or(|(at, _)| at != path) {
            let text = broker.text_of(path).map(|text| (Lines::new(&text), text)).map(|(lines, text)| (text, lines));
            self.0 = Some((path.clone(), text));
        }
        let (text, lines) = self.0.as_ref()?.1.as_ref()?;
        Some(lines.position(text, span.start))
    }
}

fn path_kind(kind: PathKind) -> wit::repo::Kind {
    match kind {
        PathKind::File => wit::repo::Kind::File,
        PathKind::Symlink => wit::repo::Kind::Symlink,
        PathKind::Submodule => wit::repo::Kind::Submodule,
        PathKind::Pointer => wit::repo::Kind::Pointer,
        PathKind::Folder => wit::repo::Kind::Folder,
    }
}

fn refusal(refusal: Refusal) -> wit::types::Refusal {
    match refusal {
        Refusal::InvalidPath => wit::types::Refusal::InvalidPath,
        Refusal::NotGranted => wit::types::Refusal::NotGranted,
        Refusal::NotFound => wit::types::Refusal::NotFound,
        Refusal::NotAFile => wit::types::Refusal::NotAFile,
        Refusal::NotText => wit::types::Refusal::NotText,
        Refusal::TooLarge(bytes) => wit::types::Refusal::TooLarge(bytes),
        Refusal::HistoryMissing => wit::types::Refusal::HistoryMissing,
    }
}

fn problem(problem: Problem) -> wit::types::Problem {
    let span = |Span { start, end }| wit::types::Span { start, end };
    match problem {
        Problem::InvalidPath(_) => wit::types::Problem::InvalidPath,
        Problem::NotGranted => wit::types::Problem::NotGranted,
        Problem::Protected => wit::types::Problem::Protected,
        Problem::NotFound => wit::types::Problem::NotFound,
        Problem::AlreadyExists => wit::types::Problem::AlreadyExists,
        Problem::CollidesWith(path) => wit::types::Problem::CollidesWith(path),
        Problem::NotAFile => wit::types::Problem::NotAFile,
        Problem::Filtered => wit::types::Problem::Filtered,
        Problem::Stale => wit::types::Problem::Stale,
        Problem::SpanOutsideText(at) => wit::types::Problem::SpanOutsideText(span(at)),
        Problem::SpansOverlap(at) => wit::types::Problem::SpansOverlap(span(at)),
        Problem::ConflictingEdit => wit::types::Problem::ConflictingEdit,
        Problem::HiddenCharacters => wit::types::Problem::HiddenCharacters,
        Problem::Secret(kind) => wit::types::Problem::Secret(kind.to_owned()),
        Problem::NewHost(host) => wit::types::Problem::NewHost(host),
        Problem::OverLimit(name, value) => wit::types::Problem::OverLimit((name.to_owned(), value)),
    }
}
