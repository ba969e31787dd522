//! `lifeos init`.

use clap::Args;
use lifeos::config;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, file, json, open};

/// Shows a commented lifeos.toml for this repository; writes it with --write.
#[derive(Args)]
pub(crate) struct Init {
    /// Write the file (an existing one is left alone).
    #[arg(long)]
    write: bool,
}

/// The file a new repository starts with.
const TEMPLATE: &str = include_str!("lifeos.toml");

pub(crate) fn init(verb: &Init, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let path = repo.workdir().join(config::FILE);
    if verb.write {
        write_new(&path)?;
    }
    let text = TEMPLATE.to_owned();
    let shown = path.display().to_string();
    if term.is_json() {
        term.json(&json::Init { schema: "lifeos/init@1", path: shown, written: verb.write, text });
    } else if verb.write {
        term.note(&format!("wrote {shown}"));
        term.note("next: git add lifeos.toml && git commit -m \"lifeos: first task\" && lifeos check docs");
    } else {
        term.data(&text);
        term.note(&format!("nothing was written; `lifeos init --write` writes this to {shown}"));
    }
    Ok(Exit::Done)
}

fn write_new(path: &std::path::Path) -> Result<(), CommandError> {
    match file::create(path, TEMPLATE.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let error = CommandError::usage(format!("{} is there already and was left alone", path.display()));
            Err(error.hint("it counts once it is committed; `lifeos init` without --write shows what a new one would hold"))
        }
        Err(error) => Err(CommandError::io(path, &error)),
    }
}
