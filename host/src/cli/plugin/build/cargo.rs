//! A Rust plugin: cargo makes a core module, which becomes a component here.
//! The same sources and compiler give the same bytes wherever they lie: no
//! path of the machine gets into them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lifeos::plugin::manifest::Manifest;
use serde::Deserialize;

use super::toolchain::Tool;
use super::{CommandError, Exit, Made, open};

/// What plugins are compiled for.
pub(in crate::cli::plugin) const TARGET: &str = "wasm32-unknown-unknown";

/// What cargo is told for every plugin: fast, and with vector instructions. A
/// package of which little runs is made small by its workspace's own profile.
const PROFILE: &[&str] = &[
    "profile.release.opt-level=3",
    "profile.release.lto=\"thin\"",
    "profile.release.codegen-units=4",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=true",
    "profile.release.debug=false",
    "profile.release.overflow-checks=false",
    "profile.release.debug-assertions=false",
    "profile.release.incremental=false",
];

pub(super) fn make(folder: &Path, manifest: &Manifest) -> Result<Made, CommandError> {
    if open::program("cargo").is_none() {
        return Err(CommandError::usage("cargo is not there, and a Rust plugin needs it").hint("install Rust with rustup"));
    }
    let workspace = Workspace::of(folder)?;
    let module = module(folder, &workspace)?;
    Ok(Made { component: super::component(&module, manifest)?, target: workspace.target_directory })
}

/// Where cargo finds the sources, as it says itself.
#[derive(Deserialize)]
struct Workspace {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    /// Where the parts of a build go, if not into the target folder.
    build_directory: Option<PathBuf>,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
    source: Option<String>,
}

impl Workspace {
    fn of(folder: &Path) -> Result<Self, CommandError> {
        let arguments = ["metadata", "--format-version", "1", "--filter-platform", TARGET];
        let failed = || CommandError::new(Exit::Plugin, format!("cargo does not understand {}", folder.display()));
        let text = Tool::new("cargo", folder).arguments(arguments).run(failed)?;
        serde_json::from_slice(&text).map_err(|error| CommandError::usage(format!("cargo metadata: {error}")))
    }

    /// What stands in the module for each folder. Of two that fit, the compiler
    /// takes the later one, which is the inner one here.
    fn names_of_folders(&self) -> BTreeMap<PathBuf, String> {
        let built = self.build_directory.as_ref().unwrap_or(&self.target_directory);
        let own = [(&self.workspace_root, "/plugin"), (&self.target_directory, "/target"), (built, "/target")];
        let mut names: BTreeMap<PathBuf, String> =
            own.into_iter().map(|(folder, name)| (folder.clone(), name.to_owned())).collect();
        names.extend(self.packages.iter().filter_map(|package| package.name_of_folder(&self.workspace_root)));
        names
    }

    /// Flags of the compiler, as a setting of cargo.
    fn flags(&self) -> String {
        let mut flags = vec!["-C".to_owned(), "target-feature=+simd128".to_owned()];
        let renamed = |(folder, name): (&PathBuf, &String)| format!("--remap-path-prefix={}={name}", folder.display());
        flags.extend(self.names_of_folders().iter().map(renamed));
        format!("target.{TARGET}.rustflags={}", serde_json::Value::from(flags))
    }
}

impl Package {
    /// The name of its folder, or of the folder of all that were fetched with
    /// it; none for what is part of the workspace.
    fn name_of_folder(&self, workspace: &Path) -> Option<(PathBuf, String)> {
        let folder = self.manifest_path.parent()?;
        let full = format!("{}-{}", self.name, self.version);
        match (&self.source, folder.parent()) {
            (None, _) if folder.starts_with(workspace) => None,
            (Some(_), Some(all)) if folder.ends_with(&full) => Some((all.to_owned(), "/crates".to_owned())),
            _ => Some((folder.to_owned(), format!("/crates/{full}"))),
        }
    }
}

/// Builds the crate of a folder.
fn module(folder: &Path, workspace: &Workspace) -> Result<PathBuf, CommandError> {
    let flags = workspace.flags();
    let settings = PROFILE.iter().copied().chain([flags.as_str()]).flat_map(|setting| ["--config", setting]);
    // What is meant for this machine's programs would change the component.
    let cargo =
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_INCREMENTAL"].into_iter().fold(Tool::new("cargo", folder), Tool::unset);
    let cargo = cargo.arguments(["build", "--release", "--lib", "--target", TARGET]).arguments(settings);
    let messages = cargo.arguments(["--message-format", "json-render-diagnostics"]).run(|| {
        let error = CommandError::new(Exit::Plugin, format!("cargo could not build {}", folder.display()));
        error.hint(format!("if the target is missing: rustup target add {TARGET}"))
    })?;
    last_module(&messages)
        .ok_or_else(|| CommandError::usage("cargo built no `cdylib`").hint("Cargo.toml needs [lib] crate-type = [\"cdylib\"]"))
}

/// The path of the last `.wasm` in cargo's messages: the crate asked for is
/// built after what it depends on.
fn last_module(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    let values = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let artifacts = values.rev().filter(|value| value["reason"] == "compiler-artifact");
    let mut files = artifacts.filter_map(|value| {
        let files = value["filenames"].as_array()?.clone();
        files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    });
    files.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_the_machine_gets_a_name() {
        let package = |name: &str, folder: &str, source: Option<&str>| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            manifest_path: Path::new(folder).join("Cargo.toml"),
            source: source.map(str::to_owned),
        };
        let workspace = Workspace {
            workspace_root: "/home/ann/w".into(),
            target_directory: "/home/ann/w/target".into(),
            build_directory: Some("/home/ann/parts".into()),
            packages: vec![
                package("own", "/home/ann/w/own", None),
                package("path", "/home/ann/beside", None),
                package("serde", "/home/ann/.cargo/registry/src/index-1/serde-1.0.0", Some("registry+x")),
                package("forked", "/home/ann/w/vendor/forked", Some("git+x")),
            ],
        };
        let names = workspace.names_of_folders();
        let names: Vec<(&str, &str)> = names.iter().filter_map(|(from, to)| Some((from.to_str()?, to.as_str()))).collect();
        let expected = [
            ("/home/ann/.cargo/registry/src/index-1", "/crates"),
            ("/home/ann/beside", "/crates/path-1.0.0"),
            ("/home/ann/parts", "/target"),
            ("/home/ann/w", "/plugin"),
            ("/home/ann/w/target", "/target"),
            ("/home/ann/w/vendor/forked", "/crates/forked-1.0.0"),
        ];
        assert_eq!(names, expected);
    }
}
