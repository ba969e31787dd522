//! The destination of a link as it is written, and what stands before the
//! link. It is for the few links that the parser does not give back as written.

use std::ops::Range;

use crate::facts::Kind;

/// What docfx does with a link after this text: it puts in a document
/// (`[!INCLUDE [..](..)]`) or code (`[!code-cpp[..](..)]`).
pub(super) fn kind(before: &str) -> Kind {
    let near = before.as_bytes()[before.len().saturating_sub(40)..].trim_ascii_end();
    let Some(mark) = memchr::memmem::rfind(near, b"[!").map(|at| &near[at + 2..]) else { return Kind::Link };
    let is_word = mark.iter().all(|next| next.is_ascii_alphanumeric() || *next == b'-');
    match mark.to_ascii_lowercase() {
        mark if mark == b"include" => Kind::Include,
        mark if is_word && mark.starts_with(b"code") => Kind::Snippet,
        _ => Kind::Link,
    }
}

/// The destination that begins at `from`, without `<` and `>`.
pub(super) fn raw(link: &str, from: usize) -> Range<usize> {
    let bytes = link.as_bytes();
    let mut at = from + bytes[from..].iter().take_while(|next| next.is_ascii_whitespace()).count();
    let is_pointed = bytes.get(at) == Some(&b'<');
    at += usize::from(is_pointed);
    let (start, mut depth) = (at, 0_usize);
    while let Some(next) = bytes.get(at) {
        match next {
            b'\\' => at += 1,
            b'>' if is_pointed => break,
            b'(' if !is_pointed => depth += 1,
            b')' if !is_pointed && depth == 0 => break,
            b')' if !is_pointed => depth -= 1,
            _ if !is_pointed && next.is_ascii_whitespace() => break,
            _ => {}
        }
        at += 1;
    }
    let end = (start..=at.min(link.len())).rev().find(|&end| link.is_char_boundary(end)).unwrap_or(start);
    start..end
}

#[cfg(test)]
mod tests {
    use super::{kind, raw};
    use crate::facts::Kind;

    #[test]
    fn what_stands_before_decides_the_kind() {
        for (before, expected) in [
            ("text ", Kind::Link),
            ("[!INCLUDE ", Kind::Include),
            ("[!include", Kind::Include),
            ("[!code-cpp", Kind::Snippet),
            ("[!NOTE] see ", Kind::Link),
            ("", Kind::Link),
        ] {
            assert_eq!(kind(before), expected, "{before}");
        }
    }

    #[test]
    fn destinations_are_found_as_written() {
        for (link, expected) in [
            ("[a](b\\_c.md)", "b\\_c.md"),
            ("[a]( <b c> 't')", "b c"),
            ("[a](b(c).md \"t\")", "b(c).md"),
            ("[a](", ""),
            ("[a](b\\", "b\\"),
        ] {
            assert_eq!(&link[raw(link, link.find("](").expect("a link") + 2)], expected, "{link}");
        }
    }
}
