//! Components from elsewhere: an address of the web or a reference of a
//! registry in, bytes out. What the bytes are is not looked at here, beyond
//! their digest where one is known; nothing is kept.

mod http;
mod oci;

use std::time::Duration;

use crate::digest::Digest;
use crate::plugin::COMPONENT_BYTES_MAX;
use crate::plugin::origin::{Reference, Web, host, is_loopback};
use crate::token::Token;
use http::{Ask, Key, Transport};

/// The token for a host, if the owner has one for it; or why its file is not taken.
pub type Tokens<'t> = dyn Fn(&str) -> Result<Option<Token>, String> + 't;

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For everything together.
    pub whole: Duration,
    /// For the next byte.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { whole: Duration::from_secs(300), silence: Duration::from_secs(30) }
    }
}

/// Whoever brings components.
pub struct Fetcher<'t> {
    tokens: &'t Tokens<'t>,
    allows_http: bool,
    timeouts: Timeouts,
}

/// What came from a registry.
#[derive(Debug)]
pub struct Pulled {
    /// The component.
    pub bytes: Vec<u8>,
    /// The reference, with the digest of its manifest.
    pub reference: Reference,
}

/// Why nothing was brought. Never says a token, nor more of an address than its host.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no way to ask at all.
    #[error("requests cannot be made on this machine: {0}")]
    Setup(String),
    /// http without leave.
    #[error("{0} would be asked over http, which nobody allowed")]
    Plain(String),
    /// The owner's token for the host is none.
    #[error("the token for {host}: {reason}")]
    Token {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What it failed of.
        reason: String,
    },
    /// Too slow.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// Half an answer.
    #[error("the connection broke before the answer of {host} was whole: {reason}")]
    Cut {
        /// The host.
        host: String,
        /// What broke.
        reason: String,
    },
    /// 401 or 403.
    #[error("{host} does not let {} in", if *with_token { "this token" } else { "anybody without a token" })]
    Unauthorized {
        /// The host.
        host: String,
        /// Whether a token was shown.
        with_token: bool,
    },
    /// 404.
    #[error("{host} has no such {what}, or does not show it")]
    NotFound {
        /// The host.
        host: String,
        /// What was asked for.
        what: &'static str,
    },
    /// Any other status.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Elsewhere, which is not followed.
    #[error("{host} points elsewhere, which is not followed: {reason}")]
    Redirect {
        /// The host.
        host: String,
        /// Why not.
        reason: String,
    },
    /// More than is read.
    #[error("the answer of {host} has more than {bytes_max} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// How much is read.
        bytes_max: usize,
    },
    /// A registry's answer that is not what the specification says.
    #[error("what {host} has there is not taken: {reason}")]
    Malformed {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Other bytes than were asked for.
    #[error("{host} gave other bytes than were asked for: {wanted} was wanted, {found} came")]
    Digest {
        /// The host.
        host: String,
        /// What was asked for.
        wanted: Digest,
        /// What came.
        found: Digest,
    },
}

impl<'t> Fetcher<'t> {
    /// One that asks over https, and over http on this machine if it may.
    #[must_use]
    pub fn new(tokens: &'t Tokens<'t>, allows_http: bool, timeouts: Timeouts) -> Self {
        Self { tokens, allows_http, timeouts }
    }

    /// Brings what is at an address.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn web(&self, web: &Web, wanted: Option<Digest>) -> Result<Vec<u8>, FetchError> {
        let (url, host) = (web.url().clone(), host(web.url()));
        let transport = self.transport(&host, url.scheme() == "http")?;
        let token = self.token(&host)?;
        let key = token.as_ref().and_then(Token::header).map_or(Key::None, Key::Header);
        let ask = Ask { url, accept: "application/wasm, */*", key, bytes_max: COMPONENT_BYTES_MAX, hops_max: 3, what: "file" };
        let bytes = transport.ask(&ask)?.body(&host, token.is_some())?;
        held(&host, bytes, wanted)
    }

    /// Brings the one component of a registry's artifact.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn registry(&self, reference: &Reference) -> Result<Pulled, FetchError> {
        let is_here = reference.below("manifests", "x", true).is_some_and(|url| is_loopback(&url));
        let transport = self.transport(&reference.host, is_here && self.allows_http)?;
        oci::pull(&transport, reference, self.tokens, is_here && self.allows_http)
    }

    fn token(&self, host: &str) -> Result<Option<Token>, FetchError> {
        (self.tokens)(host).map_err(|reason| FetchError::Token { host: host.to_owned(), reason })
    }

    fn transport(&self, host: &str, is_plain: bool) -> Result<Transport, FetchError> {
        if is_plain && !self.allows_http {
            return Err(FetchError::Plain(host.to_owned()));
        }
        Transport::new(is_plain, self.timeouts)
    }
}

/// Bytes, if they are the ones that were asked for.
fn held(host: &str, bytes: Vec<u8>, wanted: Option<Digest>) -> Result<Vec<u8>, FetchError> {
    match wanted.map(|wanted| (wanted, Digest::of(&bytes))) {
        Some((wanted, found)) if wanted != found => Err(FetchError::Digest { host: host.to_owned(), wanted, found }),
        _ => Ok(bytes),
    }
}
