//! Where a component comes from, as `lifeos.lock` and whoever adds it write it.
//! Nothing is read or fetched here.

use std::fmt;

use url::{Host, Url};

use crate::clean;
use crate::digest::Digest;

/// Bytes of a source as it is written.
pub const SOURCE_BYTES_MAX: usize = 1024;
/// Bytes of a tag, as the specification of registries has it.
const TAG_BYTES_MAX: usize = 128;
/// Bytes of a repository's name, as the specification of registries has it.
const NAME_BYTES_MAX: usize = 255;

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file: relative to the repository, or anywhere on this machine.
    File(String),
    /// An address of the web.
    Web(Web),
    /// A registry of the OCI kind.
    Registry(Reference),
}

/// An address of the web: https, or http to this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web(Url);

/// A component in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The registry, with its port if that is not the usual one.
    pub host: String,
    /// The repository there.
    pub name: String,
    /// What people call it.
    pub tag: Option<String>,
    /// Digest of its manifest.
    pub digest: Option<Digest>,
}

/// Why text is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Too long, or with characters that no source has.
    #[error("a source is one line of at most {SOURCE_BYTES_MAX} bytes")]
    Text,
    /// Neither a path, nor an address that is asked.
    #[error("`{0}` is not taken: a source is a path, https://..., or oci://HOST/NAME:TAG")]
    Scheme(String),
    /// The bytes would cross the network unprotected.
    #[error("the source must begin with https://; http:// is for this machine alone")]
    NotHttps,
    /// An address with something that does not belong into a file of the repository.
    #[error("the address is not taken: {0}")]
    Address(&'static str),
    /// Not what the specification calls a reference.
    #[error("oci:// is followed by HOST/NAME:TAG or HOST/NAME@sha256:DIGEST; {0}")]
    Reference(&'static str),
}

impl Origin {
    /// Reads a source as it is written.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.is_empty()
            || text.len() > SOURCE_BYTES_MAX
            || text.chars().any(|char| char.is_control() || clean::is_hidden(char))
        {
            return Err(OriginError::Text);
        }
        match text.split_once("://") {
            Some(("https" | "http", _)) => web(text).map(Self::Web),
            Some(("oci", rest)) => Reference::parse(rest).map(Self::Registry),
            Some((scheme, _)) => Err(OriginError::Scheme(clean::line(scheme).into_owned())),
            None => Ok(Self::File(plain(text))),
        }
    }

    /// Whether the bytes are kept apart from the repository.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    /// Whether it is a file that does not lie in the repository.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::File(path) if path.starts_with('/') || path.split('/').any(|part| part == ".."))
    }

    /// The same place, to look at what is there now.
    #[must_use]
    pub fn again(&self) -> Self {
        match self {
            Self::Registry(Reference { host, name, tag: Some(tag), .. }) => {
                Self::Registry(Reference { host: host.clone(), name: name.clone(), tag: Some(tag.clone()), digest: None })
            }
            other => other.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => out.write_str(path),
            Self::Web(Web(url)) => out.write_str(url.as_str()),
            Self::Registry(Reference { host, name, tag, digest }) => {
                write!(out, "oci://{host}/{name}")?;
                tag.iter().try_for_each(|tag| write!(out, ":{tag}"))?;
                digest.iter().try_for_each(|digest| write!(out, "@{digest}"))
            }
        }
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Web {
    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl Reference {
    fn parse(text: &str) -> Result<Self, OriginError> {
        let wrong = |reason| Err(OriginError::Reference(reason));
        let Some((host, rest)) = text.split_once('/') else { return wrong("there is no NAME") };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest).ok_or(OriginError::Reference("the digest is none"))?)),
            None => (rest, None),
        };
        let (name, tag) = rest.split_once(':').map_or((rest, None), |(name, tag)| (name, Some(tag.to_owned())));
        if !is_host(host) {
            return wrong("the HOST is none");
        }
        if name.len() > NAME_BYTES_MAX || !name.split('/').all(is_component) {
            return wrong("a NAME has small letters, digits, and single . _ - between them, in parts that / separates");
        }
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return wrong("a TAG has at most 128 letters, digits, _ . -");
        }
        if tag.is_none() && digest.is_none() {
            return wrong("there is neither a TAG nor a digest");
        }
        Ok(Self { host: host.to_owned(), name: name.to_owned(), tag, digest })
    }

    /// An address below the repository's; http if `is_plain`.
    #[must_use]
    pub fn below(&self, kind: &str, what: &str, is_plain: bool) -> Option<Url> {
        let scheme = if is_plain { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{}/v2/{}/{kind}/{what}", self.host, self.name)).ok()
    }
}

