//! What is granted and was not used, over the last runs of a task with one
//! component: one run says too little.

use git2::Oid;

use super::{FILE, Reached, Use};
use crate::ledger::book::Book;
use crate::ledger::record::Run;
use crate::ledger::{Ledger, LedgerError};
pub use crate::policy::Unused;
use crate::policy::{Capability, Reach};

/// Runs that are looked at, unless somebody wants more or fewer.
pub const RUNS_MAX: usize = 10;
/// Runs that it takes before a grant is called unused.
pub const RUNS_MIN: usize = 3;
/// Records that are opened to find them.
const RECORDS_MAX: usize = 500;

/// A recorded run, and what it reached.
pub struct Recorded {
    /// Its id.
    pub run: String,
    /// Its record.
    pub record: Run,
    /// What it reached.
    pub reached: Reached,
}

/// The last runs of a task that a component made, newest first, as far as they
/// say what they reached.
///
/// # Errors
/// [`LedgerError`] when a record cannot be read.
pub fn last_runs(
    ledger: &Ledger<'_>,
    book: &Book,
    task: &str,
    component: &str,
    runs_max: usize,
) -> Result<Vec<Recorded>, LedgerError> {
    let mut found = Vec::new();
    let stories = book.newest_first().into_iter().filter(|story| story.task == task && story.reverts.is_none());
    for story in stories.take(RECORDS_MAX) {
        if found.len() >= runs_max {
            break;
        }
        let Some((entry, record)) = ledger.run_of(story)? else { continue };
        if record.plugin.digest != component || record.part_of.is_some() {
            continue;
        }
        if let Some(reached) = read(ledger, entry)? {
            found.push(Recorded { run: story.run.clone(), record, reached });
        }
    }
    Ok(found)
}

fn read(ledger: &Ledger<'_>, entry: Oid) -> Result<Option<Reached>, LedgerError> {
    let bytes = ledger.file(entry, FILE)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// What a task grants and its last runs did not use; none if there are too few
/// runs to tell, or nothing to tell.
///
/// # Errors
/// As [`last_runs`].
pub fn unused(
    ledger: &Ledger<'_>,
    book: &Book,
    task: &str,
    granted: &Reach,
    component: &str,
) -> Result<Option<Unused>, LedgerError> {
    let runs = last_runs(ledger, book, task, component, RUNS_MAX)?;
    Ok(Some(of(&runs, granted))
        .filter(|unused| unused.runs >= RUNS_MIN && !(unused.capabilities.is_empty() && unused.patterns.is_empty())))
}

fn of(runs: &[Recorded], granted: &Reach) -> Unused {
    let (mut capabilities, mut patterns) = (Vec::new(), Vec::new());
    for capability in Capability::WITH_GLOBS {
        let Some(globs) = granted.globs(capability) else { continue };
        let came: Vec<Option<Use>> = globs.patterns().iter().map(|pattern| came(runs, capability, pattern)).collect();
        if !came.is_empty() && came.iter().all(|came| came.is_some_and(|came| came < Use::Reached)) {
            capabilities.push(capability);
            continue;
        }
        // A pattern for files that are not there costs nothing, and is wanted when they come.
        let idle = globs.patterns().iter().zip(came).filter(|(_, came)| *came == Some(Use::Idle));
        let idle: Vec<String> = idle.map(|(pattern, _)| pattern.clone()).collect();
        if !idle.is_empty() {
            patterns.push((capability, idle));
        }
    }
    for capability in [Capability::History, Capability::Model] {
        if granted.has(capability) && came(runs, capability, "**") == Some(Use::Idle) {
            capabilities.push(capability);
        }
    }
    Unused { runs: runs.len(), capabilities, patterns }
}

/// What came of a pattern in the runs that were granted it; none if they are too
/// few to tell.
fn came(runs: &[Recorded], capability: Capability, pattern: &str) -> Option<Use> {
    let told: Vec<Use> =
        runs.iter().filter_map(|run| run.reached.granted.get(capability.word())?.get(pattern).copied()).collect();
    told.iter().max().copied().filter(|_| told.len() >= RUNS_MIN)
}
