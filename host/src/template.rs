//! What a new plugin's folder holds: small real files, carried by the binary.
//! It writes nothing and knows no tool; the verb writes the files.

use std::path::Path;

use crate::name::NAME_RULE;
use crate::plugin::World;
use crate::plugin::contract;
use crate::plugin::manifest::{self, Manifest};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// What stands in the templates for the name of the plugin; they are valid with it.
const PLACEHOLDER: &str = "plugin-name";
/// The folder of a plugin that no author edits.
pub const SDK: &str = "sdk";
/// The name of the Rust crate in it, which a plugin cannot have.
const SDK_CRATE: &str = "lifeos-sdk";

/// A language that plugins are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// By cargo.
    Rust,
    /// By componentize-py.
    Python,
    /// By componentize-js.
    Js,
}

impl Language {
    /// What a folder's own files say.
    pub fn of(folder: &Path) -> Option<Self> {
        let has = |name: &str| folder.join(name).is_file();
        match () {
            () if has("Cargo.toml") => Some(Self::Rust),
            () if has("package.json") => Some(Self::Js),
            () if has("requirements.txt") || has("app.py") => Some(Self::Python),
            () => None,
        }
    }

    /// Its folder among the templates.
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Js => "js",
        }
    }
}

/// One file of a new folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below the folder, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Why a plugin cannot have a name.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// A manifest or a toolchain would refuse it.
    #[error("the name of a plugin is {NAME_RULE}, and that of a new one begins with a letter")]
    Form,
    /// Taken.
    #[error("`{SDK_CRATE}` is the name of the crate that plugins are written with")]
    Sdk,
}

/// All files of a new plugin.
///
/// # Errors
/// [`NameError`].
pub fn files(name: &str, world: World, language: Language) -> Result<Vec<File>, NameError> {
    let shared = |folder: String| below(folder).map(|(path, text)| file(path, &text.replace(PLACEHOLDER, name)));
    let kind = shared(format!("kind/{}/", world.word()));
    let code = shared(format!("code/{}/{}/", world.word(), language.name()));
    let mut files: Vec<File> = kind.chain(code).chain(shared(format!("language/{}/", language.name()))).collect();
    files.retain(|file| !file.path.starts_with("sdk/"));
    files.extend(sdk(language));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    named(name, &files)?;
    Ok(files)
}

/// The files of `sdk/` alone.
pub fn sdk(language: Language) -> Vec<File> {
    let own = below(format!("language/{}/", language.name())).filter(|(path, _)| path.starts_with("sdk/"));
    let mut files: Vec<File> = own.map(|(path, text)| file(path, text)).collect();
    if language == Language::Rust {
        files
            .extend(CRATE.iter().map(|(path, text)| file(&format!("sdk/src/{path}"), &text.replace("\"../../wit\"", "\"wit\""))));
        files.extend(contract::FILES.iter().map(|(path, text)| file(&format!("sdk/wit/{path}"), text)));
    }
    files
}

fn below(folder: String) -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.iter().filter_map(move |(path, text)| Some((path.strip_prefix(folder.as_str())?, *text)))
}

fn file(path: &str, text: &str) -> File {
    // With their dots they would count for the templates themselves.
    let path = match path {
        "gitignore" => ".gitignore",
        "cases/gitattributes" => "cases/.gitattributes",
        path => path,
    };
    File { path: path.to_owned(), text: text.to_owned() }
}

/// Asks the manifest whether it may be called so.
fn named(name: &str, files: &[File]) -> Result<(), NameError> {
    let manifest = files.iter().find(|file| file.path == manifest::FILE).map_or("", |file| &file.text);
    match name {
        SDK_CRATE => Err(NameError::Sdk),
        _ if !name.starts_with(|first: char| first.is_ascii_lowercase()) => Err(NameError::Form),
        _ => Manifest::parse(manifest).map(drop).map_err(|_| NameError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 3] = [Language::Rust, Language::Python, Language::Js];

    #[test]
    fn every_folder_is_whole_and_has_the_name() {
        for (world, language) in [World::Task, World::FileTask].into_iter().flat_map(|world| LANGUAGES.map(|one| (world, one))) {
            let files = files("tidy-ends", world, language).expect("a name");
            let has = |path: &str| files.iter().any(|file| file.path == path);
            for path in ["README.md", ".gitignore", "lifeos-plugin.toml", "cases/nothing-to-do/case.toml", "sdk/README.md"] {
                assert!(has(path), "{language:?} has no {path}");
            }
            assert!(files.windows(2).all(|pair| pair[0].path < pair[1].path), "{language:?} has a path twice");
            assert!(files.iter().all(|file| !file.text.contains(PLACEHOLDER)), "{language:?} has the placeholder left");
            let manifest = &files.iter().find(|file| file.path == manifest::FILE).expect("a manifest").text;
            let manifest = Manifest::parse(manifest).expect("a manifest that reads");
            assert_eq!((manifest.name.as_str(), World::of(&manifest)), ("tidy-ends", world));
        }
    }

    #[test]
    fn the_sdk_finds_the_contract_beside_it() {
        let files = sdk(Language::Rust);
        let code: String = files.iter().filter(|file| file.path.ends_with(".rs")).map(|file| file.text.as_str()).collect();
        assert_eq!(code.matches("path: \"wit\",").count(), 3);
        assert!(!code.contains("../"));
        assert!(files.iter().any(|file| file.path == "sdk/wit/worlds.wit"));
    }

    #[test]
    fn a_name_that_a_toolchain_would_refuse_is_refused() {
        let refuses = |name: &str| files(name, World::Task, Language::Rust).is_err();
        for name in ["", "1a", "-a", "a-", "A", "a b", "a/b", "..", "lifeos-sdk", "a\"\nversion = \"2"] {
            assert!(refuses(name), "{name:?}");
        }
        assert!(!refuses("a") && !refuses("a-1") && refuses(&"a".repeat(41)));
    }
}
