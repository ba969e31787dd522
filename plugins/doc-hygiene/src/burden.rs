//! Texts that would cost the linter more than linear time. No document made for
//! readers comes near these bounds; they keep a hostile one from stopping the
//! run. It looks at bytes and is no parser.

/// Over all lines that open list items, the square of the width of what opens
/// them: the linter works out each level's column from the line's start.
const NESTING_MAX: usize = 50_000_000;

/// Over all link destinations, the bytes up to the next closing parenthesis:
/// the fixer looks for it from each.
const DESTINATIONS_MAX: usize = 1_000_000_000;

/// Whether lists are nested too deep to be linted.
pub(crate) fn is_too_deep(text: &str) -> bool {
    let squares = text.lines().map(|line| {
        let width = opening_width(line.as_bytes());
        width.saturating_mul(width)
    });
    squares.fold(0, usize::saturating_add) > NESTING_MAX
}

/// How wide the quotes and list markers are that a line starts with; 0 if
/// there is no list marker among them.
fn opening_width(line: &[u8]) -> usize {
    let (mut at, mut has_item) = (0, false);
    while let Some(next) = line.get(at) {
        let digits = line[at..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        let marker = match next {
            b' ' | b'\t' | b'>' => {
                at += 1;
                continue;
            }
            b'-' | b'*' | b'+' => 1,
            _ if digits > 0 && matches!(line.get(at + digits), Some(b'.' | b')')) => digits + 1,
            _ => break,
        };
        if !matches!(line.get(at + marker), None | Some(b' ' | b'\t')) {
            break;
        }
        has_item = true;
        at += marker;
    }
    if has_item { at } else { 0 }
}

/// Whether too many links begin and never end for the text to be fixed.
pub(crate) fn has_too_many_open_links(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut closing, mut sum) = (bytes.len(), 0_usize);
    for at in (0..bytes.len()).rev() {
        match bytes[at] {
            b')' => closing = at,
            b'(' if at > 0 && bytes[at - 1] == b']' => sum = sum.saturating_add(closing - at),
            _ => {}
        }
    }
    sum > DESTINATIONS_MAX
}

#[cfg(test)]
mod tests {
    use super::{has_too_many_open_links, is_too_deep, opening_width};

    #[test]
    fn the_width_is_that_of_quotes_and_items() {
        for (line, width) in [
            ("", 0),
            ("text", 0),
            ("> text", 0),
            ("- text", 2),
            ("  10. - x", 8),
            ("> > * x", 6),
            ("---", 0),
            ("-", 1),
            ("1.5", 0),
        ] {
            assert_eq!(opening_width(line.as_bytes()), width, "{line:?}");
        }
    }

    #[test]
    fn only_absurd_texts_are_refused() {
        assert!(is_too_deep(&"- ".repeat(10_000)));
        assert!(!is_too_deep(&"> ".repeat(10_000)));
        assert!(!is_too_deep(&format!("{}- x\n", " ".repeat(40)).repeat(20_000)));
        assert!(has_too_many_open_links(&"[a](".repeat(100_000)));
        assert!(!has_too_many_open_links(&"[a](b)\n".repeat(100_000)));
        assert!(!has_too_many_open_links(""));
    }
}
