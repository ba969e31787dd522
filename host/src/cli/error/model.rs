//! What came between a task and its model, in words, with a hint and an exit code.

use lifeos::budget::BudgetError;
use lifeos::budget::Window;
use lifeos::model::error::ModelError;

use super::super::exit::Exit;
use super::CommandError;

/// The class of a call that came to nothing.
pub(crate) fn class(error: &ModelError) -> Exit {
    match error {
        ModelError::Private { .. } => Exit::Denied,
        ModelError::Slow | ModelError::TooLarge(_) => Exit::Limit,
        ModelError::Over(_) | ModelError::Overrun => Exit::Budget,
        ModelError::Budget(error) => budget_class(error),
        ModelError::NotOnTape { .. } | ModelError::NoRule { .. } => Exit::Usage,
        ModelError::Invalid(_) => Exit::Plugin,
        _ => Exit::Remote,
    }
}

/// What to do about it.
pub(crate) fn hint(error: &ModelError) -> String {
    match error {
        ModelError::Private { .. } => "if it is your own, allow it in lifeos.toml: [model] private = true".to_owned(),
        ModelError::Over(over) => {
            let or = if matches!(over.window, Window::Call | Window::Run) { "" } else { ", or wait" };
            format!("raise {} in lifeos.toml{or}; `lifeos budget` tells what was spent", over.key)
        }
        ModelError::Overrun => {
            "what it took is on record and counts; compare `lifeos budget` with the provider's bill".to_owned()
        }
        ModelError::Budget(error) => budget_hint(error).to_owned(),
        ModelError::NoRule { .. } => "add a [[rule]] for it to the script; its form is in docs/models.md".to_owned(),
        ModelError::NotOnTape { .. } => "a replay asks nobody; record the run anew with --record FILE".to_owned(),
        ModelError::Unauthorized(_) => "name another key with --token HOST=SOURCE; see docs/models.md".to_owned(),
        ModelError::Exhausted(_) => "the provider's account, not lifeos's budget, is used up".to_owned(),
        ModelError::OtherModel { .. } => "name that model in [model], or set pin = false".to_owned(),
        ModelError::Redirect { .. } => "write the address where it answers into [model] endpoint".to_owned(),
        ModelError::Invalid(_) => "a model's answers differ; run it again, or ask another model".to_owned(),
        _ => "`lifeos doctor --model` makes one small call and tells how it went; try again later".to_owned(),
    }
}

fn budget_class(error: &BudgetError) -> Exit {
    match error {
        BudgetError::Journal(_) | BudgetError::Damaged(_) => Exit::Io,
        BudgetError::Newer(_) => Exit::Usage,
    }
}

fn budget_hint(error: &BudgetError) -> &'static str {
    match error {
        BudgetError::Journal(_) => "nothing is sent that cannot be written down: free the disk, or make git's folder writable",
        BudgetError::Damaged(_) => {
            "what a stopped run spent stands in it: look at it and at the provider's bill, then move it away; docs/budget.md tells how"
        }
        BudgetError::Newer(_) => "use the lifeos that wrote it, or a newer one",
    }
}

impl From<BudgetError> for CommandError {
    fn from(error: BudgetError) -> Self {
        Self::new(budget_class(&error), &error).hint(budget_hint(&error))
    }
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> Self {
        Self::new(class(&error), &error).hint(hint(&error))
    }
}
