//! `lifeos approve`.

use clap::Args;
use lifeos::approve::Voice;
use lifeos::digest::Digest;
use lifeos::run::verdict;

use super::case::{Case, tell};
use super::error::CommandError;
use super::exit::Exit;
use super::progress::during;
use super::term::Term;
use super::{Global, open};

/// Approves a waiting candidate and lands it as far as the task's autonomy
/// allows. Refused if the base, the component or the grant changed.
#[derive(Args)]
pub(crate) struct Approve {
    /// The run, or the beginning of its id.
    run: String,
    /// Approve only the candidate with this digest (`lifeos show` prints it).
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
    /// Approve only this file of it: a candidate of its own is made of all that
    /// are named, gated, and approved; the run itself goes on waiting.
    #[arg(long, value_name = "PATH")]
    file: Vec<String>,
    #[command(flatten)]
    gate: open::GateOptions,
}

pub(crate) fn approve(verb: &Approve, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let digest = verb
        .digest
        .as_deref()
        .map(|text| Digest::parse(text).ok_or_else(|| CommandError::usage("--digest takes `sha256:` and 64 hexadecimal digits")));
    let named = digest.transpose()?;
    let case = Case::open(&verb.run, global)?;
    let (task, plugin, person) = (case.task(), case.plugin()?, open::person(&case.repo)?);
    let by = Voice { person: &person, named };
    let outside = case.outside(global)?;
    let place = case.place(outside.as_ref());
    let run = &case.story.run;
    if verb.file.is_empty() {
        let stand = verdict::approve(&place, run, task, &plugin, &by)?;
        return Ok(tell("approve", run, &case.story, Some(person), stand, term));
    }
    let machine = open::gated(open::machine(global, None, term)?, &verb.gate, global)?;
    let part = verdict::Part { run, paths: &verb.file };
    let (part, stand) = during(term, |events| verdict::approve_part(&place, &part, task, &plugin, &by, &machine, events))?;
    if !term.is_json() {
        term.note(&format!(
            "{} of run {run} became run {part}; look: lifeos review {part}",
            super::text::count(verb.file.len() as u64, "file")
        ));
    }
    Ok(tell("approve", &part, &case.story, Some(person), stand, term))
}
