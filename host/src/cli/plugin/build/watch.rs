//! `--watch`: looks at the times of a plugin's files again and again. Polling
//! a folder of sources costs less than a millisecond, needs no library and no
//! limit of the system, and sees folders that are shared with other machines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{CommandError, Exit, Term};

const PAUSE: Duration = Duration::from_millis(200);
/// Files that are looked at.
const FILES_MAX: usize = 10_000;
/// Folders of what tools make; those that begin with a dot are left out as well.
const MADE: &[&str] = &["target", "node_modules", "__pycache__"];

/// Does a round now and after each change, and tells of those that fail.
pub(super) fn watch(
    folder: &Path,
    output: Option<&Path>,
    rounds_max: u32,
    term: &Term,
    round: impl Fn() -> Result<(), CommandError>,
) -> Result<Exit, CommandError> {
    let output = output.and_then(|output| std::path::absolute(output).ok());
    let look = || Files::of(folder, output.as_deref());
    for number in 1.. {
        // What is saved while it builds is built after.
        let built = look()?;
        if let Err(error) = round() {
            term.error(&error);
        }
        if number >= rounds_max {
            break;
        }
        term.note(&format!("watching {}; Ctrl-C ends", folder.display()));
        wait(&built, look)?;
    }
    Ok(Exit::Done)
}

/// Waits for a change, and until nothing more changes: editors save in steps.
fn wait(built: &Files, look: impl Fn() -> Result<Files, CommandError>) -> Result<(), CommandError> {
    let mut before = look()?;
    loop {
        std::thread::sleep(PAUSE);
        let now = look()?;
        if now == before && now != *built {
            return Ok(());
        }
        before = now;
    }
}

/// Files by path: when they were changed, and their bytes.
#[derive(PartialEq, Eq)]
struct Files(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Files {
    fn of(folder: &Path, but: Option<&Path>) -> Result<Self, CommandError> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
        while let Some(folder) = folders.pop() {
            // A folder that is gone meanwhile has no files.
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                let is_made = name.to_str().is_none_or(|name| name.starts_with('.') || MADE.contains(&name));
                let Ok(about) = entry.metadata() else { continue };
                match about.is_dir() {
                    _ if is_made || but == Some(&path) => {}
                    true => folders.push(path),
                    false => drop(files.insert(path, (about.modified().ok(), about.len()))),
                }
            }
            if files.len() > FILES_MAX {
                let error = CommandError::new(Exit::Limit, format!("there are more than {FILES_MAX} files to watch"));
                return Err(error.hint("keep the plugin in a folder of its own"));
            }
        }
        Ok(Self(files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_counts_and_what_is_made_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let look = || Files::of(root, Some(&root.join("out.wasm"))).expect("files");
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("src/lib.rs", "a");
        let begin = look();
        for made in ["target/x", ".git/x", ".venv/x", "node_modules/x", "sdk/__pycache__/x", "out.wasm"] {
            write(made, "x");
            assert!(look() == begin, "{made}");
        }
        write("src/lib.rs", "ab");
        assert!(look() != begin);
        write("src/lib.rs", "a");
        write("cases/new/before/a.md", "");
        assert!(look() != begin);
    }
}
