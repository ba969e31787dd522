//! The commit a run stands on: its tree, listed. It is made by [`super::Repo::pin`]
//! and does not change.

use std::collections::HashMap;
use std::sync::OnceLock;

use git2::Oid;

use super::attributes::Filters;
use crate::path::RepoPath;

/// The commit a run stands on, and everything in its tree.
pub struct Base {
    /// The commit.
    pub commit: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its time, seconds since 1970-01-01T00:00Z.
    pub seconds: i64,
    /// Every entry whose name is a valid path, in byte order of the paths.
    pub entries: Vec<Entry>,
    /// How many entries were left out for their names.
    pub names_skipped: u64,
    /// Which paths have a git filter.
    pub filters: Filters,
    pub(super) folded: OnceLock<HashMap<String, String>>,
}

/// One entry of the base tree.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is.
    pub path: RepoPath,
    /// The blob, or the commit of a submodule.
    pub id: Oid,
    /// What it is.
    pub kind: Kind,
}

/// What a tree entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// A plain file; its git mode is kept by edits.
    File,
    /// A symbolic link: never followed.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

impl Base {
    /// The entry at a path.
    #[must_use]
    pub fn entry(&self, path: &RepoPath) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// The entries below a folder.
    #[must_use]
    pub fn below(&self, folder: &RepoPath) -> &[Entry] {
        let prefix = format!("{folder}/");
        let start = self.entries.partition_point(|entry| entry.path.as_str() < prefix.as_str());
        let count = self.entries[start..].partition_point(|entry| entry.path.as_str().starts_with(&prefix));
        &self.entries[start..start + count]
    }

    /// Every path and folder by its folded name (see [`crate::path::fold`]).
    pub fn folded(&self) -> &HashMap<String, String> {
        self.folded.get_or_init(|| {
            let names = self.entries.iter().flat_map(|entry| entry.path.folders().chain([entry.path.as_str()]));
            names.map(|name| (crate::path::fold(name), name.to_owned())).collect()
        })
    }
}
