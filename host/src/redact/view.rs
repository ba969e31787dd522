//! A text as somebody reads it who takes its escapes for what they stand for:
//! `%41`, `\u0041`, `\x41`, `&#65;`, `&lowbar;`, and characters that cannot be seen left out.

use std::borrow::Cow;
use std::ops::Range;

use crate::clean;
use crate::escape::{byte as byte_of, entity, percent};

/// Such a text, with the places that its parts have in the text that it was made from.
pub(super) struct View {
    pub text: Vec<u8>,
    /// Where the distance between both texts changes: a place here and its place there.
    marks: Vec<(usize, usize)>,
}

impl View {
    /// The view of a text; none if there is nothing to see through.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut at = next_sign(text, 0)?;
        let mut view = Self { text: Vec::new(), marks: vec![(0, 0)] };
        let mut done = 0;
        loop {
            if let Some((length, meant)) = meant(&text[at..]) {
                view.text.extend_from_slice(&text[done..at]);
                view.marks.push((view.text.len(), at));
                let mut bytes = [0; 4];
                view.text.extend(meant.bytes(&mut bytes));
                done = at + length;
                view.marks.push((view.text.len(), done));
                at = done;
            } else {
                at += 1;
            }
            match next_sign(text, at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if done == 0 {
            return None;
        }
        view.text.extend_from_slice(&text[done..]);
        Some(view)
    }

    /// Where a part of this text stands in the other.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        let there = |at: usize| {
            let (here, there) = self.marks[self.marks.partition_point(|(here, _)| *here <= at) - 1];
            there + (at - here)
        };
        // The last byte's own place and what its escape has besides.
        there(range.start)..there(range.end).max(there(range.start) + 1)
    }
}

/// What an escape stands for.
enum Meant {
    Nothing,
    Byte(u8),
    Char(char),
}

impl Meant {
    fn bytes(self, buffer: &mut [u8; 4]) -> impl Iterator<Item = u8> {
        let length = match self {
            Self::Nothing => 0,
            Self::Byte(byte) => {
                buffer[0] = byte;
                1
            }
            Self::Char(char) => char.encode_utf8(buffer).len(),
        };
        buffer.iter().copied().take(length)
    }
}

/// What escapes begin with, and the hidden characters of `clean` in UTF-8.
const SIGNS: [bool; 256] = {
    let mut table = [false; 256];
    let signs = [b'%', b'\\', b'&', 0xc2, 0xd8, 0xe1, 0xe2, 0xe3, 0xef, 0xf3];
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

/// The next place where an escape or a hidden character may begin.
fn next_sign(text: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?.iter().position(|byte| SIGNS[usize::from(*byte)]).map(|at| from + at)
}

/// The length of the escape that a text begins with, and what it stands for.
fn meant(text: &[u8]) -> Option<(usize, Meant)> {
    match text {
        [b'%', ..] => Some((3, Meant::Byte(percent(text)?))),
        [b'\\', b'x', high, low, ..] => Some((4, Meant::Byte(byte_of(*high, *low)?))),
        [b'\\', b'u', b'{', rest @ ..] => braced(rest).map(|(length, char)| (3 + length, char)),
        [b'\\', b'u', a, b, c, d, ..] => {
            let unit = u32::from(byte_of(*a, *b)?) << 8 | u32::from(byte_of(*c, *d)?);
            Some((6, char_of(unit)))
        }
        [b'\\', b'n' | b'r', ..] => Some((2, Meant::Byte(b'\n'))),
        [b'\\', b't', ..] => Some((2, Meant::Byte(b'\t'))),
        [b'\\', sign @ (b'/' | b'"' | b'\\'), ..] => Some((2, Meant::Byte(*sign))),
        [b'&', ..] => entity(text).map(|(length, char)| (length, seen(char))),
        [first, ..] if !first.is_ascii() => hidden(text).map(|length| (length, Meant::Nothing)),
        _ => None,
    }
}

/// Hexadecimal digits up to a brace.
fn braced(text: &[u8]) -> Option<(usize, Meant)> {
    let length = text.iter().take(9).position(|byte| *byte == b'}')?;
    let digits = std::str::from_utf8(&text[..length]).ok()?;
    Some((length + 1, char_of(u32::from_str_radix(digits, 16).ok()?)))
}

/// Half a pair means nothing.
fn char_of(unit: u32) -> Meant {
    seen(char::from_u32(unit))
}

/// What cannot be seen means nothing.
fn seen(char: Option<char>) -> Meant {
    char.filter(|char| !clean::is_hidden(*char)).map_or(Meant::Nothing, Meant::Char)
}

/// The length of the hidden character that a text begins with.
fn hidden(text: &[u8]) -> Option<usize> {
    let length = match text[0] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let char = std::str::from_utf8(text.get(..length)?).ok()?.chars().next()?;
    clean::is_hidden(char).then_some(length)
}

/// A text without tag characters, in which whole sentences can be hidden, and how many
/// characters of it cannot be seen. A joiner within an emoji is part of what is seen.
pub(super) fn without_tags(text: &str) -> (Cow<'_, str>, u64) {
    if text.is_ascii() || !text.contains(clean::is_hidden) {
        return (text.into(), 0);
    }
    let (mut hidden, mut has_tags, mut before) = (0, false, '\0');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let joins = char == '\u{200d}' && is_pictorial(before) && chars.peek().copied().is_some_and(is_pictorial);
        hidden += u64::from(clean::is_hidden(char) && !joins);
        has_tags |= is_tag(char);
        before = char;
    }
    let text = if has_tags { Cow::Owned(text.chars().filter(|char| !is_tag(*char)).collect()) } else { text.into() };
    (text, hidden)
}

fn is_tag(char: char) -> bool {
    matches!(char, '\u{e0000}'..='\u{e007f}')
}

/// Roughly: signs, emoji, their colours and their variations.
fn is_pictorial(char: char) -> bool {
    matches!(char, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}
