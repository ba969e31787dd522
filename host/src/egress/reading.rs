//! The texts that a browser or a renderer may make of one: with entities taken for
//! their characters, without what it passes over, with escapes of Markdown or of
//! addresses taken for what they stand for.

use std::borrow::Cow;

use crate::clean;

/// Named entities that an address can be made with; the empty ones are passed over.
const ENTITIES: &[(&str, &str)] = &[
    ("Tab", ""),
    ("NewLine", ""),
    ("colon", ":"),
    ("sol", "/"),
    ("bsol", "\\"),
    ("period", "."),
    ("commat", "@"),
    ("quest", "?"),
    ("num", "#"),
    ("percnt", "%"),
    ("equals", "="),
    ("amp", "&"),
    ("AMP", "&"),
    ("quot", "\""),
    ("apos", "'"),
    ("lt", "<"),
    ("gt", ">"),
    ("lpar", "("),
    ("rpar", ")"),
    ("lsqb", "["),
    ("lbrack", "["),
    ("rsqb", "]"),
    ("rbrack", "]"),
    ("excl", "!"),
    ("lowbar", "_"),
    ("hyphen", "-"),
    ("dash", "-"),
    ("shy", ""),
    ("ZeroWidthSpace", ""),
    ("zwj", ""),
    ("zwnj", ""),
    ("NoBreak", ""),
];
/// Bytes of an entity.
const ENTITY_BYTES_MAX: usize = 20;

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
        match entity(rest) {
            Some((length, meant)) => {
                out.push_str(&meant);
                rest = &rest[length..];
            }
            None => {
                if !clean::is_hidden(char) {
                    out.push(char);
                }
                rest = &rest[char.len_utf8()..];
            }
        }
    }
    out.into()
}

/// The length of the entity that a text begins with, and what it stands for.
fn entity(text: &str) -> Option<(usize, String)> {
    let rest = text.strip_prefix('&')?;
    if let Some(number) = rest.strip_prefix('#') {
        let (digits, base) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let count = digits.bytes().take(ENTITY_BYTES_MAX).take_while(|byte| char::from(*byte).is_digit(base)).count();
        let code = u32::from_str_radix(&digits[..count], base).ok()?;
        // A browser takes one without its semicolon as well.
        let length = text.len() - digits.len() + count + usize::from(digits[count..].starts_with(';'));
        let seen = |char: &char| !char.is_control() && !clean::is_hidden(*char);
        return Some((length, char::from_u32(code).filter(seen).map(String::from).unwrap_or_default()));
    }
    let name = rest.split_once(';').map(|(name, _)| name).filter(|name| name.len() <= ENTITY_BYTES_MAX)?;
    let (_, meant) = ENTITIES.iter().find(|(known, _)| *known == name)?;
    Some((name.len() + 2, (*meant).to_owned()))
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
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.extend(u8::try_from(high << 4 | low));
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
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
