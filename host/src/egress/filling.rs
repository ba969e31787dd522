//! Addresses that are made only when a document is: with something filled in where
//! their host is. Nobody knows what, so such a place is a host of its own, named as it
//! is written and told apart by what the text defines it as. Nothing is filled in here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::host::is_end;
use super::kind::Kind;
use crate::clean;

/// What goes around what is filled in, in whatever document.
const AROUND: &[(&str, &str)] = &[("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("<?", "?>")];
/// Bytes of one such place, and of an address up to its path.
const PLACE_BYTES_MAX: usize = 256;
/// Names that a definition depends on, and how many stand behind one another.
const NAMES_MAX: usize = 64;
const NESTED_MAX: usize = 3;
/// Words that define what another stands for.
const DEFINES: &[&str] = &["assign", "set", "capture", "let", "with", "macro", "block"];
/// Words that make an address within the site.
const WITHIN: &[&str] = &["ref", "relref", "link", "post_url", "url", "static"];

/// What a text has filled in.
pub(super) struct Filling<'t> {
    text: &'t str,
    kind: Kind,
    names: BTreeMap<&'t str, Definition<'t>>,
}

/// All definitions of a name.
#[derive(Default)]
struct Definition<'t> {
    digest: u64,
    uses: BTreeSet<&'t str>,
}

impl<'t> Filling<'t> {
    /// That of a text, if anything is.
    pub(super) fn of(text: &'t str, kind: Kind) -> Option<Self> {
        let has_any = matches!(kind, Kind::Filled | Kind::Asciidoc) && text.contains('{')
            || kind != Kind::Data && AROUND.iter().any(|(begin, _)| text.contains(begin));
        has_any.then(|| {
            let mut filling = Self { text, kind, names: BTreeMap::new() };
            filling.define();
            (0..NESTED_MAX).for_each(|_| filling.nest());
            filling
        })
    }

    /// Bytes of the place that a text begins with.
    fn place(&self, text: &str) -> Option<usize> {
        let ends = |(begin, end): &(&str, &str)| text.starts_with(begin).then(|| length(text, begin.len(), end.as_bytes()));
        let single = || Some(text).filter(|text| self.takes_names() && text.starts_with('{')).map(|text| length(text, 1, b"}"));
        AROUND.iter().find_map(ends).or_else(single)
    }

    /// Whether `{name}` is such a place.
    fn takes_names(&self) -> bool {
        matches!(self.kind, Kind::Filled | Kind::Asciidoc)
    }

    /// Whether it may be a link wherever it stands.
    pub(super) fn takes_all(&self) -> bool {
        self.kind == Kind::Asciidoc
    }

