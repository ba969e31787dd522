//! `lifeos approve`.

use clap::Args;
use lifeos::digest::Digest;
use lifeos::ledger::Ledger;
use lifeos::ledger::record::State;
use lifeos::run::Place;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open};

/// Approves a waiting candidate and lands it as far as the task's autonomy
/// allows. Refused if the base, the component or the grant changed.
#[derive(Args)]
pub(crate) struct Approve {
    /// The run, or the beginning of its id.
    run: String,
    /// Approve only the candidate with this digest (`lifeos show` prints it).
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
}

pub(crate) fn approve(verb: &Approve, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let story = open::story(&Ledger::of(&repo), &verb.run)?;
    let digest = verb
        .digest
        .as_deref()
        .map(|text| Digest::parse(text).ok_or_else(|| CommandError::usage("--digest takes `sha256:` and 64 hexadecimal digits")));
    let digest = digest.transpose()?;
    let base = repo.head()?;
    let config = open::config(global, &repo, base)?;
    open::task(&config, &story.task)?;
    let task = &config.tasks[&story.task];
    let plugin = open::plugin(task, &repo)?;
    let by = open::person(&repo)?;
    let (state, branch) = lifeos::run::approve(&Place { repo: &repo, base }, &story, task, &plugin, digest, &by, open::now())?;
    let commit = story.record.and_then(|(_, record)| record.candidate).map(|candidate| candidate.commit);
    if term.is_json() {
        term.json(&json::Verdict { schema: "lifeos/approve@1", run: story.run, task: story.task, state, by, branch, commit });
        return Ok(Exit::Done);
    }
    let commit = commit.unwrap_or_default();
    match (state, branch) {
        (State::Landed, Some(branch)) => {
            term.data(&format!("approved run {}: branch {branch} is at {commit}\n", story.run));
            term.note(&format!("take it over: git merge --ff-only {branch}"));
        }
        _ => {
            term.data(&format!("approved run {}: candidate {commit}\n", story.run));
            term.note(&format!("autonomy is \"propose\", so nothing moved; take it over: git merge --ff-only {commit}"));
        }
    }
    Ok(Exit::Done)
}
