//! The git object database: the pinned base commit, its tree, its blobs. Never
//! the worktree and never the index.

pub mod attributes;
mod base;
pub mod history;
mod listing;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use git2::{ErrorCode, ObjectType, Oid, Repository};

use crate::path::RepoPath;
use crate::sealed::SealedFolder;
use attributes::Filters;
pub use base::{Base, Entry, Kind};
use listing::{ENTRIES_MAX, Listing};

/// One handle on the object database; each thread opens its own.
pub struct Repo {
    git: Repository,
}

/// Where a repository is: what threads share, since a handle is for one.
#[derive(Debug, Clone)]
pub struct Location {
    git: PathBuf,
    /// The folder that all worktrees share.
    pub common: PathBuf,
}

impl Location {
    /// Opens the repository.
    ///
    /// # Errors
    /// [`RepoError::Git`].
    pub fn open(&self) -> Result<Repo, RepoError> {
        Ok(Repo { git: Repository::open(&self.git)? })
    }
}

/// Why a blob is not text that can be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Over the limit given.
    TooLarge,
    /// Not UTF-8, or with a NUL.
    NotText,
    /// A large-file pointer.
    Pointer,
}

/// Why the repository cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// No repository at the folder or above.
    #[error("no git repository at {path} or above it")]
    Missing {
        /// Where the search began.
        path: PathBuf,
    },
    /// A repository without a worktree.
    #[error("the repository at {path} is bare")]
    Bare {
        /// Where it is.
        path: PathBuf,
    },
    /// HEAD names a branch that has no commit.
    #[error("the current branch has no commit yet")]
    Unborn,
    /// Somebody else owns the folder.
    #[error("the repository at {path} belongs to another user")]
    Owner {
        /// Where it is.
        path: PathBuf,
    },
    /// An object that must be there is not, or is damaged.
    #[error("object {id} of the repository is missing or damaged: {source}")]
    Object {
        /// Its id.
        id: String,
        /// What libgit2 said.
        source: git2::Error,
    },
    /// The tree has too many entries.
    #[error("the tree of the base commit has more than {ENTRIES_MAX} entries")]
    TooManyEntries,
    /// A file of the base that must be text is something else.
    #[error("{path} in commit {commit} is not a text file, or too large")]
    NotText {
        /// The file.
        path: String,
        /// The commit.
        commit: String,
    },
    /// A revision that names no commit.
    #[error("`{revision}` names no commit of this clone")]
    Revision {
        /// As it was written.
        revision: String,
    },
    /// Anything else git said.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

impl Repo {
    /// Finds the repository at `dir` or above it.
    ///
    /// # Errors
    /// [`RepoError::Missing`], [`RepoError::Bare`], [`RepoError::Owner`].
    pub fn discover(dir: &Path) -> Result<Self, RepoError> {
        settle();
        let flags = git2::RepositoryOpenFlags::empty();
        let git = Repository::open_ext(dir, flags, std::iter::empty::<&Path>()).map_err(|error| match error.code() {
            ErrorCode::NotFound => RepoError::Missing { path: dir.to_owned() },
            ErrorCode::Owner => RepoError::Owner { path: dir.to_owned() },
            _ => RepoError::Git(error),
        })?;
        if git.is_bare() {
            return Err(RepoError::Bare { path: git.path().to_owned() });
        }
        Ok(Self { git })
    }

    /// Opens the same repository again, for another thread.
    ///
    /// # Errors
    /// [`RepoError::Git`].
    pub fn reopen(&self) -> Result<Self, RepoError> {
        Ok(Self { git: Repository::open(self.git.path())? })
    }

    /// Where it is, for threads that open it themselves.
    #[must_use]
    pub fn location(&self) -> Location {
        Location { git: self.git.path().to_owned(), common: self.git.commondir().to_owned() }
    }

    /// The handle itself, for the floors that write objects and refs.
    #[must_use]
    pub fn git(&self) -> &Repository {
        &self.git
    }

    /// The user's checkout; a base for paths that the operator wrote.
    #[must_use]
    pub fn workdir(&self) -> &Path {
        self.git.workdir().unwrap_or_else(|| self.git.path())
    }

