//! Whether a value looks like a secret: like nobody's word, name or code, and no place
//! for one. What stands before it is looked at in `context` and `spoken`.

use memchr::memmem;

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

/// In quotes.
pub(super) fn is_quoted_secret(value: &[u8]) -> bool {
    if value.iter().any(|byte| !byte.is_ascii_graphic()) || stands_in(value) {
        return false;
    }
    let signs = signs_of(value);
    let is_code = value.iter().any(|byte| b"(){}<>".contains(byte));
    if is_code {
        // Calls and places have no such crowd of different signs.
        let is_crowd = value.len() >= 24 && signs.distinct >= 5 && distinct(value) >= 16;
        return is_crowd && signs.has_letter_and_digit && memmem::find(value, b"()").is_none();
    }
    value.len() >= 12 && is_mixed_of(value, 8) || value.len() >= 8 && signs.are_of_password(1)
}

/// Without quotes it may be code or prose: a secret is one word that no name is like.
pub(super) fn is_bare_secret(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(byte);
    let is_long = value.len() >= 16 && value.iter().all(is_plain) && !stands_in(value) && is_mixed_of(value, 10);
    is_long || is_short_secret(value) || is_password(value, 1)
}

/// Letters, digits and at least so many signs, in a row as nobody writes them; capitals
/// among small letters tell as much.
pub(super) fn is_password(value: &[u8], least: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_graphic() && !b"(){}[]<>".contains(byte);
    value.len() >= 8 && value.iter().all(is_part) && !stands_in(value) && signs_of(value).are_of_password(least)
}

/// Short, and digits among letters as in no name.
pub(super) fn is_short_secret(value: &[u8]) -> bool {
    value.len() >= 10
        && value.iter().all(u8::is_ascii_alphanumeric)
        && is_mixed_of(value, 8)
        && changes(value) >= 4
        && !stands_in(value)
}

/// What a password has that no name has.
struct Signs {
    /// Different signs, and how many there are.
    distinct: usize,
    count: usize,
    /// Of capitals, small letters and digits.
    kinds: usize,
    has_letter_and_digit: bool,
}

impl Signs {
    /// Whether its value is like a password; without quotes around it takes more to tell it from code.
    fn are_of_password(&self, least: usize) -> bool {
        self.has_letter_and_digit && self.count >= 1 && (self.count >= least || self.kinds == 3)
    }
}

/// Signs of a value but for the first: there it may be one of a language.
fn signs_of(value: &[u8]) -> Signs {
    let is_sign = |byte: &&u8| b"#$!@^&*?~".contains(byte);
    // What stands behind a version or a user is a place: `name@1.2`, `name@host.org`.
    let is_address = value.iter().filter(|byte| **byte == b'@').count() == 1 && value.contains(&b'.');
    let signs: Vec<u8> = value.iter().skip(1).filter(is_sign).filter(|byte| !(is_address && **byte == b'@')).copied().collect();
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let (lower, upper, digit) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit));
    let kinds = usize::from(lower) + usize::from(upper) + usize::from(digit);
    // A method may have one at its end.
    let count = if signs.len() == 1 && value.contains(&b'.') { 0 } else { signs.len() };
    Signs { distinct: distinct(&signs), count, kinds, has_letter_and_digit: digit && (lower || upper) }
}

/// Whether a value is `$NAME`, alone or behind something.
pub(super) fn is_variable(value: &[u8]) -> bool {
    let Some(at) = value.iter().rposition(|byte| *byte == b'$') else { return false };
    let name = &value[at + 1..];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_constant = name.len() >= 2 && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    name.iter().all(is_name) && (at == 0 || is_constant)
}

/// Whether a value is a place for one, and no secret.
pub(super) fn stands_in(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let first = value.first().copied().unwrap_or(b'$');
    let is_place = b"$<{[%*/.#".contains(&first) || text.contains("...") || text.contains("://") || is_variable(value);
    let is_one_sign = value.iter().all(|byte| *byte == first);
    is_place
        || is_one_sign
        || STANDING_IN.contains(&text.as_str())
        || text.starts_with("your")
        || text.contains("example")
        || text.contains("ssw0rd")
}

/// Whether a text is made as nobody writes words: digits among letters, and many signs.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    is_mixed_of(text, 8)
}

/// The same with at least so many different signs.
fn is_mixed_of(text: &[u8], signs_min: usize) -> bool {
    let is_part = |byte: &u8| !byte.is_ascii_alphanumeric();
    distinct(text) >= signs_min && text.split(is_part).any(is_unlike_a_word)
}

/// A part of a name is a word, a number, a word with a number behind it, or short.
fn is_unlike_a_word(part: &[u8]) -> bool {
    let has_digit_first = part.first().is_some_and(u8::is_ascii_digit);
    match changes(part) {
        0 => false,
        1 => has_digit_first && part.len() >= 12,
        _ => part.len() >= 6,
    }
}

fn distinct(text: &[u8]) -> usize {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// How often digits follow others, and others digits.
fn changes(part: &[u8]) -> usize {
    part.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
}
