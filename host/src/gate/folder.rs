//! A tree written out from the object database into a fresh private folder, for
//! commands that nobody trusts: nothing in it leads out, and nothing of it is
//! read back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use git2::{ObjectType, Oid};
use rustix::process::getuid;

use crate::repo::{Location, RepoError};

/// Bytes of all files of a tree together.
const BYTES_MAX: u64 = 16 << 30;
/// How deep folders may be nested.
const DEPTH_MAX: usize = 256;
/// Bytes of a symbolic link's target.
const TARGET_BYTES_MAX: usize = 4096;

/// A folder with the tree in it, gone when this is dropped.
pub(super) struct Folder {
    root: PathBuf,
}

/// Why a tree was not written out.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder cannot be written.
    #[error("cannot write the gate's folder {path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A name in the tree that no folder may have.
    #[error("the tree has an entry `{0}` that cannot be written out")]
    Name(String),
    /// More than may be written out.
    #[error("the tree has more than {} GiB of files", BYTES_MAX >> 30)]
    TooLarge,
    /// The tree cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The tree cannot be read.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

fn owner_only() -> std::fs::Permissions {
    std::fs::Permissions::from_mode(0o700)
}

/// A blob and where it goes.
struct File {
    path: PathBuf,
    blob: Oid,
    mode: i32,
}

impl Folder {
    /// Writes `tree` out into a new folder beneath `scratch` whose name begins
    /// with `prefix`, on so many threads.
    ///
    /// # Errors
    /// [`FolderError`]; nothing of the folder is left then.
    pub(super) fn write(
        location: &Location,
        tree: Oid,
        scratch: &Path,
        prefix: &str,
        threads: usize,
    ) -> Result<Self, FolderError> {
        let io = |source| FolderError::Io { path: scratch.to_owned(), source };
        let root = tempfile::Builder::new().prefix(prefix).permissions(owner_only()).tempdir_in(scratch).map_err(io)?.keep();
        // From here on the folder goes with this value.
        let folder = Self { root };
        for name in ["tree", "home", "tmp"] {
            std::fs::create_dir(folder.root.join(name)).map_err(io)?;
        }
        let top = Dir::open_ambient_dir(folder.tree(), ambient_authority()).map_err(io)?;
        let files = folders(location, tree, &top).map_err(|error| folder.at(error))?;
        let share = files.len().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let writers: Vec<_> = files.chunks(share).map(|files| scope.spawn(|| write_all(location, files, &top))).collect();
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
        .map_err(|error| folder.at(error))?;
        Ok(folder)
    }

    /// Puts links into `home`, under which there is nothing yet.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn link_home(&self, links: &[(PathBuf, PathBuf)]) -> Result<(), FolderError> {
        for (name, target) in links {
            let path = self.root.join("home").join(name);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.and_then(|()| std::os::unix::fs::symlink(target, &path)).map_err(|source| FolderError::Io { path, source })?;
        }
        Ok(())
    }

    /// Removes folders that a killed run left behind.
    pub(super) fn sweep(scratch: &Path, prefix: &str) {
        for entry in std::fs::read_dir(scratch).into_iter().flatten().flatten() {
            let is_named = entry.file_name().as_bytes().starts_with(prefix.as_bytes());
            // Others may make folders of that name in a place that is shared.
            let is_own = |about: std::fs::Metadata| about.is_dir() && about.uid() == getuid().as_raw();
            if is_named && entry.metadata().is_ok_and(is_own) {
                drop(Self { root: entry.path() });
            }
        }
    }

    /// The tree as a folder that no name in it leads out of.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub(super) fn open(&self) -> Result<Dir, FolderError> {
        let path = self.tree();
        Dir::open_ambient_dir(&path, ambient_authority()).map_err(|source| FolderError::Io { path, source })
    }

    /// Where the tree is.
    pub(super) fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    /// The folder itself, with `tree`, `home` and `tmp` in it.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn at(&self, error: FolderError) -> FolderError {
        match error {
            FolderError::Io { path, source } => FolderError::Io { path: self.tree().join(path), source },
            other => other,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::fs::remove_dir_all(&self.root).is_err() {
            // A command may have taken its own rights away, or nested folders deeper than files can be open.
            if let Err(error) = remove(&self.root) {
                tracing::warn!(folder = %self.root.display(), %error, "the gate's folder is still there");
            }
        }
    }
}

