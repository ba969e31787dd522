//! The texts that a browser or a renderer may make of one: with entities taken for
//! their characters, without what it passes over, with escapes of Markdown or of
//! addresses taken for what they stand for.

use std::borrow::Cow;

use super::kind::Kind;
use super::notebook;
use crate::{clean, escape};

/// How often entities are taken for what they stand for: a document within an attribute has its own.
const ENTITY_LAYERS: usize = 3;

/// Words of lines that have one address, in which blanks are passed over.
const SPACED: &[&str] = &["image::", "figure::", "video::", "{image}", "{figure}", ":target:", ":url:", ":src:", ".. _", "__ "];
/// Bytes of an address in angle brackets that may have blanks.
const BRACKETS_BYTES_MAX: usize = 2_048;

/// All readings of a text that differ.
pub(super) fn readings(text: &str, kind: Kind) -> Vec<Cow<'_, str>> {
    let strings = (kind == Kind::Notebook).then(|| notebook::strings(text)).flatten();
    let mut all = layers(text.into());
    strings.into_iter().for_each(|text| all.extend(layers(text.into())));
    let unquoted = all.iter().filter_map(|text| unquoted(text)).map(Cow::Owned).collect::<Vec<_>>();
    all.extend(unquoted);
    for at in 0..all.len() {
        let text = &*all[at];
        let (lined, escapes) = (text.contains(['\t', '\n', '\r']), text.contains('\\'));
        let continued = lined.then(|| continued(text)).flatten();
        let more = [
            escapes.then(|| unescaped(text)),
            escapes.then(|| style(text)),
            escapes.then(|| numbered(text)),
            text.contains('%').then(|| percent_decoded(text)),
            lined.then(|| joined(text, false)).flatten(),
            lined.then(|| joined(text, true)).flatten(),
            tight(continued.as_deref().unwrap_or(text)),
            continued,
        ];
        let more = more.into_iter().flatten().filter(|reading| reading != text).map(Cow::Owned).collect::<Vec<_>>();
        all.extend(more);
    }
    all
}

/// A text with its entities as what they stand for, and theirs.
fn layers(text: Cow<'_, str>) -> Vec<Cow<'_, str>> {
    let mut all = vec![match text {
        Cow::Borrowed(text) => plain(text),
        Cow::Owned(text) => Cow::Owned(plain(&text).into_owned()),
    }];
    while let Some(inner) = all.last().filter(|text| all.len() < ENTITY_LAYERS && text.contains('&')) {
        let decoded = plain(inner).into_owned();
        if decoded == **inner {
            break;
        }
        all.push(Cow::Owned(decoded));
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

/// With the escapes of JSON, YAML and scripts, `\u002f` and `\x2f`, taken for what they stand for.
fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let digits = match after.as_bytes().first() {
            Some(b'u') => 4,
            Some(b'x') => 2,
            _ => 0,
        };
        let code = after.get(1..1 + digits).filter(|_| digits > 0).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(char) => {
                out.extend(Some(char).filter(|char| !clean::is_hidden(*char)));
                rest = &after[1 + digits..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// Without blanks where reStructuredText passes over them in an address: in what a
/// directive or a target names, and in `<...>` before a back quote. None if there are none.
fn tight(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let bare = |text: &str, out: &mut String| out.extend(text.chars().filter(|char| !char.is_whitespace()));
    let mut bracketed = 0;
    for line in text.split_inclusive('\n') {
        let inner = line.trim_end_matches(['\n', '\r']);
        let begin = SPACED.iter().filter_map(|word| inner.find(word).map(|at| at + word.len())).min();
        let (before, rest) = inner.split_at(begin.unwrap_or(inner.len()));
        out.push_str(before);
        bare(rest, &mut out);
        out.push_str(&line[inner.len()..]);
    }
    let lined = std::mem::take(&mut out);
    for (end, _) in lined.match_indices(">`") {
        let from = lined.floor_char_boundary(end.saturating_sub(BRACKETS_BYTES_MAX)).max(bracketed);
        if let Some(begin) = lined[from..end].rfind('<') {
            out.push_str(&lined[bracketed..from + begin]);
            bare(&lined[from + begin..end], &mut out);
            bracketed = end;
        }
    }
    out.push_str(&lined[bracketed..]);
    (out.len() < text.len()).then_some(out)
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
        assert_eq!(numbered(r"\u002f\x2F\u12\n"), r"//\u12\n");
        assert_eq!(tight(".. image:: / /a b\n`x < / /c\n d>`_ e f\n"), Some(".. image:://ab\n`x <//cd>`_ e f\n".to_owned()));
        assert_eq!(tight("a b <c>"), None);
        assert_eq!(readings("plain", Kind::Plain).len(), 1);
    }
}
