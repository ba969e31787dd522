//! The history of a base, kept so that the next run walks only what came since:
//! one sealed file for each repository and each reach of reading. A commit says
//! the same for ever, so what is remembered of it cannot be out of date.

use std::collections::HashMap;

use git2::Oid;
use serde::{Deserialize, Serialize};

use super::{History, Revision};
use crate::digest::Digest;
use crate::path::RepoPath;
use crate::sealed::SealedFolder;

/// The form of the file; another one is another file.
const FORM: &str = "history-3-";

/// The file of one repository.
pub struct Memory {
    folder: SealedFolder,
    name: String,
}

type Id = [u8; 20];

/// The file: commits once, and for each path which of them changed it.
#[derive(Serialize, Deserialize)]
struct File {
    base: Id,
    newest: i64,
    commits: Vec<About>,
    paths: Vec<(RepoPath, Vec<Change>)>,
}

/// A commit: id, seconds, offset in minutes, files changed, whether lifeos made it.
#[derive(Serialize, Deserialize)]
struct About(Id, i64, i32, u32, bool);

/// A change of a path: the place of its commit, the blobs before and after.
#[derive(Serialize, Deserialize)]
struct Change(u32, Option<Id>, Option<Id>);

impl Memory {
    /// The history that a repository, by its folder, shows to whoever may read
    /// what `reach` stands for.
    #[must_use]
    pub fn new(folder: SealedFolder, common: &std::path::Path, reach: Digest) -> Self {
        let of = Digest::of_parts([common.as_os_str().as_encoded_bytes(), reach.hex().as_bytes()]);
        Self { folder, name: format!("{FORM}{}", of.hex()) }
    }

    /// The base that was walked last, and its history.
    #[must_use]
    pub fn read(&self) -> Option<(Oid, History)> {
        let File { base, newest, commits, paths } = postcard::from_bytes(&self.folder.read(&self.name)?).ok()?;
        let revision = |Change(at, before, after): Change| {
            let About(commit, seconds, offset_minutes, files_changed, automated) = *commits.get(at as usize)?;
            let id = |id: Option<Id>| id.map(|id| Oid::from_bytes(&id)).transpose().ok();
            let (commit, before, after) = (id(Some(commit))??, id(before)?, id(after)?);
            Some(Revision { commit, seconds, offset_minutes, files_changed, automated, before, after })
        };
        let path = |(path, changes): (RepoPath, Vec<Change>)| {
            Some((path, changes.into_iter().map(revision).collect::<Option<Vec<_>>>()?))
        };
        let paths = paths.into_iter().map(path).collect::<Option<_>>()?;
        Some((Oid::from_bytes(&base).ok()?, History { paths, cut_off: false, newest }))
    }

    /// Keeps the whole history of a base; a failure costs the next run time.
    pub fn write(&self, base: Oid, history: &History) {
        if history.cut_off {
            return;
        }
        let mut places: HashMap<Oid, u32> = HashMap::new();
        let mut commits = Vec::new();
        let mut change = |revision: &Revision| {
            let place = *places.entry(revision.commit).or_insert_with(|| {
                let Revision { commit, seconds, offset_minutes, files_changed, automated, .. } = *revision;
                commits.push(About(id_of(commit), seconds, offset_minutes, files_changed, automated));
                u32::try_from(commits.len() - 1).unwrap_or(u32::MAX)
            });
            Change(place, revision.before.map(id_of), revision.after.map(id_of))
        };
        let mut path = |(path, revisions): (&RepoPath, &Vec<Revision>)| {
            (path.clone(), revisions.iter().map(&mut change).collect::<Vec<_>>())
        };
        let paths = history.paths.iter().map(&mut path).collect();
        let written = postcard::to_stdvec(&File { base: id_of(base), newest: history.newest, commits, paths })
            .map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|bytes| self.folder.replace(&self.name, &bytes)) {
            tracing::warn!(%error, "the history was not kept");
        }
    }
}

fn id_of(id: Oid) -> Id {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(id.as_bytes());
    bytes
}
