//! How a file came to be: the commits that changed it, on every branch that
//! was merged into the base, without the merges themselves. One walk serves all
//! paths of a run.

mod memory;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use git2::{Commit, Delta, Oid, Sort};

use super::{Repo, RepoError};
use crate::path::RepoPath;
pub use memory::Memory;

/// Revisions kept for one path.
pub const REVISIONS_MAX: usize = 256;

/// A commit that changed a file.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The history of every readable path, newest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    paths: HashMap<RepoPath, Vec<Revision>>,
    /// Whether the walk met the edge of a shallow clone.
    pub cut_off: bool,
    /// The committer's time of the youngest commit of all.
    newest: i64,
}

/// A history, and whether it took a walk.
pub struct Walked {
    /// The history.
    pub history: History,
    /// Whether it is more than was remembered.
    pub is_fresh: bool,
}

/// The trailer that marks a commit of ours.
pub const TRAILER: &str = "Lifeos-Run:";

impl History {
    /// Walks from `base` down to the roots, newest commits first, and keeps what
    /// concerns paths that are `readable`, under the names they have in the base;
    /// none if that takes until the deadline. What is `remembered` is not walked
    /// again.
    ///
    /// # Errors
    /// [`RepoError::Object`] when a commit or tree is missing though the clone
    /// is not shallow.
    pub fn walk(
        repo: &Repo,
        base: Oid,
        readable: &dyn Fn(&RepoPath) -> bool,
        deadline: Instant,
        remembered: Option<(Oid, Self)>,
    ) -> Result<Option<Walked>, RepoError> {
        let fresh = match remembered {
            Some((known, history)) if known == base => return Ok(Some(Walked { history, is_fresh: false })),
            Some((known, history)) => match history.since(repo, known, base, readable, deadline)? {
                Some(fresh) => Some(history.continued(fresh)),
                None => Self::whole(repo, base, readable, deadline)?,
            },
            None => Self::whole(repo, base, readable, deadline)?,
        };
        Ok(fresh.map(|history| Walked { history, is_fresh: true }))
    }

    fn whole(repo: &Repo, base: Oid, readable: &dyn Fn(&RepoPath) -> bool, deadline: Instant) -> Result<Option<Self>, RepoError> {
        let mut walk = Walk { repo, readable, moved: HashMap::new(), history: Self::default() };
        let finished = walk.commits(base, None, deadline)?;
        Ok(finished.then_some(walk.history))
    }

    /// What came since `known`, if that can be put in front of what was before:
    /// only if all of it is younger than whatever was walked then, so that a whole
    /// walk would begin with it, and no file moved. Where clocks were wrong, hiding
    /// `known` does not hide all that is behind it; such commits are not younger.
    fn since(
        &self,
        repo: &Repo,
        known: Oid,
        base: Oid,
        readable: &dyn Fn(&RepoPath) -> bool,
        deadline: Instant,
    ) -> Result<Option<Self>, RepoError> {
        let git = repo.git();
        let follows = git.find_commit(known).is_ok() && git.graph_descendant_of(base, known).unwrap_or(false);
        if !follows || repo.is_shallow() {
            return Ok(None);
        }
        let mut walk = Walk { repo, readable, moved: HashMap::new(), history: Self::default() };
        let mut order = git.revwalk()?;
        order.push(base)?;
        order.hide(known)?;
        for id in order {
            if git.find_commit(id?)?.time().seconds() <= self.newest {
                return Ok(None);
            }
        }
        let finished = walk.commits(base, Some(known), deadline)?;
        Ok((finished && walk.moved.is_empty()).then_some(walk.history))
    }

    /// This history with a younger one in front of it.
    fn continued(mut self, fresh: Self) -> Self {
        self.newest = self.newest.max(fresh.newest);
        for (path, mut revisions) in fresh.paths {
            let older = self.paths.remove(&path).unwrap_or_default();
            revisions.extend(older);
            revisions.truncate(REVISIONS_MAX);
            self.paths.insert(path, revisions);
        }
        self
    }

