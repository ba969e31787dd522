//! Two texts compared by lines, within a deadline, so that a hostile document
//! cannot hold up a report.

use std::ops::Range;
use std::time::Duration;

use similar::{Algorithm, DiffTag, TextDiff};

/// After so long the comparison becomes coarse instead of exact.
const DEADLINE: Duration = Duration::from_secs(2);

/// Lines, from 0, that give way to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Of the old text.
    pub old: Range<usize>,
    /// Of the new text.
    pub new: Range<usize>,
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

    /// A unified diff with three lines of context, as git shows it.
    #[must_use]
    pub fn unified(&self, path: &str) -> String {
        let name = |side: &str, text: Option<&str>| text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{path}"));
        let (before, after) = (name("a", self.old), name("b", self.new));
        self.lines.unified_diff().context_radius(3).header(&before, &after).to_string()
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
        let created = Diff::new(None, Some("a\n"));
        assert_eq!((created.action(), created.counts()), ("created", (1, 0)));
        assert!(created.unified("x.md").starts_with("--- /dev/null\n+++ b/x.md\n"));
    }
}
