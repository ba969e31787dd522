//! Text from plugins, models and files, made inert for a terminal or a log.

/// Escapes control characters and invisible or bidirectional ones, line feeds
/// and tabs included. Borrowed when there is nothing to escape.
#[must_use]
pub fn line(text: &str) -> std::borrow::Cow<'_, str> {
    escape(text, |_| false)
}

/// As [`line`], but keeps line feeds and tabs.
#[must_use]
pub fn block(text: &str) -> std::borrow::Cow<'_, str> {
    escape(text, |char| matches!(char, '\n' | '\t'))
}

/// Cuts text to at most `bytes_max` bytes, on a character boundary.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// A name for people: as [`line`], and at most `bytes_max` bytes of it.
#[must_use]
pub fn shown(name: &str, bytes_max: usize) -> String {
    let clean = line(cut(name, bytes_max));
    let short = cut(&clean, bytes_max);
    let is_whole = name.len() <= bytes_max && short.len() == clean.len();
    if is_whole { short.to_owned() } else { format!("{short}...") }
}

/// Whether a character can hide what a text says: tags, zero-width and
/// bidirectional controls.
#[must_use]
pub fn is_hidden(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

fn escape(text: &str, kept: impl Fn(char) -> bool) -> std::borrow::Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') || byte.is_ascii() && kept(char::from(byte))) {
        return text.into();
    }
    let unsafe_char = |char: char| (char.is_control() || is_hidden(char)) && !kept(char);
    if !text.contains(unsafe_char) {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if unsafe_char(char) {
            clean.extend(char.escape_default());
        } else {
            clean.push(char);
        }
    }
    clean.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_18_46_controls_are_shown_inert() {
        assert_eq!(line("a\x1b]52;c;eA==\x07b\nc\u{202e}d"), "a\\u{1b}]52;c;eA==\\u{7}b\\nc\\u{202e}d");
        assert_eq!(block("a\tb\nc\r\u{9b}"), "a\tb\nc\\r\\u{9b}");
        assert_eq!(line("plain é"), "plain é");
        assert_eq!(cut("aé", 2), "a");
        assert_eq!([shown("abc", 3), shown("abcd", 3), shown("\n", 9)], ["abc", "abc...", "\\n"]);
    }
}
