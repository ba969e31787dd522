//! Which findings a base has that an older base had not. It is computed from
//! the two lists and the two trees, and nothing is stored: a finding is the
//! same if its rule and words are and its line has the same text, wherever the
//! line is now; or if its line was rewritten where the rule spoke before.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use git2::{Delta, Oid};

use crate::diff::{Diff, Hunk};
use crate::edit::Finding;
use crate::path::RepoPath;
use crate::repo::{Repo, RepoError};

/// Moved files that are looked for among so many that came and went.
const MOVES_MAX: usize = 1_000;

/// A commit, and what was found in it.
#[derive(Clone, Copy)]
pub struct Seen<'f> {
    /// The commit.
    pub commit: Oid,
    /// In any order.
    pub findings: &'f [Finding],
}

/// For each finding of `new`, whether `old` did not have it.
///
/// # Errors
/// [`RepoError`] when a tree or a text cannot be read.
pub fn is_new(repo: &Repo, old: Seen<'_>, new: Seen<'_>) -> Result<Vec<bool>, RepoError> {
    let moves = moves(repo, old.commit, new.commit)?;
    let (before, now) = (by_path(old.findings), by_path(new.findings));
    let mut is_new = vec![true; new.findings.len()];
    for (path, places) in now {
        let origin = path.map(|path| moves.get(path).unwrap_or(path));
        let known = before.get(&origin).map_or(&[][..], Vec::as_slice);
        if known.is_empty() {
            continue;
        }
        let text = |commit: Oid, path: Option<&RepoPath>| match path {
            Some(path) => match repo.file_at(commit, path.as_str(), u64::MAX) {
                // What is no text has no lines that could move.
                Err(RepoError::NotText { .. }) => Ok(String::new()),
                text => text.map(Option::unwrap_or_default),
            },
            None => Ok(String::new()),
        };
        let texts = Texts { old: &text(old.commit, origin)?, new: &text(new.commit, path)? };
        let known: Vec<&Finding> = known.iter().map(|place| &old.findings[*place]).collect();
        let found: Vec<&Finding> = places.iter().map(|place| &new.findings[*place]).collect();
        for (place, fresh) in places.into_iter().zip(unmatched(&known, &found, texts)) {
            is_new[place] = fresh;
        }
    }
    Ok(is_new)
}

/// The places of findings in their list, by document.
fn by_path(findings: &[Finding]) -> BTreeMap<Option<&RepoPath>, Vec<usize>> {
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, finding) in findings.iter().enumerate() {
        places.entry(finding.path.as_ref()).or_default().push(place);
    }
    places
}

/// The two texts of one document.
#[derive(Clone, Copy)]
struct Texts<'t> {
    old: &'t str,
    new: &'t str,
}

/// For each of `found` whether none of `known` stands for it; each stands for one.
fn unmatched(known: &[&Finding], found: &[&Finding], texts: Texts<'_>) -> Vec<bool> {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (texts.old.lines().collect(), texts.new.lines().collect());
    let mut left: HashMap<_, Vec<&Finding>> = HashMap::new();
    for finding in known {
        left.entry(words(finding, &old_lines)).or_default().push(finding);
    }
    let mut fresh: Vec<bool> =
        found.iter().map(|finding| left.get_mut(&words(finding, &new_lines)).and_then(Vec::pop).is_none()).collect();
    let left: Vec<&Finding> = left.into_values().flatten().collect();
    if !left.is_empty() && fresh.contains(&true) {
        let hunks: Vec<Hunk> = Diff::new(Some(texts.old), Some(texts.new)).hunks().collect();
        let mut rewritten: HashMap<_, usize> = HashMap::new();
        for finding in left {
            *rewritten.entry(change(finding, &hunks, |hunk| &hunk.old)).or_default() += 1;
        }
        for (finding, fresh) in found.iter().zip(&mut fresh).filter(|(_, fresh)| **fresh) {
            if let Some(count) = rewritten.get_mut(&change(finding, &hunks, |hunk| &hunk.new)).filter(|count| **count > 0) {
                *count -= 1;
                *fresh = false;
            }
        }
    }
    fresh
}

/// What makes two findings the same wherever they stand: rule, what the message
/// quotes, and the line. The rest of a message tells of numbers, of other files
/// and of commits, all of which may differ between two bases.
fn words(finding: &Finding, lines: &[&str]) -> (String, String, String) {
    let line = finding.position.and_then(|at| lines.get(at.line as usize - 1)).copied().unwrap_or_default();
    let quoted = finding.message.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
    (finding.rule.clone(), quoted, line.trim().to_owned())
}

/// A message without numbers, but for what it quotes: a path with another number
/// is another path.
fn wording(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let kept = |(at, part): (usize, &str)| part.chars().filter(|next| at % 2 == 1 || !next.is_ascii_digit()).collect::<String>();
    parts.map(kept).collect::<Vec<_>>().join("`")
}