    /// The revisions of a path, newest first, at most [`REVISIONS_MAX`]. Those of a
    /// path that the base does not have end with its removal.
    #[must_use]
    pub fn revisions(&self, path: &RepoPath) -> &[Revision] {
        self.paths.get(path).map_or(&[], Vec::as_slice)
    }
}

struct Walk<'r> {
    repo: &'r Repo,
    readable: &'r dyn Fn(&RepoPath) -> bool,
    /// Older name of a file to its name in the base.
    moved: HashMap<RepoPath, RepoPath>,
    history: History,
}

impl Walk<'_> {
    /// Goes through the commits from `base` down to, and without, what `known`
    /// holds; false when that takes until the deadline.
    fn commits(&mut self, base: Oid, known: Option<Oid>, deadline: Instant) -> Result<bool, RepoError> {
        let (repo, git) = (self.repo, self.repo.git());
        let mut order = git.revwalk()?;
        order.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        order.push(base)?;
        known.map(|known| order.hide(known)).transpose()?;
        for id in order {
            if Instant::now() > deadline {
                return Ok(false);
            }
            let id = match id {
                Err(_) if repo.is_shallow() => {
                    self.history.cut_off = true;
                    break;
                }
                id => id?,
            };
            let commit = git.find_commit(id).map_err(|source| super::missing(id, source))?;
            self.history.newest = self.history.newest.max(commit.time().seconds());
            match commit.parent_count() {
                // libgit2 hides the parents of a commit at the edge of a shallow clone.
                0 if repo.is_shallow() => self.history.cut_off = true,
                0 => self.add(&commit, None)?,
                1 => self.add(&commit, Some(&commit.parent(0)?))?,
                _ => {}
            }
        }
        Ok(true)
    }

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
            let revision = Revision { before: id_of(&delta.old_file()), after: id_of(&delta.new_file()), ..revision.clone() };
            match is_move {
                false => self.keep(path, revision),
                // The name ends here; what the file was before goes with the file.
                true if delta.status() == Delta::Deleted => self.push(path, revision),
                true => {}
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
        self.push(current, revision);
    }

    fn push(&mut self, path: RepoPath, revision: Revision) {
        if !(self.readable)(&path) {
            return;
        }
        let revisions = self.history.paths.entry(path).or_default();
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
    use crate::digest::Digest;
    use crate::sealed::SealedFolder;

    /// A history of commits that write, delete, move and merge, made by chance.
    struct Chance {
        state: u64,
        repo: Repo,
        seconds: i64,
        _folder: tempfile::TempDir,
    }

    impl Chance {
        fn new(seed: u64) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            git2::Repository::init(folder.path()).expect("a repository");
            let repo = Repo::discover(folder.path()).expect("a repository");
            Self { state: seed, repo, seconds: 1_000_000_000, _folder: folder }
        }

        fn below(&mut self, count: u64) -> u64 {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.state >> 33) % count
        }

        /// A commit on top of these; now and then its clock is behind, or far ahead.
        fn commit(&mut self, parents: &[Oid]) -> Oid {
            let git = git2::Repository::open(self.repo.git().path()).expect("a repository");
            let parents: Vec<_> = parents.iter().map(|id| git.find_commit(*id).expect("a parent")).collect();
            let before = parents.first().map(|parent| parent.tree().expect("a tree"));
            let mut builder = git.treebuilder(before.as_ref()).expect("a tree");
            for _ in 0..=self.below(2) {
                let (from, to) = (format!("{}.md", self.below(6)), format!("{}.md", self.below(6)));
                let there = builder.get(&from).expect("a look").map(|entry| entry.id());
                match (self.below(5), there) {
                    (0, Some(_)) => builder.remove(&from).expect("removed"),
                    (1, Some(blob)) if builder.get(&to).expect("a look").is_none() => {
                        builder.remove(&from).expect("removed");
                        builder.insert(&to, blob, 0o100_644).map(drop).expect("moved");
                    }
                    _ => {
                        let blob = git.blob(&self.below(4).to_le_bytes()).expect("a blob");
                        builder.insert(&to, blob, 0o100_644).map(drop).expect("written");
                    }
                }
            }
            let tree = git.find_tree(builder.write().expect("a tree")).expect("a tree");
            let step = if self.below(8) == 0 { -3 } else { 2 };
            self.seconds += step;
            let ahead = if self.below(12) == 0 { 50 } else { 0 };
            let time = git2::Time::new(self.seconds + ahead, 60);
            let author = git2::Signature::new("a", "a@localhost", &time).expect("a name");
            let parents: Vec<_> = parents.iter().collect();
            git.commit(None, &author, &author, "x", &tree, &parents).expect("a commit")
        }
    }

    #[test]
    fn a_continued_history_is_that_of_a_whole_walk() {
        let (later, mut continued) = (Instant::now() + std::time::Duration::from_secs(600), 0);
        for seed in 0..12 {
            let mut chance = Chance::new(seed);
            let mut tips = vec![chance.commit(&[])];
            for _ in 0..25 {
                let parents = match (chance.below(4), chance.below(tips.len() as u64), chance.below(tips.len() as u64)) {
                    (0, one, other) if one != other => vec![tips[one as usize], tips[other as usize]],
                    (1, one, _) => vec![tips[one as usize]],
                    _ => vec![*tips.last().expect("a tip")],
                };
                tips.push(chance.commit(&parents));
            }
            let repo = &chance.repo;
            let readable = |path: &RepoPath| path.as_str() != "5.md";
            let whole = |base: Oid| History::whole(repo, base, &readable, later).expect("a walk").expect("in time");
            for (at, known) in tips.iter().enumerate().step_by(3) {
                for base in &tips[at..] {
                    let fresh = whole(*known).since(repo, *known, *base, &readable, later).expect("a walk");
                    continued += usize::from(fresh.is_some() && known != base);
                    let walked = History::walk(repo, *base, &readable, later, Some((*known, whole(*known))));
                    let walked = walked.expect("a walk").expect("in time");
                    assert_eq!(walked.history, whole(*base), "seed {seed}, {known} to {base}");
                    assert_eq!(walked.is_fresh, known != base);
                }
            }
        }
        assert!(continued > 100, "only {continued} were continued");
    }

    #[test]
    fn what_is_remembered_is_what_was_walked() {
        let root = tempfile::tempdir().expect("a folder");
        let sealed = SealedFolder::open(&root.path().join("sealed")).expect("a folder");
        let mut chance = Chance::new(7);
        let first = chance.commit(&[]);
        let base = chance.commit(&[first]);
        let later = Instant::now() + std::time::Duration::from_secs(600);
        let mut history = History::whole(&chance.repo, base, &|_| true, later).expect("a walk").expect("in time");
        let memory = |reach: &[u8]| Memory::new(sealed.clone(), chance.repo.common_dir(), Digest::of(reach));
        memory(b"one").write(base, &history);
        assert_eq!(memory(b"other").read(), None);
        assert_eq!(
            memory(b"one").read(),
            Some((base, History { cut_off: false, newest: history.newest, paths: history.paths.clone() }))
        );
        history.cut_off = true;
        memory(b"cut").write(base, &history);
        assert_eq!(memory(b"cut").read(), None, "one that is cut off is not kept");
    }

    #[test]
    fn only_a_trailer_at_the_end_marks_a_commit_of_ours() {
        assert!(is_automated("docs: x\n\nbody\n\nLifeos-Run: abc\nLifeos-Task: docs\n"));
        assert!(!is_automated("docs: x\n\nLifeos-Run: quoted\n\nmore\n"));
    }
}