    /// Where something is filled in that may lead anywhere.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        let is_open = |at: &usize| {
            let rest = &self.text[*at..];
            let is_sure = self.takes_all() || AROUND.iter().any(|(begin, _)| rest.starts_with(begin));
            is_sure && self.place(rest).is_some_and(|length| !is_closed(&rest[..length]) || !is_within(&rest[..length]))
        };
        memchr::memchr2_iter(b'{', b'<', self.text.as_bytes()).filter(is_open)
    }

    /// The address that begins there, to its path, if something is filled in before that:
    /// as it is written, with what its names are defined as. Whether it is a link by its end.
    /// At the start of an address the files that are told to a function are none of it.
    pub(super) fn host(&self, from: usize, is_start: bool) -> Option<(String, bool)> {
        let (mut at, mut is_filled) = (from, false);
        let last = loop {
            let rest = &self.text[at..];
            let Some(char) = rest.chars().next().filter(|_| at - from < PLACE_BYTES_MAX) else { break None };
            if let Some(length) = self.place(rest) {
                (at, is_filled) = (at + length, true);
            } else if !is_end(char) && !"()[]',;|".contains(char)
                || matches!(char, '/' | '\\') && (is_filled || is_start && at == from) && self.place(&rest[1..]).is_some()
            {
                at += char.len_utf8();
            } else {
                break Some(char);
            }
        };
        let address = &self.text[from..at];
        let is_link = self.takes_all() && last == Some('[');
        is_filled
            .then(|| (format!("{}{}", if is_start { unnamed(address) } else { address.into() }, self.digest(address)), is_link))
    }

    /// What the names in a text are defined as; nothing if nowhere here.
    fn digest(&self, text: &str) -> String {
        let mut digest = DefaultHasher::new();
        let known = words(text).filter_map(|name| self.names.get(name)).map(|name| name.digest.hash(&mut digest)).count();
        if known == 0 { String::new() } else { format!(" as defined ({:016x})", digest.finish()) }
    }

    fn define(&mut self) {
        if self.takes_all() {
            let text = self.text;
            for line in text.lines() {
                let parts = line.trim_start().strip_prefix(':').and_then(|rest| rest.split_once(':'));
                parts.into_iter().for_each(|(name, value)| self.add(name.trim_matches('!'), value));
            }
        }
        for at in memchr::memchr2_iter(b'{', b'<', self.text.as_bytes()) {
            let rest = &self.text[at..];
            let Some(length) = self.place(rest).filter(|length| is_closed(&rest[..*length])) else { continue };
            let inner = &rest[..length];
            let mut found = words(inner);
            let first = found.next().unwrap_or_default();
            if DEFINES.contains(&first) {
                // The value of one may stand behind it.
                let near = clean::cut(rest, 2 * PLACE_BYTES_MAX);
                let end =
                    if inner.contains('=') { length } else { near[1..].find("{%").map_or(near.len(), |end| end + 1).max(length) };
                found.next().into_iter().for_each(|name| self.add(name, &rest[..end]));
            } else if inner.starts_with("{{") && inner.contains('=') {
                self.add(first, inner);
            }
        }
    }

    fn add(&mut self, name: &'t str, value: &'t str) {
        let definition = self.names.entry(name).or_default();
        definition.digest = mixed(definition.digest, &value.trim());
        definition.uses.extend(words(value).take(NAMES_MAX));
    }

    /// Makes what each name is defined as part of those that are defined by it.
    fn nest(&mut self) {
        let digests: BTreeMap<_, _> = self.names.iter().map(|(name, definition)| (*name, definition.digest)).collect();
        for definition in self.names.values_mut() {
            let used = definition.uses.iter().filter_map(|name| digests.get(name));
            definition.digest = used.fold(definition.digest, mixed);
        }
    }
}

/// Whether what is filled in is the address of something within the site, as far as can be told.
fn is_within(place: &str) -> bool {
    let inner = place.trim_matches(|char: char| "{}%<>-".contains(char)).trim();
    let is_one = inner.split_whitespace().next().is_some_and(|word| WITHIN.contains(&word)) && !inner.contains('|');
    let quoted = || inner.strip_prefix(['"', '\''])?.split_once(['"', '\''])?.1.trim().strip_prefix('|');
    is_one || quoted().is_some_and(|filter| matches!(filter.trim(), "relative_url" | "absolute_url"))
}

/// Bytes of a text to the `end` of what it begins with, if that is near.
fn length(text: &str, begin: usize, end: &[u8]) -> usize {
    let near = clean::cut(text, PLACE_BYTES_MAX);
    let inner = &near.as_bytes()[begin.min(near.len())..];
    let mut ends = memchr::memchr_iter(end[end.len() - 1], inner).map(|at| at + 1);
    ends.find(|at| inner[..*at].ends_with(end)).map_or(near.len(), |at| begin + at)
}

/// Whether a place is over where it seems to be.
fn is_closed(place: &str) -> bool {
    place.ends_with(['}', '>'])
}

/// An address without the names of files in it: `{{ resource "a.css" }}`.
fn unnamed(address: &str) -> Cow<'_, str> {
    if !address.contains('"') || address.contains("//") || address.contains(':') {
        return address.into();
    }
    let is_file = |part: &str| part.starts_with(|char: char| char.is_ascii_alphanumeric());
    let parts = address.split('"').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 && is_file(part) { "\"...\"".into() } else { part.to_owned() + " " })
        .collect::<String>()
        .into()
}

fn mixed(digest: u64, more: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (digest, more).hash(&mut hasher);
    hasher.finish()
}

/// Names of a text, as templates have them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '$');
    text.split(move |char| !is_part(char)).map(|word| word.trim_matches('-')).filter(|word| !word.is_empty())
}
