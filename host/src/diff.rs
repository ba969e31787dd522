//! Two texts compared by lines, within a deadline, so that a hostile document
//! cannot hold up a report.

use std::ops::Range;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};

/// After so long the comparison becomes coarse instead of exact.
const DEADLINE: Duration = Duration::from_secs(2);

/// Lines added and lines removed.
#[must_use]
pub fn count(old: &str, new: &str) -> (u64, u64) {
    let diff = compare(old, new);
    let mut counts = (0, 0);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => counts.0 += 1,
            ChangeTag::Delete => counts.1 += 1,
            ChangeTag::Equal => {}
        }
    }
    counts
}

/// Lines, from 0, that give way to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Of the old text.
    pub old: Range<usize>,
    /// Of the new text.
    pub new: Range<usize>,
}

/// Where two texts differ.
#[must_use]
pub fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let diff = compare(old, new);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changed.map(|op| Hunk { old: op.old_range(), new: op.new_range() }).collect()
}

/// A unified diff with three lines of context, as git shows it. `old` is none
/// for a new file, `new` for a removed one.
#[must_use]
pub fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    let name = |side: &str, text: Option<&str>| text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{path}"));
    let (before, after) = (name("a", old), name("b", new));
    let diff = compare(old.unwrap_or_default(), new.unwrap_or_default());
    diff.unified_diff().context_radius(3).header(&before, &after).to_string()
}

fn compare<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, str> {
    TextDiff::configure().algorithm(Algorithm::Histogram).timeout(DEADLINE).diff_lines(old, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shows_lines() {
        assert_eq!(count("a\nb\n", "a\nc\nd\n"), (2, 1));
        let diff = unified("x.md", Some("a\nb\n"), Some("a\nc\n"));
        assert_eq!(diff, "--- a/x.md\n+++ b/x.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert!(unified("x.md", None, Some("a\n")).starts_with("--- /dev/null\n+++ b/x.md\n"));
    }
}
