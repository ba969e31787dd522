//! What stands in an entry of the ledger, as JSON with a schema version. Words
//! only: how entries are kept and read is in `ledger`.

mod asked_text;
mod form;
mod gate_text;
mod reach_text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::autonomy::Autonomy;
use crate::budget::spent::Days;
use crate::digest::Digest;
use crate::name::is_name;
use crate::trace::Used;
pub use asked_text::{AllRounds, AskedText};
use form::{RUN_DIGITS, is_hex};
pub use gate_text::{CommandText, GateText};
pub use reach_text::ReachText;

/// The version of what is written; a reader refuses a newer one.
pub const SCHEMA: u32 = 1;

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run it is about.
    pub run: String,
    /// The task of that run.
    pub task: String,
    /// When, seconds since 1970-01-01T00:00Z.
    pub at: i64,
    /// The entry before it; set when it is appended.
    #[serde(default)]
    pub previous: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// A task ran.
    Run(Box<Run>),
    /// Somebody, or the owner's rule, approved the candidate.
    Approval {
        /// What was approved.
        digest: Digest,
        /// By whom.
        by: String,
        /// How many different people it takes.
        #[serde(default = "one")]
        of: u32,
    },
    /// Somebody said no.
    Rejection {
        /// In one sentence.
        why: String,
        /// Who.
        by: String,
    },
    /// The candidate was pushed to a branch of the remote repository, and a pull
    /// request tells of it if there is a forge.
    Opening {
        /// The branch's full name there.
        branch: String,
        /// The candidate.
        new: String,
        /// The pull request.
        pull_request: Option<PullRequest>,
    },
    /// A branch moved to the candidate.
    Landing {
        /// Its full name.
        branch: String,
        /// Where it was.
        old: Option<String>,
        /// Where it is.
        new: String,
        /// The remote repository whose branch it is; none for one of this.
        #[serde(default)]
        remote: Option<String>,
        /// Whether people merged its pull request, and the branch holds the change
        /// in other commits than the candidate.
        #[serde(default)]
        by_people: bool,
        /// The commit that the branch was at and does not hold any more: a
        /// candidate of the task that nobody took over.
        #[serde(default)]
        drops: Option<String>,
    },
    /// The task goes no further than this by itself, whatever the configuration
    /// allows; `run` is the one that led to it, if one did.
    Level {
        /// How far.
        autonomy: Autonomy,
        /// In one sentence.
        why: String,
        /// Who.
        by: String,
    },
    /// What was spent without a run on record: by one that was stopped, or by a
    /// verb that makes none.
    Spend {
        /// By day of UTC.
        spent: Days,
        /// For what, in a word or a short sentence.
        why: String,
        /// The journal that it stood in.
        journal: String,
    },
    /// It was said that much of a month's bound is spent.
    Alert {
        /// `2026-11`.
        month: String,
        /// The share that the owner wants to hear of, in percent.
        percent: u64,
        /// The key of the bound.
        bound: String,
    },
    /// Two ledgers became one; the entry has both as parents.
    Join {
        /// The newest entry of the second one.
        other: String,
    },
}

fn one() -> u32 {
    1
}

/// A pull request as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Where people see it.
    pub url: String,
}

/// What a run did.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Run {
    /// The commit it stood on.
    pub base: String,
    /// What it was told to do, if it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence, when there is more to say.
    pub reason: Option<String>,
    /// The candidate, if there is one.
    pub candidate: Option<Candidate>,
    /// The component.
    pub plugin: PluginId,
    /// Digest of the task's table in the configuration.
    pub grant: String,
    /// Imported: interfaces the component can call.
    pub imported: Vec<String>,
    /// Declared and granted reach.
    pub declared: ReachText,
    /// What the owner granted.
    pub granted: ReachText,
    /// Used: host calls by capability.
    pub used: BTreeMap<String, Used>,
    /// Documents handed to the plugin.
    pub documents: u64,
    /// Documents in reach that could not be handed over, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Findings by rule.
    pub findings: BTreeMap<String, u64>,
    /// Edits of the candidate.
    pub edits: Vec<EditText>,
    /// Edits that were refused, and why.
    pub refused: Vec<RefusedText>,
    /// What the gate said of the candidate, if the task has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateText>,
    /// The landed run that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<Reverts>,
    /// The run whose candidate this is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// The seal of the tape that it was recorded on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tape: Option<String>,
    /// What it asked of a model, if it asked anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<AskedText>,
    /// The run whose candidate the gate refused and that this one is to repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repairs: Option<String>,
}