/// Whether an address leads to this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The host of an address, with its port if that is not the usual one: what a token is bound to.
#[must_use]
pub fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn web(text: &str) -> Result<Web, OriginError> {
    let refused = |reason| Err(OriginError::Address(reason));
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return refused("it has a space, a backslash or a character beyond ASCII");
    }
    let Ok(url) = Url::parse(text) else { return refused("it is no URL") };
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return refused("a user or a password would be written down; name a token with --token HOST=SOURCE");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("a query would be written down, and often is a password; `#sha256:DIGEST` alone may follow");
    }
    if url.scheme() != "https" && !is_loopback(&url) {
        return Err(OriginError::NotHttps);
    }
    Ok(Web(url))
}

/// A path without `.` and doubled slashes, so that one file is written in one way.
fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("{}{}", if path.starts_with('/') { "/" } else { "" }, parts.join("/"))
}

fn is_host(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    let parsed = Url::parse(&format!("https://{text}/"));
    text.bytes().all(known) && parsed.is_ok_and(|url| host(&url) == text)
}

fn is_component(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let known = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(byte);
    let odd = ["..", "._", "_.", "-.", ".-", "-_", "_-", "___"];
    ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(known) && !odd.iter().any(|odd| text.contains(odd))
}

fn is_tag(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=TAG_BYTES_MAX).contains(&text.len()) && text.bytes().all(known) && !text.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_in_one_way() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let registry = format!("oci://ghcr.io/me/my-task:1.0@{digest}");
        for (text, expected) in [
            ("./plugins//x.wasm", "plugins/x.wasm"),
            ("../x.wasm", "../x.wasm"),
            ("/a/./x.wasm", "/a/x.wasm"),
            ("https://example.org/x.wasm", "https://example.org/x.wasm"),
            ("http://127.0.0.1:3000/x.wasm", "http://127.0.0.1:3000/x.wasm"),
            ("oci://ghcr.io/me/my-task:1.0", "oci://ghcr.io/me/my-task:1.0"),
            (registry.as_str(), registry.as_str()),
            ("oci://[::1]:5000/x:latest", "oci://[::1]:5000/x:latest"),
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()), Ok(expected.to_owned()), "{text}");
        }
        let again = Origin::parse(&registry).expect("a source").again();
        assert_eq!(again.to_string(), "oci://ghcr.io/me/my-task:1.0");
        assert!(Origin::parse("a/../../x.wasm").is_ok_and(|origin| origin.is_outside()));
    }

    #[test]
    fn what_leads_astray_is_no_source() {
        for text in [
            "",
            "a\nb.wasm",
            "a\u{202e}.wasm",
            "ftp://example.org/x.wasm",
            "file:///etc/passwd",
            "http://example.org/x.wasm",
            "http://10.0.0.1/x.wasm",
            "https://user:secret@example.org/x.wasm",
            "https://example.org/x.wasm?token=secret",
            "https://example.org/x.wasm#other",
            "https://example.org\\x",
            "oci://ghcr.io",
            "oci://ghcr.io/x",
            "oci://ghcr.io/../x:1",
            "oci://ghcr.io/a/../x:1",
            "oci://ghcr.io/a..b:1",
            "oci://ghcr.io/A:1",
            "oci://ghcr.io//x:1",
            "oci://ghcr.io/x:..",
            "oci://ghcr.io/x:1@sha256:12",
            "oci://user@ghcr.io/x:1",
            "oci://ghcr.io:99999/x:1",
            "oci://ghcr.io:443/x:1",
            "oci://gh cr.io/x:1",
            "oci://ghcr.io/x:1?y",
            "oci:///x:1",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        assert!(Origin::parse(&format!("{}.wasm", "x".repeat(SOURCE_BYTES_MAX))).is_err());
    }
}
