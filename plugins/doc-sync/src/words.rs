//! Words in texts: where names begin and end, how much two of them are alike.
//! Bytes beyond ASCII separate.

use std::ops::Range;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A run of letters, digits, `_` and `-`, without the dashes around it.
#[derive(Clone, Copy)]
pub(crate) struct Run<'t> {
    /// The run.
    pub(crate) text: &'t str,
    /// Dashes in front of it.
    pub(crate) dashes: usize,
    /// Whether it stands in quotes of its own, with the dashes or without.
    pub(crate) is_quoted: bool,
    /// Where it begins.
    pub(crate) start: usize,
}

/// All runs of a text, in order.
pub(crate) fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let (bytes, mut at) = (text.as_bytes(), 0);
    std::iter::from_fn(move || {
        loop {
            let begin = at + bytes[at..].iter().position(|byte| is_word(*byte) || *byte == b'-')?;
            let len = bytes[begin..].iter().take_while(|byte| is_word(**byte) || **byte == b'-').count();
            at = begin + len;
            let whole = &text[begin..at];
            let bare = whole.trim_start_matches('-');
            let dashes = whole.len() - bare.len();
            let bare = bare.trim_end_matches('-');
            if !bare.is_empty() {
                let quote = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'));
                let is_quoted = begin > 0 && quote(bytes.get(begin - 1)) && quote(bytes.get(at));
                return Some(Run { text: bare, dashes, is_quoted, start: begin + dashes });
            }
        }
    })
}

/// Where a word stands in a text as a whole word.
pub(crate) fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let bytes = text.as_bytes();
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
    text.match_indices(word).map(|(start, word)| start..start + word.len()).filter(move |place| {
        let before = place.start.checked_sub(1).and_then(|at| bytes.get(at));
        let goes_on = is_part(before) || is_part(bytes.get(place.end));
        !goes_on && (!word.contains('-') || !is_kebab(bytes, place))
    })
}

/// Whether a run with dashes goes on beyond a place.
fn is_kebab(bytes: &[u8], place: &Range<usize>) -> bool {
    let dash_before = place.start > 0 && bytes[place.start - 1] == b'-';
    let goes_on = bytes.get(place.end) == Some(&b'-') && bytes.get(place.end + 1).is_some_and(|byte| is_word(*byte));
    goes_on || dash_before && bytes[place.start] == b'-'
}

/// Whether a word stands in a text as a whole word.
pub(crate) fn has(text: &str, word: &str) -> bool {
    places(text, word).next().is_some()
}

/// Whether a text is one identifier.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.bytes().all(is_word) && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

/// How much two names are alike, in hundredths: bytes that both have in the same order.
pub(crate) fn likeness(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut row = vec![0_usize; other.len() + 1];
    for byte in one {
        let mut corner = 0;
        for (at, against) in other.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if byte == against { corner + 1 } else { above.max(row[at]) };
            corner = above;
        }
    }
    match one.len() + other.len() {
        0 => 100,
        total => row[other.len()] * 200 / total,
    }
}

/// A text on one line, cut to so many characters.
pub(crate) fn short(text: &str, max: usize) -> String {
    let line = text.trim().replace(['\n', '\r', '\t'], " ");
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_know_their_dashes_and_quotes() {
        let found: Vec<_> = runs("a --foo-bar \"b-c\" '--d' ---").map(|run| (run.text, run.dashes, run.is_quoted)).collect();
        assert_eq!(found, [("a", 0, false), ("foo-bar", 2, false), ("b-c", 0, true), ("d", 2, true)]);
    }

    #[test]
    fn a_word_is_not_a_part_of_one() {
        assert!(has("x.foo()", "foo") && has("--foo-bar=", "--foo-bar") && has("(--foo)", "--foo"));
        for (text, word) in [("foobar", "foo"), ("_foo", "foo"), ("--foo-bar", "--foo-ba"), ("--foo-bar-x", "--foo-bar")] {
            assert!(!has(text, word), "{text} {word}");
        }
    }

    #[test]
    fn likeness_is_of_what_both_have() {
        assert_eq!((likeness("abc", "abc"), likeness("", ""), likeness("abc", "xyz")), (100, 100, 0));
        assert!(likeness("color-mode", "colour-mode") > 90 && likeness("verbose", "quiet") < 40);
    }
}
