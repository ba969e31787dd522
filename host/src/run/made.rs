//! What a task comes to over a base, in memory: its tree, its edits and its
//! findings as digests. A recording, a replay and a comparison begin with it;
//! nothing is written.

use git2::Oid;

use super::error::RunError;
use super::place::Place;
use super::record::json_lines;
use crate::candidate::Candidate;
use crate::check::{Checked, CheckedEdit};
use crate::digest::Digest;
use crate::edit::Finding;
use crate::event::Events;
use crate::examine::{Examined, Job, Machine, Proposal, examine};
use crate::repo::{Repo, RepoError};
use crate::tape::EditOn;

/// What a task came to.
pub(super) struct Made {
    pub(super) examined: Examined,
    /// The tree that would result; none if nothing is to be changed, or nothing may be.
    pub(super) tree: Option<Oid>,
}

impl Made {
    /// Does a job over the base of `place`, and builds the tree of the
    /// edits that `take` takes.
    pub(super) fn of(
        place: &Place<'_>,
        job: &Job<'_>,
        machine: &Machine,
        events: &Events<'_>,
        take: impl Fn(&CheckedEdit) -> bool,
    ) -> Result<Self, RunError> {
        let base = place.repo.pin_with(place.base, place.memory)?;
        let examined = examine(place.repo, base, job, machine, events)?;
        let tree = match &examined.proposal {
            Proposal::Checked(checked) => Some(Candidate::build_of(checked, place.repo, take)?.tree()),
            Proposal::Nothing | Proposal::Refused(_) => None,
        };
        Ok(Self { examined, tree })
    }

    pub(super) fn tree(&self) -> Option<String> {
        self.tree.map(|tree| tree.to_string())
    }

    /// The edits, if they passed as a whole.
    pub(super) fn checked(&self) -> Option<&Checked> {
        match &self.examined.proposal {
            Proposal::Checked(checked) => Some(checked),
            Proposal::Nothing | Proposal::Refused(_) => None,
        }
    }
}

/// Edits as a tape has them.
pub(super) fn edits_on(checked: Option<&Checked>, repo: &Repo) -> Result<Vec<EditOn>, RepoError> {
    let edit = |edit: &CheckedEdit| {
        let new = edit.texts(repo)?.new.map(|text| Digest::of(text.as_bytes()));
        Ok(EditOn { path: edit.path().to_string(), action: edit.change().action.to_owned(), new })
    };
    checked.map_or(&[][..], Checked::edits).iter().map(edit).collect()
}

/// All findings in one digest.
pub(super) fn digest_of(findings: &[Finding]) -> Digest {
    Digest::of(&json_lines(findings))
}
