//! Short ways to make the contract's words. What they make can be written out
//! in full as well; nothing here calls the host.

use std::ops::Range;

use crate::{
    Change, Creation, Deletion, Document, Edit, Finding, Problem, Refusal, Replacement, Report, Severity, Span, Summary,
};

impl Finding {
    /// Something that is wrong.
    pub fn error(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule.into(), message.into())
    }

    /// Something that should be better.
    pub fn warning(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule.into(), message.into())
    }

    /// Something to know.
    pub fn note(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule.into(), message.into())
    }

    fn new(severity: Severity, rule: String, message: String) -> Self {
        Self { rule, severity, path: None, span: None, message, help: None, repaired: false }
    }

    /// It concerns these bytes of a document.
    #[must_use]
    pub fn at(self, document: &Document, bytes: Range<usize>) -> Self {
        Self { span: Some(bytes.into()), ..self.of(&document.path) }
    }

    /// It concerns a file as a whole.
    #[must_use]
    pub fn of(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Whether an edit that is proposed along with it takes care of it.
    #[must_use]
    pub fn repaired(self, repaired: bool) -> Self {
        Self { repaired, ..self }
    }
}

impl Replacement {
    /// New text for these bytes of a document.
    pub fn new(bytes: Range<usize>, text: impl Into<String>) -> Self {
        Self { span: bytes.into(), text: text.into() }
    }
}

impl From<Range<usize>> for Span {
    fn from(bytes: Range<usize>) -> Self {
        // No document is that long; a span past its end is refused as such.
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Self { start: offset(bytes.start), end: offset(bytes.end) }
    }
}

impl Report {
    /// Reports a finding and the replacement that takes care of it; only the
    /// finding where no edit could pass.
    pub fn repair(&mut self, document: &Document, finding: Finding, replacement: Replacement) {
        self.findings.push(finding.repaired(document.editable));
        if document.editable {
            self.replacements.push(replacement);
        }
    }

    /// Keeps a value of this document for `conclude`.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn summarize(&mut self, value: &impl serde::Serialize) -> Result<(), String> {
        self.summary = serde_json::to_vec(value).map_err(|error| format!("summary: {error}"))?;
        Ok(())
    }
}

impl Summary {
    /// The value that [`Report::summarize`] kept.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn value<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.data).map_err(|error| format!("summary of {}: {error}", self.path))
    }
}

impl Edit {
    /// Replaces parts of a document.
    pub fn replace(document: &Document, replacements: Vec<Replacement>) -> Self {
        Self::Change(Change { path: document.path.clone(), id: document.id.clone(), replacements })
    }

    /// Gives a document a new text.
    pub fn rewrite(document: &Document, text: impl Into<String>) -> Self {
        Self::replace(document, vec![Replacement::new(0..document.text.len(), text)])
    }

    /// Makes a file that is not there.
    pub fn create(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Create(Creation { path: path.into(), text: text.into() })
    }

    /// Removes a document.
    pub fn delete(document: &Document) -> Self {
        Self::Delete(Deletion { path: document.path.clone(), id: document.id.clone() })
    }
}

/// So that `?` ends a run with the reason.
impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidPath => "not a path that could name a file on every system".to_owned(),
            Refusal::NotGranted => "the owner's grant does not cover the path".to_owned(),
            Refusal::NotFound => "there is no such file".to_owned(),
            Refusal::NotAFile => "not a file: a link, a submodule or a pointer to content elsewhere".to_owned(),
            Refusal::NotText => "the file is not UTF-8 text".to_owned(),
            Refusal::TooLarge(bytes) => format!("the file has more than {bytes} bytes"),
            Refusal::HistoryMissing => "the history needed is not in this clone".to_owned(),
        }
    }
}

/// What speaks against an edit, in the words of its author.
impl From<Problem> for String {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::InvalidPath => "not a path that could name a file on every system".to_owned(),
            Problem::NotGranted => "the owner's grant does not cover the path".to_owned(),
            Problem::Protected => "no grant by a pattern reaches the path".to_owned(),
            Problem::NotFound => "there is no such file".to_owned(),
            Problem::AlreadyExists => "the file is there already".to_owned(),
            Problem::CollidesWith(other) => format!("{other} differs only in case or in Unicode form"),
            Problem::NotAFile => "not a file: a link, a submodule or a pointer to content elsewhere".to_owned(),
            Problem::Filtered => "a git filter stands between the file and its content".to_owned(),
            Problem::Stale => "the base has another content than the edit was made for".to_owned(),
            Problem::SpanOutsideText(Span { start, end }) => format!("bytes {start} to {end} are no part of the text"),
            Problem::SpansOverlap(Span { start, end }) => format!("bytes {start} to {end} are replaced twice, or out of order"),
            Problem::ConflictingEdit => "another edit of this run concerns the same path".to_owned(),
            Problem::Secret(kind) => format!("it adds what looks like a secret ({kind})"),
            Problem::NewHost(host) => format!("it adds a link or an image to {host}, which the document did not name before"),
            Problem::HiddenCharacters => "it adds invisible or bidirectional control characters".to_owned(),
            Problem::OverLimit((limit, value)) => format!("over the owner's limit {limit}, which is {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_keeps_the_edit_to_itself_where_none_could_pass() {
        let mut document = Document { path: "a.md".to_owned(), id: String::new(), text: "a ".to_owned(), editable: true };
        for (editable, edits) in [(true, 1), (false, 0)] {
            document.editable = editable;
            let mut report = Report::default();
            report.repair(&document, Finding::note("end", "").at(&document, 1..2), Replacement::new(1..2, ""));
            assert_eq!((report.replacements.len(), report.findings[0].repaired), (edits, editable));
            assert_eq!(report.findings[0].span.map(|span| (span.start, span.end)), Some((1, 2)));
        }
    }

    #[test]
    fn the_reasons_against_an_edit_are_one_sentence() {
        let problems = vec![Problem::Protected, Problem::OverLimit(("edits-max".to_owned(), 3))];
        let words = "the host took no edit: no grant by a pattern reaches the path; over the owner's limit edits-max, which is 3";
        assert_eq!(crate::edits::reasons(problems), words);
    }

    #[test]
    fn what_is_summarized_comes_back() {
        let mut report = Report::default();
        report.summarize(&vec!["a", "b"]).expect("JSON");
        let summary = Summary { path: "a.md".to_owned(), data: report.summary };
        assert_eq!(summary.value::<Vec<String>>(), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(summary.value::<u32>().is_err_and(|error| error.starts_with("summary of a.md")));
    }
}
