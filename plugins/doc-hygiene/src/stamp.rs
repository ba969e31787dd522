//! Where a document says when it was last updated: front matter keys and
//! header lines. It finds and reads these stamps; it does not know what they
//! should say.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::front::{self, Front, Notation};
use crate::reader::Written;
use crate::written;

/// What a header line calls its date.
const LABELS: [&str; 6] = ["last updated", "last-updated", "last update", "last modified", "last changed", "last edited"];

/// Header lines are looked for in so many lines of the body.
const HEAD_LINES: usize = 30;

/// A stamp in a text, by byte offsets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stamp {
    /// The key or the label, as written.
    pub(crate) name: String,
    /// The date, or what stands in its place.
    pub(crate) value: Range<usize>,
    /// The date, if it can be read.
    pub(crate) written: Option<Written>,
    /// The whole line, where the stamp has one to itself.
    line: Option<Range<usize>>,
}

/// All stamps of a text, in order.
pub(crate) fn find(text: &str, keys: &[String]) -> Vec<Stamp> {
    let mut found = Vec::new();
    let front = front::find(text);
    if let Some(front) = &front {
        in_front(text, front, keys, &mut found);
    }
    in_head(text, front.map_or(0, |front| front.end), &mut found);
    found
}

/// Code, HTML and link definitions of a body, by their places in the text: what
/// looks like a stamp there is none.
fn elsewhere(text: &str, start: usize) -> Vec<Range<usize>> {
    let parser = Parser::new_ext(&text[start..], Options::ENABLE_TABLES);
    let mut places: Vec<_> = parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    places.extend(parser.into_offset_iter().filter_map(|(event, place)| match event {
        Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) | Event::Code(_) | Event::InlineHtml(_) => Some(place),
        _ => None,
    }));
    places.into_iter().map(|place| place.start + start..place.end + start).collect()
}

/// The text without its stamps: what is left is content.
pub(crate) fn without(text: &str, keys: &[String]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for stamp in find(text, keys) {
        let gone = stamp.line.unwrap_or(stamp.value);
        made.push_str(&text[at..gone.start.max(at)]);
        at = gone.end.max(at);
    }
    made + &text[at..]
}

fn in_front(text: &str, front: &Front, keys: &[String], found: &mut Vec<Stamp>) {
    if front.notation == Notation::Json {
        return in_json(text, front.inner.clone(), keys, found);
    }
    let (sign, comment) = if front.notation == Notation::Yaml { (':', " #") } else { ('=', "#") };
    let mut at = front.inner.start;
    let mut quoted = None;
    for line in text[front.inner.clone()].split_inclusive('\n') {
        let place = at..at + line.len();
        at = place.end;
        if front.notation == Notation::Toml && is_quoted(line, &mut quoted) {
            continue;
        }
        if front.notation == Notation::Toml && line.trim_start().starts_with('[') {
            return;
        }
        let Some((key, rest)) = line.split_once(sign) else {
            continue;
        };
        let name = key.trim_end().trim_matches(['"', '\'']);
        if !keys.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
            continue;
        }
        let rest = rest.find(comment).map_or(rest, |end| &rest[..end]);
        let value = place.start + key.len() + 1;
        if let Some(stamp) = front_stamp(text, name, value..value + rest.len(), Some(place)) {
            found.push(stamp);
        }
    }
}

/// Whether a line of TOML begins inside a string of several lines; `quoted` is
/// the sign that ends it.
fn is_quoted(line: &str, quoted: &mut Option<&'static str>) -> bool {
    let was_quoted = quoted.is_some();
    let mut rest = line;
    loop {
        let next = match quoted {
            Some(sign) => rest.find(*sign).map(|at| (at, None)),
            None => ["\"\"\"", "'''"].into_iter().filter_map(|sign| Some((rest.find(sign)?, Some(sign)))).min(),
        };
        let Some((at, sign)) = next else { return was_quoted };
        *quoted = sign;
        rest = &rest[at + 3..];
    }
}

