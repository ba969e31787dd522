//! Two texts compared by lines, within a deadline, so that a hostile document
//! cannot hold up a report.

use std::ops::Range;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};

use crate::clean;

/// After so long the comparison becomes coarse instead of exact.
const DEADLINE: Duration = Duration::from_secs(2);

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// Lines, from 0, that give way to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Of the old text.
    pub old: Range<usize>,
    /// Of the new text.
    pub new: Range<usize>,
}

/// One line of a diff as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub sign: Sign,
    /// Its number in the old text, from 1.
    pub old: Option<usize>,
    /// Its number in the new text, from 1.
    pub new: Option<usize>,
    /// Its text with the line's end, cut if it is long; of a hunk its header.
    pub text: String,
    /// Bytes that were cut off.
    pub cut: usize,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// No line: where the ones that follow stand.
    Hunk,
    /// It stayed.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// A text before and after. None before is a file that was made, none after one that was removed.
pub struct Diff<'t> {
    old: Option<&'t str>,
    new: Option<&'t str>,
    lines: TextDiff<'t, 't, str>,
}

impl<'t> Diff<'t> {
    /// Compares two texts.
    #[must_use]
    pub fn new(old: Option<&'t str>, new: Option<&'t str>) -> Self {
        let comparison = TextDiff::configure().algorithm(Algorithm::Histogram).timeout(DEADLINE).clone();
        Self { old, new, lines: comparison.diff_lines(old.unwrap_or_default(), new.unwrap_or_default()) }
    }

    /// Where they differ.
    pub fn hunks(&self) -> impl Iterator<Item = Hunk> + '_ {
        let changed = self.lines.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
        changed.map(|op| Hunk { old: op.old_range(), new: op.new_range() })
    }

    /// Lines added and lines removed.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.hunks().fold((0, 0), |(added, removed), Hunk { old, new }| (added + new.len() as u64, removed + old.len() as u64))
    }

    /// What became of the file: created, deleted or changed.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match (self.old, self.new) {
            (None, _) => "created",
            (_, None) => "deleted",
            _ => "changed",
        }
    }

    /// The lines of a unified diff with three lines of context: at most
    /// `lines_max` of them with at most `bytes_max` bytes each, and how many
    /// lines there are besides.
    #[must_use]
    pub fn shown(&self, lines_max: usize, bytes_max: usize) -> (Vec<Line>, usize) {
        let (mut lines, mut besides) = (Vec::new(), 0);
        for hunk in self.lines.unified_diff().context_radius(CONTEXT).iter_hunks() {
            let header = Line { sign: Sign::Hunk, old: None, new: None, text: hunk.header().to_string(), cut: 0 };
            if lines.len() < lines_max {
                lines.push(header);
            }
            for change in hunk.iter_changes() {
                if lines.len() >= lines_max {
                    besides += 1;
                    continue;
                }
                let sign = match change.tag() {
                    ChangeTag::Equal => Sign::Same,
                    ChangeTag::Insert => Sign::Added,
                    ChangeTag::Delete => Sign::Removed,
                };
                let number = |index: Option<usize>| index.map(|index| index + 1);
                let (whole, kept) = (change.value(), clean::cut(change.value(), bytes_max));
                let (old, new) = (number(change.old_index()), number(change.new_index()));
                lines.push(Line { sign, old, new, text: kept.to_owned(), cut: whole.len() - kept.len() });
            }
        }
        (lines, besides)
    }

    /// The lines of the new text with their ends.
    pub fn new_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter_new_slices()
    }

    /// The lines of the old text with their ends.
    pub fn old_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter_old_slices()
    }

    /// A unified diff with three lines of context, as git shows it.
    #[must_use]
    pub fn unified(&self, path: &str) -> String {
        let name = |side: &str, text: Option<&str>| text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{path}"));
        let (before, after) = (name("a", self.old), name("b", self.new));
        self.lines.unified_diff().context_radius(CONTEXT).header(&before, &after).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shows_lines() {
        assert_eq!(Diff::new(Some("a\nb\n"), Some("a\nc\nd\n")).counts(), (2, 1));
        let diff = Diff::new(Some("a\nb\n"), Some("a\nc\n"));
        assert_eq!(diff.unified("x.md"), "--- a/x.md\n+++ b/x.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        let (lines, besides) = diff.shown(3, 1);
        let rows: Vec<_> = lines.iter().map(|line| (line.sign, line.old, line.new, line.text.as_str(), line.cut)).collect();
        let hunk = (Sign::Hunk, None, None, "@@ -1,2 +1,2 @@", 0);
        assert_eq!(rows, [hunk, (Sign::Same, Some(1), Some(1), "a", 1), (Sign::Removed, Some(2), None, "b", 1)]);
        assert_eq!(besides, 1);
        let created = Diff::new(None, Some("a\n"));
        assert_eq!((created.action(), created.counts()), ("created", (1, 0)));
        assert!(created.unified("x.md").starts_with("--- /dev/null\n+++ b/x.md\n"));
    }
}
