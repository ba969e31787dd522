//! One side of a case as files: read from its folder, and written there when
//! somebody accepts what was found. A link is a file here, with its target as its
//! content; nothing follows one, and nothing leads out of the folder.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry, OpenOptions, OpenOptionsExt as _, PermissionsExt as _};

/// Files of one side of a case.
const FILES_MAX: usize = 10_000;
/// Bytes of all of them together.
const BYTES_MAX: u64 = 64 << 20;
/// How deep folders may be nested.
const DEPTH_MAX: usize = 64;

/// Files by their paths.
pub type Files = BTreeMap<String, File>;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What kind of file.
    pub mode: Mode,
    /// Its bytes, or the target of a link.
    pub bytes: Vec<u8>,
}

/// The kinds of files that git keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    Plain,
    /// A program.
    Executable,
    /// A symbolic link.
    Link,
}

/// Why files cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// What the system said.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A name that no git tree has.
    #[error("{path}: a case cannot have a file of this name")]
    Name {
        /// Where.
        path: String,
    },
    /// A pipe, a socket, or a link where a folder must be.
    #[error("{path}: a case holds files, folders and links inside before/ and after/, nothing else")]
    Kind {
        /// Where.
        path: String,
    },
    /// More than a case may have.
    #[error("{path}: it is larger, or there are more of them, than docs/testing-plugins.md allows")]
    TooMuch {
        /// Where the bound was met.
        path: String,
    },
}

impl File {
    /// A plain file.
    #[must_use]
    pub fn plain(bytes: impl Into<Vec<u8>>) -> Self {
        Self { mode: Mode::Plain, bytes: bytes.into() }
    }
}

/// Opens a folder that the caller named.
///
/// # Errors
/// What the system said.
pub(super) fn open(path: &Path) -> std::io::Result<Dir> {
    Dir::open_ambient_dir(path, ambient_authority())
}

/// Opens a folder inside another.
pub(super) fn inside(folder: &Dir, name: &str) -> Result<Dir, FilesError> {
    match folder.symlink_metadata(name).map_err(|error| io(name, error))?.is_dir() {
        true => folder.open_dir(name).map_err(|error| io(name, error)),
        false => Err(FilesError::Kind { path: name.to_owned() }),
    }
}

/// What went wrong at a place.
pub(super) fn io(path: &str, source: std::io::Error) -> FilesError {
    FilesError::Io { path: path.to_owned(), source }
}

/// The text of a small file right in a folder; none if it is not there.
pub(super) fn text(folder: &Dir, name: &str, bytes_max: u64) -> Result<Option<String>, FilesError> {
    match folder.symlink_metadata(name) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(name, error)),
        Ok(about) if !about.is_file() => return Err(FilesError::Kind { path: name.to_owned() }),
        Ok(about) if about.len() > bytes_max => return Err(FilesError::TooMuch { path: name.to_owned() }),
        Ok(_) => {}
    }
    folder.read_to_string(name).map(Some).map_err(|error| io(name, error))
}

