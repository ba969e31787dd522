//! Where a model answers: parsed once, from what the owner wrote. A key is bound to
//! [`Endpoint::host`] by the operator.

use std::net::IpAddr;

use url::{Host, Url};

use crate::http::base::{Base, BaseError};
use crate::http::resolver::{Scope, is_public};

/// The beginning of an endpoint's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: Base,
    is_private: bool,
}

/// Why text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No URL, or more than a scheme, a host, a port and a path.
    #[error("the model's endpoint is not taken: {reason}; write it like https://api.openai.com/v1")]
    Url {
        /// What is wrong.
        reason: &'static str,
    },
    /// What is asked, and the key, would cross the network readable.
    #[error("the model's endpoint must begin with https://; http:// is for this machine alone")]
    NotHttps,
    /// It is inside of a network, and the owner did not say so.
    #[error("the model's endpoint {host} is an address of this machine or of a private network")]
    Private {
        /// Its host.
        host: String,
    },
}

impl Endpoint {
    /// Takes the beginning of an endpoint's addresses; `is_private` says that it may
    /// be this machine, or one of a private network.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str, is_private: bool) -> Result<Self, EndpointError> {
        let base = Base::parse(text).map_err(|error| match error {
            BaseError::Url(reason) => EndpointError::Url { reason },
            BaseError::NotHttps => EndpointError::NotHttps,
        })?;
        let is_inside = match base.place() {
            Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
            // A name is held against the same rule when it is looked up.
            Some(Host::Domain(_)) | None => base.is_loopback(),
        };
        if is_inside && !is_private {
            return Err(EndpointError::Private { host: base.host().to_owned() });
        }
        Ok(Self { base, is_private })
    }

    /// The host that answers, with its port if that is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host()
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.base.is_loopback()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.base.is_plain()
    }

    /// The addresses that its name may have.
    pub(super) fn scope(&self) -> Scope {
        match self.is_private {
            false => Scope::Public,
            // It is localhost, which some systems let be anything.
            true if self.is_plain() => Scope::Machine,
            true => Scope::Any,
        }
    }

    pub(super) fn below(&self, segments: &[&str]) -> Url {
        self.base.below(segments.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_135_an_endpoint_inside_of_a_network_wants_the_owner_s_word() {
        for inside in [
            "http://127.0.0.1:11434/v1",
            "http://localhost:8080",
            "https://localhost/v1",
            "http://[::1]:1/v1",
            "https://10.0.0.5/v1",
            "https://192.168.1.2:8000/v1",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/v1",
            "https://[fd00::1]/v1",
            "https://0x7f.1/v1",
            "https://2130706433/v1",
        ] {
            assert!(matches!(Endpoint::parse(inside, false), Err(EndpointError::Private { .. })), "{inside}");
            assert!(Endpoint::parse(inside, true).is_ok(), "{inside}");
        }
        for plain in ["http://api.openai.com/v1", "http://10.0.0.5:8000/v1", "http://192.168.1.2", "http://[::ffff:7f00:1]"] {
            assert_eq!(Endpoint::parse(plain, true), Err(EndpointError::NotHttps), "{plain}");
        }
        for wrong in ["https://user:key@host/v1", "https://host/v1?key=x", "https://host#x", "https://", "https://h ost"] {
            assert!(matches!(Endpoint::parse(wrong, true), Err(EndpointError::Url { .. })), "{wrong}");
        }
    }

    #[test]
    fn addresses_begin_where_the_endpoint_does() {
        let endpoint = Endpoint::parse("https://API.example.org:443/v1/", false).expect("an endpoint");
        assert_eq!(endpoint.below(&["chat", "completions"]).as_str(), "https://api.example.org/v1/chat/completions");
        assert_eq!((endpoint.host(), endpoint.scope()), ("api.example.org", Scope::Public));
        let local = Endpoint::parse("http://localhost:11434/v1", true).expect("an endpoint");
        assert_eq!((local.host(), local.scope(), local.is_plain()), ("localhost:11434", Scope::Machine, true));
        assert_eq!(Endpoint::parse("https://gpu.lan/v1", true).expect("an endpoint").scope(), Scope::Any);
    }
}
