//! A key: to a forge, to where components come from, to a model. It is taken from
//! bytes, stands in one header, and is shown by nothing; who reads it from where is
//! not decided here.

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

/// A key, kept out of all words and wiped when it goes.
pub struct Token(Zeroizing<String>);

/// Why bytes are no key. Never says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing.
    #[error("the key is empty")]
    Empty,
    /// More than [`TOKEN_BYTES_MAX`].
    #[error("the key has more than {TOKEN_BYTES_MAX} bytes")]
    Long,
    /// Something that no key has, most likely a second line.
    #[error("the key has a space, a line end, or another character that no key has")]
    Character,
}

/// Bytes of a key.
pub const TOKEN_BYTES_MAX: usize = 1024;

impl Token {
    /// Takes a key as a file or a command gives it: one line end after it is
    /// left away.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if bytes.is_empty() {
            return Err(TokenError::Empty);
        }
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Long);
        }
        if !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(TokenError::Character);
        }
        Ok(Self(Zeroizing::new(bytes.iter().copied().map(char::from).collect())))
    }

    /// The value of `Authorization`, which nothing logs.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let bearer = Zeroizing::new(format!("Bearer {}", *self.0));
        let mut value = HeaderValue::from_str(&bearer).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether it is the same key, told in the time that the longer one takes.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let (one, other) = (self.0.as_bytes(), other.0.as_bytes());
        one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
    }

    /// A user and a password for who asks for both: they are what stands on either side of a
    /// colon; without one, the key is a password.
    pub(crate) fn pair(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("x-access-token", &self.0))
    }

    /// The key alone, as the value of a header that nothing logs.
    pub(crate) fn bare(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.0).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The key itself, for who takes it out of what is sent or recorded.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<String> {
        self.0.clone()
    }

    /// Takes the key out of what somebody says.
    pub(crate) fn withhold(&self, text: &str) -> String {
        text.replace(self.0.as_str(), "[token]")
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_145_a_token_loses_one_line_end_and_is_never_shown() {
        for bytes in [&b"ghp_x1"[..], b"ghp_x1\n", b"ghp_x1\r\n"] {
            let token = Token::from_bytes(bytes).expect("a token");
            assert_eq!(*token.0, "ghp_x1");
            assert_eq!(format!("{token:?}"), "Token");
            assert_eq!(format!("{:?}", token.header().expect("a header")), "Sensitive");
            assert_eq!(format!("{:?}", token.bare().expect("a header")), "Sensitive");
            assert_eq!(token.withhold("a ghp_x1, ghp_x1"), "a [token], [token]");
        }
        let refused = |bytes: &[u8]| Token::from_bytes(bytes).expect_err("no token");
        assert_eq!([refused(b""), refused(b"\n"), refused(b"\r\n")], [TokenError::Empty; 3]);
        for bytes in [&b"a\n\n"[..], b"a b", b" a", b"a\0", b"a\x7f", b"a\t", b"\r", "é".as_bytes(), b"\xff"] {
            assert_eq!(refused(bytes), TokenError::Character, "{bytes:?}");
        }
        assert_eq!(refused(&[b'x'; TOKEN_BYTES_MAX + 1]), TokenError::Long);
        assert!(Token::from_bytes(&[b'x'; TOKEN_BYTES_MAX]).is_ok());
    }
}
