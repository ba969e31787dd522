//! `lifeos verify`.

use clap::Args;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, text};

/// Looks whether the record is whole and true: its chain, the candidates it
/// tells of, and commits that say they are of lifeos. Needs nothing but the
/// repository, and exits with 40 if anything is wrong.
#[derive(Args)]
pub(crate) struct Verify {}

pub(crate) fn verify(_: &Verify, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let lifeos::verify::Verified { records, commits, faults, untold } = lifeos::verify::verify(&repo)?;
    let exit = if faults.is_empty() { Exit::Done } else { Exit::Repo };
    if term.is_json() {
        term.json(&json::Verify { schema: "lifeos/verify@1", records, commits, faults, untold });
        return Ok(exit);
    }
    faults.iter().for_each(|fault| term.data(&format!("{}\n", lifeos::clean::line(fault))));
    untold.iter().for_each(|words| term.note(&lifeos::clean::line(words)));
    if records == 0 && !faults.is_empty() {
        term.note("this clone has no record; `lifeos sync` brings that of another one");
    }
    let what = format!("{} and {} of lifeos", text::count(records, "record"), text::count(commits, "commit"));
    term.note(&match faults.len() as u64 {
        0 => format!("{what}: whole and true"),
        count => format!("{what}: {}", text::count(count, "fault")),
    });
    Ok(exit)
}
