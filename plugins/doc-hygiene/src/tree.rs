//! The files of the base commit as the owner shows them, each asked for once.
//! Names only; it reads no file but for [`Tree::read`].

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use lifeos_sdk::repo::{self, Kind};
use lifeos_sdk::{Document, Refusal};

use crate::place;

/// At most so many files are listed; in a larger repository nothing is
/// proposed that needs the list.
const FILES_MAX: usize = 500_000;

/// At most so many paths are asked for; beyond them nothing is judged.
const QUESTIONS_MAX: usize = 50_000;

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

/// All files by name, once they are needed.
#[derive(Default)]
struct Names {
    /// Lower-case path to paths.
    by_lower: HashMap<String, Vec<String>>,
    /// File name to paths.
    by_name: HashMap<String, Vec<String>>,
}

/// The tree, with what was learnt of it.
pub(crate) struct Files<'a> {
    pub(crate) tree: &'a dyn Tree,
    seen: RefCell<HashMap<String, Known>>,
    names: OnceCell<Names>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(tree: &'a dyn Tree) -> Self {
        Self { tree, seen: RefCell::default(), names: OnceCell::new() }
    }

    /// What is at a path.
    pub(crate) fn known(&self, path: &str) -> Known {
        if let Some(known) = self.seen.borrow().get(path) {
            return *known;
        }
        if self.seen.borrow().len() >= QUESTIONS_MAX {
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

    /// Whether a folder of the path is none here but a link or a submodule.
    fn lies_behind_a_link(&self, path: &str) -> bool {
        let folder = place::split(path).0.trim_end_matches('/');
        !folder.is_empty() && !matches!(self.known(folder), Known::Folder | Known::Missing)
    }

    /// Paths that differ from this one only in case.
    pub(crate) fn in_other_case(&self, path: &str) -> &[String] {
        self.names().by_lower.get(&path.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Paths of files that bear a name.
    pub(crate) fn named(&self, name: &str) -> &[String] {
        self.names().by_name.get(name).map_or(&[], Vec::as_slice)
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let mut names = Names::default();
            for path in self.all() {
                let name = place::split(&path).1.to_owned();
                names.by_lower.entry(path.to_lowercase()).or_default().push(path.clone());
                names.by_name.entry(name).or_default().push(path);
            }
            names
        })
    }

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

    use super::{Files, Known, Tree};

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
        assert_eq!(files.in_other_case("A/b.MD").len(), 2);
        assert_eq!(files.named("b.md"), ["a/b.md", "c/b.md"]);
    }
}
