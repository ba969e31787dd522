//! Errors of tapes, and of grants suggested from runs, in words. The reason of a
//! tape is a stable word of its own.

use lifeos::run::suggest::SuggestError;
use lifeos::tape::TapeError;
use lifeos::tape::held::Divergence;

use super::super::exit::Exit;
use super::CommandError;

impl From<TapeError> for CommandError {
    fn from(error: TapeError) -> Self {
        let (exit, hint) = match &error {
            TapeError::Unreadable { .. } => (Exit::Usage, "`lifeos run TASK --record TAPE` makes one"),
            TapeError::Tampered { .. } | TapeError::Truncated => (Exit::Usage, "nothing was run; record it again"),
            TapeError::Other { what: "base", .. } => {
                (Exit::Usage, "`git fetch` the commit, or go into the repository that has it")
            }
            TapeError::Other { what: "component", .. } => {
                (Exit::Usage, "with the component of then it can be; `lifeos plugin diff --replay` compares two of them")
            }
            TapeError::Other { .. } => (Exit::Usage, "with the configuration of then it can be: --config FILE"),
            TapeError::TooLarge => (Exit::Limit, "run without --record, or over fewer documents"),
        };
        Self::new(exit, format!("{}: {error}", error.reason())).because(error.reason()).hint(hint)
    }
}

impl From<Divergence> for CommandError {
    fn from(divergence: Divergence) -> Self {
        let reason = divergence.kind.reason();
        Self::new(Exit::Plugin, format!("{reason}: the run is not that of the tape: {divergence}"))
            .because(reason)
            .hint("the same component over the same commit did something else: tell its author, with the tape")
    }
}

impl From<SuggestError> for CommandError {
    fn from(error: SuggestError) -> Self {
        let message = error.to_string();
        match error {
            SuggestError::NoRuns { task, .. } => {
                Self::usage(message).hint(format!("run it first: lifeos run {task}; a few runs over different commits tell more"))
            }
            SuggestError::Asked { .. } => Self::usage(message)
                .hint("answers of a model differ; narrow the grant by hand, with `lifeos plugin audit` and the record"),
            SuggestError::NotAgain { .. } => {
                Self::usage(message).hint("a task that follows an instruction cannot be tried; narrow its grant by hand")
            }
            SuggestError::Patch(_) | SuggestError::Config(_) => {
                Self::usage(message).hint("write the task as a table of its own: [task.NAME]")
            }
            SuggestError::Ledger(error) => error.into(),
            SuggestError::Run(error) => error.into(),
            SuggestError::Repo(error) => error.into(),
        }
    }
}
