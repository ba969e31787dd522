//! Calls as a trace keeps them: what was asked and what was answered, both as
//! digests, so that a trace holds no content and a replay can still compare.

use std::time::Duration;

use git2::Oid;

use super::answer::{Document, Page, PathKind, Refusal};
use crate::check::CheckedEdit;
use crate::check::problem::Problem;
use crate::clean;
use crate::edit::{Action, Edit, Replacement};
use crate::model::answer as model;
use crate::repo::history::Revision;
use crate::round::Round;
use crate::trace::{Call, Outcome, SUBJECT_BYTES_MAX, Short, Summing, Word};

/// A question.
pub(super) struct Question<'a> {
    pub(super) capability: &'static str,
    pub(super) function: &'static str,
    /// The path or pattern.
    pub(super) subject: &'a str,
    /// What was handed over.
    pub(super) given: Given,
}

/// What was handed over: its digest and its bytes.
pub type Given = (Short, u64);

impl<'a> Question<'a> {
    /// A question about a path or pattern, with what else was handed over.
    pub(super) fn about(capability: &'static str, function: &'static str, subject: &'a str, more: &[u8]) -> Self {
        let mut given = Summing::default();
        given.add(subject.as_bytes());
        given.add(more);
        Self { capability, function, subject, given: (given.sum(), given.bytes()) }
    }

    /// The line of the trace.
    pub(super) fn call(&self, document: u32, answered: Answered, took: Duration) -> Call {
        let Answered { outcome, reason, bytes, digest } = answered;
        Call {
            sequence: 0,
            document,
            capability: Word::new(self.capability),
            function: Word::new(self.function),
            subject: clean::line(clean::cut(self.subject, SUBJECT_BYTES_MAX)).into_owned(),
            argument: self.given.0,
            bytes_in: self.given.1,
            bytes_out: bytes,
            outcome,
            reason: reason.map(Word::new),
            answer: digest,
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            held: None,
            sent: None,
        }
    }
}

/// An answer, as the trace keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    outcome: Outcome,
    reason: Option<&'static str>,
    bytes: u64,
    digest: Short,
}

impl Answered {
    /// A document of so many bytes.
    #[must_use]
    pub fn document(blob: Oid, bytes: u64) -> Self {
        Self::allowed(bytes, Short::cut(blob.as_bytes()))
    }

    /// No answer, and why.
    #[must_use]
    pub fn refusal(refusal: Refusal) -> Self {
        let outcome = match refusal {
            Refusal::NotGranted | Refusal::InvalidPath => Outcome::Denied,
            _ => Outcome::Error,
        };
        Self { outcome, reason: Some(refusal.word()), bytes: 0, digest: Short::of_parts([refusal.word().as_bytes()]) }
    }

    /// What was said of an edit.
    pub(super) fn verdict(verdict: &Result<CheckedEdit, Vec<Problem>>) -> Self {
        match verdict {
            Ok(_) => Self::allowed(0, Short::default()),
            Err(problems) => {
                let words: Vec<_> = problems.iter().map(|problem| problem.word().as_bytes()).collect();
                let reason = problems.first().map(Problem::word);
                Self { outcome: Outcome::Denied, reason, bytes: 0, digest: Short::of_parts(words) }
            }
        }
    }

    /// What a model made of a request.
    pub(super) fn model(answer: &Result<model::Reply, model::Refusal>) -> Self {
        match answer {
            Ok(reply) => Self::allowed(reply.text.len() as u64, Short::of_parts([reply.text.as_bytes()])),
            Err(refusal) => {
                let outcome = match refusal {
                    model::Refusal::NotGranted | model::Refusal::OverBudget { .. } => Outcome::Denied,
                    _ => Outcome::Error,
                };
                let word = refusal.word();
                Self { outcome, reason: Some(word), bytes: 0, digest: Short::of_parts([word.as_bytes()]) }
            }
        }
    }

    /// What became of the round before.
    pub(super) fn round(round: Option<&Round>, is_granted: bool) -> Self {
        if !is_granted {
            return Self::refusal(Refusal::NotGranted);
        }
        let Some(Round { number, left, fault, output, edits }) = round else { return Self::allowed(0, Short::default()) };
        let [number, left] = [number, left].map(|number| number.to_le_bytes());
        let edits = edits.iter().flat_map(|edit| [edit.path.as_bytes(), edit.text.as_deref().unwrap_or_default().as_bytes()]);
        let parts = [&number[..], &left, fault.as_bytes(), output.as_bytes()].into_iter().chain(edits);
        Self::allowed(output.len() as u64, Short::of_parts(parts))
    }

