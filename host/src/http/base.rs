//! Where requests begin: scheme, host, port and the beginning of a path, parsed once
//! from what an owner wrote. Whose address it is, is not known here.

use url::{Host, Url};

/// The beginning of all addresses of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    url: Url,
    host: String,
    is_loopback: bool,
}

/// Why text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BaseError {
    /// No URL, or more than a scheme, a host, a port and a path: what is wrong.
    Url(&'static str),
    /// Whatever is sent would cross the network readable.
    NotHttps,
}

/// Bytes of an address.
const URL_BYTES_MAX: usize = 1024;

impl Base {
    /// Takes `https://HOST[:PORT][/PATH]`; `http://` for this machine alone.
    pub(crate) fn parse(text: &str) -> Result<Self, BaseError> {
        let url = url(text)?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(BaseError::Url("it has no host")),
        };
        if url.scheme() != "https" && !is_loopback {
            return Err(BaseError::NotHttps);
        }
        let name = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self { url, host, is_loopback })
    }

    /// The host that answers, with its port if that is not the usual one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Its host as a URL knows it: a name or an address.
    pub(crate) fn place(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether requests are readable on their way, which never leaves this machine.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_loopback && self.url.scheme() == "http"
    }

    /// The address of something below it. Segments are encoded; none may be `.` or
    /// `..`, which an address does not keep.
    pub(crate) fn below<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

fn url(text: &str) -> Result<Url, BaseError> {
    let refused = |reason| Err(BaseError::Url(reason));
    if text.len() > URL_BYTES_MAX || !text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'\\') {
        return refused("it is long, or has a space, a backslash or a character beyond ASCII");
    }
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(BaseError::NotHttps);
    }
    let Ok(url) = Url::parse(text) else { return refused("it is no URL") };
    if text.contains('@') {
        return refused("a user or a password does not belong in it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("it has a query or a fragment");
    }
    Ok(url)
}
