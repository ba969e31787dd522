//! The rounds of one run: how often the plugin may propose again after the gate
//! failed, and what it is told of the round before. Each round is a run on record.

use git2::Oid;

use super::error::{RedRun, RunError};
use super::way::Way;
use crate::budget::purse::Past;
use crate::check::CheckedEdit;
use crate::clean;
use crate::event::{Event, Events};
use crate::examine::{Examined, Proposal};
use crate::gate::Verdict;
use crate::ledger::record::AllRounds;
use crate::plugin::Plugin;
use crate::redact::Redactor;
use crate::repo::{Repo, RepoError};
use crate::round::{Proposed, Round};

/// Bytes of a gate's output that a plugin is told: the last ones.
const OUTPUT_BYTES_MAX: usize = 16 << 10;
/// Bytes of a fault.
const FAULT_BYTES_MAX: usize = 1_000;

/// Where a run is in its rounds.
pub(super) struct Rounds {
    /// What was spent before the round that comes.
    pub(super) past: Past,
    /// What all rounds asked up to now.
    pub(super) asked: Option<AllRounds>,
    most: u32,
    number: u32,
    before: Option<Red>,
    /// Trees that were proposed up to now.
    tried: Vec<Oid>,
    green: Option<Verdict>,
}

/// A round whose candidate the gate spoke against.
pub(super) struct Red {
    run: Box<RedRun>,
    edits: Vec<Proposed>,
}

impl Rounds {
    /// The first round of a plugin, which may have others only if it can ask what
    /// became of this one.
    pub(super) fn begin(way: &Way<'_>, plugin: &Plugin) -> Self {
        let is_declared = plugin.manifest.capabilities.rounds.is_some();
        let most = if is_declared { way.task.rounds } else { 0 };
        Self { past: way.past(), asked: None, most, number: 0, before: None, tried: Vec::new(), green: None }
    }

    /// The next round, in which the plugin is told of this one.
    ///
    /// # Errors
    /// [`RunError::Red`] when no round is left.
    pub(super) fn next(&mut self, red: Red, events: &Events<'_>) -> Result<(), RunError> {
        if self.number >= self.most {
            return Err(RunError::Red(Box::new(RedRun { rounds: self.most, ..*red.run })));
        }
        self.number += 1;
        events.emit(&Event::Repairing { round: self.number, most: self.most });
        self.before = Some(red);
        Ok(())
    }

    /// Whether no round before proposed this tree. If one did, the gate has spoken
    /// against it, and a run cannot repair itself.
    pub(super) fn is_new(&mut self, tree: Oid) -> bool {
        let is_new = !self.tried.contains(&tree);
        self.tried.extend(is_new.then_some(tree));
        is_new
    }

    /// The round before, when this one proposes nothing new: it stays red.
    pub(super) fn given_up(&mut self) -> Option<Box<RedRun>> {
        self.before.take().map(|red| red.run)
    }

    /// The run that the round is to repair.
    pub(super) fn repairs(&self) -> Option<String> {
        self.before.as_ref().map(|red| red.run.run.clone())
    }

    /// What the plugin is told, without what `redactor` finds in it.
    pub(super) fn before(&self, redactor: &Redactor) -> Option<Round> {
        let Red { run, edits } = self.before.as_ref()?;
        let bounded = |text: &str, bytes: usize| {
            let text = redactor.redact(text).text;
            clean::block(&text[text.ceil_char_boundary(text.len().saturating_sub(bytes))..]).into_owned()
        };
        let (fault, output) = (bounded(&run.fault, FAULT_BYTES_MAX), bounded(&run.output, OUTPUT_BYTES_MAX));
        Some(Round { number: self.number, left: self.most - self.number, fault, output, edits: edits.clone() })
    }

    /// The gate's verdict on the base, which is asked for once.
    pub(super) fn green(&mut self, judge: impl FnOnce() -> Result<Verdict, RunError>) -> Result<Verdict, RunError> {
        if let Some(green) = &self.green {
            return Ok(green.clone());
        }
        Ok(self.green.insert(judge()?).clone())
    }
}

impl Red {
    /// What the next round stands on.
    pub(super) fn of(run: Box<RedRun>, examined: &Examined, repo: &Repo) -> Result<Self, RepoError> {
        let checked = match &examined.proposal {
            Proposal::Checked(checked) => checked.edits(),
            Proposal::Nothing | Proposal::Refused(_) => &[],
        };
        let proposed = |edit: &CheckedEdit| Ok(Proposed { path: edit.path().to_string(), text: edit.texts(repo)?.new });
        Ok(Self { run, edits: checked.iter().map(proposed).collect::<Result<_, RepoError>>()? })
    }
}
