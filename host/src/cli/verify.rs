//! `lifeos verify`.

use clap::Args;
use lifeos::event::Events;
use lifeos::examine::Machine;
use lifeos::ledger::Ledger;
use lifeos::repo::{Repo, RepoError};
use lifeos::run::place::Place;
use lifeos::run::replay::{Replayed, replay};

use super::error::CommandError;
use super::exit::Exit;
use super::locked::Locked;
use super::term::Term;
use super::{Global, json, open, text};

/// Looks whether the record is whole and true: its chain, the candidates it
/// tells of, and commits that say they are of lifeos. Needs nothing but the
/// repository, and exits with 40 if anything is wrong.
#[derive(Args)]
pub(crate) struct Verify {
    /// Make this run again as well, and see whether it comes to the same tree.
    #[arg(long, value_name = "RUN")]
    replay: Option<String>,
}

pub(crate) fn verify(verb: &Verify, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let mut verified = lifeos::verify::verify(&repo)?;
    let replayed = verb.replay.as_ref().map(|run| again(run, &repo, global, term)).transpose()?;
    if let Some((run, Replayed::Differs { recorded, found })) = &replayed {
        let tree = |tree: &Option<String>| tree.as_ref().map_or_else(|| "no tree".to_owned(), |tree| format!("tree {tree:.10}"));
        verified.faults.push(format!(
            "run {run}: the record tells of {}, made again it comes to {}",
            tree(recorded),
            tree(found)
        ));
    }
    let lifeos::verify::Verified { records, commits, faults, untold } = verified;
    let exit = if faults.is_empty() { Exit::Done } else { Exit::Repo };
    if term.is_json() {
        let replayed = replayed.map(|(run, replayed)| json::Replay { run, same: replayed == Replayed::Same });
        term.json(&json::Verify { schema: "lifeos/verify@1", records, commits, faults, untold, replayed });
        return Ok(exit);
    }
    faults.iter().for_each(|fault| term.data(&format!("{}\n", lifeos::clean::line(fault))));
    untold.iter().for_each(|words| term.note(&lifeos::clean::line(words)));
    if records == 0 && !faults.is_empty() {
        term.note("this clone has no record; `lifeos sync` brings that of another one");
    }
    if let Some((run, Replayed::Same)) = &replayed {
        term.note(&format!("run {run}: made again, it comes to the same"));
    }
    let what = format!("{} and {} of lifeos", text::count(records, "record"), text::count(commits, "commit"));
    term.note(&match faults.len() as u64 {
        0 => format!("{what}: whole and true"),
        count => format!("{what}: {}", text::count(count, "fault")),
    });
    Ok(exit)
}

/// Makes a run again, from the configuration of the commit that it stood on.
fn again(run: &str, repo: &Repo, global: &Global, term: &Term) -> Result<(String, Replayed), CommandError> {
    // An answer that is remembered would be compared with itself.
    let machine = Machine { remembers: false, ..open::machine(global, None, term)? };
    let ledger = Ledger::of(repo, machine.memory());
    let story = open::story(&ledger.book()?, run)?;
    let cannot = |why: &str| CommandError::usage(format!("run {} cannot be made again: {why}", story.run));
    let (_, record) = ledger.run_of(&story)?.ok_or_else(|| cannot("it has no result on record"))?;
    let base = git2::Oid::from_str(&record.base).map_err(RepoError::from)?;
    let config = open::config(global, repo, base)?;
    let task = open::task(&config, &story.task)?;
    let locked = Locked::at(repo, base, global)?;
    let plugin = locked.plugin(task, repo)?;
    let place = Place { repo, base, now: open::now(), memory: machine.memory(), outside: None, lock: Some(&locked.lock) };
    let silent = |_: &lifeos::event::Event| {};
    match replay(&place, &record, task, &plugin, &machine, &Events::to(&silent))? {
        Replayed::Other(why) => Err(cannot(why).hint("with the component and the configuration of then it can be")),
        replayed => Ok((story.run.clone(), replayed)),
    }
}
