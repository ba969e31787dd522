//! The door to the web for components: one request and where it leads, within
//! bounds. A key goes to the host that it is for, and to none after it.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{FetchError, Timeouts};
use crate::clean;
use crate::http::answer::{Unread, whole};
use crate::http::runtime::Runtime;
use crate::http::{client, innermost};
use crate::plugin::origin::{host, is_loopback};
use crate::token::Token;

/// Bytes of what a connection failed of.
const REASON_BYTES_MAX: usize = 300;
/// Bytes of a header that is read.
const HEADER_BYTES_MAX: usize = 4096;

/// The way out; one deadline for all that is asked.
pub(super) struct Transport {
    client: Client,
    is_plain: bool,
    deadline: Instant,
    /// How long nothing may come.
    silence: Duration,
    runtime: Runtime,
}

/// What is asked for.
pub(super) struct Ask<'a> {
    pub(super) url: Url,
    pub(super) accept: &'static str,
    /// For the first host alone.
    pub(super) key: Key<'a>,
    pub(super) bytes_max: usize,
    /// How often it may lead elsewhere.
    pub(super) hops_max: u32,
    /// What it is, for an answer that there is none.
    pub(super) what: &'static str,
}

/// What is shown to a host.
pub(super) enum Key<'a> {
    /// Nothing.
    None,
    /// A header, which nothing logs.
    Header(HeaderValue),
    /// A user and a password.
    Pair(&'a Token),
}

/// What came.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The media type, without parameters.
    pub(super) kind: String,
    /// How it wants to be asked, with 401.
    pub(super) challenge: String,
    bytes: Vec<u8>,
    what: &'static str,
}

impl Answer {
    /// What it carries, if it means yes.
    pub(super) fn body(self, host: &str, with_token: bool) -> Result<Vec<u8>, FetchError> {
        let host = host.to_owned();
        match self.status {
            200 => Ok(self.bytes),
            401 | 403 => Err(FetchError::Unauthorized { host, with_token }),
            404 => Err(FetchError::NotFound { host, what: self.what }),
            status => Err(FetchError::Status { host, status }),
        }
    }
}

impl Transport {
    pub(super) fn new(is_plain: bool, timeouts: Timeouts) -> Result<Self, FetchError> {
        let setup = |error: &dyn std::error::Error| FetchError::Setup(innermost(error, REASON_BYTES_MAX));
        let client = client(is_plain).read_timeout(timeouts.silence).build().map_err(|error| setup(&error))?;
        let runtime = Runtime::new().map_err(|error| setup(&error))?;
        Ok(Self { client, is_plain, deadline: Instant::now() + timeouts.whole, silence: timeouts.silence, runtime })
    }

    /// Asks, and follows to where it leads.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let answer = self.runtime.run(async {
            let late = |_| FetchError::TimedOut { host: host(&ask.url) };
            timeout_at(self.deadline, self.follow(ask)).await.map_err(late)?
        });
        answer.map_err(FetchError::Setup)?
    }

    async fn follow(&self, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let mut url = ask.url.clone();
        for hop in 0..=ask.hops_max {
            let at = host(&url);
            let response = self.send(&url, ask, hop == 0).await.map_err(|error| broken(&error, &at))?;
            let status = response.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return self.read(response, ask, &at).await;
            }
            url = self.next(&url, response.headers())?;
        }
        let reason = if ask.hops_max == 0 {
            "what is asked for is there or nowhere".to_owned()
        } else {
            format!("more than {} times", ask.hops_max)
        };
        Err(FetchError::Redirect { host: host(&ask.url), reason })
    }

    async fn send(&self, url: &Url, ask: &Ask<'_>, is_first: bool) -> Result<Response, reqwest::Error> {
        let builder = self.client.get(url.clone()).header(ACCEPT, ask.accept);
        let builder = match &ask.key {
            Key::Header(value) if is_first => builder.header(AUTHORIZATION, value.clone()),
            Key::Pair(token) if is_first => {
                let (user, password) = token.pair();
                builder.basic_auth(user, Some(password))
            }
            _ => builder,
        };
        builder.send().await
    }

    /// Where an answer leads to, if that may be followed.
    fn next(&self, from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
        let refused = |reason: &str| FetchError::Redirect { host: host(from), reason: reason.to_owned() };
        let to = text(headers, LOCATION.as_str());
        let to = from.join(to).ok().filter(|_| !to.is_empty()).ok_or_else(|| refused("it does not say where to"))?;
        let is_plain = self.is_plain && from.scheme() == "http" && to.scheme() == "http" && is_loopback(&to);
        if to.scheme() != "https" && !is_plain {
            return Err(refused("not to https"));
        }
        if !to.username().is_empty() || to.password().is_some() {
            return Err(refused("to an address with a password"));
        }
        Ok(to)
    }

    async fn read(&self, mut response: Response, ask: &Ask<'_>, at: &str) -> Result<Answer, FetchError> {
        let status = response.status().as_u16();
        let kind = text(response.headers(), CONTENT_TYPE.as_str());
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let kind = clean::line(clean::cut(&kind, 100)).into_owned();
        let challenge = text(response.headers(), WWW_AUTHENTICATE.as_str()).to_owned();
        let mut answer = Answer { status, kind, challenge, bytes: Vec::new(), what: ask.what };
        if status != 200 {
            return Ok(answer);
        }
        answer.bytes = whole(&mut response, ask.bytes_max, self.silence).await.map_err(|unread| match unread {
            Unread::TooLarge => FetchError::TooLarge { host: at.to_owned(), bytes_max: ask.bytes_max },
            Unread::Silent => FetchError::TimedOut { host: at.to_owned() },
            Unread::Broken(error) => broken(&error, at),
        })?;
        Ok(answer)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if value.len() > HEADER_BYTES_MAX { "" } else { value }
}

fn broken(error: &reqwest::Error, host: &str) -> FetchError {
    let (host, reason) = (host.to_owned(), innermost(error, REASON_BYTES_MAX));
    if error.is_timeout() {
        FetchError::TimedOut { host }
    } else if error.is_connect() || error.is_builder() {
        FetchError::Unreachable { host, reason }
    } else {
        FetchError::Cut { host, reason }
    }
}