/// Removes a folder of ours however deep it is: folders in it are opened up and
/// moved to its top, one after the other. Links are not followed.
fn remove(root: &Path) -> std::io::Result<()> {
    let (mut left, mut count) = (vec![root.to_owned()], 0_u64);
    while let Some(folder) = left.pop() {
        std::fs::set_permissions(&folder, owner_only())?;
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                std::fs::remove_file(entry.path())?;
            } else if folder == root && entry.file_name().as_bytes().starts_with(b"gone-") {
                // It was moved here before and is on the list.
            } else {
                count += 1;
                std::fs::set_permissions(entry.path(), owner_only())?;
                let to = root.join(format!("gone-{count}"));
                std::fs::rename(entry.path(), &to)?;
                left.push(to);
            }
        }
        if folder != root {
            std::fs::remove_dir(&folder)?;
        }
    }
    std::fs::remove_dir(root)
}

/// Makes all folders of a tree and tells which files go into them.
fn folders(location: &Location, tree: Oid, top: &Dir) -> Result<Vec<File>, FolderError> {
    let repo = location.open()?;
    let (mut left, mut files, mut bytes) = (vec![(PathBuf::new(), tree)], Vec::new(), 0_u64);
    while let Some((folder, tree)) = left.pop() {
        for entry in &repo.git().find_tree(tree)? {
            let path = folder.join(name(entry.name_bytes())?);
            if path.components().count() > DEPTH_MAX {
                return Err(FolderError::Name(path.display().to_string()));
            }
            match entry.kind() {
                Some(ObjectType::Blob) => {
                    bytes = bytes.saturating_add(repo.size(entry.id())?);
                    if bytes > BYTES_MAX {
                        return Err(FolderError::TooLarge);
                    }
                    files.push(File { path, blob: entry.id(), mode: entry.filemode() });
                }
                kind => {
                    top.create_dir(&path).map_err(|source| FolderError::Io { path: path.clone(), source })?;
                    // A submodule stays empty.
                    if kind == Some(ObjectType::Tree) {
                        left.push((path, entry.id()));
                    }
                }
            }
        }
    }
    Ok(files)
}

/// A name as it may stand in a folder.
fn name(bytes: &[u8]) -> Result<&OsStr, FolderError> {
    let bad = bytes.is_empty() || matches!(bytes, b"." | b"..") || bytes.iter().any(|byte| matches!(byte, b'/' | b'\0'));
    if bad || bytes.eq_ignore_ascii_case(b".git") {
        return Err(FolderError::Name(String::from_utf8_lossy(bytes).into_owned()));
    }
    Ok(OsStr::from_bytes(bytes))
}

fn write_all(location: &Location, files: &[File], top: &Dir) -> Result<(), FolderError> {
    let repo = location.open()?;
    let odb = repo.git().odb()?;
    for File { path, blob, mode } in files {
        let io = |source| FolderError::Io { path: path.clone(), source };
        let object = odb.read(*blob)?;
        if *mode == 0o120_000 {
            link(path, object.data(), top).map_err(io)?;
            continue;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(if *mode == 0o100_755 { 0o755 } else { 0o644 });
        let mut file = top.open_with(path, &options).map_err(io)?;
        std::io::Write::write_all(&mut file, object.data()).map_err(io)?;
    }
    Ok(())
}

/// A symbolic link, if it stays inside the tree; one that leads out is left away.
fn link(path: &Path, target: &[u8], top: &Dir) -> std::io::Result<()> {
    let target = Path::new(OsStr::from_bytes(target));
    if target.as_os_str().len() > TARGET_BYTES_MAX || !stays_inside(path, target) {
        tracing::warn!(link = %path.display(), "a symbolic link that leads out of the tree is left away");
        return Ok(());
    }
    top.symlink(target, path)
}

fn stays_inside(path: &Path, target: &Path) -> bool {
    use std::path::Component;
    let mut depth = path.components().count().saturating_sub(1);
    target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).map(|less| depth = less).is_some(),
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_inside_and_names_are_names() {
        let rows = [("a", "b", true), ("a/b", "../c", true), ("a", "../c", false), ("a", "/etc/passwd", false)];
        for (path, target, inside) in rows.into_iter().chain([("a/b/c", "../../../x", false), ("a/b", "./x/../../y", true)]) {
            assert_eq!(stays_inside(Path::new(path), Path::new(target)), inside, "{path} -> {target}");
        }
        for bad in [&b".."[..], b".git", b".GIT", b"a/b", b""] {
            assert!(name(bad).is_err());
        }
    }
}
