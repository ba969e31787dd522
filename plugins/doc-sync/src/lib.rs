//! A task over documents that name code: it finds what no longer holds, proves it
//! by the commit that made it so, and proposes how to say it now. Without a model
//! it repairs paths alone. This file tells the story and judges nothing.

mod code;
mod document;
mod options;
mod place;
mod repair;
mod survey;
mod words;

use lifeos_sdk::model::Refusal;
use lifeos_sdk::{Edit, Input, Task, edits, findings, log, task};

use crate::code::base::Base;
use crate::options::Options;
use crate::place::{Lent, Past};
use crate::repair::Repair;
use crate::survey::{Found, survey};

/// The task.
pub struct DocSync;

/// The owner's options.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct TaskOptions(Options);

/// Whether the model is still asked, and how often.
struct Asking {
    left: usize,
    is_over: bool,
}

impl Task for DocSync {
    type Options = TaskOptions;

    fn run(TaskOptions(options): TaskOptions, _: &Input) -> Result<(), String> {
        let base = Base::read(&Lent, &options)?;
        base.skipped.iter().for_each(|reason| say(reason));
        let past = Past::new(&Lent);
        let mut asking = Asking { left: options.asks, is_over: false };
        for found in survey(&base, &Lent, &past) {
            let repairs = repairs(&found, &options, &mut asking);
            let is_proposed = !repairs.is_empty() && propose(&found, &repairs);
            for (at, stale) in found.stale.iter().enumerate() {
                let is_repaired = is_proposed && repairs.iter().any(|repair| repair.places.contains(&at));
                findings::report(&survey::tell::finding(found.document, stale, is_repaired));
            }
        }
        if past.is_missing() {
            say("this clone does not have the whole history, so nothing can be proven");
        }
        if past.is_cut_off() {
            say("the history is larger than what is looked at in one run; more may be stale");
        }
        Ok(())
    }
}

/// Everything that can be repaired in a document, in order.
fn repairs(found: &Found<'_>, options: &Options, asking: &mut Asking) -> Vec<Repair> {
    if !found.document.editable {
        return Vec::new();
    }
    let mut repairs = if options.repair_paths { repair::certain(&found.stale) } else { Vec::new() };
    let is_open = |at: &usize| !repairs.iter().any(|repair| repair.places.contains(at));
    let open: Vec<usize> = (0..found.stale.len()).filter(is_open).collect();
    if !open.is_empty() {
        repairs.extend(asked(found, &open, &repairs, asking));
    }
    repairs.sort_by_key(|repair| repair.bytes.start);
    repairs
}

/// What the model says about the places that are open, as far as it holds.
fn asked(found: &Found<'_>, open: &[usize], done: &[Repair], asking: &mut Asking) -> Vec<Repair> {
    let (path, stale) = (&found.document.path, &found.stale);
    if asking.is_over {
        return Vec::new();
    }
    if asking.left == 0 {
        say(&format!("{path}: the model is asked about no more documents in this run"));
        return Vec::new();
    }
    asking.left -= 1;
    let question = repair::ask::question(found.document, stale, open);
    let said = match question.ask(path) {
        Ok(said) => said,
        Err(refusal) => {
            asking.is_over = refusal.is_not_granted() || refusal.is_over_budget() || refusal.is_passing();
            if !matches!(refusal, Refusal::NotGranted) {
                say(&format!("{path}: {}", String::from(refusal)));
            }
            return Vec::new();
        }
    };
    let held = repair::held(found.document, stale, &question.open, &said, &question.evidence);
    let mut taken = Vec::new();
    for repair in held {
        let is_free = |repair: &Repair| {
            done.iter().all(|other| other.bytes.end <= repair.bytes.start || repair.bytes.end <= other.bytes.start)
        };
        match repair {
            Ok(repair) if is_free(&repair) => taken.push(repair),
            Ok(_) => say(&format!("{path}: an answer of the model is not taken: another repair is there already")),
            Err(reason) => say(&format!("{path}: an answer of the model is not taken: {reason}")),
        }
    }
    taken
}

/// Whether the host takes the repairs of a document.
fn propose(found: &Found<'_>, repairs: &[Repair]) -> bool {
    let replacements = repairs.iter().map(Repair::replacement).collect();
    match edits::propose(&Edit::replace(found.document, replacements)) {
        Ok(()) => true,
        Err(problems) => {
            say(&format!("{}: {}", found.document.path, edits::reasons(problems)));
            false
        }
    }
}

fn say(line: &str) {
    log::write(log::Level::Info, line);
}

task!(DocSync);
