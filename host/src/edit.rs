//! The words of an edit and of a finding, and how replacements apply to a
//! text. Whether an edit is allowed is not decided here.

use crate::path::RepoPath;

/// A half-open range of byte offsets into a document as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// New text for one span.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replacement {
    /// What it replaces.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// What a plugin asks for. The path is text still: `check` makes it a path.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Edit {
    /// The file concerned, as the plugin wrote it.
    pub path: String,
    /// What is to happen to it.
    pub action: Action,
}

/// What is to happen to one file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Action {
    /// Replace spans of the blob named (a git id as text).
    Change {
        /// The blob that was read.
        id: String,
        /// Sorted and disjoint, or the edit is refused.
        replacements: Vec<Replacement>,
    },
    /// Make a new file.
    Create {
        /// Its whole text.
        text: String,
    },
    /// Remove the blob named.
    Delete {
        /// The blob that was read.
        id: String,
    },
}

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something is wrong.
    Error,
    /// Something is probably wrong.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something seen by a plugin.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// The document, or none for the repository.
    #[schemars(with = "Option<String>")]
    pub path: Option<RepoPath>,
    /// Where in it, as line and column, both from 1; none for the whole.
    pub position: Option<Position>,
    /// Stable id of the rule.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether an edit of the same run takes care of it.
    pub repaired: bool,
}

impl Finding {
    /// By path, position and rule: the order in which they are shown.
    #[must_use]
    pub fn in_order(&self, other: &Self) -> std::cmp::Ordering {
        self.path.cmp(&other.path).then(self.position.cmp(&other.position)).then_with(|| self.rule.cmp(&other.rule))
    }
}

/// A place in a document, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Why replacements do not fit a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// A span past the end, backwards, or not on a character boundary.
    OutsideText(Span),
    /// A span that shares bytes with the one before, or comes before it.
    Overlap(Span),
}

/// Applies replacements to a text: every byte outside the spans is kept.
///
/// # Errors
/// Every [`Misfit`], when there is one; nothing is applied then.
pub fn apply(text: &str, replacements: &[Replacement]) -> Result<String, Vec<Misfit>> {
    let mut misfits = Vec::new();
    let mut result = String::with_capacity(text.len());
    let (mut done, mut previous) = (0, None);
    for Replacement { span, text: new } in replacements {
        let Some(range) = range_of(text, *span) else {
            misfits.push(Misfit::OutsideText(*span));
            continue;
        };
        // Two insertions at one place would leave their order to chance.
        if range.start < done || previous == Some(*span) {
            misfits.push(Misfit::Overlap(*span));
            continue;
        }
        result.push_str(&text[done..range.start]);
        result.push_str(new);
        (done, previous) = (range.end, Some(*span));
    }
    result.push_str(&text[done..]);
    if misfits.is_empty() { Ok(result) } else { Err(misfits) }
}

fn range_of(text: &str, span: Span) -> Option<std::ops::Range<usize>> {
    let range = span.start as usize..span.end as usize;
    text.get(range.clone()).map(|_| range)
}

/// The position of a byte offset; offsets past the end mean the end.
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Indexes the lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().zip(1_u32..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next));
        Self { starts }
    }

    /// The line and column of `offset` in `text`, the text that was indexed.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let offset = text.floor_char_boundary(offset as usize);
        let line = self.starts.partition_point(|start| *start as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let column = text[start..offset].chars().count() + 1;
        Position { line: line as u32, column: u32::try_from(column).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replacement(start: u32, end: u32, text: &str) -> Replacement {
        Replacement { span: Span { start, end }, text: text.to_owned() }
    }

    #[test]
    fn applies_in_place() {
        type Row<'a> = (&'a str, &'a [(u32, u32, &'a str)], &'a str);
        let rows: &[Row<'_>] = &[
            ("abc", &[], "abc"),
            ("abc", &[(1, 2, "X")], "aXc"),
            ("abc", &[(0, 1, ""), (1, 2, "Y"), (3, 3, "!")], "Yc!"),
            ("abc", &[(0, 0, "x"), (1, 1, "y")], "xaybc"),
            ("", &[(0, 0, "x")], "x"),
            ("é", &[(0, 0, "x"), (2, 2, "y")], "xéy"),
            ("\u{feff}a\r\nb", &[(3, 4, "A")], "\u{feff}A\r\nb"),
        ];
        for (text, edits, expected) in rows {
            let edits: Vec<_> = edits.iter().map(|(start, end, new)| replacement(*start, *end, new)).collect();
            assert_eq!(apply(text, &edits).as_deref(), Ok(*expected), "{text}");
        }
    }

    #[test]
    fn refuses_lies_about_spans() {
        type Row<'a> = (&'a str, &'a [(u32, u32)], Misfit);
        let rows: &[Row<'_>] = &[
            ("abc", &[(2, 4)], Misfit::OutsideText(Span { start: 2, end: 4 })),
            ("abc", &[(2, 1)], Misfit::OutsideText(Span { start: 2, end: 1 })),
            ("é", &[(0, 1)], Misfit::OutsideText(Span { start: 0, end: 1 })),
            ("abc", &[(0, 2), (1, 3)], Misfit::Overlap(Span { start: 1, end: 3 })),
            ("abc", &[(2, 3), (0, 1)], Misfit::Overlap(Span { start: 0, end: 1 })),
            ("abc", &[(1, 1), (1, 1)], Misfit::Overlap(Span { start: 1, end: 1 })),
            ("abc", &[(3, 3), (3, 3)], Misfit::Overlap(Span { start: 3, end: 3 })),
        ];
        for (text, spans, misfit) in rows {
            let edits: Vec<_> = spans.iter().map(|(start, end)| replacement(*start, *end, "x")).collect();
            assert_eq!(apply(text, &edits), Err(vec![*misfit]), "{text} {spans:?}");
        }
    }

    #[test]
    fn counts_lines_and_columns_from_one() {
        let text = "é\nab\n";
        let lines = Lines::new(text);
        let at = |offset| lines.position(text, offset);
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(2), Position { line: 1, column: 2 });
        assert_eq!(at(4), Position { line: 2, column: 2 });
        assert_eq!(at(900), Position { line: 3, column: 1 });
    }

    proptest! {
        #[test]
        fn what_applies_keeps_every_other_byte(text in "[abé\n]{0,20}", edits in prop::collection::vec((0_u32..24, 0_u32..24, "[xy]{0,2}"), 0..4)) {
            let edits: Vec<_> = edits.iter().map(|(start, end, new)| replacement(*start, *end, new)).collect();
            if let Ok(result) = apply(&text, &edits) {
                let removed: usize = edits.iter().map(|edit| (edit.span.end - edit.span.start) as usize).sum();
                let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
                prop_assert_eq!(result.len(), text.len() - removed + added);
                for pair in edits.windows(2) {
                    prop_assert!(pair[0].span.end <= pair[1].span.start);
                }
            }
        }
    }
}
