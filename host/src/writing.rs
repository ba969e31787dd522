//! Objects that are written: a commit, a pack, and what a garbage collector
//! beside us may do to them. No ref moves here.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use git2::{Commit, ErrorClass, ObjectType, Oid, Repository, Signature, Tree};
use rustix::process::Pid;

/// How long a collector is waited for.
const COLLECTOR_MAX: Duration = Duration::from_secs(120);
/// A note of a collector that is older than this says nothing; git thinks so too.
const NOTE_AGE_MAX: Duration = Duration::from_secs(12 * 3600);

/// Writes a commit. libgit2's own call tells of success when the object could
/// not be written.
///
/// # Errors
/// What libgit2 said.
pub fn commit(
    git: &Repository,
    author: &Signature<'_>,
    message: &str,
    tree: &Tree<'_>,
    parents: &[&Commit<'_>],
) -> Result<Oid, git2::Error> {
    let bytes = git.commit_create_buffer(author, author, message, tree, parents)?;
    git.odb()?.write(ObjectType::Commit, &bytes)
}

/// Whether a commit with one parent is byte for byte as [`commit`] writes one:
/// no signature, no other header, and not older than its parent.
#[must_use]
pub fn is_plain(git: &Repository, commit: &Commit<'_>) -> bool {
    let again = || {
        let (tree, parent, message) = (commit.tree()?, commit.parent(0)?, commit.message()?.to_owned());
        let bytes = git.commit_create_buffer(&commit.author(), &commit.committer(), &message, &tree, &[&parent])?;
        let same = git.odb()?.read(commit.id())?.data() == &*bytes;
        Ok::<_, git2::Error>(same && commit.time().seconds() >= parent.time().seconds())
    };
    again().unwrap_or(false)
}

/// Adds a pack to the object database. It is made in `folder`, on the same file
/// system, so that what a killed process leaves of it is known to be ours.
///
/// # Errors
/// What libgit2 or the system said; the database is as it was.
pub fn add_pack(git: &Repository, pack: &[u8], folder: &Path) -> Result<(), git2::Error> {
    let odb = git.odb()?;
    let mut indexer = git2::Indexer::new(Some(&odb), folder, 0o444, true)?;
    indexer.write_all(pack).map_err(|error| failed(folder, &error))?;
    let name = indexer.commit()?;
    let packs = git.commondir().join("objects/pack");
    std::fs::create_dir_all(&packs).map_err(|error| failed(&packs, &error))?;
    // A pack counts once its index is there.
    for end in ["pack", "idx"] {
        let file = format!("pack-{name}.{end}");
        put(&folder.join(&file), &packs, &file).map_err(|error| failed(&packs, &error))?;
    }
    std::fs::File::open(&packs).and_then(|packs| packs.sync_all()).map_err(|error| failed(&packs, &error))
}

/// Puts a file into a folder, whole or not at all.
fn put(from: &Path, folder: &Path, name: &str) -> std::io::Result<()> {
    match std::fs::rename(from, folder.join(name)) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            // Git takes away what begins so and is left.
            let beside = folder.join(format!("tmp_{name}"));
            let copied = std::fs::copy(from, &beside)
                .and_then(|_| std::fs::File::open(&beside)?.sync_all())
                .and_then(|()| std::fs::rename(&beside, folder.join(name)));
            if copied.is_err() {
                drop(std::fs::remove_file(&beside));
            }
            copied
        }
        renamed => renamed,
    }
}

/// What the system said, with the place, as libgit2 would.
fn failed(place: &Path, error: &std::io::Error) -> git2::Error {
    git2::Error::new(git2::ErrorCode::GenericError, ErrorClass::Os, format!("{}: {error}", place.display()))
}

/// Whether trying again is of no use: what failed is the disk, not a collector
/// that took something away.
#[must_use]
pub fn is_final(error: &git2::Error) -> bool {
    let words = error.message();
    matches!(error.class(), ErrorClass::Os | ErrorClass::Filesystem | ErrorClass::Zlib)
        && ["No space left", "Input/output error", "Read-only file system", "quota", "ermission denied", "Too many open files"]
            .iter()
            .any(|word| words.contains(word))
}

/// Waits for the garbage collector that is at work, if one is: what it looked at
/// before a ref moved, it may take away after. Gives whether one was.
#[must_use]
pub fn wait_for_collector(git: &Repository) -> bool {
    let note = git.commondir().join("gc.pid");
    let started = Instant::now();
    let mut waited = false;
    while is_alive(&note) && started.elapsed() < COLLECTOR_MAX {
        waited = true;
        std::thread::sleep(Duration::from_millis(20));
    }
    waited && started.elapsed() < COLLECTOR_MAX
}

/// Git's note of a collector: a process, and the machine it runs on. One whose
/// process is gone is nothing, as it is for git.
fn is_alive(note: &Path) -> bool {
    let age = std::fs::metadata(note).and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
    let Ok(text) = std::fs::read_to_string(note) else { return false };
    let (mut words, system) = (text.split_whitespace(), rustix::system::uname());
    let process = words.next().and_then(|word| Pid::from_raw(word.parse().ok().filter(|id| *id > 0)?));
    let is_here = words.next().is_none_or(|host| system.nodename().to_bytes() == host.as_bytes());
    if !is_here || age.is_some_and(|age| age > NOTE_AGE_MAX) {
        return false;
    }
    process.is_some_and(|process| !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_105_a_collector_is_waited_for_while_it_lives() {
        let folder = tempfile::tempdir().expect("a folder");
        let git = Repository::init(folder.path()).expect("a repository");
        assert!(!wait_for_collector(&git));
        std::fs::write(git.path().join("gc.pid"), "999999999").expect("a note");
        assert!(!wait_for_collector(&git), "nobody is there");
        for note in ["1 elsewhere.invalid", "-1", "0", "x"] {
            std::fs::write(git.path().join("gc.pid"), note).expect("a note");
            assert!(!wait_for_collector(&git), "{note}");
        }
        let mut child = std::process::Command::new("sleep").arg("0.2").spawn().expect("a process");
        std::fs::write(git.path().join("gc.pid"), child.id().to_string()).expect("a note");
        let ended = std::thread::spawn(move || child.wait());
        assert!(wait_for_collector(&git));
        assert!(ended.join().is_ok());
    }

    #[test]
    fn case_114_a_full_disk_is_final_and_a_lost_object_is_not() {
        let error = |words: &str| git2::Error::new(git2::ErrorCode::GenericError, ErrorClass::Os, words);
        assert!(is_final(&error("failed to write: No space left on device")));
        assert!(is_final(&error("failed to fsync: Input/output error")));
        assert!(!is_final(&error("failed to open: No such file or directory")));
    }
}
