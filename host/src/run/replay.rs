//! A recorded run made again from its base, component and grant: whether it
//! comes to the tree that the record tells of. Nothing is written.

use super::error::RunError;
use super::made::Made;
use super::place::{Place, identity};
use crate::config::Task;
use crate::event::Events;
use crate::examine::{Job, Machine};
use crate::ledger::record::Run;
use crate::plugin::Plugin;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The same tree.
    Same,
    /// Another tree, or none.
    Differs {
        /// What the record tells of; none if it tells of no candidate.
        recorded: Option<String>,
        /// What came of it now.
        found: Option<String>,
    },
    /// It cannot be made again: component or configuration are others now.
    Other(&'static str),
}

/// Makes a run again. `place.base` is the commit that it stood on, and the task
/// that of its configuration.
///
/// # Errors
/// [`RunError`] when the plugin fails now.
pub fn replay(
    place: &Place<'_>,
    record: &Run,
    task: &Task,
    plugin: &Plugin,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Replayed, RunError> {
    let recorded = record.candidate.as_ref().map(|candidate| candidate.tree.clone());
    if record.reverts.is_some() {
        return Ok(Replayed::Other("it takes another run back, and no component made it"));
    }
    if identity(task, plugin).plugin != record.plugin {
        return Ok(Replayed::Other("the component is another one now"));
    }
    if record.model.is_some() || record.repairs.is_some() {
        return Ok(Replayed::Other("it asked a model, or repaired another run; only its tape can be played"));
    }
    if task.grant_digest.to_string() != record.grant {
        return Ok(Replayed::Other("the task's configuration is another one"));
    }
    // Of a part, what the component makes of its files.
    let is_in = |path: &str| record.part_of.is_none() || record.edits.iter().any(|edit| edit.path == path);
    let job = Job::new(task, plugin, record.instruction.as_deref());
    let made = Made::of(place, &job, machine, events, |edit| is_in(edit.path().as_str()))?;
    let found = made.tree();
    Ok(if found == recorded { Replayed::Same } else { Replayed::Differs { recorded, found } })
}
