//! The entries of a tree, and what is remembered of it: a folder whose tree was
//! listed before at the same place is not opened again. Trees are found by
//! their ids, so a remembered one cannot be out of date.

use std::collections::HashMap;

use git2::{Oid, Repository};
use serde::{Deserialize, Serialize};

use super::base::{Entry, Kind};
use super::{RepoError, missing};
use crate::digest::Digest;
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::sealed::SealedFolder;

/// Entries of one tree. A few small objects can stand for more than any machine could list.
pub(super) const ENTRIES_MAX: usize = 2_000_000;
/// The form of the file; another one is another file.
const FORM: &str = "tree-1-";

/// All entries of a tree, in the order of its walk.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// How many entries were left out for their names.
    pub(super) names_skipped: u64,
    folders: Vec<Folder>,
}

/// A folder in a listing: its tree, its path with a slash behind, its entries.
#[derive(Serialize, Deserialize)]
struct Folder {
    tree: [u8; 20],
    path: Box<str>,
    start: u32,
    end: u32,
    names_skipped: u64,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct File {
    folders: Vec<Folder>,
    entries: Vec<(RepoPath, [u8; 20], Kind)>,
}

impl Listing {
    /// Lists a tree of the repository whose folder is `common`.
    ///
    /// # Errors
    /// [`RepoError::Object`] when a tree is missing, [`RepoError::TooManyEntries`].
    pub(super) fn of(git: &Repository, tree: Oid, folder: Option<&SealedFolder>) -> Result<Self, RepoError> {
        let name = format!("{FORM}{}", Digest::of(git.commondir().as_os_str().as_encoded_bytes()).hex());
        let known = folder.and_then(|folder| Self::read(&folder.read(&name)?)).unwrap_or_default();
        let mut walk = Walk { git, places: known.places(), known: &known, listing: Self::default(), opened: 0 };
        walk.folder(tree, &mut String::new())?;
        let Walk { listing, opened, .. } = walk;
        if let Some(folder) = folder.filter(|_| opened > 0) {
            let written = postcard::to_stdvec(&listing.file()).map_err(std::io::Error::other);
            if let Err(error) = written.and_then(|bytes| folder.replace(&name, &bytes)) {
                tracing::warn!(%error, "the listing was not kept");
            }
        }
        Ok(listing)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let File { folders, entries } = postcard::from_bytes(bytes).ok()?;
        let entry = |(path, id, kind): (RepoPath, [u8; 20], Kind)| Some(Entry { path, id: Oid::from_bytes(&id).ok()?, kind });
        Some(Self { entries: entries.into_iter().map(entry).collect::<Option<_>>()?, folders, names_skipped: 0 })
    }

    fn file(&self) -> File {
        let entry = |entry: &Entry| (entry.path.clone(), bytes_of(entry.id), entry.kind);
        let folder = |folder: &Folder| Folder { path: folder.path.clone(), ..*folder };
        File { folders: self.folders.iter().map(folder).collect(), entries: self.entries.iter().map(entry).collect() }
    }

    /// Where the folders are, by tree and path.
    fn places(&self) -> HashMap<([u8; 20], &str), usize> {
        self.folders.iter().enumerate().map(|(at, folder)| ((folder.tree, &*folder.path), at)).collect()
    }
}

/// The bytes of an id.
fn bytes_of(id: Oid) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(id.as_bytes());
    bytes
}

/// A walk over a tree that names what it skips.
struct Walk<'w> {
    git: &'w Repository,
    known: &'w Listing,
    places: HashMap<([u8; 20], &'w str), usize>,
    listing: Listing,
    /// Trees that had to be read.
    opened: u64,
}

