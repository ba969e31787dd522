//! Where a forge answers, and for which repository: parsed once, from what the
//! owner wrote. A token is bound to [`Address::host`].

use url::Url;

use crate::http::base::{Base, BaseError};

/// The base of a REST API and one repository there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: Base,
    owner: String,
    name: String,
}

/// Why text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No URL, or more than a scheme, a host, a port and a path.
    #[error("the forge's address is not taken: {reason}; write it like https://api.github.com")]
    Url {
        /// What is wrong.
        reason: &'static str,
    },
    /// The token would cross the network readable.
    #[error("the forge's address must begin with https://; http:// is for this machine alone")]
    NotHttps,
    /// Not what GitHub calls a repository.
    #[error("the repository must be written owner/name, with letters, digits, `-`, `_` and, in its name, `.`")]
    Repository,
}

/// Bytes of an owner, and of a name.
const NAME_BYTES_MAX: usize = 100;

impl Address {
    /// Takes `api_url`, like `https://api.github.com` or
    /// `https://git.example.org/api/v3`, and a `repository`, like `owner/name`.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(api_url: &str, repository: &str) -> Result<Self, AddressError> {
        let base = Base::parse(api_url).map_err(|error| match error {
            BaseError::Url(reason) => AddressError::Url { reason },
            BaseError::NotHttps => AddressError::NotHttps,
        })?;
        let (owner, name) = repository.split_once('/').ok_or(AddressError::Repository)?;
        if !is_owner(owner) || !is_name(name) {
            return Err(AddressError::Repository);
        }
        Ok(Self { base, owner: owner.to_owned(), name: name.to_owned() })
    }

    /// The host that answers, with its port if that is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host()
    }

    /// Who owns the repository.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository, as `owner/name`.
    #[must_use]
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Whether requests are readable on their way, which never leaves this
    /// machine.
    pub(super) fn is_plain(&self) -> bool {
        self.base.is_plain()
    }

    /// The address of something below the repository. Segments and pairs are
    /// encoded; no segment may be `.` or `..`, which an address does not keep.
    pub(super) fn below(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let repository = ["repos", &self.owner, &self.name];
        let mut url = self.base.below(repository.into_iter().chain(segments.iter().copied()));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn is_owner(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(known) && !text.starts_with('-')
}

fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(known) && text != "." && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(api_url: &str) -> Result<String, AddressError> {
        Address::parse(api_url, "o/r").map(|address| address.host().to_owned())
    }

    #[test]
    fn a_forge_address_is_https_or_this_machine() {
        for (url, expected) in [
            ("https://api.github.com", "api.github.com"),
            ("https://API.github.com:443/", "api.github.com"),
            ("https://git.example.org:8443/api/v3/", "git.example.org:8443"),
            ("http://127.0.0.1:3000", "127.0.0.1:3000"),
            ("http://127.9.9.9", "127.9.9.9"),
            ("http://[::1]:80/x", "[::1]"),
            ("http://localhost:1", "localhost:1"),
        ] {
            assert_eq!(host(url), Ok(expected.to_owned()), "{url}");
        }
        for url in [
            "http://api.github.com",
            "http://10.0.0.1",
            "http://localhost.example.org",
            "http://[::ffff:7f00:1]",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "api.github.com",
            "",
        ] {
            assert_eq!(host(url), Err(AddressError::NotHttps), "{url}");
        }
        for url in [
            "https://",
            "https://user@host",
            "https://u:p@host",
            "https://@host",
            "https://host?a",
            "https://host?",
            "https://host#",
            "https://a b",
            "https://host\\x",
            "https://h\nost",
            "https://h\u{f6}st",
            "https://host:99999",
        ] {
            assert!(matches!(host(url), Err(AddressError::Url { .. })), "{url}");
        }
    }

    #[test]
    fn a_forge_repository_has_github_s_characters() {
        for good in ["o/r", "Some-Owner/some.name_1", "user_company/.github", "1/-"] {
            let address = Address::parse("https://h", good).expect(good);
            assert_eq!(address.repository(), good);
        }
        for bad in ["", "o", "/", "o/", "/r", "o/r/x", "o/..", "o/.", "o/a..b", "../r", "-o/r", "o.p/r", "o/r?x", "o/r%2f", "ö/r"]
        {
            assert_eq!(Address::parse("https://h", bad), Err(AddressError::Repository), "{bad}");
        }
        assert!(Address::parse("https://h", &format!("o/{}", "x".repeat(101))).is_err());
    }

    #[test]
    fn what_stands_in_a_forge_path_or_query_is_encoded() {
        let address = Address::parse("https://h/api/v3/", "o/r").expect("an address");
        let url = address.below(&["a/b?c#d%2e é"], &[("head", "o:x&y=z+#%é"), ("state", "open")]);
        let expected = "https://h/api/v3/repos/o/r/a%2Fb%3Fc%23d%252e%20%C3%A9?head=o%3Ax%26y%3Dz%2B%23%25%C3%A9&state=open";
        assert_eq!(url.as_str(), expected);
    }
}
