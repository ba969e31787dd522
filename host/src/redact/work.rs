//! How much of a text is gone over at most, so that none takes long: each of its
//! encodings counts, and so does each place where a secret may begin.

/// Bytes for one text; nobody writes a text that takes them.
const WORK_MAX: u64 = 256 << 20;

/// What may still be gone over.
pub(super) struct Work {
    left: Option<u64>,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: Some(WORK_MAX) }
    }
}

impl Work {
    /// Takes so many bytes; false if there are fewer.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(bytes as u64));
        self.left.is_some()
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.left.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::Redactor;
    use super::*;

    const BYTES: usize = 1 << 20;

    fn filled(with: &str) -> String {
        with.chars().cycle().take(BYTES / with.len() * with.chars().count()).collect()
    }

    fn base64(text: &str) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let word = |three: &[u8]| three.iter().fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        let four = |three: &[u8]| [18, 12, 6, 0].map(|by| char::from(DIGITS[word(three) >> by & 63]));
        text.as_bytes().chunks_exact(3).flat_map(four).collect()
    }

    #[test]
    fn a_mebibyte_of_anything_takes_seconds() {
        let token = "ghp_a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6";
        let pem = "-----BEGIN PRIVATE KEY-----\n";
        let percents: String = "pwd='a1b2c3d4e5f6g7';".bytes().map(|byte| format!("%{byte:02x}")).collect();
        let mut texts: Vec<String> = [
            "AKIA",
            "a",
            "\n",
            "%2541%2542",
            "\\u0041",
            "&#65;",
            "a\u{200b}",
            "6a 7b ",
            "QUJD\r\n",
            "QUJDRA== ",
            pem,
            "eyJaaaaaaaa.",
            "eyJaaaaaaaaeyJ",
            "eyJa.eyJ",
            "eyJaaaaaaaa.eyJaaaaaaaa",
            "://",
            "://a:",
            "://a:b@",
            "=:",
            "token=",
            "token=\"",
            "pwd:'pwd:\"pwd:`",
            "123456789:AA",
            "sk-",
            "sk-a1",
            "xoxb-1-",
            "pypi-",
            "hooks.slack.com/services/",
            "Bearer ",
            "b3BlbnNzaC1rZXktdjEA",
            "authorization: ",
            "authorization: basic ",
            "SG.aaaaaaaaaaaaaaaa.",
            "dp.pt.",
            "AKIAsk-eyJBearer ghp_xapp-1-",
            "QUJD.QUJD-QUJD_",
            "AKIAQ7Q7Q7Q7Q7Q7Q7Q7 ",
            "ghp_ghp_a1B2c3D4e5F6a1B2c3D4",
        ]
        .map(filled)
        .into();
        texts.extend([filled(&format!("{token} ")), filled(&format!("{pem}{}\n", "A".repeat(40))), filled(&percents)]);
        texts.extend([
            base64(&base64(&filled(&percents))),
            format!("sk-{}", filled("a-b1")),
            format!("pscale_tkn_{}", filled("a")),
        ]);
        assert!(texts.len() > 40);
        for text in texts {
            let begun = Instant::now();
            let redacted = Redactor::default().redact(&text);
            let took = begun.elapsed();
            assert!(!redacted.text.contains(token));
            assert!(took < Duration::from_secs(20), "{took:?} for {}", &text[..text.floor_char_boundary(40)]);
        }
    }

    #[test]
    fn what_takes_too_long_is_taken_out_whole() {
        let mut work = Work { left: Some(10) };
        assert!(work.take(4) && work.take(6) && !work.is_used_up());
        assert!(!work.take(1) && !work.take(0) && work.is_used_up(), "and it stays so");
    }
}
