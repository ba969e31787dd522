//! The texts that a browser or a renderer may make of one: with entities taken for
//! their characters, without what it passes over, with escapes of Markdown or of
//! addresses taken for what they stand for.

use std::borrow::Cow;

use crate::{clean, escape};

/// All readings of a text that differ.
pub(super) fn readings(text: &str) -> Vec<Cow<'_, str>> {
    let plain = plain(text);
    let mut all = Vec::with_capacity(4);
    let unescaped = plain.contains('\\').then(|| unescaped(&plain));
    let joined = plain.contains(['\t', '\n', '\r']).then(|| joined(&plain)).flatten();
    let decoded = plain.contains('%').then(|| percent_decoded(&plain));
    all.extend([unescaped, joined, decoded].into_iter().flatten().map(Cow::Owned));
    all.push(plain);
    all
}

/// Without hidden characters, and with entities as what they stand for.
fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['&']) && (text.is_ascii() || !text.contains(clean::is_hidden)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (length, meant) = match escape::entity(rest.as_bytes()) {
            // A browser passes over controls in an address.
            Some((length, meant)) => (length, meant.filter(|char| !char.is_control())),
            None => (char.len_utf8(), Some(char)),
        };
        out.extend(meant.filter(|char| !clean::is_hidden(*char)));
        rest = &rest[length..];
    }
    out.into()
}

/// Without the backslashes that Markdown takes for escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next) if char == '\\' && next.is_ascii_punctuation() => out.extend(chars.next()),
            _ => out.push(char),
        }
    }
    out
}

/// Without tabs and ends of lines inside of quotes and angle brackets: a browser passes
/// over them in an address. None if there are none.
fn joined(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut before) = (None, '\0');
    for char in text.chars() {
        let is_passed = inside.is_some() && matches!(char, '\t' | '\n' | '\r');
        inside = match (inside, char) {
            (Some(end), char) if end == char => None,
            (None, '"' | '\'') if before == '=' => Some(char),
            (None, '<') => Some('>'),
            // Within a tag an attribute's quotes are what counts.
            (Some('>'), '"' | '\'') if before == '=' => Some(char),
            (inside, _) => inside,
        };
        if !is_passed {
            out.push(char);
        }
        if !char.is_whitespace() {
            before = char;
        }
    }
    (out.len() < text.len()).then_some(out)
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let byte = escape::percent(rest);
        out.push(byte.unwrap_or(*first));
        rest = &rest[if byte.is_some() { 3 } else { 1 }..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_what_a_browser_makes_of_a_text() {
        assert_eq!(plain("&#104;t&#x74p&#115&colon;&sol;\u{200b}/&NewLine;&eacute;&"), "https://&eacute;&");
        assert_eq!(unescaped(r"https\:\/\/a\.b\c"), r"https://a.b\c");
        assert_eq!(joined("a\nb <img\nsrc = \"ht\n\ttps://a\" x\n>\n"), Some("a\nb <imgsrc = \"https://a\" x\n>\n".to_owned()));
        assert_eq!(joined("a\nb\n"), None);
        assert_eq!(percent_decoded("%68ttps%3a//a%2"), "https://a%2");
        assert_eq!(readings("plain").len(), 1);
    }
}
