//! A model in words of our own: what it is asked, what it answers, and what can
//! go wrong on the way. Each provider speaks one language; `door` stands between
//! a plugin and all of them.

pub mod answer;
pub mod anthropic;
pub mod door;
pub mod endpoint;
pub mod error;
mod error_body;
mod hosted;
pub mod openai;
pub mod request;
pub mod schema;
pub mod scripted;
pub mod supply;
mod transport;
mod written;

use std::time::Instant;

use crate::budget::Tokens;
use answer::Answer;
use error::Failure;
use request::Request;

/// Somebody who answers requests. A provider knows one endpoint, one model and one
/// key; it makes one attempt, and neither counts money nor tries again.
pub trait Provider: Send + Sync {
    /// The model that is asked, as the owner wrote it.
    fn model(&self) -> &str;

    /// The request as it is sent. Its length in bytes bounds the input tokens from above.
    fn body(&self, request: &Request) -> Vec<u8>;

    /// Tokens that are not in the body and that the provider reads all the same: its marks
    /// around messages, its instructions for tools.
    fn added(&self, _request: &Request) -> u64 {
        0
    }

    /// Sends a body and waits for the whole answer, until `until` at the latest.
    ///
    /// # Errors
    /// [`Failure`], which says whether the request may have been carried out.
    fn send(&self, body: &[u8], until: Instant) -> Result<Answer, Failure>;
}

/// The most that a request can cost: a token has at least one byte.
#[must_use]
pub fn worst(provider: &dyn Provider, body: &[u8], request: &Request) -> Tokens {
    let input = (body.len() as u64).saturating_add(provider.added(request));
    Tokens { input, output: u64::from(request.output_tokens_max) }
}
