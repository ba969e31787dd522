//! Where an address stands in its document: whether something leads there for sure,
//! where it ends, and whether a browser may ask for it by itself, as for an image.

use std::cell::Cell;
use std::ops::Range;

use super::filling::Filling;
use super::host::is_end;
use super::kind::{ATTRIBUTES, Kind};
use crate::clean;

/// Bytes before an address that are looked at.
const BEFORE_BYTES_MAX: usize = 4_096;
/// Bytes of an address; what is longer is cut off.
pub(super) const ADDRESS_BYTES_MAX: usize = 2_048;
/// Bytes of an image's words, before they may be anything.
const WORDS_BYTES_MAX: usize = 1_024;
/// Bytes between the sign of an image of Textile and its address.
const STYLE_BYTES_MAX: usize = 64;
/// What lets an address be asked for that stands without quotes or brackets of its own.
const LOADS_BARE: &[&str] = &["srcset", "image-set", "@import", "url(", "={"];
/// Elements that ask for their `href`.
const LOADS_HREF: &[&str] = &["<link", "<image", "<use", "<feimage", "<base", "<mpath", "<script"];
/// Words of directives that show what they name.
const DIRECTIVES: &[&str] =
    &["image:", "figure:", "video:", "audio:", "iframe:", "include:", "raw:", ":url:", "{image}", "{figure}"];

/// A reading of a document.
pub(super) struct Page<'t> {
    pub text: &'t str,
    pub filling: Option<Filling<'t>>,
    kind: Kind,
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
    pub(super) fn of(text: &'t str, kind: Kind) -> Self {
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
            filling: Filling::of(text, kind),
            kind,
            loads_bare: kind != Kind::Data && has(LOADS_BARE),
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

    /// Whether an address without a scheme may begin there, if it has a host by its looks:
    /// behind a sign that is part of no path.
    pub(super) fn may_lead_from(&self, at: usize) -> bool {
        let is_sign = |char: char| !char.is_alphanumeric() && !char.is_whitespace() && !"_-~.%/\\:}".contains(char);
        let before = &self.text[..at];
        let is_filled = before.ends_with("}}") || before.ends_with("%}") || before.ends_with('}') && self.kind == Kind::Asciidoc;
        (is_filled || before.ends_with(is_sign)) && self.text[at..].starts_with('/') || self.before(at).ends_with(';')
    }

    /// Whether an address stands there, whatever it is: a link, a directive or an attribute has it.
    pub(super) fn is_place(&self, begin: usize) -> bool {
        let before = self.before(begin);
        let is_macro = || self.kind == Kind::Asciidoc && self.text[..begin].ends_with(':');
        let inner = before.trim_end_matches(['<', '"', '\'', '`']).trim_end();
        if inner.ends_with("](") || inner.ends_with("]:") || inner.ends_with("::") || inner.ends_with("url(") || is_macro() {
            return true;
        }
        let Some(attribute) = inner.strip_suffix('=').map(str::trim_end) else { return false };
        let name = attribute.rsplit(|char: char| !char.is_ascii_alphanumeric()).next().unwrap_or_default();
        ATTRIBUTES.contains(&name.to_ascii_lowercase().as_str())
    }

    /// Whether an address that begins there is what AsciiDoc puts in place of a name.
    pub(super) fn is_defined(&self, begin: usize) -> bool {
        let before = self.before(begin);
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        self.kind == Kind::Asciidoc && line.starts_with(':') && line.ends_with(':')
    }

    /// Entities that the text declares: they may stand for anything.
    pub(super) fn declarations(&self) -> impl Iterator<Item = &'t str> {
        let text = self.text;
        let is_one = |at: &usize| {
            text.as_bytes()[*at + 2..].get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"entity"))
                && text[*at + 8..].starts_with(char::is_whitespace)
        };
        let whole = |at: usize| {
            let near = clean::cut(&text[at..], ADDRESS_BYTES_MAX);
            &near[..near.find('>').map_or(near.len(), |end| end + 1)]
        };
        memchr::memmem::find_iter(text.as_bytes(), "<!").filter(is_one).map(whole)
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
        let near = &before[before.ceil_char_boundary(before.len().saturating_sub(STYLE_BYTES_MAX))..];
        let word = near.rsplit(char::is_whitespace).next().unwrap_or_default();
        if word.starts_with('!') && !word.contains('[') {
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
