//! A model that somebody runs behind an endpoint: what is the same in every language,
//! from the parts of a request to the assembly of an answer. A language says what
//! differs; how a request fails is `transport`'s.

use std::marker::PhantomData;
use std::time::Instant;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Provider;
use super::answer::{Answer, Ending};
use super::endpoint::Endpoint;
use super::error::{Failure, ModelError};
use super::request::{self, Request, Role};
use super::transport::{Transport, malformed};
use crate::budget::Tokens;
use crate::token::Token;

/// Tokens that a provider puts around each message.
const ADDED_PER_MESSAGE: u64 = 16;

/// Tokens that an attempt takes at most beyond what it was allowed: no model reads or
/// writes more. A claim of more would end the month of every task.
const BEYOND_MAX: u64 = 1_000_000;

/// One endpoint, one model, one key.
pub struct Hosted<L> {
    transport: Transport,
    model: String,
    language: PhantomData<fn() -> L>,
}

/// What one language says otherwise than another.
pub trait Language {
    /// Where requests go, below the endpoint.
    const PATH: &'static [&'static str];

    /// A request as it is sent.
    type Sent<'r>: Serialize;

    /// What comes; what else is in it does not matter.
    type Came: DeserializeOwned;

    /// A request for `model`, as `host` wants it.
    fn sent<'r>(model: &'r str, host: &str, request: &'r Request) -> Self::Sent<'r>;

    /// The headers of its own, with the key if there is one.
    fn headers(key: Option<&Token>) -> HeaderMap;

    /// Tokens that are not in the body, besides those around each message.
    fn added(request: &Request) -> u64;

    /// Reads an answer.
    ///
    /// # Errors
    /// How it is not of the language.
    fn read(came: Self::Came) -> Result<Answer, &'static str>;
}

/// A message as it is sent.
#[derive(Serialize)]
pub(super) struct Message<'r> {
    role: Role,
    content: &'r str,
}

/// Messages as they are sent.
pub(super) fn messages(messages: &[request::Message]) -> Vec<Message<'_>> {
    messages.iter().map(|message| Message { role: message.role, content: &message.text }).collect()
}

/// A temperature as it is sent, from hundredths.
pub(super) fn temperature(hundredths: u16) -> f64 {
    f64::from(hundredths) / 100.0
}

/// Why an answer ends, by the reasons that a language `knows`.
pub(super) fn ending(reason: Option<&str>, knows: impl FnOnce(&str) -> Option<Ending>) -> Result<Ending, &'static str> {
    let reason = reason.ok_or("it does not say why it ends")?;
    knows(reason).ok_or("it ends for a reason that nobody asked for")
}

/// None unless it is told of both: half of it is no bound.
pub(super) fn tokens(input: Option<u64>, output: Option<u64>) -> Option<Tokens> {
    Some(Tokens { input: input?, output: output? })
}

/// What a request allows an answer, under the name of either language.
#[derive(Deserialize)]
struct Allowed {
    #[serde(alias = "max_completion_tokens")]
    max_tokens: u64,
}

/// What an answer to a request took, of what its provider claims: all that can be true.
fn believed(claimed: Tokens, body: &[u8]) -> Tokens {
    if claimed.input.max(claimed.output) <= BEYOND_MAX {
        return claimed;
    }
    let allowed = serde_json::from_slice(body).map_or(0, |allowed: Allowed| allowed.max_tokens);
    let most = |allowed: u64| allowed.saturating_add(BEYOND_MAX);
    let believed = Tokens { input: claimed.input.min(most(body.len() as u64)), output: claimed.output.min(most(allowed)) };
    if believed != claimed {
        let (Tokens { input, output }, booked) = (claimed, believed.all());
        tracing::warn!(input, output, booked, "the provider says that an answer took more tokens than any can");
    }
    believed
}

impl<L: Language> Hosted<L> {
    /// Speaks to `endpoint`; without a key if it wants none.
    ///
    /// # Errors
    /// [`ModelError::Setup`].
    pub fn new(endpoint: Endpoint, model: &str, key: Option<Token>) -> Result<Self, ModelError> {
        Ok(Self { transport: Transport::new(endpoint, key)?, model: model.to_owned(), language: PhantomData })
    }

    pub(super) fn read(&self, bytes: &[u8]) -> Result<Answer, Failure> {
        let came = serde_json::from_slice(bytes).map_err(|error| self.transport.unread(&error))?;
        let answer = L::read(came).map_err(malformed)?;
        // A text is of tokens, and so is a request: who says otherwise has not counted.
        let is_counted = |tokens: &Tokens| tokens.input > 0 && (tokens.output > 0 || answer.text.is_empty());
        let tokens = answer.tokens.filter(is_counted);
        let name = |name: Option<String>| name.and_then(|name| self.transport.name(&name));
        Ok(Answer { tokens, model: name(answer.model), id: name(answer.id), ..answer })
    }
}

impl<L: Language> Provider for Hosted<L> {
    fn model(&self) -> &str {
        &self.model
    }

    fn body(&self, request: &Request) -> Vec<u8> {
        // Its keys are text, so this cannot fail.
        serde_json::to_vec(&L::sent(&self.model, self.transport.endpoint().host(), request)).unwrap_or_default()
    }

    fn added(&self, request: &Request) -> u64 {
        L::added(request) + ADDED_PER_MESSAGE * request.messages.len() as u64
    }

    fn send(&self, body: &[u8], until: Instant) -> Result<Answer, Failure> {
        let came = self.transport.post(L::PATH, L::headers(self.transport.key()), body, until)?;
        let answer = self.read(&came.bytes)?;
        let tokens = answer.tokens.map(|claimed| believed(claimed, body));
        Ok(Answer { id: came.id.or(answer.id), tokens, ..answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_138_a_claim_is_believed_as_far_as_it_can_be_true() {
        let body = |key: &str, most: u64| format!("{{\"{key}\":{most},\"messages\":[]}}").into_bytes();
        let tokens = |input, output| Tokens { input, output };
        for key in ["max_tokens", "max_completion_tokens"] {
            let sent = body(key, 50);
            for claimed in [tokens(0, 0), tokens(900_000, 1_000_000), tokens(1_000_000, 1_000_050)] {
                assert_eq!(believed(claimed, &sent), claimed, "more than was allowed, and it can be");
            }
            let most = tokens(1_000_000 + sent.len() as u64, 1_000_050);
            for claimed in [tokens(u64::MAX, u64::MAX), tokens(1 << 40, 1 << 40)] {
                assert_eq!(believed(claimed, &sent), most);
            }
            let allowed = u64::from(u32::MAX);
            assert_eq!(believed(tokens(1, allowed), &body(key, allowed)), tokens(1, allowed), "never less than was reserved");
        }
    }
}