/// What makes two findings the same though their line was rewritten: rule,
/// words, and the change of lines that both stand in. Outside of every change
/// there is nothing to be the same as, but for findings without a place.
fn change(finding: &Finding, hunks: &[Hunk], side: impl Fn(&Hunk) -> &Range<usize>) -> (String, String, Option<usize>) {
    let (rule, words) = (finding.rule.clone(), wording(&finding.message));
    let hunk = finding.position.map(|at| {
        let line = at.line as usize - 1;
        let place = hunks.partition_point(|hunk| side(hunk).end <= line);
        hunks.get(place).filter(|hunk| side(hunk).contains(&line)).map_or(usize::MAX, |_| place)
    });
    let own = if hunk == Some(usize::MAX) { format!("{words} at {:?}", std::ptr::from_ref(finding)) } else { words };
    (rule, own, hunk)
}

/// Files that are elsewhere now: new path to old path.
fn moves(repo: &Repo, old: Oid, new: Oid) -> Result<HashMap<RepoPath, RepoPath>, RepoError> {
    let git = repo.git();
    let tree = |id: Oid| git.find_commit(id).and_then(|commit| commit.tree());
    let mut diff = git.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
    let mut options = git2::DiffFindOptions::new();
    diff.find_similar(Some(options.renames(true).rename_limit(MOVES_MAX)))?;
    let path = |file: git2::DiffFile<'_>| RepoPath::new(std::str::from_utf8(file.path_bytes()?).ok()?).ok();
    let moved = diff.deltas().filter(|delta| delta.status() == Delta::Renamed);
    Ok(moved.filter_map(|delta| Some((path(delta.new_file())?, path(delta.old_file())?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Position, Severity};

    /// Findings written `rule@line message`, of one document.
    fn findings(rows: &[&str]) -> Vec<Finding> {
        let finding = |row: &&str| {
            let (rule, rest) = row.split_once('@').expect("a rule");
            let (line, message) = rest.split_once(' ').expect("a line");
            let position = line.parse().ok().map(|line| Position { line, column: 1 });
            let (rule, message) = (rule.to_owned(), message.to_owned());
            let path = RepoPath::new("a.md").ok();
            Finding { path, position, rule, severity: Severity::Note, message, help: None, repaired: false }
        };
        rows.iter().map(finding).collect()
    }

    #[track_caller]
    fn check(old: (&str, &[&str]), new: (&str, &[&str]), expected: &[&str]) {
        let (known, found) = (findings(old.1), findings(new.1));
        let (known, found): (Vec<_>, Vec<_>) = (known.iter().collect(), found.iter().collect());
        let fresh = unmatched(&known, &found, Texts { old: old.0, new: new.0 });
        let fresh: Vec<&str> = new.1.iter().zip(fresh).filter(|(_, fresh)| *fresh).map(|(row, _)| *row).collect();
        assert_eq!(fresh, expected);
    }

    #[test]
    fn a_line_that_moved_brings_its_findings_along() {
        let old: &[&str] = &["r@1 long", "r@3 long"];
        check(("a\nb\nc\n", old), ("c\nb\na\n", &["r@1 long", "r@3 long"]), &[]);
        check(("a\nb\nc\n", old), ("new\na\nb\nc\n", &["r@2 long", "r@4 long"]), &[]);
        check(("a\nb\nc\n", old), ("a\nb\nc\nd\n", &["r@1 long", "r@3 long", "r@4 long"]), &["r@4 long"]);
    }

    #[test]
    fn numbers_in_words_do_not_count() {
        check(("a\n", &["r@1 also at line 7"]), ("x\na\n", &["r@2 also at line 8"]), &[]);
    }

    #[test]
    fn hints_and_commits_in_words_do_not_count_but_quotes_do() {
        let old: &[&str] = &["r@1 `a.md` leads nowhere", "s@- changed on 2020-01-01 (abc)"];
        check(
            ("[x](a.md)\n", old),
            ("[x](a.md)\n", &["r@1 `a.md` leads nowhere, but b.md", "s@- changed on 2021-02-02 (def)"]),
            &[],
        );
        check(("v1 a\n", &["r@1 `v1`"]), ("v2 b\n", &["r@1 `v2`"]), &["r@1 `v2`"]);
    }

    #[test]
    fn each_known_finding_stands_for_one() {
        check(("a\n", &["r@1 x"]), ("a\na\n", &["r@1 x", "r@2 x"]), &["r@2 x"]);
    }

    #[test]
    fn a_rewritten_line_keeps_the_findings_of_its_rules() {
        check(("a\nb\nc\n", &["r@2 x"]), ("a\nB\nc\n", &["r@2 x", "s@2 x"]), &["s@2 x"]);
        check(("a\nb\nc\n", &["r@1 x"]), ("a\nB\nc\n", &["r@1 x", "r@2 x"]), &["r@2 x"]);
        // The one that went was about something else.
        check(("a\nb\nc\n", &["r@2 x"]), ("a\nB\nC\n", &["r@3 y"]), &["r@3 y"]);
        check(("a\nb\nc\n", &["r@2 x"]), ("a\nB\nC\n", &["r@2 x", "r@3 x"]), &["r@3 x"]);
    }

    #[test]
    fn the_whole_document_has_its_findings_too() {
        check(("a\n", &["r@- x"]), ("b\n", &["r@- x", "s@- x"]), &["s@- x"]);
    }
}
