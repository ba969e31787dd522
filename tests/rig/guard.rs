//! The invariants: what must be the same after every run (I1, I2), that git
//! finds nothing wrong (I4), and that nothing of ours is left over (I8).

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file below a folder: its mode and its bytes, or the target of a link.
#[derive(PartialEq, Eq, Clone)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, (u32, Vec<u8>)>);

/// Where lifeos may write inside `.git`.
const OURS: &[&str] = &[
    ".git/objects",
    ".git/lifeos",
    ".git/refs/lifeos",
    ".git/refs/heads/lifeos",
    ".git/logs/refs/heads/lifeos",
    ".git/logs/refs/lifeos",
];

impl Snapshot {
    /// Reads a folder, leaving out what lifeos may write.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        walk(folder, folder, &mut files);
        Self(files)
    }

    /// Asserts that nothing changed since.
    #[track_caller]
    pub(crate) fn assert_same(&self, later: &Self, what: &str) {
        let paths = self.0.keys().chain(later.0.keys());
        let changed: Vec<_> = paths.filter(|path| self.0.get(*path) != later.0.get(*path)).collect();
        assert!(changed.is_empty(), "{what} changed: {changed:?}");
    }
}

fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).expect("below the root").to_owned();
        if OURS.iter().any(|ours| name == Path::new(ours)) {
            continue;
        }
        let Ok(about) = path.symlink_metadata() else { continue };
        if about.is_dir() {
            files.insert(name, (about.mode(), Vec::new()));
            walk(root, &path, files);
        } else {
            files.insert(name, (about.mode(), content(&path, &about)));
        }
    }
}

fn content(path: &Path, about: &std::fs::Metadata) -> Vec<u8> {
    if about.is_symlink() {
        return std::fs::read_link(path).expect("a link").into_os_string().into_encoded_bytes();
    }
    // A FIFO has no bytes of its own and would block a reader.
    if about.is_file() { std::fs::read(path).unwrap_or_default() } else { Vec::new() }
}

/// Asserts that git finds nothing wrong.
#[track_caller]
pub(crate) fn assert_sound(repo: &Path) {
    let mut git = Command::new("git");
    git.arg("-C").arg(repo).args(["-c", "core.fsmonitor=false", "fsck", "--strict", "--no-dangling", "--no-progress"]);
    let output = git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git runs");
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // A notice is about a branch without a commit.
    let silent = words.lines().all(|line| line.starts_with("notice:"));
    assert!(output.status.success() && silent, "git fsck --strict: {words}");
}

/// Asserts that no note of a ref about to move stands after an orderly end.
#[track_caller]
pub(crate) fn assert_tidy(repo: &Path) {
    assert!(!repo.join(".git/lifeos/intent").exists(), "the note of intent was left");
}
