//! Secrets behind the name of one and no more than a blank, a mark or a line end: as
//! command lines, tables, markup and `.netrc` write them. What is between may be
//! prose, so the value alone has to look like nobody's word.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::context::end_of;
use super::value::{is_password, is_short_secret};
use super::work::Work;
use super::{Hit, Kind};

/// Ends of names, and options that a secret follows.
const NAMES: &str = r"(?i-u)passw(?:or)?d|passphrase|requirepass|sshpass -p|pwd|secret|token|api[_-]?key| -u | --user[ =]";
/// Bytes between a name and its value, those of an indentation, of a user, and of a value.
const BETWEEN_MAX: usize = 16;
const INDENT_MAX: usize = 40;
const USER_MAX: usize = 40;
const VALUE_BYTES_MAX: usize = 128;

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMES).ok());

/// Adds what stands behind a name.
pub(super) fn find(text: &[u8], work: &mut Work, hits: &mut Vec<Hit>) {
    let Some(names) = &*PATTERN else { return };
    for name in names.find_iter(text) {
        // As `context` has it: part of the name of an assembly is no secret.
        if text[..name.start()].last_chunk::<9>().is_some_and(|before| before.eq_ignore_ascii_case(b"publickey")) {
            continue;
        }
        let is_option = name.as_bytes().starts_with(b" ");
        let begin = if is_option { behind_user(text, name.end()) } else { behind_name(text, name.end()) };
        let Some(begin) = begin.or_else(|| name.as_bytes().ends_with(b"-p").then_some(name.end())) else { continue };
        let value = value_at(text, begin);
        if !work.take(value.len()) {
            return;
        }
        if is_secret(&text[value.clone()]) {
            hits.push(Hit { range: value, kind: Kind { word: "assigned-secret", rank: 2 } });
        }
    }
}

/// Where the value begins behind a name that ends at `from`, if something parts them.
fn behind_name(text: &[u8], from: usize) -> Option<usize> {
    let skip = |from: usize, signs: &[u8], most: usize| {
        from + text[from..].iter().take(most).take_while(|byte| signs.contains(byte)).count()
    };
    let mut at = skip(from, b" \t*`\"'|>:=\\", BETWEEN_MAX);
    // The text of a key in YAML begins in the line below.
    if text[from..at].iter().rfind(|byte| !byte.is_ascii_whitespace()).is_some_and(|sign| b"|>".contains(sign)) {
        let line = skip(at, b"-+\r", 2);
        if text.get(line) == Some(&b'\n') {
            at = skip(line + 1, b" \t", INDENT_MAX);
        }
    }
    let at = if at > from && text[at..].starts_with(b"is ") { skip(at + 3, b" `\"'*", 4) } else { at };
    (at > from).then_some(at)
}

/// Where the password begins behind an option that takes `user:password`.
fn behind_user(text: &[u8], from: usize) -> Option<usize> {
    let from = from + usize::from(text.get(from).is_some_and(|byte| b"\"'".contains(byte)));
    let is_user = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.@-".contains(byte);
    let user = text[from..].iter().take(USER_MAX).take_while(is_user).count();
    (user > 0 && text.get(from + user) == Some(&b':')).then_some(from + user + 1)
}

/// A value without the end of its sentence.
fn value_at(text: &[u8], begin: usize) -> Range<usize> {
    let end = end_of(&text[..text.len().min(begin + VALUE_BYTES_MAX)], begin, None);
    let tail = text[begin..end].iter().rev().take_while(|byte| b".*".contains(byte)).count();
    begin..end - tail
}

fn is_secret(value: &[u8]) -> bool {
    let is_sign = |byte: &u8| !byte.is_ascii_alphanumeric();
    is_password(value, 2)
        || value.iter().all(u8::is_ascii_graphic) && is_plain(value) && value.split(is_sign).any(is_short_secret)
}

/// Signs of a token: not those of a path, an address or a call.
fn is_plain(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+=~!#".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::super::Redactor;

    #[test]
    fn a_secret_stands_behind_its_name_in_other_ways_too() {
        let mixed = ["Xk9mP2", "vL8qR4"].concat();
        let rows = [
            "machine git.example login bot password {}",
            "mysql --password {} -u root",
            "requirepass {}",
            "curl -u admin:{} https://x.internal/",
            "curl --user 'admin:{}' https://x.internal/",
            "sshpass -p {} ssh x",
            "sshpass -p'{}' ssh x",
            "<password>{}</password>",
            "password: |\n  {}\n",
            "secret: >-\n    {}\n",
            "| password | `{}` |",
            "| password | {} |",
            "**Password:** {}",
            "The admin password is {}.",
        ];
        for secret in [mixed, ["Xk9#mP2", "$vL8!qR4z"].concat()] {
            for row in rows {
                let text = row.replace("{}", &secret);
                let redacted = Redactor::default().redact(&text);
                assert_eq!(redacted.text, row.replace("{}", "[assigned-secret]"), "{text}");
            }
        }
    }

    #[test]
    fn what_is_said_of_secrets_is_none() {
        let rows = [
            "The password is checked by sha256 and base64, the token is read from env1 or /run/secrets/db2.",
            "docker run -u 1000:1000 -u app:group1 image; git push -u origin v1.2.3-rc.4",
            "the token 550e8400-e29b-41d4-a716-446655440000 of RFC4122, a token `iso8859_1`, secret utf8mb4_0900_ai_ci",
            "| token | `u32::from_str_radix(a1b2c3d4e5)` |\n<token>{value1}</token> password \"${DB1_PASSWORD2}\"",
            "fn token(&self) -> Token2<'a1> { self.pwd as u64 } // password: P@ssw0rd1",
        ];
        for row in rows {
            assert_eq!(Redactor::default().redact(row).text, row);
        }
    }
}
