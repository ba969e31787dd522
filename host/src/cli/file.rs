//! The door to files that the operator names: they are read up to a bound, and
//! appear whole or not at all. What a plugin chose never comes here.

use std::fs::Permissions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::CommandError;
use super::exit::Exit;

/// The bytes of a file, one more than `bytes_max` at most: whoever knows what they are refuses that.
pub(crate) fn read(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first bytes of a file, not through a link.
pub(crate) fn beginning(path: &Path, bytes: u64) -> std::io::Result<Vec<u8>> {
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a file"));
    }
    let mut begin = Vec::new();
    std::fs::File::open(path)?.take(bytes).read_to_end(&mut begin)?;
    Ok(begin)
}

/// The text of a file; none if it is not there.
pub(crate) fn text(path: &Path, bytes_max: u64) -> Result<Option<String>, CommandError> {
    let place = path.display();
    let bytes = match read(path, bytes_max) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::Other => return Err(CommandError::usage(format!("{place}: {error}"))),
        bytes => bytes.map_err(|error| CommandError::io(path, &error))?,
    };
    if bytes.len() as u64 > bytes_max {
        return Err(CommandError::new(Exit::Limit, format!("{place} has more than {bytes_max} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| CommandError::usage(format!("{place} is not UTF-8")))
}

/// Puts bytes in the place of a file, or where none is.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    Making::begin(path)?.replace(bytes).map_err(|error| CommandError::io(path, &error))
}

/// Makes a file where nothing is.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let made = Making::beside(path, None).and_then(|making| making.filled(bytes))?;
    made.beside.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Writes a page, whole or not at all: where nothing is, or over another one of the
/// same kind, which begins with `marker`. Something else that is there is left alone.
pub(crate) fn page(path: &Path, marker: &str, kind: &str, html: &str) -> Result<(), CommandError> {
    match beginning(path, marker.len() as u64) {
        Ok(begin) if begin == marker.as_bytes() => return replace(path, html.as_bytes()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return create(path, html.as_bytes()).map_err(|error| CommandError::io(path, &error));
        }
        Err(error) if error.kind() != ErrorKind::Other => return Err(CommandError::io(path, &error)),
        _ => {}
    }
    let error = CommandError::usage(format!("{} is no page of {kind} and was left alone", path.display()));
    Err(error.hint("name another file, or remove this one; `--html -` writes to standard output"))
}

/// A file that is being made beside its place. Nothing is left if it is dropped.
pub(crate) struct Making {
    path: PathBuf,
    beside: NamedTempFile,
}

impl Making {
    /// Takes the place: it is free, or a plain file is there. What a link leads
    /// to, a device or a pipe is not what somebody wants to lose.
    pub(crate) fn begin(path: &Path) -> Result<Self, CommandError> {
        let io = |error: std::io::Error| CommandError::io(path, &error);
        let there = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            there => Some(there.map_err(io)?),
        };
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let what = if path.is_symlink() { "a link, and nothing is written through one" } else { "no plain file" };
            let error = CommandError::usage(format!("{} is {what}; it was left alone", path.display()));
            return Err(error.hint("name another file"));
        }
        Self::beside(path, there.map(|there| there.permissions())).map_err(io)
    }

    /// With the rights of what was there, or those that a new file gets here.
    fn beside(path: &Path, rights: Option<Permissions>) -> std::io::Result<Self> {
        let folder = around(path);
        let beside = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
        if let Some(rights) = rights {
            beside.as_file().set_permissions(Permissions::from_mode(rights.mode() & 0o777))?;
        }
        Ok(Self { path: path.to_owned(), beside })
    }

    /// Writes it; it appears whole or not at all.
    pub(crate) fn replace(self, bytes: &[u8]) -> std::io::Result<()> {
        let Self { path, beside } = self.filled(bytes)?;
        beside.persist(path).map(drop).map_err(|error| error.error)
    }

    fn filled(mut self, bytes: &[u8]) -> std::io::Result<Self> {
        self.beside.write_all(bytes)?;
        self.beside.as_file().sync_all()?;
        Ok(self)
    }
}

/// The folder that a path is in.
fn around(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder of files, by their paths inside it; it appears as a whole.
pub(crate) fn folder<'f>(folder: &Path, files: impl Iterator<Item = (&'f str, &'f str)>) -> Result<(), CommandError> {
    let parent = around(folder);
    let aside = tempfile::tempdir_in(parent).map_err(|error| CommandError::io(parent, &error))?;
    let making = aside.path().join("making");
    for (path, text) in files {
        let path = making.join(path);
        let parent = path.parent().unwrap_or(&making);
        let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| CommandError::io(&path, &error))?;
    }
    std::fs::rename(&making, folder).map_err(|error| CommandError::io(folder, &error))
}

/// The same in the place of one that is there.
pub(crate) fn replace_folder<'f>(path: &Path, files: impl Iterator<Item = (&'f str, &'f str)>) -> Result<(), CommandError> {
    let io = |error: std::io::Error| CommandError::io(path, &error);
    let aside = tempfile::tempdir_in(around(path)).map_err(io)?;
    std::fs::rename(path, aside.path().join("old")).map_err(io)?;
    folder(path, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_rights_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        replace(&at("a"), b"one").expect("a new file");
        std::fs::set_permissions(at("a"), Permissions::from_mode(0o600)).expect("rights");
        replace(&at("a"), b"two").expect("a file that is there");
        assert_eq!(read(&at("a"), 3).expect("a file"), b"two");
        assert_eq!(std::fs::metadata(at("a")).expect("a file").permissions().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(at("a"), at("link")).expect("a link");
        std::fs::create_dir(at("folder")).expect("a folder");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), 0o600.into()).expect("a pipe");
        for (name, why) in [("link", "written through"), ("folder", "no plain file"), ("pipe", "no plain file")] {
            let error = replace(&at(name), b"x").expect_err(name);
            assert!(error.exit == Exit::Usage && error.message.contains(why), "{name}: {}", error.message);
        }
        assert!(create(&at("a"), b"x").is_err_and(|error| error.kind() == ErrorKind::AlreadyExists));
        assert_eq!(read(&at("a"), 9).expect("a file"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 4, "something was left behind");
    }

    #[test]
    fn reading_ends_at_the_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a");
        replace(&file, b"1234").expect("a file");
        assert_eq!(read(&file, 2).expect("a file"), b"123");
        assert_eq!(text(&file, 4).expect("a text").as_deref(), Some("1234"));
        assert_eq!(text(&file, 3).map_err(|error| error.exit), Err(Exit::Limit));
        assert_eq!(text(&folder.path().join("b"), 3).expect("none"), None);
        assert_eq!(text(folder.path(), 3).map_err(|error| error.exit), Err(Exit::Usage));
    }
}
