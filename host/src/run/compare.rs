//! What another version of a component would do, told from a tape of the one
//! that is in use: both run over the commit of the tape under its grant. Nothing
//! is written, and no component is pinned for it.

use std::collections::{BTreeMap, BTreeSet};

use super::error::RunError;
use super::made::Made;
use super::place::Place;
use super::tape::{is_of, is_on_record, job_of, parted};
use crate::check::{Checked, CheckedEdit};
use crate::config::Task;
use crate::diff::Diff;
use crate::edit::Finding;
use crate::event::Events;
use crate::examine::{ExamineError, Machine, Proposal};
use crate::plugin::Plugin;
use crate::repo::{Repo, RepoError};
use crate::tape::Tape;
use crate::tape::held::{self, Divergence};
use crate::trace::{self, Used};

/// Files whose difference is shown as a diff; of others the paths are told.
const DIFFS_MAX: usize = 200;

/// What two versions of a component did, beside each other.
#[derive(Debug)]
pub struct Compared {
    /// Where the new one parts from the tape first.
    pub divergence: Option<Divergence>,
    /// Calls by capability, of the old one and of the new one.
    pub used: BTreeMap<String, [Used; 2]>,
    /// Findings that only the old one has, and only the new one.
    pub findings: [Vec<Finding>; 2],
    /// Files that they leave in different states.
    pub edits: Vec<Difference>,
    /// Edits of the new one that were refused.
    pub refused: u64,
    /// Why the new one did not come to an end.
    pub failed: Option<ExamineError>,
}

/// A file that two versions leave in different states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub path: String,
    /// Who changes it: `old`, `new` or `both`.
    pub by: &'static str,
    /// From what the old one leaves to what the new one leaves, as a unified
    /// diff; none where there are too many.
    pub diff: Option<String>,
}

impl Compared {
    /// Whether the new one did and proposed the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let is_quiet = self.findings.iter().all(Vec::is_empty) && self.edits.is_empty();
        self.failed.is_none() && self.divergence.is_none() && is_quiet
    }
}

/// Plays a tape with the old component, which must come out as recorded, and then
/// with the new one.
///
/// # Errors
/// As [`super::tape::replay`] for the old one; that the new one fails is no error.
pub fn compare(
    place: &Place<'_>,
    tape: &Tape,
    task: &Task,
    [old, new]: [&Plugin; 2],
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Compared, RunError> {
    is_of(&tape.header, task, old)?;
    is_on_record(place, tape)?;
    let made = |plugin| Made::of(place, &job_of(tape, task, plugin), machine, events, |_| true);
    let before = made(old)?;
    parted(&before, tape, place.repo)?;
    let used = |trace| trace::used(trace).into_iter();
    let mut all = BTreeMap::<String, [Used; 2]>::new();
    used(&before.examined.trace).for_each(|(capability, used)| all.entry(capability).or_default()[0] = used);
    let after = match made(new) {
        Ok(after) => after,
        Err(RunError::Examine(ExamineError::Repo(error))) => return Err(error.into()),
        Err(RunError::Examine(error)) => {
            let (findings, edits) = ([Vec::new(), Vec::new()], Vec::new());
            return Ok(Compared { divergence: None, used: all, findings, edits, refused: 0, failed: Some(error) });
        }
        Err(error) => return Err(error),
    };
    used(&after.examined.trace).for_each(|(capability, used)| all.entry(capability).or_default()[1] = used);
    Ok(Compared {
        divergence: held::parted(&tape.calls, &after.examined.trace),
        used: all,
        edits: differences(before.checked(), after.checked(), place.repo)?,
        refused: refused(&after),
        findings: alone(before.examined.findings, after.examined.findings),
        failed: None,
    })
}

fn refused(made: &Made) -> u64 {
    let whole = match &made.examined.proposal {
        Proposal::Refused(whole) => whole.len(),
        Proposal::Checked(_) | Proposal::Nothing => 0,
    };
    (made.examined.refused.len() + whole) as u64
}

/// The findings that one side has more of, by rule, path and message.
fn alone(old: Vec<Finding>, new: Vec<Finding>) -> [Vec<Finding>; 2] {
    type Key = (String, Option<String>, String);
    let key = |finding: &Finding| -> Key {
        let path = finding.path.as_ref().map(ToString::to_string);
        (finding.rule.clone(), path, finding.message.clone())
    };
    let counted = |findings: &[Finding]| {
        let mut counts = BTreeMap::<Key, usize>::new();
        findings.iter().for_each(|finding| *counts.entry(key(finding)).or_default() += 1);
        counts
    };
    let without = |findings: Vec<Finding>, mut others: BTreeMap<Key, usize>| {
        let is_alone = |finding: &Finding| match others.get_mut(&key(finding)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        findings.into_iter().filter(is_alone).collect()
    };
    let counts = [counted(&old), counted(&new)];
    let [of_old, of_new] = counts;
    [without(old, of_new), without(new, of_old)]
}

/// The files that two proposals leave in different states.
fn differences(old: Option<&Checked>, new: Option<&Checked>, repo: &Repo) -> Result<Vec<Difference>, RepoError> {
    let by_path = |checked: Option<&'_ Checked>| -> BTreeMap<String, CheckedEdit> {
        let edits = checked.map_or(&[][..], Checked::edits);
        edits.iter().map(|edit| (edit.path().to_string(), edit.clone())).collect()
    };
    let (old, new) = (by_path(old), by_path(new));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let texts = |edits: &BTreeMap<String, CheckedEdit>| edits.get(path).map(|edit| edit.texts(repo)).transpose();
        let (by, left, leaves) = match (texts(&old)?, texts(&new)?) {
            (Some(old), Some(new)) => ("both", old.new, new.new),
            (Some(old), None) => ("old", old.new, old.old),
            (None, Some(new)) => ("new", new.old, new.new),
            (None, None) => continue,
        };
        if left != leaves {
            let shown = || Diff::new(left.as_deref(), leaves.as_deref()).unified(&crate::clean::line(path));
            let diff = (found.len() < DIFFS_MAX).then(shown);
            found.push(Difference { path: path.clone(), by, diff });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Severity;

    #[test]
    fn findings_are_compared_one_for_one() {
        let finding = |rule: &str| Finding {
            path: None,
            position: None,
            rule: rule.to_owned(),
            severity: Severity::Note,
            message: "m".to_owned(),
            help: None,
            repaired: false,
        };
        let [old, new] = alone(["a", "a", "b"].map(finding).to_vec(), ["a", "c", "b"].map(finding).to_vec());
        let rules = |findings: &[Finding]| findings.iter().map(|finding| finding.rule.clone()).collect::<Vec<_>>();
        assert_eq!((rules(&old), rules(&new)), (vec!["a".to_owned()], vec!["c".to_owned()]));
    }
}
