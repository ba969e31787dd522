//! The repository, as the host lends it: what is there, and what was. Answers
//! are remembered, and asked for up to a bound.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use lifeos_sdk::history::Revision;
use lifeos_sdk::{Document, Refusal};

/// Texts of the past that are asked for, and bytes of them: what is beyond stays unproven.
const TEXTS_MAX: usize = 6_000;
const TEXT_BYTES_MAX: usize = 512 << 20;
/// Revisions of one file.
const REVISIONS_MAX: u32 = 256;

/// What the host is asked.
pub(crate) trait Host {
    /// The paths that match a pattern, by order.
    fn list(&self, pattern: &str) -> Result<Vec<String>, Refusal>;
    /// A file of the base.
    fn read(&self, path: &str) -> Result<Document, Refusal>;
    /// The newest revisions first.
    fn revisions(&self, path: &str, max: u32) -> Result<Vec<Revision>, Refusal>;
    /// The text before and after one of them.
    fn texts(&self, path: &str, commit: &str) -> Result<Texts, Refusal>;
}

/// A text before and after a commit.
pub(crate) type Texts = (Option<String>, Option<String>);

/// The host itself.
pub(crate) struct Lent;

impl Host for Lent {
    fn list(&self, pattern: &str) -> Result<Vec<String>, Refusal> {
        let entries = lifeos_sdk::repo::all_files(pattern)?;
        Ok(entries.into_iter().map(|entry| entry.path).collect())
    }

    fn read(&self, path: &str) -> Result<Document, Refusal> {
        lifeos_sdk::repo::read_file(path)
    }

    fn revisions(&self, path: &str, max: u32) -> Result<Vec<Revision>, Refusal> {
        lifeos_sdk::history::revisions(path, max)
    }

    fn texts(&self, path: &str, commit: &str) -> Result<Texts, Refusal> {
        lifeos_sdk::history::texts(path, commit)
    }
}

/// A moment of the history: a commit, and when its author made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) commit: String,
    pub(crate) seconds: i64,
}

impl Moment {
    fn of(revision: &Revision) -> Self {
        Self { commit: revision.commit.clone(), seconds: revision.seconds }
    }

    /// The commit as people write it.
    pub(crate) fn short(&self) -> &str {
        self.commit.get(..9).unwrap_or(&self.commit)
    }
}

/// The past of all files.
pub(crate) struct Past<'h> {
    host: &'h dyn Host,
    revisions: RefCell<BTreeMap<String, Rc<Vec<Revision>>>>,
    texts: RefCell<HashMap<(String, String), Rc<Texts>>>,
    asked: Cell<usize>,
    bytes: Cell<usize>,
    is_missing: Cell<bool>,
}

impl<'h> Past<'h> {
    pub(crate) fn new(host: &'h dyn Host) -> Self {
        let (revisions, texts) = (RefCell::default(), RefCell::default());
        Self { host, revisions, texts, asked: Cell::new(0), bytes: Cell::new(0), is_missing: Cell::new(false) }
    }

    /// Whether a bound was met, so that more could have been found.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.asked.get() >= TEXTS_MAX || self.bytes.get() >= TEXT_BYTES_MAX
    }

    /// Whether the clone does not have the history, so that nothing can be proven.
    pub(crate) fn is_missing(&self) -> bool {
        self.is_missing.get()
    }

    /// The revisions of a path, the newest first; none where it has no past, or none that may be known.
    pub(crate) fn revisions(&self, path: &str) -> Rc<Vec<Revision>> {
        if let Some(known) = self.revisions.borrow().get(path) {
            return Rc::clone(known);
        }
        let found = self.host.revisions(path, REVISIONS_MAX);
        self.is_missing.set(self.is_missing.get() || matches!(found, Err(Refusal::HistoryMissing)));
        let found = Rc::new(found.unwrap_or_default());
        self.revisions.borrow_mut().insert(path.to_owned(), Rc::clone(&found));
        found
    }

    /// The texts around a revision; none over the bounds.
    pub(crate) fn texts(&self, path: &str, commit: &str) -> Option<Rc<Texts>> {
        let key = (path.to_owned(), commit.to_owned());
        if let Some(known) = self.texts.borrow().get(&key) {
            return Some(Rc::clone(known));
        }
        if self.is_cut_off() {
            return None;
        }
        let texts = self.host.texts(path, commit).ok()?;
        let bytes = [&texts.0, &texts.1].into_iter().flatten().map(String::len).sum::<usize>();
        self.asked.set(self.asked.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        let found = Rc::new(texts);
        // Large texts are looked at once; keeping them all would take the memory of the instance.
        if self.bytes.get() < KEPT_BYTES_MAX {
            self.texts.borrow_mut().insert(key, Rc::clone(&found));
        }
        Some(found)
    }

    /// Since when a document says something, without a break: the oldest of the
    /// newest revisions after which it does. None if that cannot be known.
    pub(crate) fn said_since(&self, path: &str, says: &dyn Fn(&str) -> bool) -> Option<Moment> {
        let mut since = None;
        for revision in self.revisions(path).iter() {
            let texts = self.texts(path, &revision.commit)?;
            if !texts.1.as_deref().is_some_and(says) {
                break;
            }
            since = Some(Moment::of(revision));
            if !texts.0.as_deref().is_some_and(says) {
                break;
            }
        }
        since
    }

    /// How many revisions of a file came after a moment. Of other commits of the same second all are held to be later.
    pub(crate) fn changes_since(&self, path: &str, moment: &Moment) -> usize {
        let revisions = self.revisions(path);
        let same = revisions.iter().position(|revision| revision.commit == moment.commit);
        let earlier = || revisions.iter().position(|revision| revision.seconds < moment.seconds);
        same.or_else(earlier).unwrap_or(revisions.len())
    }

    /// The end of a path that the base does not have: when, and its last text.
    pub(crate) fn end_of(&self, path: &str) -> Option<(Moment, Option<String>)> {
        let revisions = self.revisions(path);
        let newest = revisions.first()?;
        let texts = self.texts(path, &newest.commit)?;
        texts.1.is_none().then(|| (Moment::of(newest), texts.0.clone()))
    }

    /// The moment of the revision at a place.
    pub(crate) fn moment(&self, path: &str, at: usize) -> Option<Moment> {
        self.revisions(path).get(at).map(Moment::of)
    }
}