/// What a rollback takes back, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reverts {
    /// The run.
    pub run: String,
    /// How far the task went by itself. Once the rollback is approved it is one
    /// level below.
    pub autonomy: Autonomy,
}

/// A candidate as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Candidate {
    /// Its tree.
    pub tree: String,
    /// The commit that holds it.
    pub commit: String,
    /// Digest over task, base, tree, component and grant: what is approved.
    pub digest: String,
}

/// A component as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PluginId {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest of its bytes.
    pub digest: String,
}

/// An edit as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EditText {
    /// The file.
    pub path: String,
    /// `changed`, `created` or `deleted`.
    pub action: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// A refused edit as recorded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RefusedText {
    /// The path as the plugin wrote it, cleaned; empty for the whole proposal.
    pub path: String,
    /// Why, in words.
    pub problems: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is a candidate.
    Candidate,
    /// There was nothing to do.
    Nothing,
    /// There is a candidate, and the gate spoke against it.
    Red,
    /// It did not get that far; the reason says why.
    Failed,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A candidate waits for approval.
    Waiting,
    /// Approved; nothing has moved (autonomy `propose`), or not yet.
    Approved,
    /// Rejected.
    Rejected,
    /// Pushed to the remote repository; it waits for checks or people there.
    Open,
    /// It was open, and a newer candidate of its task took its place there.
    Superseded,
    /// A branch moved to the candidate.
    Landed,
    /// It landed and was taken back.
    RolledBack,
    /// There was nothing to do.
    Nothing,
    /// The gate spoke against the candidate.
    Red,
    /// It failed.
    Failed,
}

impl Record {
    /// Whether what it names is of the form that the host gives such names; it
    /// may have come from another clone.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        let of_nothing = matches!(self.body, Body::Level { .. } | Body::Spend { .. } | Body::Alert { .. } | Body::Join { .. });
        if !(is_hex(&self.run, RUN_DIGITS) || of_nothing && self.run.is_empty()) {
            return Err("it names no run");
        }
        if !(is_name(&self.task) || matches!(self.body, Body::Join { .. }) && self.task.is_empty()) {
            return Err("it names no task");
        }
        if self.body.is_good() { Ok(()) } else { Err("something in it is not of the form that lifeos writes") }
    }

    /// The first line of its commit.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.body {
            Body::Join { .. } => "two ledgers became one".to_owned(),
            Body::Level { autonomy, .. } => format!("{}: level {}", self.task, autonomy.word()),
            Body::Spend { .. } | Body::Alert { .. } => format!("{}: {}", self.task, self.body.noun()),
            body => format!("{}: {} of run {}", self.task, body.noun(), self.run),
        }
    }
}

impl State {
    /// The word for it, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Open => "open",
            Self::Superseded => "superseded",
            Self::Landed => "landed",
            Self::RolledBack => "rolled-back",
            Self::Nothing => "nothing",
            Self::Red => "red",
            Self::Failed => "failed",
        }
    }
}

impl Body {
    /// What to call it.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Run(_) => "result",
            Self::Approval { .. } => "approval",
            Self::Rejection { .. } => "rejection",
            Self::Opening { .. } => "opening",
            Self::Landing { .. } => "landing",
            Self::Level { .. } => "level",
            Self::Spend { .. } => "spending",
            Self::Alert { .. } => "alert",
            Self::Join { .. } => "join",
        }
    }
}
