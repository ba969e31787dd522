//! One call to a forge: its requests, how often each is tried, and what an
//! answer's status means. What is asked for is not decided here.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout_at};

use super::address::Address;
use super::answer::Refusal;
use super::error::{ForgeError, RequestLine};
use crate::http::answer::{self, Unread};
use crate::http::patience::{Attempts, Patience};
use crate::http::runtime::Runtime;
use crate::token::Token;
use crate::{clean, http};

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Bytes that are read of a refusal.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

/// Bytes of what a forge says that are kept.
const MESSAGE_BYTES_MAX: usize = 500;

const MEDIA_TYPE: &str = "application/vnd.github+json";
const API_VERSION: &str = "2022-11-28";

/// The way to one forge.
pub(super) struct Transport {
    address: Address,
    token: Token,
    patience: Patience,
    client: Client,
    runtime: Runtime,
}

/// What is asked for, below the repository.
pub(super) struct Request<'a> {
    pub(super) verb: Verb,
    pub(super) segments: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    /// What it is about, for an answer that there is no such thing.
    pub(super) what: &'a str,
}

/// What a request does.
pub(super) enum Verb {
    Get,
    Post(serde_json::Value),
    Patch(serde_json::Value),
}

/// One call: all its requests share a deadline.
pub(super) struct Call<'a> {
    transport: &'a Transport,
    deadline: Instant,
}

/// An answer that carries something.
struct Answer {
    bytes: Vec<u8>,
    has_next: bool,
}

/// Why an attempt has no answer, and how long the forge says to wait.
struct Failure {
    error: ForgeError,
    wait: Option<Duration>,
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self { error, wait: None }
    }
}

impl Transport {
    pub(super) fn new(address: Address, token: Token, patience: Patience) -> Result<Self, ForgeError> {
        let client = http::client(address.is_plain()).build();
        let client = client.map_err(|error| ForgeError::Setup { reason: innermost(&error) })?;
        let runtime = Runtime::new().map_err(|error| ForgeError::Setup { reason: error.to_string() })?;
        Ok(Self { address, token, patience, client, runtime })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn call(&self) -> Call<'_> {
        Call { transport: self, deadline: Instant::now() + self.patience.call }
    }
}

