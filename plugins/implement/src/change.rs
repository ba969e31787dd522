//! What a model says of one file, and what the file's text comes to by it. Pure:
//! whether a path may be changed is not known here.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;

/// What a model says of one file: `replace` or `text`, and not both.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// The file.
    pub(crate) path: String,
    /// Parts of its text, and what comes in their place.
    #[serde(default)]
    pub(crate) replace: Option<Vec<Block>>,
    /// Its whole new text.
    #[serde(default)]
    pub(crate) text: Option<String>,
}

/// A part of a text, and what comes in its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// A part that occurs exactly once.
    pub(crate) old: String,
    /// What comes in its place.
    pub(crate) new: String,
}

/// Why a change is none; blocks are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Neither `replace` nor `text`, or both.
    Unclear,
    /// `replace` in a file that is not there.
    NoFile,
    /// An `old` without a character.
    Empty(usize),
    /// An `old` that does not occur.
    Missing(usize),
    /// An `old` that occurs more than once.
    Ambiguous(usize, usize),
    /// Two blocks that share text.
    Overlapping(usize, usize),
    /// The text stays as it is.
    Nothing,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclear => out.write_str("it takes either \"replace\" or \"text\""),
            Self::NoFile => out.write_str("it is not there, so it takes \"text\" and no \"replace\""),
            Self::Empty(block) => write!(out, "\"old\" of block {block} is empty"),
            Self::Missing(block) => write!(out, "\"old\" of block {block} does not occur in it; copy it exactly"),
            Self::Ambiguous(block, count) => {
                write!(out, "\"old\" of block {block} occurs {count} times in it; take in more lines around")
            }
            Self::Overlapping(one, other) => write!(out, "blocks {one} and {other} share text; make one of them"),
            Self::Nothing => out.write_str("it would stay as it is"),
        }
    }
}

/// The text of a file after a change of it; `before` is none for a file that is not there.
///
/// # Errors
/// [`Fault`].
pub(crate) fn applied(change: &Change, before: Option<&str>) -> Result<String, Fault> {
    let after = match (change.replace.as_deref().filter(|blocks| !blocks.is_empty()), &change.text) {
        (Some(blocks), None) => replaced(before.ok_or(Fault::NoFile)?, blocks)?,
        (None, Some(text)) => whole(before.unwrap_or_default(), text),
        _ => return Err(Fault::Unclear),
    };
    if before == Some(after.as_str()) { Err(Fault::Nothing) } else { Ok(after) }
}

/// A text with other parts.
fn replaced(before: &str, blocks: &[Block]) -> Result<String, Fault> {
    let mut places = Vec::with_capacity(blocks.len());
    for (at, block) in blocks.iter().enumerate() {
        places.push((place(before, &block.old, at + 1)?, at + 1, block));
    }
    places.sort_by_key(|(place, ..)| place.start);
    for pair in places.windows(2) {
        let [(one, first, _), (other, second, _)] = pair else { continue };
        if other.start < one.end {
            return Err(Fault::Overlapping(*first.min(second), *first.max(second)));
        }
    }
    let (mut after, mut from) = (String::with_capacity(before.len()), 0);
    for (place, _, block) in places {
        after.push_str(&before[from..place.start]);
        after.push_str(&with_line_ends(&block.new, line_end(before, place.start)));
        from = place.end;
    }
    after.push_str(&before[from..]);
    Ok(after)
}

/// The one place where a part stands, with the line ends of the text if need be: a
/// model writes a line feed where there are two characters.
fn place(text: &str, old: &str, block: usize) -> Result<Range<usize>, Fault> {
    if old.is_empty() {
        return Err(Fault::Empty(block));
    }
    let other = if old.contains('\n') { with_line_ends(old, "\r\n") } else { old.to_owned() };
    let mut found = occurrences(text, old);
    if other != old {
        found.extend(occurrences(text, &other));
    }
    match found.as_slice() {
        [] => Err(Fault::Missing(block)),
        [one] => Ok(one.clone()),
        several => Err(Fault::Ambiguous(block, several.len())),
    }
}

/// All places, also those that share text with each other.
fn occurrences(text: &str, part: &str) -> Vec<Range<usize>> {
    let step = part.chars().next().map_or(1, char::len_utf8);
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(part)) {
        found.push(from + at..from + at + part.len());
        from += at + step;
    }
    found
}

/// How the line at a place ends, or the one before it.
fn line_end(text: &str, at: usize) -> &'static str {
    let after = text[at..].find('\n').map(|end| at + end);
    let end = after.or_else(|| text[..at].rfind('\n'));
    if end.is_some_and(|end| text[..end].ends_with('\r')) { "\r\n" } else { "\n" }
}

fn with_line_ends(text: &str, end: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', end)
}

/// A whole new text, with the mark, the line ends and the end of the one before.
fn whole(before: &str, text: &str) -> String {
    const MARK: &str = "\u{feff}";
    let is_crlf = before.contains("\r\n") && before.matches('\n').count() == before.matches("\r\n").count();
    let end = if is_crlf { "\r\n" } else { "\n" };
    let mut after = if is_crlf { with_line_ends(text, end) } else { text.to_owned() };
    if before.starts_with(MARK) && !after.starts_with(MARK) {
        after.insert_str(0, MARK);
    }
    let is_ended = before.is_empty() || before.ends_with('\n');
    if is_ended && !after.is_empty() && !after.ends_with('\n') {
        after.push_str(end);
    }
    after
}

/// What differs between two texts: the bytes of the first that go, and what comes.
#[must_use]
pub(crate) fn difference<'t>(before: &str, after: &'t str) -> (Range<usize>, &'t str) {
    let same = |(one, other): &(char, char)| one == other;
    let start: usize = before.chars().zip(after.chars()).take_while(same).map(|(char, _)| char.len_utf8()).sum();
    let (old, new) = (&before[start..], &after[start..]);
    let end: usize = old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(char, _)| char.len_utf8()).sum();
    (start..before.len() - end, &new[..new.len() - end])
}

#[cfg(test)]
mod tests;
