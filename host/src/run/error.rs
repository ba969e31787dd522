//! Why a run, or a verdict on one, failed.

use super::record::problems_of;
use crate::approve::ApproveError;
use crate::budget::BudgetError;
use crate::candidate::RevertError;
use crate::check::problem::Refused;
use crate::digest::Digest;
use crate::examine::ExamineError;
use crate::gate::GateError;
use crate::land::LandError;
use crate::ledger::LedgerError;
use crate::ledger::record::Run;
use crate::lock::LockError;
use crate::repo::RepoError;
use crate::tape::TapeError;
use crate::tape::held::Divergence;
use crate::waiting::WaitingError;

/// Why a run, or a verdict on one, failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plugin could not be run.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The proposal as a whole was refused.
    #[error("the proposal was refused as a whole: {}", problems_of(.0).join("; "))]
    Refused(Vec<Refused>),
    /// Only a pinned component may write.
    #[error("task {task} runs a component that is not pinned")]
    NotPinned {
        /// The task.
        task: String,
        /// Digest of the component.
        digest: Digest,
    },
    /// What a task grants a plugin of lifeos.lock is not what was looked at.
    #[error(
        "{} plugin {plugin}",
        if *changed { format!("the grant of task {task} is not the one that was reviewed with") } else { format!("the grant of task {task} was not reviewed with") }
    )]
    NotReviewed {
        /// The task.
        task: String,
        /// The plugin, as the lock names it.
        plugin: String,
        /// Whether another grant of it was.
        changed: bool,
    },
    /// The gate could not be run.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The gate spoke against the base.
    #[error("the gate is red on the base, so nothing was started: {fault}")]
    RedBase {
        /// Why.
        fault: String,
        /// The end of what the command printed.
        output: String,
    },
    /// The base holds to a command of the goal already.
    #[error(
        "the base meets the goal already: `{command}` passes over it, so a candidate would prove nothing by it, and nothing was started"
    )]
    GoalMet {
        /// The first such command.
        command: String,
    },
    /// The gate spoke against the candidate.
    #[error("run {} did not pass the gate{}: {}", .0.run, after(.0.rounds), .0.fault)]
    Red(Box<RedRun>),
    /// The task is granted no model.
    #[error("task {task} is granted no model")]
    NoModel {
        /// The task.
        task: String,
    },
    /// What is spent cannot be kept account of.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// The candidate is stale or cannot be kept.
    #[error(transparent)]
    Waiting(#[from] WaitingError),
    /// It was not approved.
    #[error(transparent)]
    Approve(#[from] ApproveError),
    /// It did not land.
    #[error("{error}")]
    Land {
        /// Why.
        #[source]
        error: LandError,
        /// The run that is approved and waits for it.
        run: String,
    },
    /// It cannot be taken back.
    #[error("run {run} is not rolled back: {error}")]
    Revert {
        /// The run.
        run: String,
        /// Why.
        #[source]
        error: RevertError,
    },
    /// A file that is not part of the candidate.
    #[error("run {run} does not change {path}")]
    NoSuchFile {
        /// The run.
        run: String,
        /// The file, cleaned.
        path: String,
    },
    /// Half a rollback would be neither the one nor the other.
    #[error("run {run} takes a run back, and is approved as a whole or not at all")]
    PartOfRollback {
        /// The run.
        run: String,
    },
    /// The whole of it is there already.
    #[error("run {run} is a part of run {whole}, which landed")]
    WholeLanded {
        /// The run.
        run: String,
        /// The run that it is a part of.
        whole: String,
    },
    /// There is too little to promote a task on.
    #[error("task {task}: {accepted} of its runs were accepted in a row; {needed} are needed to promote it")]
    TooFew {
        /// The task.
        task: String,
        /// How many were.
        accepted: u64,
        /// How many must be.
        needed: u64,
    },
    /// The task is as high, or as low, as it gets.
    #[error("task {task} is at `{level}` already, {bound}")]
    NoLevel {
        /// The task.
        task: String,
        /// Its level.
        level: &'static str,
        /// Why it goes no further.
        bound: String,
    },
    /// The tape is none, or of something else.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The tape cannot be kept.
    #[error("the tape cannot be written: {0}")]
    TapeFile(#[source] std::io::Error),
    /// The run is not that of the tape.
    #[error("the run is not that of the tape: {0}")]
    Parted(Box<Divergence>),
    /// The record cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Somebody else is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The run is in no state for that verdict.
    #[error("run {run} is {state}, not {wanted}")]
    WrongState {
        /// The run.
        run: String,
        /// Where it stands.
        state: String,
        /// Where it would have to stand.
        wanted: &'static str,
    },
}

/// A run whose candidate the gate spoke against.
#[derive(Debug)]
pub struct RedRun {
    /// Its id.
    pub run: String,
    /// Why.
    pub fault: String,
    /// The end of what the commands printed.
    pub output: String,
    /// As recorded.
    pub record: Run,
    /// Rounds of repair that came before, if it had all that it is granted.
    pub rounds: u32,
}

fn after(rounds: u32) -> String {
    match rounds {
        0 => String::new(),
        1 => " after 1 round of repair (rounds = 1)".to_owned(),
        rounds => format!(" after {rounds} rounds of repair (rounds = {rounds})"),
    }
}