/// Bytes of texts of the past that are kept.
const KEPT_BYTES_MAX: usize = 48 << 20;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A repository of commits, the oldest first: its files after each; `None` takes one away.
    #[derive(Default)]
    pub(crate) struct Made {
        commits: Vec<BTreeMap<String, String>>,
    }

    impl Made {
        pub(crate) fn commit(mut self, changes: &[(&str, Option<&str>)]) -> Self {
            let mut files = self.commits.last().cloned().unwrap_or_default();
            for (path, text) in changes {
                match text {
                    Some(text) => files.insert((*path).to_owned(), (*text).to_owned()),
                    None => files.remove(*path),
                };
            }
            self.commits.push(files);
            self
        }

        fn text(&self, path: &str, at: Option<usize>) -> Option<&String> {
            self.commits.get(at?)?.get(path)
        }
    }

    impl Host for Made {
        fn list(&self, pattern: &str) -> Result<Vec<String>, Refusal> {
            let files = self.commits.last().expect("a commit").keys();
            let ending = pattern.rsplit('*').next().expect("a part").to_owned();
            Ok(files.filter(|path| path.ends_with(&ending)).cloned().collect())
        }

        fn read(&self, path: &str) -> Result<Document, Refusal> {
            let text = self.text(path, self.commits.len().checked_sub(1)).ok_or(Refusal::NotFound)?;
            Ok(Document { path: path.to_owned(), id: String::new(), text: text.clone(), editable: true })
        }

        fn revisions(&self, path: &str, max: u32) -> Result<Vec<Revision>, Refusal> {
            let changed =
                (0..self.commits.len()).rev().filter(|at| self.text(path, Some(*at)) != self.text(path, at.checked_sub(1)));
            let revision = |at: usize| Revision {
                commit: format!("{at:040x}"),
                seconds: i64::try_from(at).expect("few"),
                offset_minutes: 0,
                files_changed: 1,
                automated: false,
            };
            let found: Vec<_> = changed.take(max as usize).map(revision).collect();
            if found.is_empty() { Err(Refusal::NotFound) } else { Ok(found) }
        }

        fn texts(&self, path: &str, commit: &str) -> Result<Texts, Refusal> {
            let at = usize::from_str_radix(commit, 16).map_err(|_| Refusal::NotFound)?;
            Ok((self.text(path, at.checked_sub(1)).cloned(), self.text(path, Some(at)).cloned()))
        }
    }

    #[test]
    fn a_document_says_something_since_it_did_so_without_a_break() {
        let made = Made::default()
            .commit(&[("a.md", Some("x"))])
            .commit(&[("a.md", Some("y"))])
            .commit(&[("a.md", Some("x"))])
            .commit(&[("a.md", Some("x z"))]);
        let past = Past::new(&made);
        let since = past.said_since("a.md", &|text| text.contains('x'));
        assert_eq!(since.map(|moment| moment.seconds), Some(2));
        assert_eq!(past.said_since("none.md", &|_| true), None);
    }

    #[test]
    fn a_path_that_is_gone_has_an_end() {
        let made = Made::default().commit(&[("a.rs", Some("x"))]).commit(&[("a.rs", None)]);
        let past = Past::new(&made);
        let (moment, text) = past.end_of("a.rs").expect("an end");
        assert_eq!((moment.seconds, text.as_deref()), (1, Some("x")));
        assert!(past.end_of("b.rs").is_none());
    }
}
