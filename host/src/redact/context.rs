//! Secrets that are known by what stands before them: a name and `=` or `:`, the
//! scheme of an `Authorization`, the user of an address.

use std::ops::Range;

use super::{Hit, Kind};

/// Bytes of a name, and of a value.
const NAME_BYTES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 1024;

/// Ends of names whose values are secrets, in lower case without `_`, `-` and `.`.
const NAMES: &[&str] = &[
    "secret",
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "secretkeybase",
    "accountkey",
    "sharedkey",
    "privatekey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "auth",
];

/// The end of a name that sounds like one of these: part of a .NET assembly's name.
const PUBLIC: &str = "publickeytoken";

/// Schemes whose credential is a secret, in lower case.
const SCHEMES: &[&[u8]] = &[b"basic", b"bearer", b"token", b"apikey", b"key", b"negotiate", b"ntlm"];

/// Values that stand for one.
const STANDING_IN: &[&str] = &[
    "pass",
    "passwd",
    "password",
    "pwd",
    "pw",
    "secret",
    "token",
    "mypassword",
    "mysecret",
    "yourpassword",
    "pass123",
    "x-oauth-basic",
    "xxx",
    "xxxx",
    "user",
    "username",
    "key",
];

/// Adds what a name, a scheme or a user stands before.
pub(super) fn find(text: &[u8], hits: &mut Vec<Hit>) {
    for at in memchr::memchr2_iter(b':', b'=', text) {
        let found = match &text[at..] {
            [b':', b'/', b'/', ..] => in_address(text, at + 3),
            [b':', b'A', b'A', ..] => of_bot(text, at),
            _ => named(text, at),
        };
        hits.extend(found.map(|(word, range)| Hit { range, kind: Kind { word, rank: 2 } }));
    }
}

/// The password of an address whose authority begins at `from`.
fn in_address(text: &[u8], from: usize) -> Option<(&'static str, Range<usize>)> {
    let rest = &text[from..text.len().min(from + VALUE_BYTES_MAX)];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"<>`".contains(byte);
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let user = &authority[..authority.iter().rposition(|byte| *byte == b'@')?];
    let colon = user.iter().position(|byte| *byte == b':');
    let begin = colon.map_or(0, |colon| colon + 1);
    let password = &user[begin..];
    let is_place = user.iter().any(|byte| b"[]{}$".contains(byte));
    let is_secret = if is_place {
        false
    } else if colon.is_some() {
        !stands_in(password)
    } else {
        password.len() >= 20 && is_mixed(password)
    };
    (is_secret && !password.is_empty()).then(|| ("url-password", from + begin..from + user.len()))
}

/// A number, the sign at `at`, and 35 digits of base64: how Telegram knows a bot.
fn of_bot(text: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let number = text[..at].iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let is_digit = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let digits = text[at + 1..].iter().take(36).take_while(is_digit).count();
    ((8..=10).contains(&number) && digits == 35).then(|| ("telegram-token", at - number..at + 36))
}

/// The value after a name and the sign at `at`.
fn named(text: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let mut buffer = [0; NAME_BYTES_MAX];
    let name = name_before(&text[..at], &mut buffer)?;
    let is_header = name.ends_with("authorization");
    if !is_header && (name.ends_with(PUBLIC) || !NAMES.iter().any(|end| name.ends_with(end))) {
        return None;
    }
    let limit = text.len().min(at + VALUE_BYTES_MAX);
    let skip = |from: usize, signs: &[u8], most: usize| {
        let passed = text[from..limit].iter().take(most).take_while(|byte| signs.contains(byte)).count();
        from + passed
    };
    let from = skip(skip(at + 1, b"=>:", 2), b" \t", 40);
    let begin = skip(from, b"\\\"'`", 2);
    let quote = text[from..begin].last().copied();
    if is_header {
        return credential(&text[..limit], begin).map(|range| ("authorization", range));
    }
    let end = end_of(&text[..limit], begin, quote.filter(|quote| *quote != b'\\'));
    let value = &text[begin..end];
    let is_secret = if quote.is_some() { is_quoted_secret(value) } else { is_bare_secret(value) };
    is_secret.then_some(("assigned-secret", begin..end))
}

