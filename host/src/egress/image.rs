//! Where an address stands in its document: whether something leads there for sure,
//! where it ends, and whether a browser may ask for it by itself, as for an image.

use std::cell::Cell;
use std::ops::Range;

use super::host::is_end;
use crate::clean;

/// Bytes before an address that are looked at.
const BEFORE_BYTES_MAX: usize = 4_096;
/// Bytes of an address; what is longer is cut off.
pub(super) const ADDRESS_BYTES_MAX: usize = 2_048;
/// Bytes of an image's words, before they may be anything.
const WORDS_BYTES_MAX: usize = 1_024;
/// What lets an address be asked for that stands without quotes or brackets of its own.
const LOADS_BARE: &[&str] = &["srcset", "image-set", "@import", "url(", "={"];
/// Elements that ask for their `href`.
const LOADS_HREF: &[&str] = &["<link", "<image", "<use", "<feimage", "<base", "<mpath", "<script"];
/// Words of directives that show what they name.
const DIRECTIVES: &[&str] = &["image:", "figure:", "video:", "audio:", "iframe:", "include:", "raw:", "{image}", "{figure}"];

/// A reading of a document.
pub(super) struct Page<'t> {
    pub text: &'t str,
    loads_bare: bool,
    loads_href: bool,
    /// Whether images may be shown by reference.
    has_references: bool,
    first_tag: usize,
    /// Words that show what they name, in their order.
    directives: Vec<Range<usize>>,
    /// From a place to the end of its authority, and to the first sign that may end an
    /// address: many addresses have the same.
    authority: Cell<(usize, usize)>,
    sign: Cell<(usize, usize)>,
}

/// The first place from `at` that `ends`, by what is known of the place before.
fn next(text: &str, at: usize, known: &Cell<(usize, usize)>, ends: fn(char) -> bool) -> usize {
    let (from, to) = known.get();
    if !(from..=to).contains(&at) {
        known.set((at, text[at..].find(ends).map_or(text.len(), |length| at + length)));
    }
    known.get().1
}

impl<'t> Page<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let lower = text.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_reference = |(at, _): (usize, &str)| {
            let rest = clean::cut(&text[at + 2..], WORDS_BYTES_MAX);
            rest.find(']').is_none_or(|end| !rest[end + 1..].starts_with('('))
        };
        let words = DIRECTIVES.iter().flat_map(|word| lower.match_indices(word).map(|(at, _)| at..at + word.len()));
        let mut directives: Vec<_> = words.collect();
        directives.sort_unstable_by_key(|word| word.end);
        let none = || Cell::new((usize::MAX, 0));
        let tags = lower.match_indices('<').map(|(at, _)| at);
        let is_tag = |at: &usize| lower[at + 1..].starts_with(|char: char| char.is_ascii_alphabetic());
        Self {
            text,
            loads_bare: has(LOADS_BARE),
            loads_href: has(LOADS_HREF),
            has_references: text.match_indices("![").any(is_reference),
            first_tag: tags.into_iter().find(is_tag).unwrap_or(usize::MAX),
            directives,
            authority: none(),
            sign: none(),
        }
    }

    /// The authority that begins at a place.
    pub(super) fn authority(&self, from: usize) -> &'t str {
        &self.text[from..next(self.text, from, &self.authority, is_end)]
    }

    /// What stands before a place, without spaces at its end.
    fn before(&self, at: usize) -> &'t str {
        self.text[self.text.floor_char_boundary(at.saturating_sub(BEFORE_BYTES_MAX))..at].trim_end()
    }

    /// Whether an address that begins there leads somewhere for sure: it stands where a
    /// link, an attribute or a reference has its address.
    pub(super) fn leads_from(&self, at: usize) -> bool {
        let before = self.before(at);
        before.ends_with(['(', '<', '"', '\'', '=', ',', '`', '{']) || before.ends_with("]:") || before.ends_with("::")
    }

    /// Where the address stands that begins at `begin` and has its path at `from` or later.
    pub(super) fn address(&self, begin: usize, from: usize) -> Range<usize> {
        let limit = self.text.len().min(begin + ADDRESS_BYTES_MAX).max(from);
        let rest = &self.text[from..self.text.ceil_char_boundary(limit)];
        let length = match self.before(begin).chars().next_back() {
            Some(quote @ ('"' | '\'')) => rest.find(quote),
            Some('<') => rest.find('>'),
            _ => {
                let mut depth = 0_i32;
                let sign = next(self.text, from, &self.sign, |char| char.is_whitespace() || "<>\"()".contains(char)) - from;
                let behind = rest.get(sign..).unwrap_or_default().find(|char: char| {
                    depth += i32::from(char == '(') - i32::from(char == ')');
                    depth < 0 || char.is_whitespace() || "<>\"".contains(char)
                });
                behind.map(|length| sign + length)
            }
        };
        begin..from + length.unwrap_or(rest.len())
    }

    /// Whether a word that shows what it names stands in the last line of what is `before` a place.
    fn is_directed(&self, begin: usize, before: &str) -> bool {
        let window = self.text.floor_char_boundary(begin.saturating_sub(BEFORE_BYTES_MAX));
        let line = window + before.rfind('\n').map_or(0, |at| at + 1);
        let words = &self.directives[..self.directives.partition_point(|word| word.end <= window + before.len())];
        words.last().is_some_and(|word| word.start >= line)
    }

    /// Whether a browser may ask for the address that begins there by itself.
    pub(super) fn may_be_image(&self, begin: usize) -> bool {
        let before = self.before(begin);
        if self.is_directed(begin, before) || self.text[..begin].ends_with('!') {
            return true;
        }
        let inner = before.strip_suffix('<').unwrap_or(before).trim_end();
        if inner.ends_with("]:") {
            return self.has_references;
        }
        // So many blanks may hide anything.
        if inner.is_empty() && begin >= BEFORE_BYTES_MAX {
            return true;
        }
        if let Some(label) = inner.strip_suffix("](") {
            return is_image_of(label);
        }
        if before.ends_with('<') {
            return false;
        }
        let inner = before.trim_end_matches(['"', '\'', '`', '{', '(']).trim_end();
        if let Some(attribute) = inner.strip_suffix('=').filter(|_| begin > self.first_tag) {
            let is_href = attribute.trim_end().to_ascii_lowercase().ends_with("href");
            return !is_href || self.loads_href;
        }
        self.loads_bare
    }
}

/// Whether the brackets that `label` ends within, `](` aside, may be those of an image:
/// one begins in the paragraph that is not plainly over before. Where code, escapes or
/// tags may hide a bracket, any image counts.
fn is_image_of(label: &str) -> bool {
    let gap = ["\n\n", "\n\r\n"].iter().filter_map(|gap| label.rfind(gap)).max();
    let Some(paragraph) = gap.map(|gap| &label[gap..]).or((label.len() + 8 < BEFORE_BYTES_MAX).then_some(label)) else {
        return true;
    };
    if paragraph.contains(['`', '\\', '<', '&', '$']) {
        return paragraph.contains("![");
    }
    let mut rest = paragraph;
    while let Some((_, image)) = rest.split_once("![") {
        let Some((words, address)) = image.split_once("](") else { return true };
        let Some((address, after)) = address.split_once(')') else { return true };
        if words.contains(['[', ']']) || address.contains(['[', ']', '(']) {
            return true;
        }
        rest = after;
    }
    false
}