impl Call<'_> {
    /// Asks, and reads the answer as `T`; says as well whether there is a page
    /// after it.
    pub(super) fn ask<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<(T, bool), ForgeError> {
        let answer = self.transport.runtime.run(self.attempts(request)).map_err(|reason| ForgeError::Setup { reason })??;
        let malformed = |error: serde_json::Error| ForgeError::Malformed {
            asked: self.asked(request),
            reason: self.transport.words(&error.to_string()),
        };
        Ok((serde_json::from_slice(&answer.bytes).map_err(malformed)?, answer.has_next))
    }

    /// The request, for an error.
    pub(super) fn asked(&self, request: &Request<'_>) -> RequestLine {
        let url = self.transport.address.below(request.segments, request.query);
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        RequestLine { method: request.verb.name(), path: format!("{}{query}", url.path()) }
    }

    async fn attempts(&self, request: &Request<'_>) -> Result<Answer, ForgeError> {
        let mut attempts = Attempts::new(self.transport.patience.first_wait, self.deadline);
        loop {
            let Failure { error, wait } = match self.attempt(request).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let may_repeat = if matches!(request.verb, Verb::Get) { error.is_retryable() } else { error.is_undone() };
            match attempts.pause(wait).filter(|_| may_repeat) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn attempt(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let end = self.deadline.min(Instant::now() + self.transport.patience.attempt);
        match timeout_at(end.into(), self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(ForgeError::TimedOut { asked: self.asked(request) }.into()),
        }
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let broken = |error| broken(error, self.asked(request));
        let response = self.send(request).await.map_err(broken)?;
        match response.status().as_u16() {
            200 | 201 => self.answer(response, request).await.map_err(Failure::from),
            status => Err(self.refusal(status, response, request).await),
        }
    }

    async fn send(&self, request: &Request<'_>) -> Result<Response, reqwest::Error> {
        let url = self.transport.address.below(request.segments, request.query);
        let (method, body) = match &request.verb {
            Verb::Get => (reqwest::Method::GET, None),
            Verb::Post(body) => (reqwest::Method::POST, Some(body)),
            Verb::Patch(body) => (reqwest::Method::PATCH, Some(body)),
        };
        let mut builder = self.transport.client.request(method, url);
        builder = builder.header(ACCEPT, MEDIA_TYPE).header("x-github-api-version", API_VERSION);
        if let Some(token) = self.transport.token.header() {
            builder = builder.header(AUTHORIZATION, token);
        }
        if let Some(body) = body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        builder.send().await
    }

    /// What an answer that means yes carries.
    async fn answer(&self, mut response: Response, request: &Request<'_>) -> Result<Answer, ForgeError> {
        if !answer::is_json(response.headers()) {
            return Err(ForgeError::Malformed { asked: self.asked(request), reason: "it is not JSON".to_owned() });
        }
        let has_next = answer::text(response.headers(), "link").is_some_and(|link| link.contains("rel=\"next\""));
        let whole = answer::whole(&mut response, ANSWER_BYTES_MAX, self.transport.patience.attempt).await;
        let bytes = whole.map_err(|unread| match unread {
            Unread::TooLarge => ForgeError::TooLarge { asked: self.asked(request) },
            Unread::Silent => ForgeError::TimedOut { asked: self.asked(request) },
            Unread::Broken(error) => broken(error, self.asked(request)),
        })?;
        Ok(Answer { bytes, has_next })
    }

    /// What any other answer means.
    async fn refusal(&self, status: u16, mut response: Response, request: &Request<'_>) -> Failure {
        let (asked, wait) = (self.asked(request), wait(response.headers()));
        let headers = response.headers();
        let is_limit = headers.contains_key(RETRY_AFTER) || answer::text(headers, "x-ratelimit-remaining") == Some("0");
        let error = match status {
            429 => ForgeError::RateLimited { asked, retry_after: wait },
            403 if is_limit => ForgeError::RateLimited { asked, retry_after: wait },
            300..=399 => ForgeError::Redirect { asked, status },
            401 => ForgeError::Unauthorized { asked },
            404 => ForgeError::NotFound { asked, what: format!("{} in {}", request.what, self.transport.address.repository()) },
            500..=599 => ForgeError::Server { asked, status },
            _ => {
                let refusal = Refusal::read(&answer::beginning(&mut response, REFUSAL_BYTES_MAX).await);
                let message = self.transport.words(&refusal.message());
                match status {
                    403 => ForgeError::Forbidden { asked, message },
                    409 => ForgeError::Conflict { asked, message },
                    422 if asked.method == "POST" && refusal.is_already_open() => ForgeError::AlreadyOpen { asked },
                    422 => ForgeError::Invalid { asked, message },
                    _ => ForgeError::Status { asked, status, message },
                }
            }
        };
        Failure { error, wait }
    }
}

impl Transport {
    /// What a forge said, short, inert, and without the token.
    fn words(&self, text: &str) -> String {
        let text = self.token.withhold(text);
        let text = clean::line(clean::cut(&text, MESSAGE_BYTES_MAX));
        clean::cut(&text, MESSAGE_BYTES_MAX).to_owned()
    }
}

impl Verb {
    fn name(&self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post(_) => "POST",
            Self::Patch(_) => "PATCH",
        }
    }
}

fn broken(error: reqwest::Error, asked: RequestLine) -> ForgeError {
    let reason = innermost(&error);
    if error.is_connect() || error.is_builder() {
        ForgeError::Unreachable { asked, reason }
    } else if error.is_timeout() {
        ForgeError::TimedOut { asked }
    } else {
        ForgeError::Cut { asked, reason }
    }
}

/// What a request failed of.
fn innermost(error: &reqwest::Error) -> String {
    http::innermost(error, MESSAGE_BYTES_MAX)
}

/// How long a forge says to wait: as any server does, or until its limit begins anew.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| answer::text(headers, name);
    if text(RETRY_AFTER.as_str()).is_some() {
        return answer::retry_after(headers);
    }
    let reset = text("x-ratelimit-reset").filter(|_| text("x-ratelimit-remaining") == Some("0"))?;
    answer::until(headers, reset.parse().ok()?)
}
