//! The front matter of a document: where it is and in which notation. It does
//! not interpret any key.

use std::ops::Range;

/// How front matter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Yaml,
    Toml,
    Json,
}

/// Front matter found, by byte offsets into the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Front {
    pub(crate) notation: Notation,
    /// Between the fences; for JSON the object itself.
    pub(crate) inner: Range<usize>,
    /// Where the document's body begins.
    pub(crate) end: usize,
}

/// Finds front matter at the very start of the text. An opening fence that is
/// never closed opens nothing.
pub(crate) fn find(text: &str) -> Option<Front> {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let first = text[mark..].split_inclusive('\n').next()?;
    match first.trim_end() {
        "---" => fenced(text, mark + first.len(), Notation::Yaml, &["---", "..."]),
        "+++" => fenced(text, mark + first.len(), Notation::Toml, &["+++"]),
        opening if opening.starts_with('{') => object(text, mark),
        _ => None,
    }
}

/// The part of the text after its front matter.
pub(crate) fn body(text: &str) -> &str {
    find(text).map_or(text, |front| &text[front.end..])
}

fn fenced(text: &str, start: usize, notation: Notation, closings: &[&str]) -> Option<Front> {
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if closings.contains(&line.trim_end()) {
            return Some(Front { notation, inner: start..at, end: at + line.len() });
        }
        at += line.len();
    }
    None
}

/// An object alone at the start, as Hugo reads it: its brace must close, and
/// nothing but white space may follow on that line.
fn object(text: &str, start: usize) -> Option<Front> {
    let end = start + object_length(&text[start..])?;
    let rest = text[end..].split_inclusive('\n').next().unwrap_or_default();
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text[start..end]).is_ok();
    (rest.trim().is_empty() && is_object).then(|| Front { notation: Notation::Json, inner: start..end, end: end + rest.len() })
}

fn object_length(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Notation, body, find};

    #[test]
    fn finds_the_three_notations() {
        for (text, notation, inner, rest) in [
            ("---\na: 1\n---\n# A\n", Some(Notation::Yaml), "a: 1\n", "# A\n"),
            ("---\r\na: 1\r\n...\r\nx", Some(Notation::Yaml), "a: 1\r\n", "x"),
            ("\u{feff}+++\na = 1\n+++\nx", Some(Notation::Toml), "a = 1\n", "x"),
            ("{\"a\": {\"b\": \"}\"}}\nx", Some(Notation::Json), "{\"a\": {\"b\": \"}\"}}", "x"),
            ("---\n---", Some(Notation::Yaml), "", ""),
            ("---\na: 1\n", None, "", "---\na: 1\n"),
            ("{{< x >}}\n", None, "", "{{< x >}}\n"),
            ("{not json}\n", None, "", "{not json}\n"),
            ("\n---\n---\n", None, "", "\n---\n---\n"),
            ("", None, "", ""),
        ] {
            let front = find(text);
            assert_eq!(front.as_ref().map(|front| front.notation), notation, "{text:?}");
            assert_eq!(front.map_or("", |front| &text[front.inner]), inner, "{text:?}");
            assert_eq!(body(text), rest, "{text:?}");
        }
    }
}
