//! Everything that asking takes, of one configuration: who is asked, what it costs,
//! how long is waited, and what must never be sent. Who may ask how much is of a task.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::Provider;
use super::door::{Clock, Door, Terms};
use crate::budget::price::Price;
use crate::budget::purse::Purse;
use crate::redact::Redactor;

/// What is asked, and on which terms.
#[derive(Clone)]
pub struct Supply {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// What that costs.
    pub price: Price,
    /// How long is waited; the tokens of an answer are bounded by the task's grant as well.
    pub terms: Terms,
    /// Keys: they are taken out of whatever is sent, or comes.
    pub known: Vec<Zeroizing<String>>,
}

impl Supply {
    /// The door of one run, for answers of at most so many tokens.
    #[must_use]
    pub fn door(&self, output_tokens_max: u32, purse: Purse, clock: Clock) -> Door {
        let terms = Terms { output_tokens_max: output_tokens_max.min(self.terms.output_tokens_max), ..self.terms };
        Door::new(Arc::clone(&self.provider), purse, Redactor::new(self.known.clone()), terms, clock)
    }
}
