//! The rig: a temporary repository, the program run in an empty environment,
//! and the invariants that hold after every run. It knows no case.

mod away;
pub(crate) mod components;
pub(crate) mod forge;
pub(crate) mod guard;
pub(crate) mod http;
pub(crate) mod model;
mod process;
pub(crate) mod push;
mod ran;
pub(crate) mod registry;
mod repo;
mod spending;
pub(crate) mod tls;

pub(crate) use away::Away;
pub(crate) use components::{hostile, hostile_files};
pub(crate) use process::{below_shell, kill, peak, unprivileged};
pub(crate) use ran::Ran;
pub(crate) use repo::TestRepo;
pub(crate) use spending::spend;

use std::path::{Path, PathBuf};

/// The program under test.
pub(crate) const LIFEOS: &str = env!("CARGO_BIN_EXE_lifeos");

/// A secret of the environment that must appear nowhere.
pub(crate) const CANARY: &str = "canary-3c5d1f7a9b";

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is there")
}

/// The target folder: this program lies in `release/deps` of it.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    program.ancestors().nth(3).expect("a target folder").to_owned()
}

/// Whether expected files are to be rewritten from what is found.
pub(crate) fn bless() -> bool {
    std::env::var_os("LIFEOS_BLESS").is_some_and(|value| value == "1")
}

/// Compares a text with a file, or rewrites the file when blessing.
pub(crate) fn expect_file(path: &Path, found: &str) {
    if bless() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of expected files");
        std::fs::write(path, found).expect("an expected file is written");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; LIFEOS_BLESS=1 rewrites it", path.display());
}
