//! The narrowest grant under which the last runs of a task would have come out
//! the same, tried over the newest of them before anybody sees it. It is never
//! applied.

pub mod patch;

use git2::Oid;

use super::error::RunError;
use super::made::Made;
use super::place::Place;
use crate::config::{Config, ConfigError, Task};
use crate::event::Events;
use crate::examine::{Job, Machine};
use crate::ledger::record::ReachText;
use crate::ledger::{Ledger, LedgerError};
use crate::plugin::Plugin;
use crate::policy::Capability;
use crate::reach::Reached;
use crate::reach::narrow::narrowed;
use crate::reach::unused::{Recorded, last_runs};
use crate::repo::RepoError;
use patch::PatchError;

/// A grant that would have sufficed.
#[derive(Debug)]
pub struct Suggestion {
    /// The runs that it rests on, newest first.
    pub runs: Vec<String>,
    /// What is granted now.
    pub present: ReachText,
    /// What would have sufficed.
    pub suggested: ReachText,
    /// One sentence for each capability.
    pub reasons: Vec<String>,
    /// What those runs reached, and what they asked for in vain.
    pub reached: Reached,
    /// The commit over which it was tried.
    pub base: Oid,
    /// The tree that came out under both.
    pub tree: Option<String>,
    /// Whether the findings were others, though the tree was the same.
    pub other_findings: bool,
    /// The text of `lifeos.toml` with it.
    pub text: String,
}

/// Why nothing is suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// Nothing to go by.
    #[error("no run of task {task} with the component {component} tells what it reached")]
    NoRuns {
        /// The task.
        task: String,
        /// Its component.
        component: String,
    },
    /// Whether a suggestion holds cannot be tried.
    #[error("run {run} comes to another tree now, under the very grant that it had; so nothing can be tried over it")]
    NotAgain {
        /// The run.
        run: String,
    },
    /// It asked a model, or was told of another run: it does not come out the same again.
    #[error("run {run} asked a model, or repaired another one, so no other grant can be tried over it")]
    Asked {
        /// The run.
        run: String,
    },
    /// The grant cannot be written into the text.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The text with the grant does not read.
    #[error("the suggestion is not a configuration: {0}")]
    Config(#[from] ConfigError),
    /// The record cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The plugin failed under the present grant.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The base cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

/// What a suggestion is for.
pub struct Subject<'a> {
    /// The text of `lifeos.toml`.
    pub text: &'a str,
    /// The task as that text has it.
    pub task: &'a Task,
    /// Its component.
    pub plugin: &'a Plugin,
    /// Runs that are looked at.
    pub runs_max: usize,
}

/// Looks at the last runs of a task and tries what would have sufficed.
///
/// # Errors
/// [`SuggestError`]; nothing is suggested then.
pub fn suggest(
    place: &Place<'_>,
    asked: &Subject<'_>,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Suggestion, SuggestError> {
    let Subject { task, plugin, .. } = *asked;
    let ledger = Ledger::of(place.repo, place.memory);
    let component = plugin.digest.to_string();
    let runs = last_runs(&ledger, &ledger.book()?, &task.name, &component, asked.runs_max)?;
    let Some(newest) = runs.first() else { return Err(SuggestError::NoRuns { task: task.name.clone(), component }) };
    if newest.record.model.is_some() || newest.record.repairs.is_some() {
        return Err(SuggestError::Asked { run: newest.run.clone() });
    }
    let base = Oid::from_str(&newest.record.base).map_err(RepoError::from)?;
    let place = &Place { base, ..*place };
    let instruction = newest.record.instruction.as_deref();
    let trial = Trial { place, asked, instruction, machine, events };
    let now = trial.made(task)?;
    let recorded = newest.record.candidate.as_ref().map(|candidate| candidate.tree.clone());
    if newest.record.grant == task.grant_digest.to_string() && now.tree() != recorded {
        return Err(SuggestError::NotAgain { run: newest.run.clone() });
    }
    let mut reached = Reached::default();
    runs.iter().for_each(|run| reached.add(run.reached.clone()));
    let pinned = place.repo.pin_with(base, place.memory)?;
    let (narrow, kept) = narrowed(&reached, &task.granted, &plugin.manifest, &pinned);
    let present = ReachText::of(&task.granted);
    let (suggested, text, then, widened) = trial.narrowest(&narrow, &present, &now)?;
    let mut reasons = reasons(&present, &suggested, &reached, &runs);
    reasons.extend(kept);
    reasons.extend(widened);
    let other_findings = then.is_some_and(|then| then.examined.findings != now.examined.findings);
    let runs = runs.into_iter().map(|run| run.run).collect();
    Ok(Suggestion { runs, present, suggested, reasons, reached, base, tree: now.tree(), other_findings, text })
}

/// A base over which grants are tried.
struct Trial<'t> {
    place: &'t Place<'t>,
    asked: &'t Subject<'t>,
    instruction: Option<&'t str>,
    machine: &'t Machine,
    events: &'t Events<'t>,
}

impl Trial<'_> {
    fn made(&self, task: &Task) -> Result<Made, RunError> {
        let job = Job::new(task, self.asked.plugin, self.instruction);
        Made::of(self.place, &job, self.machine, self.events, |_| true)
    }

    /// The narrowest of some grants under which the same tree comes out: the one
    /// that is asked for, then with one capability after the other as it is now.
    fn narrowest(
        &self,
        narrow: &ReachText,
        present: &ReachText,
        now: &Made,
    ) -> Result<(ReachText, String, Option<Made>, Vec<String>), SuggestError> {
        let (mut grant, mut widened) = (narrow.clone(), Vec::new());
        let wider = [Capability::List, Capability::History, Capability::Read, Capability::Edit].map(Some);
        for capability in [None].into_iter().chain(wider) {
            if let Some(capability) = capability {
                let wider = grant.with(capability, present);
                if wider == grant {
                    continue;
                }
                widened.push(format!("{capability} stays as it is: with less, the run comes to another tree"));
                grant = wider;
            }
            if grant == *present {
                break;
            }
            let text = patch::granting(self.asked.text, &self.asked.task.name, present, &grant)?;
            let config = Config::parse(&text)?;
            let then = config.tasks.get(&self.asked.task.name).and_then(|task| self.made(task).ok());
            if let Some(then) = then.filter(|then| then.tree == now.tree) {
                return Ok((grant, text, Some(then), widened));
            }
        }
        Ok((present.clone(), self.asked.text.to_owned(), None, widened))
    }
}

/// What changes, and why.
fn reasons(present: &ReachText, suggested: &ReachText, reached: &Reached, runs: &[Recorded]) -> Vec<String> {
    let runs = if runs.len() == 1 { "the last run".to_owned() } else { format!("the last {} runs", runs.len()) };
    let mut reasons = Vec::new();
    for capability in Capability::WITH_GLOBS {
        let (old, new) = (present.patterns(capability), suggested.patterns(capability));
        let pattern = |count: usize| if count == 1 { "1 pattern".to_owned() } else { format!("{count} patterns") };
        let paths: u64 = reached.by(capability).values().sum();
        match (old == new, new.is_empty(), paths) {
            (true, ..) => {}
            (_, true, 0) => reasons.push(format!("{capability}: not used in {runs}")),
            (_, true, _) => reasons.push(format!("{capability}: `read` covers the names that {runs} asked for")),
            _ => reasons.push(format!(
                "{capability}: {} for {paths} paths of {runs}, instead of {}",
                pattern(new.len()),
                pattern(old.len())
            )),
        }
    }
    if present.history && !suggested.history {
        reasons.push(format!("history: not used in {runs}"));
    }
    reasons
}