    /// The folder that all worktrees share.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.git.commondir()
    }

    /// Whether commits have the parents that they name: no clone that is cut
    /// off, and nothing grafted.
    #[must_use]
    pub fn has_whole_history(&self) -> bool {
        !self.git.is_shallow() && !self.git.commondir().join("info/grafts").exists()
    }

    /// Whether history is cut off.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow()
    }

    /// Whether a commit is part of what a tip holds, as far as this clone knows.
    #[must_use]
    pub fn holds(&self, tip: Oid, commit: Oid) -> bool {
        tip == commit || self.git.graph_descendant_of(tip, commit).unwrap_or(false)
    }

    /// The commit that HEAD points at, detached or not.
    ///
    /// # Errors
    /// [`RepoError::Unborn`] when there is none.
    pub fn head(&self) -> Result<Oid, RepoError> {
        let head = self.git.head().map_err(|error| match error.code() {
            ErrorCode::UnbornBranch | ErrorCode::NotFound => RepoError::Unborn,
            _ => RepoError::Git(error),
        })?;
        Ok(head.peel_to_commit()?.id())
    }

    /// The commit that a revision names, in git's words: `HEAD~1`, a branch, an id.
    ///
    /// # Errors
    /// [`RepoError::Revision`] when it names none that is here.
    pub fn resolve(&self, revision: &str) -> Result<Oid, RepoError> {
        let found = self.git.revparse_single(revision).and_then(|object| object.peel_to_commit());
        found.map(|commit| commit.id()).map_err(|_| RepoError::Revision { revision: revision.to_owned() })
    }

    /// The paths in which two commits differ, as bytes read as UTF-8.
    ///
    /// # Errors
    /// [`RepoError::Object`] when something is missing.
    pub fn differing(&self, old: Oid, new: Oid) -> Result<Vec<String>, RepoError> {
        let tree = |id: Oid| self.git.find_commit(id).and_then(|commit| commit.tree()).map_err(|source| missing(id, source));
        let diff = self.git.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
        let path = |delta: git2::DiffDelta<'_>| {
            let file = if delta.new_file().path_bytes().is_some() { delta.new_file() } else { delta.old_file() };
            String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned()
        };
        Ok(diff.deltas().map(path).collect())
    }

    /// Paths in which two commits differ, with the modes before and after, 0 where
    /// there is nothing.
    ///
    /// # Errors
    /// [`RepoError::Object`] when something is missing.
    pub fn changed_modes(&self, old: Oid, new: Oid) -> Result<Vec<(String, u32, u32)>, RepoError> {
        let tree = |id: Oid| self.git.find_commit(id).and_then(|commit| commit.tree()).map_err(|source| missing(id, source));
        let diff = self.git.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
        let change = |delta: git2::DiffDelta<'_>| {
            let (old, new) = (delta.old_file(), delta.new_file());
            let path = String::from_utf8_lossy(new.path_bytes().or(old.path_bytes()).unwrap_or_default()).into_owned();
            (path, u32::from(old.mode()), u32::from(new.mode()))
        };
        Ok(diff.deltas().map(change).collect())
    }

    /// The text of one file of a commit, of at most `bytes_max` bytes; none if
    /// there is no such file.
    ///
    /// # Errors
    /// [`RepoError::NotText`], or [`RepoError::Object`] when something on the
    /// way to it is missing.
    pub fn file_at(&self, commit: Oid, path: &str, bytes_max: u64) -> Result<Option<String>, RepoError> {
        let tree = self.git.find_commit(commit).and_then(|commit| commit.tree()).map_err(|source| missing(commit, source))?;
        let entry = match tree.get_path(Path::new(path)) {
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            entry => entry.map_err(|source| missing(commit, source))?,
        };
        let not_text = || RepoError::NotText { path: path.to_owned(), commit: commit.to_string() };
        if entry.kind() != Some(ObjectType::Blob) || entry.filemode() == 0o120_000 {
            return Err(not_text());
        }
        self.read_text(entry.id(), bytes_max)?.map(Some).map_err(|_| not_text())
    }

    /// Whether a file or folder of the checkout, by its path inside it, is part of
    /// a commit.
    ///
    /// # Errors
    /// [`RepoError::Object`] when something on the way to it is missing.
    pub fn has(&self, commit: Oid, inside: &Path) -> Result<bool, RepoError> {
        let tree = self.git.find_commit(commit).and_then(|commit| commit.tree()).map_err(|source| missing(commit, source))?;
        Ok(inside.as_os_str().is_empty() || tree.get_path(inside).is_ok())
    }

    /// Whether anything at a path of the checkout, or below it, came with a commit:
    /// it stands in the index or in the commit that HEAD names.
    ///
    /// # Errors
    /// [`RepoError`] when either cannot be read.
    pub fn tracks(&self, inside: &Path) -> Result<bool, RepoError> {
        let index = self.git.index()?;
        let is_below = |path: &[u8]| Path::new(OsStr::from_bytes(path)).starts_with(inside);
        if inside.as_os_str().is_empty() || index.iter().any(|entry| is_below(&entry.path)) {
            return Ok(true);
        }
        self.head().map_or(Ok(false), |head| self.has(head, inside))
    }

    /// Pins a commit and lists its tree.
    ///
    /// # Errors
    /// [`RepoError::Object`] when a tree is missing.
    pub fn pin(&self, commit: Oid) -> Result<Base, RepoError> {
        self.pin_with(commit, None)
    }

    /// Pins a commit and lists of its tree what `folder` does not remember.
    ///
    /// # Errors
    /// [`RepoError::Object`] when a tree is missing.
    pub fn pin_with(&self, commit: Oid, folder: Option<&SealedFolder>) -> Result<Base, RepoError> {
        let found = self.git.find_commit(commit).map_err(|source| missing(commit, source))?;
        let Listing { mut entries, names_skipped, .. } = Listing::of(&self.git, found.tree_id(), folder)?;
        entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        let mut filters = Filters::default();
        let named = entries.iter().filter(|entry| entry.path.name() == ".gitattributes" && entry.kind == Kind::File);
        let mut outer_first: Vec<&Entry> = named.collect();
        outer_first.sort_by_key(|entry| entry.path.folders().count());
        for entry in outer_first {
            if let Ok(text) = self.read_text(entry.id, 1 << 20)? {
                filters.add(&entry.path, &text);
            }
        }
        // Of the files beside the tree only git's own counts; the user's is about checkouts.
        if let (Ok(text), Ok(root)) =
            (std::fs::read_to_string(self.git.commondir().join("info/attributes")), RepoPath::new(".gitattributes"))
        {
            filters.add(&root, &text);
        }
        let seconds = found.time().seconds();
        Ok(Base { commit, tree: found.tree_id(), seconds, entries, names_skipped, filters, folded: OnceLock::new() })
    }

    /// The size of a blob, without reading it.
    ///
    /// # Errors
    /// [`RepoError::Object`] when it is missing.
    pub fn size(&self, blob: Oid) -> Result<u64, RepoError> {
        let (size, _) = self.git.odb()?.read_header(blob).map_err(|source| missing(blob, source))?;
        Ok(size as u64)
    }

    /// Reads a blob of at most `bytes_max` bytes as text.
    ///
    /// # Errors
    /// [`RepoError::Object`] when it is missing. That it is not such text is
    /// the inner result.
    pub fn read_text(&self, blob: Oid, bytes_max: u64) -> Result<Result<String, Unreadable>, RepoError> {
        let odb = self.git.odb()?;
        let (size, kind) = odb.read_header(blob).map_err(|source| missing(blob, source))?;
        if kind != ObjectType::Blob {
            return Ok(Err(Unreadable::NotText));
        }
        if size as u64 > bytes_max {
            return Ok(Err(Unreadable::TooLarge));
        }
        let object = odb.read(blob).map_err(|source| missing(blob, source))?;
        Ok(text_of(object.data()))
    }
}

