//! `lifeos status`.

use std::collections::HashSet;

use clap::Args;
use lifeos::clean;
use lifeos::ledger::Ledger;
use lifeos::ledger::book::Book;
use lifeos::ledger::record::State;
use lifeos::ledger::story::Story;
use lifeos::reach::unused::{self, Unused};
use lifeos::repo::Repo;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, text};

/// Lists what waits for a verdict, and how each task's last run ended.
#[derive(Args)]
pub(crate) struct Status {}

pub(crate) fn status(_: &Status, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let memory = open::memory(global);
    let ledger = Ledger::of(&repo, memory.as_ref());
    let book = ledger.book()?;
    let stories = book.newest_first();
    let mut seen = HashSet::new();
    let head = repo.head()?.to_string();
    let can_land = |story: &Story| story.state == State::Waiting && story.base == head;
    // `insert` first: it must see every story. A candidate on an older base can only be run again.
    let shown = |story: &&Story| seen.insert(story.task.clone()) || story.state == State::Open || can_land(story);
    let runs: Vec<_> = stories.into_iter().filter(shown).map(json::RunLine::new).collect();
    let unused = unused(global, &repo, &ledger, &book)?;
    if term.is_json() {
        let line = |(task, unused): (String, Unused)| {
            let Unused { runs, capabilities, patterns } = unused;
            let patterns = patterns.into_iter().map(|(capability, patterns)| (capability.word(), patterns)).collect();
            json::UnusedLine { task, runs, capabilities, patterns }
        };
        let (levels, unused) = (json::LevelLine::all(&book), unused.into_iter().map(line).collect());
        term.json(&json::Runs { schema: "lifeos/status@1", runs, levels, unused });
        return Ok(Exit::Done);
    }
    runs.iter().for_each(|line| term.data(&text::run_line(line)));
    for json::LevelLine { task, autonomy, why, by, .. } in json::LevelLine::all(&book) {
        let (why, by) = (clean::line(&why).into_owned(), clean::line(&by).into_owned());
        term.data(&format!("task {task} goes as far as \"{}\" at most: {why} (by {by})\n", autonomy.word()));
    }
    for (task, unused) in &unused {
        term.note(&format!("{task}: {}; `lifeos plugin suggest {task}` shows a narrower grant", text::unused(unused)));
    }
    let waiting = runs.iter().filter(|line| line.state == State::Waiting).count() as u64;
    let going = runs.iter().filter(|line| matches!(line.state, State::Approved | State::Open)).count() as u64;
    if going > 0 {
        term.note(&format!("approved and not landed: {going}; `lifeos land RUN` goes on with one"));
    }
    match (runs.len(), waiting) {
        (0, _) => {
            term.note("no task has run in this clone; `lifeos run TASK` starts one, `lifeos sync` brings the record of another")
        }
        (_, 0) => term.note("nothing waits for a verdict"),
        _ => term.note(&format!(
            "waiting for a verdict: {}; `lifeos review RUN`, then approve or reject",
            text::count(waiting, "candidate")
        )),
    }
    Ok(Exit::Done)
}

/// What tasks are granted now and their last runs did not use, as far as there is
/// a configuration.
fn unused(global: &Global, repo: &Repo, ledger: &Ledger<'_>, book: &Book) -> Result<Vec<(String, Unused)>, CommandError> {
    let Ok(config) = open::config(global, repo, repo.head()?) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let stories = book.newest_first();
    for (name, task) in &config.tasks {
        let Some(story) = stories.iter().find(|story| story.task == *name && story.reverts.is_none()) else { continue };
        let Some((_, record)) = ledger.run_of(story)? else { continue };
        let unused = unused::unused(ledger, book, name, &task.granted, &record.plugin.digest)?;
        found.extend(unused.map(|unused| (name.clone(), unused)));
    }
    Ok(found)
}