    pub(super) fn of<T: Digested>(answer: &Result<T, Refusal>) -> Self {
        match answer {
            Err(refusal) => Self::refusal(*refusal),
            Ok(answer) => answer.digested(),
        }
    }

    fn allowed(bytes: u64, digest: Short) -> Self {
        Self { outcome: Outcome::Allowed, reason: None, bytes, digest }
    }
}

/// What an answer comes to: its bytes and its digest.
pub(super) trait Digested {
    fn digested(&self) -> Answered;
}

impl Digested for Document {
    fn digested(&self) -> Answered {
        Answered::document(self.id, self.text.len() as u64)
    }
}

impl Digested for PathKind {
    fn digested(&self) -> Answered {
        Answered::allowed(1, Short::of_parts([self.word().as_bytes()]))
    }
}

impl Digested for Page {
    fn digested(&self) -> Answered {
        let bytes = self.entries.iter().map(|(path, _)| path.as_str().len() as u64 + 1).sum();
        let entries = self.entries.iter().flat_map(|(path, kind)| [path.as_str().as_bytes(), kind.word().as_bytes()]);
        let next = self.next.iter().map(|path| path.as_str().as_bytes());
        Answered::allowed(bytes, Short::of_parts(entries.chain(next)))
    }
}

impl Digested for Vec<Revision> {
    fn digested(&self) -> Answered {
        let revisions: Vec<Vec<u8>> = self.iter().map(Revision::bytes).collect();
        let bytes = revisions.iter().map(|revision| revision.len() as u64).sum();
        Answered::allowed(bytes, Short::of_parts(revisions.iter().map(Vec::as_slice)))
    }
}

/// A file's text before and after a revision, with the blobs they are from.
pub(super) struct Versions {
    pub(super) texts: (Option<String>, Option<String>),
    pub(super) blobs: [Option<Oid>; 2],
}

impl Digested for Versions {
    fn digested(&self) -> Answered {
        let texts = [&self.texts.0, &self.texts.1];
        let bytes = texts.iter().map(|text| text.as_ref().map_or(0, String::len) as u64).sum();
        let side = |(blob, text): (&'_ Option<Oid>, &Option<String>)| match blob {
            // A blob that is no text is told as one.
            Some(blob) if text.is_some() => blob.as_bytes().to_vec(),
            Some(_) => b"not-text".to_vec(),
            None => Vec::new(),
        };
        let sides: Vec<Vec<u8>> = self.blobs.iter().zip(texts).map(side).collect();
        Answered::allowed(bytes, Short::of_parts(sides.iter().map(Vec::as_slice)))
    }
}

/// Everything that an edit says.
pub(super) fn given(edit: &Edit) -> Given {
    let mut given = Summing::default();
    given.add(edit.path.as_bytes());
    match &edit.action {
        Action::Create { text } => [b"create", text.as_bytes()].into_iter().for_each(|part| given.add(part)),
        Action::Delete { id } => [b"delete", id.as_bytes()].into_iter().for_each(|part| given.add(part)),
        Action::Change { id, replacements } => {
            [b"change", id.as_bytes()].into_iter().for_each(|part| given.add(part));
            for Replacement { span, text } in replacements {
                given.add(&((u64::from(span.start) << 32) | u64::from(span.end)).to_le_bytes());
                given.add(text.as_bytes());
            }
        }
    }
    (given.sum(), given.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Span;

    #[test]
    fn every_reason_is_a_word_that_reads_again() {
        let refusals = [
            Refusal::InvalidPath,
            Refusal::NotGranted,
            Refusal::NotFound,
            Refusal::NotAFile,
            Refusal::NotText,
            Refusal::TooLarge(1),
            Refusal::HistoryMissing,
        ];
        let span = Span { start: 0, end: 0 };
        let problems = [
            Problem::NotGranted,
            Problem::Protected,
            Problem::NotFound,
            Problem::AlreadyExists,
            Problem::CollidesWith(String::new()),
            Problem::NotAFile,
            Problem::Filtered,
            Problem::Stale,
            Problem::SpanOutsideText(span),
            Problem::SpansOverlap(span),
            Problem::ConflictingEdit,
            Problem::HiddenCharacters,
            Problem::OverLimit("calls_max", 1),
        ];
        for word in refusals.iter().map(|refusal| refusal.word()).chain(problems.iter().map(Problem::word)) {
            let read: Result<Word, _> = serde_json::from_str(&format!("\"{word}\""));
            assert_eq!(read.ok().as_deref(), Some(word));
        }
    }
}