/// Reads all files of a folder inside another; none if it is not there.
pub(super) fn read(folder: &Dir, name: &str) -> Result<Option<Files>, FilesError> {
    let top = match inside(folder, name) {
        Err(FilesError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(None),
        top => top?,
    };
    let mut reading = Reading { files: Files::new(), left: BYTES_MAX };
    reading.walk(&top, "", 0)?;
    Ok(Some(reading.files))
}

struct Reading {
    files: Files,
    left: u64,
}

impl Reading {
    fn walk(&mut self, folder: &Dir, place: &str, depth: usize) -> Result<(), FilesError> {
        for entry in folder.entries().map_err(|error| io(place, error))? {
            let entry = entry.map_err(|error| io(place, error))?;
            let shown = entry.file_name().to_string_lossy().into_owned();
            let path = if place.is_empty() { shown } else { format!("{place}/{shown}") };
            let name = entry.file_name();
            if name.to_str().is_none_or(|name| name.eq_ignore_ascii_case(".git")) {
                return Err(FilesError::Name { path });
            }
            if self.files.len() >= FILES_MAX || depth > DEPTH_MAX {
                return Err(FilesError::TooMuch { path });
            }
            let kind = entry.file_type().map_err(|error| io(&path, error))?;
            if kind.is_dir() {
                let inner = entry.open_dir().map_err(|error| io(&path, error))?;
                self.walk(&inner, &path, depth + 1)?;
            } else if kind.is_symlink() {
                let target = folder.read_link_contents(&name).map_err(|error| io(&path, error))?;
                let bytes = target.as_os_str().as_bytes().to_vec();
                self.files.insert(path, File { mode: Mode::Link, bytes });
            } else if kind.is_file() {
                let file = self.file(&entry, &path)?;
                self.files.insert(path, file);
            } else {
                return Err(FilesError::Kind { path });
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &DirEntry, path: &str) -> Result<File, FilesError> {
        let mut bytes = Vec::new();
        let file = entry.open().map_err(|error| io(path, error))?;
        let about = file.metadata().map_err(|error| io(path, error))?;
        file.take(self.left + 1).read_to_end(&mut bytes).map_err(|error| io(path, error))?;
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| FilesError::TooMuch { path: path.to_owned() })?;
        let mode = if about.permissions().mode() & 0o100 == 0 { Mode::Plain } else { Mode::Executable };
        Ok(File { mode, bytes })
    }
}

/// Makes the files of a folder inside another exactly these; gives the paths that
/// changed, with a sign in front.
pub(super) fn write(folder: &Dir, name: &str, files: &Files) -> Result<Vec<String>, FilesError> {
    let before = read(folder, name)?.unwrap_or_default();
    if !folder.exists(name) {
        folder.create_dir(name).map_err(|error| io(name, error))?;
    }
    let top = inside(folder, name)?;
    let mut changed = Vec::new();
    // What is gone goes first: a file may stand where a folder is to be.
    for path in before.keys().filter(|path| !files.contains_key(*path)) {
        remove(&top, path).map_err(|error| io(path, error))?;
        changed.push(format!("- {name}/{path}"));
    }
    for (path, file) in files.iter().filter(|(path, file)| before.get(*path) != Some(file)) {
        let sign = if before.contains_key(path) { '~' } else { '+' };
        put(&top, path, file).map_err(|error| io(path, error))?;
        changed.push(format!("{sign} {name}/{path}"));
    }
    Ok(changed)
}

/// Removes a file, and the folders that are empty then.
fn remove(top: &Dir, path: &str) -> std::io::Result<()> {
    top.remove_file(path)?;
    let mut folder = PathBuf::from(path);
    while folder.pop() && !folder.as_os_str().is_empty() && top.remove_dir(&folder).is_ok() {}
    Ok(())
}

fn put(top: &Dir, path: &str, file: &File) -> std::io::Result<()> {
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        top.create_dir_all(folder)?;
    }
    // What stands there may be a link.
    if top.symlink_metadata(path).is_ok() {
        top.remove_file(path)?;
    }
    if file.mode == Mode::Link {
        return top.symlink_contents(std::ffi::OsStr::from_bytes(&file.bytes), path);
    }
    let mode = if file.mode == Mode::Executable { 0o755 } else { 0o644 };
    let mut new = top.open_with(path, OpenOptions::new().write(true).create_new(true).mode(mode))?;
    std::io::Write::write_all(&mut new, &file.bytes)
}

/// Makes the text of a file right in a folder exactly this, without the file when
/// there is no text; gives whether anything changed.
pub(super) fn write_text(folder: &Dir, name: &str, text: &str) -> Result<bool, FilesError> {
    let before = self::text(folder, name, BYTES_MAX)?;
    if before.as_deref().unwrap_or_default() == text {
        return Ok(false);
    }
    let written = if text.is_empty() { folder.remove_file(name) } else { put(folder, name, &File::plain(text)) };
    written.map(|()| true).map_err(|error| io(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(folder: &Path) -> Dir {
        std::os::unix::fs::symlink("/etc", folder.join("away")).expect("a link");
        open(folder).expect("a folder")
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = open(folder.path()).expect("a folder");
        let file = |mode, bytes: &[u8]| File { mode, bytes: bytes.to_vec() };
        let files = Files::from([
            ("a/b.md".to_owned(), file(Mode::Plain, b"x\r\n")),
            ("a/run".to_owned(), file(Mode::Executable, &[0, 255])),
            ("link".to_owned(), file(Mode::Link, b"/etc/passwd")),
        ]);
        assert_eq!(write(&dir, "after", &files).expect("written"), ["+ after/a/b.md", "+ after/a/run", "+ after/link"]);
        assert_eq!(read(&dir, "after").expect("read"), Some(files.clone()));
        assert!(write(&dir, "after", &files).expect("written").is_empty());
        let other =
            Files::from([("a".to_owned(), file(Mode::Plain, b"now a file")), ("link".to_owned(), File::plain("no link"))]);
        let changed = write(&dir, "after", &other).expect("written");
        assert_eq!(changed, ["- after/a/b.md", "- after/a/run", "+ after/a", "~ after/link"]);
        assert_eq!(read(&dir, "after").expect("read"), Some(other));
        assert_eq!(read(&dir, "none").expect("read"), None);
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let (folder, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let dir = links(folder.path());
        std::os::unix::fs::symlink(outside.path(), folder.path().join("after")).expect("a link");
        let files = Files::from([("x".to_owned(), File::plain("x"))]);
        assert!(matches!(write(&dir, "after", &files), Err(FilesError::Kind { .. })));
        assert!(matches!(read(&dir, "after"), Err(FilesError::Kind { .. })));
        std::os::unix::fs::symlink(outside.path().join("y"), folder.path().join("expected.txt")).expect("a link");
        assert!(matches!(write_text(&dir, "expected.txt", "x"), Err(FilesError::Kind { .. })));
        std::fs::create_dir(folder.path().join("side")).expect("a folder");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("side/sub")).expect("a link");
        let below = Files::from([("sub/x".to_owned(), File::plain("x"))]);
        assert_eq!(write(&dir, "side", &below).expect("written"), ["- side/sub", "+ side/sub/x"]);
        assert!(std::fs::read_dir(outside.path()).expect("a folder").next().is_none());
    }

    #[test]
    fn a_case_has_no_git_folder_and_no_pipes() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = open(folder.path()).expect("a folder");
        std::fs::create_dir_all(folder.path().join("before/.GIT")).expect("a folder");
        assert!(matches!(read(&dir, "before"), Err(FilesError::Name { .. })));
        std::fs::create_dir_all(folder.path().join("after")).expect("a folder");
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("after/pipe")).status().expect("mkfifo");
        assert!(made.success());
        assert!(matches!(read(&dir, "after"), Err(FilesError::Kind { .. })));
    }
}
