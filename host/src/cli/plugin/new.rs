//! `lifeos plugin new`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use lifeos::plugin::World;
use lifeos::template::{self, File, Language, SDK};

use super::{CommandError, Exit, Global, Term, file, json};

/// Bytes of a README that is looked at for who made it.
const README_BYTES_MAX: u64 = 64 << 10;

/// Makes a folder with a plugin that builds, tests and runs at once.
#[derive(Args)]
pub(crate) struct New {
    /// The plugin's name and its folder's: a letter, then a-z 0-9 -, at most 40, and no - at the end.
    #[arg(required_unless_present = "sdk_only")]
    name: Option<String>,
    /// What it works on: documents one by one, or the repository as a whole.
    #[arg(long, value_enum, default_value_t)]
    kind: Kind,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t)]
    lang: Lang,
    /// The folder to make it in [default: the current one].
    #[arg(long = "in", value_name = "DIR")]
    parent: Option<PathBuf>,
    /// Only replace sdk/ of the plugin in the current folder, or in DIR, by that of this lifeos.
    #[arg(long, conflicts_with_all = ["name", "kind", "lang"])]
    sdk_only: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Kind {
    /// Runs once and asks for what it needs.
    Task,
    /// Is handed one document after the other.
    #[default]
    FileTask,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Lang {
    /// Built by cargo.
    #[default]
    Rust,
    /// Built by componentize-py.
    #[value(alias = "py")]
    Python,
    /// JavaScript, built by componentize-js.
    #[value(alias = "javascript")]
    Js,
}

pub(crate) fn new(verb: &New, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let parent = global.path(verb.parent.as_deref().unwrap_or(Path::new(".")));
    // As a person would write it.
    let parent = parent.components().filter(|part| *part != std::path::Component::CurDir).collect::<PathBuf>();
    match &verb.name {
        Some(name) => plugin(name, verb, &parent, term),
        None => sdk_only(&parent, term),
    }
}

fn plugin(name: &str, verb: &New, parent: &Path, term: &Term) -> Result<Exit, CommandError> {
    let (world, language) = (World::from(verb.kind), Language::from(verb.lang));
    let files = template::files(name, world, language).map_err(CommandError::usage)?;
    let folder = parent.join(name);
    let parent = shown(parent);
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let error = CommandError::usage(format!("{} is there already and was left alone", folder.display()));
        return Err(error.hint("take another name, or another folder with --in DIR"));
    }
    std::fs::create_dir_all(parent).map_err(|error| CommandError::io(parent, &error))?;
    file::folder(&folder, texts(&files, ""))?;
    report(&folder, name, &files, term);
    if !term.is_json() {
        next(&folder, language, term);
    }
    Ok(Exit::Done)
}

fn sdk_only(folder: &Path, term: &Term) -> Result<Exit, CommandError> {
    let unknown = || {
        let error = CommandError::usage(format!("{} is no folder of a plugin", shown(folder).display()));
        error.hint("type this in the folder of one, or name it with --in DIR")
    };
    let language = Language::of(folder).ok_or_else(unknown)?;
    let old = folder.join(SDK);
    // Only what this verb made is replaced.
    let is_ours = file::text(&old.join("README.md"), README_BYTES_MAX)
        .is_ok_and(|text| text.is_some_and(|text| text.contains("`lifeos plugin new`")));
    if old.exists() && !is_ours {
        let error = CommandError::usage(format!("{} was not made by lifeos and was left alone", old.display()));
        return Err(error.hint("move it away and type this again"));
    }
    let files = template::sdk(language);
    if old.exists() {
        file::replace_folder(&old, texts(&files, "sdk/"))?
    } else {
        file::folder(&old, texts(&files, "sdk/"))?
    }
    report(&old, SDK, &files, term);
    Ok(Exit::Done)
}

/// A folder by a name that it has everywhere.
fn shown(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Paths below `prefix`, and texts.
fn texts<'f>(files: &'f [File], prefix: &str) -> impl Iterator<Item = (&'f str, &'f str)> {
    files.iter().map(move |File { path, text }| (path.strip_prefix(prefix).unwrap_or(path), text.as_str()))
}

fn report(folder: &Path, name: &str, files: &[File], term: &Term) {
    let (schema, folder, name) = ("lifeos/plugin-new@1", folder.display().to_string(), name.to_owned());
    if term.is_json() {
        let files = files.iter().map(|file| file.path.clone()).collect();
        return term.json(&json::NewPlugin { schema, name, folder, files });
    }
    term.data(&format!("{folder}\n"));
}

fn next(folder: &Path, language: Language, term: &Term) {
    let install = match language {
        Language::Rust => None,
        Language::Python => Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
        Language::Js => Some("npm install"),
    };
    let folder = shell_words::quote(&folder.display().to_string()).into_owned();
    term.note("next:");
    for line in
        [Some(format!("cd {folder}")), install.map(str::to_owned), Some("lifeos plugin build && lifeos plugin test".to_owned())]
            .into_iter()
            .flatten()
    {
        term.note(&format!("  {line}"));
    }
    term.note("README.md there says how to go on");
}

impl From<Kind> for World {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Task => Self::Task,
            Kind::FileTask => Self::FileTask,
        }
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Python => Self::Python,
            Lang::Js => Self::Js,
        }
    }
}