/// The name that ends a text, quotes and spaces aside, in lower case without its signs.
fn name_before<'b>(text: &[u8], buffer: &'b mut [u8; NAME_BYTES_MAX]) -> Option<&'b str> {
    let trimmed = text.iter().rev().take(4).take_while(|byte| b" \t\"'`\\]:".contains(byte)).count();
    let mut left = NAME_BYTES_MAX;
    for byte in text[..text.len() - trimmed].iter().rev().take(NAME_BYTES_MAX) {
        match byte {
            b'_' | b'-' | b'.' => {}
            byte if byte.is_ascii_alphanumeric() => {
                left -= 1;
                buffer[left] = byte.to_ascii_lowercase();
            }
            _ => break,
        }
    }
    std::str::from_utf8(&buffer[left..]).ok().filter(|name| name.len() >= 3)
}

/// Where a value ends: at its quote, or at what no value has inside; `=` fills one up.
fn end_of(text: &[u8], from: usize, quote: Option<u8>) -> usize {
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote || *byte == b'\\' || byte.is_ascii_control(),
        None => !byte.is_ascii_graphic() || b",;\"'`)}]<>\\&|=:".contains(byte),
    };
    let end = text[from..].iter().position(ends).map_or(text.len(), |at| from + at);
    let filling = text[end..].iter().take(2).take_while(|byte| quote.is_none() && **byte == b'=').count();
    end + filling
}

/// What follows the scheme of an `Authorization` at `from`.
fn credential(text: &[u8], from: usize) -> Option<Range<usize>> {
    let scheme = text[from..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = text[from..from + scheme].to_ascii_lowercase();
    let spaces = text[from + scheme..].iter().take(4).take_while(|byte| **byte == b' ').count();
    let is_scheme = spaces > 0 && SCHEMES.contains(&word.as_slice());
    let begin = if is_scheme { from + scheme + spaces } else { from };
    let end = end_of(text, begin, None);
    let value = &text[begin..end];
    let has_cases = value.iter().skip(1).any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
    let is_one = is_scheme && (has_cases || value.iter().any(u8::is_ascii_digit)) || is_mixed(value);
    (value.len() >= 8 && is_one && !stands_in(value)).then_some(begin..end)
}

fn is_quoted_secret(value: &[u8]) -> bool {
    let is_code = value.iter().any(|byte| !byte.is_ascii_graphic() || b"(){}<>".contains(byte));
    value.len() >= 12 && !is_code && !stands_in(value) && is_mixed_of(value, 8)
}

/// Without quotes it may be code or prose: a secret is one word that no name is like.
fn is_bare_secret(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(byte);
    value.len() >= 16 && value.iter().all(is_plain) && !stands_in(value) && is_mixed_of(value, 10)
}

/// Whether a value is a place for one, and no secret.
fn stands_in(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let first = value.first().copied().unwrap_or(b'$');
    let is_place = b"$<{[%*/.#".contains(&first) || text.contains("...") || text.contains("://");
    let is_one_sign = value.iter().all(|byte| *byte == first);
    is_place || is_one_sign || STANDING_IN.contains(&text.as_str()) || text.starts_with("your") || text.contains("example")
}

/// Whether a text is made as nobody writes words: digits among letters, and many signs.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    is_mixed_of(text, 8)
}

/// The same with at least so many different signs.
fn is_mixed_of(text: &[u8], signs_min: usize) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let signs = seen.iter().filter(|seen| **seen).count();
    let is_part = |byte: &u8| !byte.is_ascii_alphanumeric();
    signs >= signs_min && text.split(is_part).any(is_unlike_a_word)
}

/// A part of a name is a word, a number, a word with a number behind it, or short.
fn is_unlike_a_word(part: &[u8]) -> bool {
    let changes = part.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let has_digit_first = part.first().is_some_and(u8::is_ascii_digit);
    match changes {
        0 => false,
        1 => has_digit_first && part.len() >= 12,
        _ => part.len() >= 6,
    }
}