/// Whether a text is a pointer to content that is stored elsewhere.
#[must_use]
pub fn is_pointer(text: &str) -> bool {
    text.len() < 1024 && text.starts_with("version https://git-lfs.github.com/spec/")
}

fn text_of(bytes: &[u8]) -> Result<String, Unreadable> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(Unreadable::NotText);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    if is_pointer(text) {
        return Err(Unreadable::Pointer);
    }
    Ok(text.to_owned())
}

fn missing(id: Oid, source: git2::Error) -> RepoError {
    RepoError::Object { id: id.to_string(), source }
}

/// Bytes of a tree that git may keep in memory: by default it reads a large
/// folder anew, with all checks, for each commit that a walk compares.
const TREE_BYTES_KEPT: usize = 1 << 20;
/// Bytes of all objects that git keeps in memory.
const OBJECT_BYTES_KEPT: isize = 48 << 20;

/// Sets what git does in this process, once, before it opens a repository: it
/// keeps large trees too, and writes through to the disk before it says that
/// something is written. What is opened before would not take the second.
fn settle() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the options are numbers, set once before this process opens a repository.
        #[expect(unsafe_code, reason = "git2 leaves it to the caller that no other thread is at work yet")]
        let set = unsafe {
            libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as std::ffi::c_int, 1_i32);
            git2::opts::set_cache_object_limit(ObjectType::Tree, TREE_BYTES_KEPT)
                .and_then(|()| git2::opts::set_cache_max_size(OBJECT_BYTES_KEPT))
        };
        drop(set);
    });
}
