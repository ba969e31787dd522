//! How a file came to be: the commits that changed it, on every branch that
//! was merged into the base, without the merges themselves. One walk serves all
//! paths of a run.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use git2::{Commit, Delta, Oid, Sort};

use super::{Repo, RepoError};
use crate::path::RepoPath;

/// Revisions kept for one path.
pub const REVISIONS_MAX: usize = 256;

/// A commit that changed a file.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The commit.
    pub commit: Oid,
    /// Author time, seconds since 1970-01-01T00:00Z.
    pub seconds: i64,
    /// The author's offset from UTC in minutes.
    pub offset_minutes: i32,
    /// How many files the commit changed.
    pub files_changed: u32,
    /// Whether lifeos made it.
    pub automated: bool,
    /// The blob before; none if the commit made the file.
    pub before: Option<Oid>,
    /// The blob after; none if the commit removed the file.
    pub after: Option<Oid>,
}

impl Revision {
    /// Everything it says, each part in a fixed number of bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let id = |blob: Option<Oid>| blob.unwrap_or(Oid::ZERO_SHA1).as_bytes().to_vec();
        let numbers = [self.seconds, self.offset_minutes.into(), self.files_changed.into(), self.automated.into()];
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        [id(Some(self.commit)), numbers, id(self.before), id(self.after)].concat()
    }
}

/// The history of every path, newest first.
#[derive(Debug, Default)]
pub struct History {
    paths: HashMap<RepoPath, Vec<Revision>>,
    /// Whether the walk met the edge of a shallow clone.
    pub cut_off: bool,
}

/// The trailer that marks a commit of ours.
pub const TRAILER: &str = "Lifeos-Run:";

impl History {
    /// Walks from `base` down to the roots, newest commits first, and keeps what
    /// concerns the `wanted` paths of the base, under older names as far as those
    /// are `readable`; none if that takes until the deadline.
    ///
    /// # Errors
    /// [`RepoError::Object`] when a commit or tree is missing though the clone
    /// is not shallow.
    pub fn walk(
        repo: &Repo,
        base: Oid,
        wanted: &dyn Fn(&RepoPath) -> bool,
        readable: &dyn Fn(&RepoPath) -> bool,
        deadline: Instant,
    ) -> Result<Option<Self>, RepoError> {
        let mut walk = Walk { repo, wanted, readable, moved: HashMap::new(), history: Self::default() };
        let mut order = repo.git().revwalk()?;
        order.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        order.push(base)?;
        for id in order {
            if Instant::now() > deadline {
                return Ok(None);
            }
            let id = match id {
                Err(_) if repo.is_shallow() => {
                    walk.history.cut_off = true;
                    break;
                }
                id => id?,
            };
            let commit = repo.git().find_commit(id).map_err(|source| super::missing(id, source))?;
            match commit.parent_count() {
                // libgit2 hides the parents of a commit at the edge of a shallow clone.
                0 if repo.is_shallow() => walk.history.cut_off = true,
                0 => walk.add(&commit, None)?,
                1 => walk.add(&commit, Some(&commit.parent(0)?))?,
                _ => {}
            }
        }
        Ok(Some(walk.history))
    }

    /// The revisions of a path, newest first, at most [`REVISIONS_MAX`].
    #[must_use]
    pub fn revisions(&self, path: &RepoPath) -> &[Revision] {
        self.paths.get(path).map_or(&[], Vec::as_slice)
    }
}

struct Walk<'r> {
    repo: &'r Repo,
    wanted: &'r dyn Fn(&RepoPath) -> bool,
    readable: &'r dyn Fn(&RepoPath) -> bool,
    /// Older name of a file to its name in the base.
    moved: HashMap<RepoPath, RepoPath>,
    history: History,
}

impl Walk<'_> {
    fn add(&mut self, commit: &Commit<'_>, parent: Option<&Commit<'_>>) -> Result<(), RepoError> {
        let before = parent.map(Commit::tree).transpose()?;
        let mut options = git2::DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let diff = self.repo.git().diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), Some(&mut options))?;
        let time = commit.author().when();
        let revision = Revision {
            commit: commit.id(),
            seconds: time.seconds(),
            offset_minutes: time.offset_minutes(),
            files_changed: u32::try_from(diff.deltas().len()).unwrap_or(u32::MAX),
            automated: commit.message().is_ok_and(is_automated),
            before: None,
            after: None,
        };
        let origins = self.follow_moves(&diff);
        let left: HashSet<&RepoPath> = origins.values().collect();
        for delta in diff.deltas() {
            let Some(path) = path_of(&delta) else { continue };
            let is_move = match delta.status() {
                Delta::Added => origins.contains_key(&path),
                Delta::Deleted => left.contains(&path),
                _ => false,
            };
            if !is_move {
                self.keep(
                    path,
                    Revision { before: id_of(&delta.old_file()), after: id_of(&delta.new_file()), ..revision.clone() },
                );
            }
        }
        for (path, origin) in origins {
            let current = self.moved.remove(&path).unwrap_or(path);
            self.moved.insert(origin, current);
        }
        Ok(())
    }

    /// Files that this commit moved without a change: new name to old name.
    fn follow_moves(&self, diff: &git2::Diff<'_>) -> HashMap<RepoPath, RepoPath> {
        let deleted = diff.deltas().filter(|delta| delta.status() == Delta::Deleted);
        // A file that came from out of reach begins its history here; an empty one came from anywhere.
        let followed = deleted.filter(|delta| delta.old_file().id() != empty_blob());
        let places = followed.filter_map(|delta| Some((delta.old_file().id(), path_of(&delta)?)));
        let mut gone: HashMap<Oid, RepoPath> = places.filter(|(_, path)| (self.readable)(path)).collect();
        let added = diff.deltas().filter(|delta| delta.status() == Delta::Added);
        added.filter_map(|delta| Some((path_of(&delta)?, gone.remove(&delta.new_file().id())?))).collect()
    }

    fn keep(&mut self, path: RepoPath, revision: Revision) {
        let current = self.moved.get(&path).cloned().unwrap_or(path);
        if !(self.wanted)(&current) {
            return;
        }
        let revisions = self.history.paths.entry(current).or_default();
        if revisions.len() < REVISIONS_MAX {
            revisions.push(revision);
        }
    }
}

fn empty_blob() -> Oid {
    Oid::hash_object(git2::ObjectType::Blob, &[]).unwrap_or(Oid::ZERO_SHA1)
}

fn path_of(delta: &git2::DiffDelta<'_>) -> Option<RepoPath> {
    let file = if delta.status() == Delta::Deleted { delta.old_file() } else { delta.new_file() };
    RepoPath::new(std::str::from_utf8(file.path_bytes()?).ok()?).ok()
}

fn id_of(file: &git2::DiffFile<'_>) -> Option<Oid> {
    (!file.id().is_zero()).then(|| file.id())
}

fn is_automated(message: &str) -> bool {
    message.lines().rev().take_while(|line| !line.trim().is_empty()).any(|line| line.starts_with(TRAILER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailer_at_the_end_marks_a_commit_of_ours() {
        assert!(is_automated("docs: x\n\nbody\n\nLifeos-Run: abc\nLifeos-Task: docs\n"));
        assert!(!is_automated("docs: x\n\nLifeos-Run: quoted\n\nmore\n"));
    }
}
