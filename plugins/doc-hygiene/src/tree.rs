//! The files of the base commit as the owner shows them, each asked for once.
//! Names only; it reads no file but for [`Tree::read`].

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use lifeos_sdk::repo::{self, Kind};
use lifeos_sdk::{Document, Refusal};

use crate::place;

/// At most so many files are listed; in a larger repository nothing is judged
/// and nothing proposed that needs the list.
const FILES_MAX: usize = 500_000;

/// At most so many paths are asked for in a run, and for one document; beyond
/// them nothing is judged, which is told.
const QUESTIONS_MAX: usize = 50_000;
const QUESTIONS_OF_ONE_MAX: usize = 5_000;

/// The repository, as the host lends it.
pub(crate) trait Tree {
    /// What is at a path.
    fn stat(&self, path: &str) -> Result<Kind, Refusal>;

    /// Up to 1,000 paths after one, and whether there are more.
    fn list(&self, after: Option<&str>) -> Result<(Vec<String>, bool), Refusal>;

    /// The document at a path.
    fn read(&self, path: &str) -> Result<Document, Refusal>;
}

/// The host's own repository.
pub(crate) struct HostTree;

impl Tree for HostTree {
    fn stat(&self, path: &str) -> Result<Kind, Refusal> {
        repo::stat(path)
    }

    fn list(&self, after: Option<&str>) -> Result<(Vec<String>, bool), Refusal> {
        let page = repo::list_files("**", after)?;
        Ok((page.entries.into_iter().map(|entry| entry.path).collect(), page.next.is_some()))
    }

    fn read(&self, path: &str) -> Result<Document, Refusal> {
        repo::read_file(path)
    }
}

/// What is known of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    File,
    Folder,
    Missing,
    /// The owner does not let the task look, or it lies behind a link.
    Hidden,
}

/// All files, once they are needed, by hashes of their lower-case path and of
/// their name: sorted, with the number of the path.
#[derive(Default)]
struct Names {
    paths: Vec<String>,
    by_lower: Vec<(u64, usize)>,
    by_name: Vec<(u64, usize)>,
}

impl Names {
    fn new(paths: Vec<String>) -> Self {
        let sorted = |word: fn(&str) -> u64| {
            let mut list: Vec<(u64, usize)> = paths.iter().enumerate().map(|(at, path)| (word(path), at)).collect();
            list.sort_unstable();
            list
        };
        let (by_lower, by_name) = (sorted(lower_hash), sorted(|path| hash(place::split(path).1.bytes())));
        Self { paths, by_lower, by_name }
    }

    fn with<'s>(&'s self, list: &'s [(u64, usize)], hash: u64) -> impl Iterator<Item = &'s str> {
        let first = list.partition_point(|(other, _)| *other < hash);
        list[first..].iter().take_while(move |(other, _)| *other == hash).map(|(_, at)| self.paths[*at].as_str())
    }
}

fn lower_hash(path: &str) -> u64 {
    match path.is_ascii() {
        true => hash(path.bytes().map(|byte| byte.to_ascii_lowercase())),
        false => hash(path.to_lowercase().bytes()),
    }
}

/// The 64-bit hash of Fowler, Noll and Vo; what it finds is compared in full.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The tree, with what was learnt of it.
pub(crate) struct Files<'a> {
    pub(crate) tree: &'a dyn Tree,
    seen: RefCell<HashMap<String, Known>>,
    names: OnceCell<Names>,
    turn: RefCell<Turn>,
}

/// For which document paths are asked for now.
#[derive(Default)]
struct Turn {
    doc: usize,
    questions: usize,
    /// Documents whose questions were not all answered.
    unanswered: BTreeSet<usize>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(tree: &'a dyn Tree) -> Self {
        Self { tree, seen: RefCell::default(), names: OnceCell::new(), turn: RefCell::default() }
    }

    /// What is asked from now on is asked for this document.
    pub(crate) fn begin(&self, doc: usize) {
        let mut turn = self.turn.borrow_mut();
        (turn.doc, turn.questions) = (doc, 0);
    }

    /// The documents whose questions were too many.
    pub(crate) fn unanswered(&self) -> BTreeSet<usize> {
        self.turn.borrow().unanswered.clone()
    }

    /// What is at a path.
    pub(crate) fn known(&self, path: &str) -> Known {
        if let Some(known) = self.seen.borrow().get(path) {
            return *known;
        }
        if !self.may_ask() {
            return Known::Hidden;
        }
        let known = match self.tree.stat(path) {
            Ok(Kind::Folder) => Known::Folder,
            Ok(_) => Known::File,
            Err(Refusal::NotFound) if self.lies_behind_a_link(path) => Known::Hidden,
            Err(Refusal::NotFound) => Known::Missing,
            Err(_) => Known::Hidden,
        };
        self.seen.borrow_mut().insert(path.to_owned(), known);
        known
    }

