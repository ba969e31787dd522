//! A destination as written in a document, taken apart once: what is path,
//! what is fragment, and whether it is for this repository to answer. It does
//! not know where the destination leads.

use std::borrow::Cow;

/// A destination taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// Another host, another scheme.
    External,
    /// Not an address yet: a template or a placeholder.
    Template,
    Local(Local<'a>),
}

/// A destination within reach.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Local<'a> {
    /// Decoded, without fragment and query; may be empty.
    pub(crate) path: Cow<'a, str>,
    /// Decoded, without `#`.
    pub(crate) fragment: Option<Cow<'a, str>>,
}

impl<'a> Target<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        if !is_local(text) {
            return Self::External;
        }
        if is_template(text) {
            return Self::Template;
        }
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(decoded(fragment))),
            None => (text, None),
        };
        let path = rest.split('?').next().unwrap_or_default();
        Self::Local(Local { path: decoded(path.trim()), fragment })
    }
}

/// Whether it is one: looked at once, since there are many.
fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'{' | b'}' | b'<' | b'\\' => true,
        b'$' => bytes.get(at + 1) == Some(&b'('),
        b'%' => bytes.get(at + 1) == Some(&b's'),
        b'.' => bytes[at..].starts_with(b"..."),
        0xE2 => text[at..].starts_with('…'),
        _ => false,
    })
}

/// Whether a destination has neither scheme nor host.
pub(crate) fn is_local(text: &str) -> bool {
    let scheme = text.bytes().take_while(|next| next.is_ascii_alphanumeric() || matches!(next, b'+' | b'-' | b'.')).count();
    let has_scheme = scheme > 0 && text.as_bytes().get(scheme) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
    !has_scheme && !text.starts_with("//")
}

/// Percent escapes decoded; what is not UTF-8 then is left as it was.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut made = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(hexadecimal);
        made.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(made).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(0)? * 16 + digit(1)?)
}

/// A destination without backslash escapes and the entities that occur in
/// addresses.
pub(crate) fn unescaped(raw: &str) -> String {
    let mut made = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(next) = chars.next() {
        match chars.peek() {
            Some(escaped) if next == '\\' && escaped.is_ascii_punctuation() => made.extend(chars.next()),
            _ => made.push(next),
        }
    }
    for (entity, plain) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        if made.contains(entity) {
            made = made.replace(entity, plain);
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::{Local, Target, unescaped};

    fn check(text: &str, expected: &str) {
        let found = match Target::parse(text) {
            Target::External => "external".to_owned(),
            Target::Template => "template".to_owned(),
            Target::Local(Local { path, fragment: None }) => path.into_owned(),
            Target::Local(Local { path, fragment: Some(fragment) }) => format!("{path} # {fragment}"),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn destinations_are_taken_apart() {
        for (text, expected) in [
            ("a/b.md", "a/b.md"),
            ("a%20b.md?raw=true#C%C3%A4", "a b.md # Cä"),
            ("#x", " # x"),
            ("https://x.y/z", "external"),
            ("mailto:a@b.c", "external"),
            ("xref:System.String", "external"),
            ("//x.y/z", "external"),
            ("C:/x", "external"),
            ("{{ site.url }}/x", "template"),
            ("${x}/y", "template"),
            ("...", "template"),
            ("100%.md", "100%.md"),
            ("a%ff.md", "a%ff.md"),
            ("./a:b.md", "./a:b.md"),
            ("x?y#z", "x # z"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn escapes_are_undone() {
        for (raw, expected) in [("a\\_b", "a_b"), ("a&amp;b", "a&b"), ("a\\b", "a\\b"), ("\\(x\\)", "(x)")] {
            assert_eq!(unescaped(raw), expected);
        }
    }
}
