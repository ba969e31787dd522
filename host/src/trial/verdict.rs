//! Expected against found: the verdict on a case, with what differs as bounded
//! diffs. It runs nothing.

use git2::{Delta, DiffDelta, Oid, Repository};

use super::TrialError;
use super::outcome::Outcome;
use crate::clean;
use crate::diff::{Diff, Line, Sign};

/// Lines of one diff.
const DIFF_LINES_MAX: usize = 200;
/// Bytes of one line of a diff.
const LINE_BYTES_MAX: usize = 2_000;
/// Files of a case whose differences are shown.
pub(super) const FILES_SHOWN: usize = 20;
/// Bytes of a text that is compared by lines.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Failed(Vec<Mismatch>),
    /// It has nothing to say about this plugin, and why.
    Skipped(String),
}

/// One thing that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Mismatch {
    /// What it is, on one line.
    pub what: String,
    /// Expected against found, as a unified diff of bounded size.
    pub diff: Option<String>,
}

impl Mismatch {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: clean::line(&what.into()).into_owned(), diff: None }
    }
}

impl Verdict {
    /// Passed, unless something is wrong.
    pub(super) fn of(mismatches: Vec<Mismatch>) -> Self {
        if mismatches.is_empty() { Self::Passed } else { Self::Failed(mismatches) }
    }
}

/// How a run failed that had to come to something, or came to something though it had to fail.
pub(super) fn failure(fails: Option<&str>, outcome: &Outcome) -> Option<Mismatch> {
    match (fails, &outcome.failed) {
        (None, None) => None,
        (None, Some(failed)) => Some(Mismatch::new(format!("the run failed: {}", failed.words))),
        (Some(words), None) => Some(Mismatch::new(format!("the run did not fail; it had to, with `{words}`"))),
        (Some(words), Some(failed)) if failed.words.contains(words) => None,
        (Some(words), Some(failed)) => {
            let what = format!("the run failed in other words than `{words}`: {}", failed.words);
            Some(Mismatch::new(what))
        }
    }
}

/// Two texts that had to be the same.
pub(super) fn texts(name: &str, expected: &str, found: &str) -> Option<Mismatch> {
    (expected != found).then(|| differing(name, Some(expected), Some(found)))
}

/// Two trees that had to be the same, file by file, as far as so many files tell.
pub(super) fn trees(
    git: &Repository,
    folder: &str,
    expected: Oid,
    found: Oid,
    files_max: usize,
) -> Result<Vec<Mismatch>, TrialError> {
    if expected == found {
        return Ok(Vec::new());
    }
    let diff = git.diff_tree_to_tree(Some(&git.find_tree(expected)?), Some(&git.find_tree(found)?), None)?;
    let shown = diff.deltas().take(files_max).map(|delta| file(git, folder, &delta));
    let mut mismatches = shown.collect::<Result<Vec<_>, _>>()?;
    match diff.deltas().len().checked_sub(files_max) {
        Some(more @ 1..) => mismatches.push(Mismatch::new(format!("and {more} more files of {folder}/"))),
        // Trees with other ids differ, whatever the comparison says.
        _ if mismatches.is_empty() => mismatches.push(Mismatch::new(format!("{folder}/ is another tree"))),
        _ => {}
    }
    Ok(mismatches)
}