    fn may_ask(&self) -> bool {
        let turn = &mut *self.turn.borrow_mut();
        turn.questions += 1;
        let is_within = turn.questions <= QUESTIONS_OF_ONE_MAX && self.seen.borrow().len() < QUESTIONS_MAX;
        if !is_within {
            turn.unanswered.insert(turn.doc);
        }
        is_within
    }

    /// Whether a folder of the path is none here but a link or a submodule.
    fn lies_behind_a_link(&self, path: &str) -> bool {
        let folder = place::split(path).0.trim_end_matches('/');
        !folder.is_empty() && !matches!(self.known(folder), Known::Folder | Known::Missing)
    }

    /// Paths that differ from this one only in case, two at most.
    pub(crate) fn in_other_case(&self, path: &str) -> Vec<&str> {
        let (names, lower) = (self.names(), path.to_lowercase());
        names.with(&names.by_lower, lower_hash(path)).filter(|other| other.to_lowercase() == lower).take(2).collect()
    }

    /// Paths of files that bear a name, two at most.
    pub(crate) fn named(&self, name: &str) -> Vec<&str> {
        let names = self.names();
        names.with(&names.by_name, hash(name.bytes())).filter(|path| place::split(path).1 == name).take(2).collect()
    }

    /// Whether the names are there to be asked for: the owner may show none, or
    /// they are too many.
    pub(crate) fn has_names(&self) -> bool {
        !self.names().paths.is_empty()
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::new(self.all()))
    }

    /// All names, or none.
    fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        loop {
            let Ok((page, more)) = self.tree.list(all.last().map(String::as_str)) else { return Vec::new() };
            all.extend(page);
            if !more {
                return all;
            }
            if all.len() >= FILES_MAX {
                return Vec::new();
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use lifeos_sdk::repo::Kind;
    use lifeos_sdk::{Document, Refusal};

    use super::{Files, Known, QUESTIONS_OF_ONE_MAX, Tree};

    /// A tree in memory: path to text. A text `->` is a symbolic link, `?` is
    /// not granted.
    #[derive(Default)]
    pub(crate) struct Fake(pub(crate) BTreeMap<String, String>);

    impl Fake {
        pub(crate) fn new(files: &[(&str, &str)]) -> Self {
            Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
        }
    }

    impl Tree for Fake {
        fn stat(&self, path: &str) -> Result<Kind, Refusal> {
            match self.0.get(path).map(String::as_str) {
                Some("->") => Ok(Kind::Symlink),
                Some("?") => Err(Refusal::NotGranted),
                Some(_) => Ok(Kind::File),
                None if self.0.keys().any(|file| file.starts_with(&format!("{path}/"))) => Ok(Kind::Folder),
                None => Err(Refusal::NotFound),
            }
        }

        fn list(&self, after: Option<&str>) -> Result<(Vec<String>, bool), Refusal> {
            let rest: Vec<&String> = self.0.keys().filter(|path| after.is_none_or(|after| path.as_str() > after)).collect();
            Ok((rest.iter().take(2).map(|path| (*path).clone()).collect(), rest.len() > 2))
        }

        fn read(&self, path: &str) -> Result<Document, Refusal> {
            let text = self.0.get(path).ok_or(Refusal::NotFound)?;
            Ok(Document {
                path: path.to_owned(),
                id: format!("id of {path}"),
                text: text.clone(),
                editable: !path.contains("locked"),
            })
        }
    }

    #[test]
    fn paths_are_known_for_what_they_are() {
        let fake = Fake::new(&[("a/b.md", ""), ("a/B.md", ""), ("c/b.md", ""), ("link", "->"), ("secret", "?")]);
        let files = Files::new(&fake);
        for (path, expected) in [
            ("a/b.md", Known::File),
            ("a", Known::Folder),
            ("x/y", Known::Missing),
            ("link/y/z", Known::Hidden),
            ("secret", Known::Hidden),
            ("a/b.md", Known::File),
        ] {
            assert_eq!(files.known(path), expected, "{path}");
        }
        for at in 0..QUESTIONS_OF_ONE_MAX {
            files.known(&format!("no{at}"));
        }
        assert_eq!((files.known("a/B.md"), files.unanswered().len()), (Known::Hidden, 1), "a share is used up");
        files.begin(1);
        assert_eq!((files.known("a/B.md"), files.unanswered().len()), (Known::File, 1), "the next has its own");
        assert_eq!(files.in_other_case("A/b.MD").len(), 2);
        assert_eq!(files.named("b.md"), ["a/b.md", "c/b.md"]);
    }
}