impl Walk<'_> {
    /// Lists the tree at `path`, which is empty or ends with a slash.
    fn folder(&mut self, tree: Oid, path: &mut String) -> Result<(), RepoError> {
        if let Some(place) = self.places.get(&(bytes_of(tree), path.as_str())).copied()
            && self.take_over(place).is_some()
        {
            return self.within_bounds();
        }
        self.opened += 1;
        let (start, skipped) = (self.listing.entries.len(), self.listing.names_skipped);
        let found = self.git.find_tree(tree).map_err(|source| missing(tree, source))?;
        for entry in &found {
            self.entry(&entry, path)?;
        }
        let folder = Folder {
            tree: bytes_of(tree),
            path: path.as_str().into(),
            start: offset(start),
            end: offset(self.listing.entries.len()),
            names_skipped: self.listing.names_skipped - skipped,
        };
        self.listing.folders.push(folder);
        self.within_bounds()
    }

    fn entry(&mut self, entry: &git2::TreeEntry<'_>, path: &mut String) -> Result<(), RepoError> {
        // A slash inside a name would make one entry pass for another.
        let Some(name) = std::str::from_utf8(entry.name_bytes()).ok().filter(|name| !name.contains('/')) else {
            self.listing.names_skipped += 1;
            return Ok(());
        };
        let length = path.len();
        path.push_str(name);
        match entry.filemode() {
            0o040_000 if path.len() >= PATH_BYTES_MAX => self.listing.names_skipped += 1,
            0o040_000 => {
                path.push('/');
                self.folder(entry.id(), path)?;
            }
            0o120_000 => self.add(path, entry.id(), Kind::Symlink),
            0o160_000 => self.add(path, entry.id(), Kind::Submodule),
            _ => self.add(path, entry.id(), Kind::File),
        }
        path.truncate(length);
        self.within_bounds()
    }

    fn add(&mut self, path: &str, id: Oid, kind: Kind) {
        match RepoPath::new(path) {
            Ok(path) => self.listing.entries.push(Entry { path, id, kind }),
            Err(_) => self.listing.names_skipped += 1,
        }
    }

    /// Copies a folder of the known listing, with the folders inside it; none,
    /// and nothing is copied, if they do not lie inside each other as they must.
    fn take_over(&mut self, place: usize) -> Option<()> {
        let known = self.known;
        let Folder { start, end, names_skipped, ref path, .. } = *known.folders.get(place)?;
        let entries = known.entries.get(start as usize..end as usize)?;
        // Inner folders are written before the one that holds them.
        let outside = known.folders[..place].iter().rposition(|folder| !folder.path.starts_with(&**path));
        let first = outside.map_or(0, |at| at + 1);
        let here = offset(self.listing.entries.len());
        let moved = |at: u32| at.checked_sub(start).filter(|_| at <= end).map(|at| at + here);
        let folders = known.folders[first..=place].iter();
        let folders = folders
            .map(|folder| {
                Some(Folder { path: folder.path.clone(), start: moved(folder.start)?, end: moved(folder.end)?, ..*folder })
            })
            .collect::<Option<Vec<_>>>()?;
        self.listing.entries.extend_from_slice(entries);
        self.listing.names_skipped += names_skipped;
        self.listing.folders.extend(folders);
        Some(())
    }

    fn within_bounds(&self) -> Result<(), RepoError> {
        // Folders without entries and entries without a valid name cost as much.
        let listed = self.listing.entries.len() + self.listing.folders.len();
        let count = listed as u64 + self.listing.names_skipped;
        if count > ENTRIES_MAX as u64 { Err(RepoError::TooManyEntries) } else { Ok(()) }
    }
}

/// A place in a listing; listings are far below four thousand million entries.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of these files; a name without UTF-8 is written `?`.
    fn tree(git: &Repository, files: &[(&str, &str)]) -> Oid {
        let mut builder = git.treebuilder(None).expect("a tree");
        let mut folders: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        for (path, text) in files {
            match path.split_once('/') {
                None => {
                    let blob = git.blob(text.as_bytes()).expect("a blob");
                    let name: &[u8] = if *path == "?" { b"\xff" } else { path.as_bytes() };
                    builder.insert(name, blob, 0o100_644).expect("an entry");
                }
                Some((folder, rest)) => match folders.iter_mut().find(|(name, _)| *name == folder) {
                    Some((_, files)) => files.push((rest, text)),
                    None => folders.push((folder, vec![(rest, text)])),
                },
            }
        }
        for (name, files) in folders {
            builder.insert(name, tree(git, &files), 0o040_000).expect("a folder");
        }
        builder.write().expect("a tree")
    }

    type Shown = (Vec<(String, Oid)>, u64);

    fn shown(listing: &Listing) -> Shown {
        let entries = listing.entries.iter().map(|entry| (entry.path.to_string(), entry.id));
        (entries.collect(), listing.names_skipped)
    }

    #[test]
    fn a_remembered_listing_is_that_of_the_tree() {
        let root = tempfile::tempdir().expect("a folder");
        let git = Repository::init(root.path().join("repo")).expect("a repository");
        let sealed = SealedFolder::open(&root.path().join("sealed")).expect("a folder");
        let first = [("a/b/c.md", "1"), ("a/b/?", "x"), ("a/d.md", "2"), ("a.md", "3"), ("e/f.md", "4"), ("e/g/h.md", "5")];
        let mut second = first;
        second[5].1 = "other";
        // The same tree in another place, and a new folder before all others.
        let third = [("0/x.md", "0"), ("a/b/c.md", "1"), ("a/b/?", "x"), ("a/d.md", "2"), ("z/b/c.md", "1"), ("z/b/?", "x")];
        for files in [&first[..], &first, &second, &third, &second, &first, &third, &third] {
            let tree = tree(&git, files);
            let fresh = Listing::of(&git, tree, None).expect("a listing");
            let remembered = Listing::of(&git, tree, Some(&sealed)).expect("a listing");
            assert_eq!(shown(&remembered), shown(&fresh), "{files:?}");
        }
    }

    #[test]
    fn what_did_not_change_is_not_opened() {
        let root = tempfile::tempdir().expect("a folder");
        let git = Repository::init(root.path().join("repo")).expect("a repository");
        let sealed = SealedFolder::open(&root.path().join("sealed")).expect("a folder");
        let id = tree(&git, &[("a/b/c.md", "1"), ("d/e.md", "2")]);
        let other = tree(&git, &[("a/b/c.md", "1"), ("d/e.md", "3")]);
        Listing::of(&git, id, Some(&sealed)).expect("a listing");
        let inner = git.find_tree(id).expect("a tree").get_name("a").expect("a folder").id().to_string();
        std::fs::remove_file(git.path().join("objects").join(&inner[..2]).join(&inner[2..])).expect("the tree");
        let git = Repository::open(git.path()).expect("the repository");
        assert!(Listing::of(&git, other, None).is_err());
        let listing = Listing::of(&git, other, Some(&sealed)).expect("a listing");
        assert_eq!(shown(&listing).0[0].0, "a/b/c.md");
    }
}
