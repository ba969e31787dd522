//! `lifeos promote` and `lifeos demote`.

use clap::Args;
use lifeos::autonomy::Autonomy;
use lifeos::config::Config;
use lifeos::repo::Repo;
use lifeos::run::level;
use lifeos::run::place::Place;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, text};

/// Lets a task go one level further by itself, to at most what lifeos.toml
/// allows. It takes 3 runs accepted in a row since it was moved, or a reason.
#[derive(Args)]
pub(crate) struct Promote {
    /// The task.
    task: String,
    /// Promote it without that evidence, for this reason; it is recorded.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

/// Lets a task go one level less far by itself, whatever lifeos.toml allows.
#[derive(Args)]
pub(crate) struct Demote {
    /// The task.
    task: String,
    /// Why, in one sentence; it is recorded.
    #[arg(long, value_name = "TEXT")]
    why: String,
}

pub(crate) fn promote(verb: &Promote, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let why = verb.why.as_deref().map(open::sentence).transpose()?;
    let (repo, config) = opened(global)?;
    let task = open::task(&config, &verb.task)?;
    let (place, person) = (place(&repo)?, open::person(&repo)?);
    let (autonomy, accepted) = level::promote(&place, task, why.as_deref(), &person)?;
    let detail = format!(" ({} accepted in a row)", text::count(accepted, "run"));
    Ok(tell("promote", &verb.task, autonomy, &detail, term))
}

pub(crate) fn demote(verb: &Demote, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let why = open::sentence(&verb.why)?;
    let (repo, config) = opened(global)?;
    let task = open::task(&config, &verb.task)?;
    let (place, person) = (place(&repo)?, open::person(&repo)?);
    let autonomy = level::demote(&place, task, &why, &person)?;
    Ok(tell("demote", &verb.task, autonomy, "", term))
}

fn opened(global: &Global) -> Result<(Repo, Config), CommandError> {
    let repo = open::repo(global)?;
    let config = open::config(global, &repo, repo.head()?)?;
    Ok((repo, config))
}

fn place(repo: &Repo) -> Result<Place<'_>, CommandError> {
    Ok(Place { repo, base: repo.head()?, now: open::now(), memory: None, outside: None, lock: None })
}

fn tell(verb: &str, task: &str, autonomy: Autonomy, detail: &str, term: &Term) -> Exit {
    if term.is_json() {
        term.json(&json::Level { schema: format!("lifeos/{verb}@1"), task: task.to_owned(), autonomy });
    } else {
        term.data(&format!("task {task} goes as far as \"{}\" now{detail}\n", autonomy.word()));
    }
    Exit::Done
}
