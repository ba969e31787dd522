//! Hidden characters of a file's new text: where they stand, and whether they
//! stood there before.

use std::collections::BTreeMap;

use crate::clean::is_hidden;
use crate::diff::Diff;

/// Places of one file that are kept, of added characters and of the others each.
const PLACES_MAX: usize = 100;

/// The hidden characters of one file.
#[derive(Debug, Default)]
pub struct HiddenIn {
    /// The first that the candidate adds, then the first that were there before.
    pub places: Vec<Hidden>,
    /// How many it adds.
    pub added: u64,
    /// How many were there before.
    pub before: u64,
}

/// A hidden character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// Its line in the new text, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The character.
    pub char: char,
    /// Whether the candidate adds it.
    pub added: bool,
}

impl HiddenIn {
    /// Those of the new text. One in a line that stayed was there before; so
    /// were as many in a changed place as the lines had that gave way.
    #[must_use]
    pub fn of(diff: &Diff<'_>) -> Self {
        if !diff.new_lines().any(|line| line.contains(is_hidden)) {
            return Self::default();
        }
        let (mut old, mut new) = (diff.old_lines(), diff.new_lines());
        let (mut old_at, mut new_at) = (0, 0);
        let (mut added, mut before) = (Kept::default(), Kept::default());
        for hunk in diff.hunks() {
            for line in new.by_ref().take(hunk.new.start - new_at) {
                new_at += 1;
                hidden(line).for_each(|(column, char)| before.keep(Hidden { line: new_at, column, char, added: false }));
            }
            let mut gone = BTreeMap::<char, u64>::new();
            for line in old.by_ref().skip(hunk.old.start - old_at).take(hunk.old.len()) {
                hidden(line).for_each(|(_, char)| *gone.entry(char).or_default() += 1);
            }
            old_at = hunk.old.end;
            for line in new.by_ref().take(hunk.new.len()) {
                new_at += 1;
                for (column, char) in hidden(line) {
                    let stayed = gone.get_mut(&char).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
                    let kept = if stayed { &mut before } else { &mut added };
                    kept.keep(Hidden { line: new_at, column, char, added: !stayed });
                }
            }
        }
        for line in new {
            new_at += 1;
            hidden(line).for_each(|(column, char)| before.keep(Hidden { line: new_at, column, char, added: false }));
        }
        Self { places: [added.places, before.places].concat(), added: added.count, before: before.count }
    }
}

#[derive(Default)]
struct Kept {
    places: Vec<Hidden>,
    count: u64,
}

impl Kept {
    fn keep(&mut self, hidden: Hidden) {
        self.count += 1;
        if self.places.len() < PLACES_MAX {
            self.places.push(hidden);
        }
    }
}

fn hidden(line: &str) -> impl Iterator<Item = (usize, char)> {
    line.chars().enumerate().filter(|(_, char)| is_hidden(*char)).map(|(at, char)| (at + 1, char))
}

/// A character as its code point: `U+202E`.
#[must_use]
pub fn code_point(char: char) -> String {
    format!("U+{:04X}", u32::from(char))
}

/// What a hidden character does, for people.
#[must_use]
pub fn name(char: char) -> &'static str {
    match char {
        '\u{ad}' => "soft hyphen",
        '\u{200b}' => "zero width space",
        '\u{200c}' => "zero width non-joiner",
        '\u{200d}' => "zero width joiner",
        '\u{200e}' | '\u{200f}' | '\u{61c}' => "mark of a writing direction",
        '\u{202a}' | '\u{202b}' => "writing direction, embedded",
        '\u{202c}' | '\u{2069}' => "end of a writing direction",
        '\u{202d}' => "left-to-right override",
        '\u{202e}' => "right-to-left override",
        '\u{2060}' => "word joiner",
        '\u{2066}'..='\u{2068}' => "writing direction, isolated",
        '\u{feff}' => "byte order mark",
        '\u{e0000}'..='\u{e007f}' => "tag character",
        '\u{e0100}'..='\u{e01ef}' => "variation selector",
        _ => "invisible character",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stayed_is_told_from_what_is_new() {
        let old = "a\u{202e}\nsame\u{200b}\nx\u{200b}y\nend\n";
        let new = "a\u{202e}!\nsame\u{200b}\nx\u{200b}y\u{200b}\nend\n";
        let diff = Diff::new(Some(old), Some(new));
        let found = HiddenIn::of(&diff);
        let places: Vec<_> = found.places.iter().map(|at| (at.line, at.column, at.char, at.added)).collect();
        let expected =
            [(3, 4, '\u{200b}', true), (1, 2, '\u{202e}', false), (2, 5, '\u{200b}', false), (3, 2, '\u{200b}', false)];
        assert_eq!(places, expected);
        assert_eq!((found.added, found.before), (1, 3));
        assert_eq!(HiddenIn::of(&Diff::new(None, Some("\u{feff}a"))).added, 1);
        assert_eq!(code_point('\u{feff}'), "U+FEFF");
    }
}