/// Strings of the object itself, not of objects inside it.
fn in_json(text: &str, place: Range<usize>, keys: &[String], found: &mut Vec<Stamp>) {
    let (mut depth, mut at) = (0_usize, place.start);
    let mut key: Option<&str> = None;
    let bytes = text.as_bytes();
    while at < place.end {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => key = None,
            b'"' => {
                let end = string_end(bytes, at, place.end);
                let inner = at + 1..end.saturating_sub(1).max(at + 1);
                match key {
                    Some(name) if depth == 1 && keys.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) => {
                        found.extend(front_stamp(text, name, inner, None));
                        key = None;
                    }
                    _ => key = text.get(inner).filter(|_| depth == 1),
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}

fn string_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = start + 1;
    while at < end {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    end
}

/// A front matter value as a stamp; none if it does not try to be a date.
fn front_stamp(text: &str, name: &str, value: Range<usize>, line: Option<Range<usize>>) -> Option<Stamp> {
    let trimmed = trimmed(text, value);
    let inner = unquoted(text, trimmed);
    let said = &text[inner.clone()];
    let is_word = ["", "~", "null", "true", "false"].iter().any(|word| said.eq_ignore_ascii_case(word));
    let is_template = said.contains("{{") || said.contains("{%") || said.contains("<%") || said.contains('$');
    if is_word || is_template || said.starts_with(['[', '{', '|', '>', '&', '*', '!']) {
        return None;
    }
    let written = written::read(said).filter(|written| written.len() == said.len());
    Some(Stamp { name: name.to_owned(), value: inner, written, line })
}

fn trimmed(text: &str, place: Range<usize>) -> Range<usize> {
    let said = &text[place.clone()];
    let start = place.start + (said.len() - said.trim_start().len());
    start..start + said.trim().len()
}

fn unquoted(text: &str, place: Range<usize>) -> Range<usize> {
    let said = &text[place.clone()];
    let quoted = ['"', '\''].iter().any(|quote| said.len() >= 2 && said.starts_with(*quote) && said.ends_with(*quote));
    if quoted { trimmed(text, place.start + 1..place.end - 1) } else { place }
}

/// Header lines near the start of the body.
fn in_head(text: &str, start: usize, found: &mut Vec<Stamp>) {
    let mut at = start;
    let mut heads = Vec::new();
    for line in text[start..].split_inclusive('\n').take(HEAD_LINES) {
        let place = at..at + line.len();
        at = place.end;
        heads.extend(head_stamp(line, place));
    }
    if !heads.is_empty() {
        let elsewhere = elsewhere(text, start);
        let is_apart = |stamp: &Stamp| !elsewhere.iter().any(|place| place.contains(&stamp.value.start));
        found.extend(heads.into_iter().filter(is_apart));
    }
}

/// A header line such as `**Last updated:** 2026-01-02`.
fn head_stamp(line: &str, place: Range<usize>) -> Option<Stamp> {
    let marks = |next: char| matches!(next, '*' | '_' | ' ' | '>');
    let label = line.trim_start_matches(marks);
    let name = LABELS.iter().find(|name| label.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
    let after = label[name.len()..].trim_start_matches(['*', '_']);
    let after = after.strip_prefix(" on").unwrap_or(after).trim_start_matches(['*', '_', ' ']);
    let is_labelled = after.starts_with(':');
    let value = after.strip_prefix(':').or_else(|| (after.len() < label.len() - name.len()).then_some(after))?;
    let value = value.trim_start_matches(marks);
    let start = place.start + (line.len() - value.len());
    let written = written::read(value);
    let len = match &written {
        Some(written) => written.len(),
        // A line that goes on with words is prose about something else.
        None if is_labelled && value.starts_with(|next: char| next.is_ascii_digit()) => {
            value.trim_end().trim_end_matches(['*', '_', '.', '\\']).trim_end().len()
        }
        None => return None,
    };
    Some(Stamp { name: label[..name.len()].to_owned(), value: start..start + len, written, line: Some(place) })
}

#[cfg(test)]
mod tests {
    use super::{find, without};

    fn keys() -> Vec<String> {
        ["lastmod", "ms.date", "updated"].map(str::to_owned).to_vec()
    }

    fn check(text: &str, expected: &[(&str, &str, bool)]) {
        let found = find(text, &keys());
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|stamp| (stamp.name.as_str(), &text[stamp.value.clone()], stamp.written.is_some())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn finds_front_matter_stamps() {
        check("---\nlastmod: 2026-01-02\n---\n", &[("lastmod", "2026-01-02", true)]);
        check("---\nms.date: \"08/30/2018\" # by hand\n---\n", &[("ms.date", "08/30/2018", true)]);
        check("---\nUpdated:   '1/2/2026'\nx: 1\n---\n", &[("Updated", "1/2/2026", true)]);
        check("---\nlastmod: soon\nupdated: 2026-13-01\n---\n", &[("lastmod", "soon", false), ("updated", "2026-13-01", false)]);
        check(
            "+++\nlastmod = 2026-01-02T03:04:05Z\n[x]\nupdated = 2026-01-02\n+++\n",
            &[("lastmod", "2026-01-02T03:04:05Z", true)],
        );
        check("{\n\"a\": {\"updated\": \"x\"},\n\"updated\": \"2026-01-02\"\n}\n", &[("updated", "2026-01-02", true)]);
        for none in [
            "---\nupdated: true\nlastmod:\n---\n",
            "---\nlastmod: {{ .Date }}\n---\n",
            "---\nnested:\n  lastmod: 2026-01-02\n---\n",
            "---\nlastmod: 2026-01-02\n",
            "---\n---\nlastmod: 2026-01-02\n",
        ] {
            check(none, &[]);
        }
    }

    #[test]
    fn finds_header_lines() {
        check("# A\n\n**Last updated:** 2026-01-02\n", &[("Last updated", "2026-01-02", true)]);
        check("Last updated: 2026-01-02  \n", &[("Last updated", "2026-01-02", true)]);
        check("_Last modified: January 2, 2026_\n", &[("Last modified", "January 2, 2026", true)]);
        check("> *Last updated on 2 Jan 2026.*\n", &[("Last updated", "2 Jan 2026", true)]);
        check("**LAST UPDATED**: 02.01.2026\n", &[("LAST UPDATED", "02.01.2026", true)]);
        check("Last updated: 2026-02-31\n", &[("Last updated", "2026-02-31", false)]);
        for none in [
            "Last updated: see the log\n",
            "Last updatedness: 2026-01-02\n",
            "It was last updated: 2026-01-02\n",
            "```\nLast updated: 2026-01-02\n```\n",
            "    Last updated: 2026-01-02\n",
            "The last update was in vain\n",
        ] {
            check(none, &[]);
        }
        check(&format!("{}Last updated: 2026-01-02\n", "x\n".repeat(30)), &[]);
    }

    #[test]
    fn what_is_left_is_content() {
        assert_eq!(without("---\na: 1\nlastmod: 2026-01-02\n---\nx\n", &keys()), "---\na: 1\n---\nx\n");
        assert_eq!(without("x\n_Last updated: 2026-01-02_\ny", &keys()), "x\ny");
        assert_eq!(without("{\"updated\": \"2026-01-02\"}\nx", &keys()), "{\"updated\": \"\"}\nx");
        assert_eq!(without("x", &keys()), "x");
    }
}