fn file(git: &Repository, folder: &str, delta: &DiffDelta<'_>) -> Result<Mismatch, TrialError> {
    let (old, new) = (delta.old_file(), delta.new_file());
    let path = String::from_utf8_lossy(new.path_bytes().or(old.path_bytes()).unwrap_or_default()).into_owned();
    let name = format!("{folder}/{path}");
    let bytes = |is_there: bool, id: Oid| match is_there {
        true => git.find_blob(id).map(|blob| Some(blob.content().to_vec())),
        false => Ok(None),
    };
    let expected = bytes(delta.status() != Delta::Added, old.id())?;
    let found = bytes(delta.status() != Delta::Deleted, new.id())?;
    if expected.is_some() && found.is_some() && old.mode() != new.mode() {
        let modes = [old.mode(), new.mode()].map(|mode| format!("{:06o}", u32::from(mode)));
        return Ok(Mismatch::new(format!("{name}: mode {} expected, {} found", modes[0], modes[1])));
    }
    let (before, after) = (text(expected.as_deref()), text(found.as_deref()));
    Ok(match (before, after) {
        (Ok(before), Ok(after)) => differing(&name, before, after),
        _ => {
            let size = |bytes: Option<&Vec<u8>>| bytes.map_or("no file".to_owned(), |bytes| format!("{} bytes", bytes.len()));
            let (expected, found) = (size(expected.as_ref()), size(found.as_ref()));
            Mismatch::new(format!("{name}: no text: {expected} expected, {found} found"))
        }
    })
}

/// Bytes as a text that can be compared by lines.
fn text(bytes: Option<&[u8]>) -> Result<Option<&str>, ()> {
    let is_text = |bytes: &&[u8]| bytes.len() <= TEXT_BYTES_MAX && !bytes.contains(&0);
    bytes.map(|bytes| Some(bytes).filter(is_text).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(())).transpose()
}

fn differing(name: &str, expected: Option<&str>, found: Option<&str>) -> Mismatch {
    let diff = Diff::new(expected, found);
    let (lines, besides) = diff.shown(DIFF_LINES_MAX, LINE_BYTES_MAX);
    let side = |side: &str, text: Option<&str>| text.map_or_else(|| format!("{side}: no file"), |_| side.to_owned());
    let mut text = format!("--- {}\n+++ {}\n", side("expected", expected), side("found", found));
    for Line { sign, text: line, cut, .. } in &lines {
        let sign = match sign {
            Sign::Hunk => "",
            Sign::Same => " ",
            Sign::Added => "+",
            Sign::Removed => "-",
        };
        text.push_str(sign);
        text.push_str(line.strip_suffix('\n').unwrap_or(line));
        if *cut > 0 {
            text.push_str(&format!(" ... {cut} more bytes"));
        } else if !sign.is_empty() && !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file");
        }
        text.push('\n');
    }
    if besides > 0 {
        text.push_str(&format!("... {besides} more lines\n"));
    }
    let action = match (expected, found) {
        (None, _) => "is not expected",
        (_, None) => "is missing",
        _ => "differs",
    };
    Mismatch { diff: Some(text), ..Mismatch::new(format!("{name} {action}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::outcome::{End, Failed};

    fn outcome(failed: Option<&str>) -> Outcome {
        let failed = failed.map(|words| Failed { words: words.to_owned(), end: End::Limit });
        Outcome { candidate: None, tree: Oid::ZERO_SHA1, told: String::new(), refused: Vec::new(), failed }
    }

    #[test]
    fn failing_is_expected_or_not() {
        let what = |fails, failed| failure(fails, &outcome(failed)).map(|mismatch| mismatch.what);
        assert_eq!((what(None, None), what(Some("much"), Some("too much"))), (None, None));
        assert_eq!(what(None, Some("too much")).as_deref(), Some("the run failed: too much"));
        assert_eq!(what(Some("much"), None).as_deref(), Some("the run did not fail; it had to, with `much`"));
        assert!(what(Some("little"), Some("too much")).is_some_and(|what| what.contains("other words than `little`: too much")));
    }

    #[test]
    fn a_diff_is_bounded_and_tells_of_ends() {
        let diff = texts("expected.txt", "a\n", "a").expect("they differ").diff.expect("a diff");
        assert_eq!(diff, "--- expected\n+++ found\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
        let long: String = (0..1000).map(|number| format!("{number} {}\n", "x".repeat(3000))).collect();
        let diff = texts("expected.txt", "", &long).expect("they differ").diff.expect("a diff");
        assert!(diff.len() < 600_000 && diff.contains("more bytes") && diff.ends_with("... 801 more lines\n"), "{}", diff.len());
        assert_eq!(texts("expected.txt", "a\n", "a\n"), None);
    }
}
