//! When a document's content last changed: which of its commits count and
//! which do not. It asks for history through a small trait and does not judge
//! any stamp.

use lifeos_sdk::Refusal;
use lifeos_sdk::history::Revision;

use crate::date::Moment;
use crate::guard::Meaning;
use crate::source::Source;
use crate::stamp;

/// How many revisions are asked for, and for how many more if none of those
/// counts. Most documents are settled by their newest commit.
const STEPS: [u32; 3] = [4, 32, 256];

/// The history of a file, as the host lends it.
pub(crate) trait History {
    /// The newest revisions first.
    fn revisions(&self, path: &str, max: u32) -> Result<Vec<Revision>, Refusal>;

    /// The text before and after one of them.
    fn texts(&self, path: &str, commit: &str) -> Result<(Option<String>, Option<String>), Refusal>;
}

/// The host's own history.
pub(crate) struct HostHistory;

impl History for HostHistory {
    fn revisions(&self, path: &str, max: u32) -> Result<Vec<Revision>, Refusal> {
        lifeos_sdk::history::revisions(path, max)
    }

    fn texts(&self, path: &str, commit: &str) -> Result<(Option<String>, Option<String>), Refusal> {
        lifeos_sdk::history::texts(path, commit)
    }
}

/// The commit that last changed a document's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastChange {
    pub(crate) commit: String,
    pub(crate) moment: Moment,
}

/// Finds that commit; none if no commit counts as a change of content.
///
/// # Errors
/// What the host refuses.
pub(crate) fn last_change(
    history: &dyn History,
    path: &str,
    keys: &[String],
    files_max: u32,
) -> Result<Option<LastChange>, Refusal> {
    let mut looked_at = 0;
    for max in STEPS {
        let revisions = history.revisions(path, max)?;
        for revision in revisions.iter().skip(looked_at) {
            match judge(history, path, keys, files_max, revision)? {
                Verdict::Counts => return Ok(Some(found(revision))),
                Verdict::Unknown => return Ok(None),
                Verdict::Passed => {}
            }
        }
        looked_at = revisions.len();
        if looked_at < usize::try_from(max).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(None)
}

/// What a revision is to the content.
enum Verdict {
    Counts,
    Passed,
    /// Not to be known, so nothing older may be taken for the last change.
    Unknown,
}

fn judge(history: &dyn History, path: &str, keys: &[String], files_max: u32, revision: &Revision) -> Result<Verdict, Refusal> {
    if revision.automated || revision.files_changed > files_max {
        return Ok(Verdict::Passed);
    }
    Ok(match history.texts(path, &revision.commit)? {
        (_, None) => Verdict::Unknown,
        (None, Some(_)) => Verdict::Counts,
        (Some(before), Some(after)) if content(&before, keys) == content(&after, keys) => Verdict::Passed,
        (Some(_), Some(_)) => Verdict::Counts,
    })
}

/// What a text says without its stamps, however it is formatted.
fn content(text: &str, keys: &[String]) -> Meaning {
    Meaning::of(&stamp::without(Source::new(text).plain(), keys))
}

fn found(revision: &Revision) -> LastChange {
    LastChange {
        commit: revision.commit.clone(),
        moment: Moment { seconds: revision.seconds, offset_minutes: revision.offset_minutes },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lifeos_sdk::Refusal;
    use lifeos_sdk::history::Revision;

    use super::{History, last_change};

    /// A file's past: commit, its marks, the text after it. The newest first.
    pub(crate) struct Past(pub(crate) Vec<(&'static str, &'static str, Option<&'static str>)>);

    impl History for Past {
        fn revisions(&self, _: &str, max: u32) -> Result<Vec<Revision>, Refusal> {
            if self.0.is_empty() {
                return Err(Refusal::HistoryMissing);
            }
            let revisions = self.0.iter().enumerate().map(|(at, (commit, marks, _))| Revision {
                commit: (*commit).to_owned(),
                seconds: 1_000_000_000 - i64::try_from(at).unwrap_or(0) * 86_400,
                offset_minutes: 60,
                files_changed: if marks.contains("mass") { 51 } else { 50 },
                automated: marks.contains("automated"),
            });
            Ok(revisions.take(max as usize).collect())
        }

        fn texts(&self, _: &str, commit: &str) -> Result<(Option<String>, Option<String>), Refusal> {
            let at = self.0.iter().position(|(name, ..)| *name == commit).ok_or(Refusal::NotFound)?;
            let text = |at: usize| self.0.get(at).and_then(|(.., text)| text.map(str::to_owned));
            Ok((text(at + 1), text(at)))
        }
    }

    fn check(past: Vec<(&'static str, &'static str, Option<&'static str>)>, expected: Option<&str>) {
        let found = last_change(&Past(past), "a.md", &["updated".to_owned()], 50).expect("history");
        assert_eq!(found.map(|found| found.commit).as_deref(), expected);
    }

    #[test]
    fn only_content_counts() {
        check(vec![("a", "", Some("x"))], Some("a"));
        check(vec![("b", "", Some("y")), ("a", "", Some("x"))], Some("b"));
        check(vec![("b", "automated", Some("y")), ("a", "", Some("x"))], Some("a"));
        check(vec![("b", "mass", Some("y")), ("a", "", Some("x"))], Some("a"));
        check(vec![("b", "", Some("x  \r\n\r\n")), ("a", "", Some("x"))], Some("a"));
        check(vec![("b", "", Some("* y\n")), ("a", "", Some("- y\n"))], Some("a"));
        check(
            vec![
                ("b", "", Some("---\ntitle: A\nupdated: 2026-01-02\n---\nx")),
                ("a", "", Some("---\ntitle: A\nupdated: 2020-01-02\n---\nx")),
            ],
            Some("a"),
        );
        check(vec![("b", "", Some("Last updated: 2026-01-02\n\nx")), ("a", "", Some("x"))], Some("a"));
    }

    #[test]
    fn nothing_counts_where_nothing_is_known() {
        check(vec![("a", "mass", Some("x"))], None);
        check(vec![("b", "automated", Some("x")), ("a", "mass", Some("x"))], None);
        check(vec![("b", "", None), ("a", "", Some("x"))], None);
    }

    #[test]
    fn older_revisions_are_asked_for_when_needed() {
        let mut past: Vec<(&str, &str, Option<&str>)> = vec![("new", "mass", Some("x")); 40];
        past.push(("old", "", Some("x")));
        check(past, Some("old"));
    }
}
