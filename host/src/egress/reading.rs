//! The texts that a browser or a renderer may make of one: with entities taken for
//! their characters, without what it passes over, with escapes of Markdown or of
//! addresses taken for what they stand for.

use std::borrow::Cow;

use crate::{clean, escape};

/// How often entities are taken for what they stand for: a document within an attribute has its own.
const ENTITY_LAYERS: usize = 3;

/// All readings of a text that differ.
pub(super) fn readings(text: &str) -> Vec<Cow<'_, str>> {
    let mut all = vec![plain(text)];
    while let Some(inner) = all.last().filter(|text| all.len() < ENTITY_LAYERS && text.contains('&')) {
        let decoded = plain(inner).into_owned();
        if decoded == **inner {
            break;
        }
        all.push(Cow::Owned(decoded));
    }
    let unquoted = all.iter().filter_map(|text| unquoted(text)).map(Cow::Owned).collect::<Vec<_>>();
    all.extend(unquoted);
    for at in 0..all.len() {
        let text = &*all[at];
        let lined = text.contains(['\t', '\n', '\r']);
        let more = [
            text.contains('\\').then(|| unescaped(text)),
            text.contains('\\').then(|| style(text)),
            text.contains('%').then(|| percent_decoded(text)),
            lined.then(|| joined(text, false)).flatten(),
            lined.then(|| joined(text, true)).flatten(),
            lined.then(|| continued(text)).flatten(),
        ];
        let more = more.into_iter().flatten().filter(|reading| reading != text).map(Cow::Owned).collect::<Vec<_>>();
        all.extend(more);
    }
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
/// over them in an address. None if there are none. A quote in prose may be nobody's:
/// with `resets`, a tag begins wherever it can.
fn joined(text: &str, resets: bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut before) = (None, '\0');
    for (at, char) in text.char_indices() {
        let begins = || resets && char == '<' && text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        let is_passed = inside.is_some() && matches!(char, '\t' | '\n' | '\r');
        inside = match (inside, char) {
            _ if begins() => Some('>'),
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

/// Without the marks of quotations at the beginnings of lines. None if there are none.
fn unquoted(text: &str) -> Option<String> {
    let inner = |line: &str| line.trim_start_matches([' ', '\t', '>']).len();
    let bare = |line| if str::trim_start(line).starts_with('>') { &line[line.len() - inner(line)..] } else { line };
    text.lines().any(|line| line.trim_start().starts_with('>')).then(|| text.split_inclusive('\n').map(bare).collect())
}

/// With lines drawn together that go on in the next, as what a directive of
/// reStructuredText shows does. None if there are none.
fn continued(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut is_shown, mut drawn, mut last) = (false, false, None);
    for line in text.split_inclusive('\n') {
        let inner = line.trim_start();
        let is_deeper = inner.len() < line.len();
        let goes_on = inner.starts_with(['/', '\\', '.', '?', '#', '@', ':', '%', '&']);
        let is_cut = matches!(last, Some(':' | '/' | '\\')) && inner.starts_with(['/', '\\']);
        // Nothing goes on behind a line without words.
        if last.is_some() && !inner.is_empty() && (is_cut || is_deeper && (is_shown || goes_on)) {
            out.truncate(out.trim_end().len());
            out.push_str(inner);
            drawn = true;
        } else {
            let word = inner.strip_prefix("..").unwrap_or_default();
            is_shown = ["image::", "figure::", "_"].iter().any(|sign| word.contains(sign));
            out.push_str(line);
        }
        last = inner.trim_end().chars().next_back();
    }
    drawn.then_some(out)
}

/// With the escapes of style sheets taken for what they stand for.
fn style(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let count = after.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let code = u32::from_str_radix(&after[..count], 16).ok().and_then(char::from_u32);
        out.extend(code.filter(|char| !clean::is_hidden(*char)));
        rest = &after[count..];
        // A blank behind it is part of it; the end of a line behind a backslash stands for nothing.
        if let Some(end) =
            rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(if count > 0 { [' ', '\n', '\t'] } else { ['\n'; 3] }))
        {
            rest = end;
        } else if let Some(char) = rest.chars().next().filter(|_| count == 0) {
            out.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    out + rest
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
        assert_eq!(
            joined("a\nb <img\nsrc = \"ht\n\ttps://a\" x\n>\n", false),
            Some("a\nb <imgsrc = \"https://a\" x\n>\n".to_owned())
        );
        assert_eq!(joined("a\nb\n", false), None);
        assert_eq!(percent_decoded("%68ttps%3a//a%2"), "https://a%2");
        assert_eq!(readings("plain").len(), 1);
    }
}
