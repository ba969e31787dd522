//! What one document tells about itself and about others: the summary that
//! `check` writes and `conclude` reads. Words are kept once, in one text, and
//! read without being copied. It judges nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

mod code_span;
mod destination;
pub(crate) mod extras;
pub(crate) mod gather;
pub(crate) mod html;
pub(crate) mod meta;
pub(crate) mod toc_file;

/// The contract's bound on a summary.
const SUMMARY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A word by its place in the text of all words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word {
    at: u32,
    len: u32,
}

/// Where something stands in the original text, by byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) word: Word,
    pub(crate) place: Place,
}

/// How a document points to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A Markdown link or image.
    Link,
    /// An attribute of an HTML element.
    Html,
    /// Content that is put in at build time.
    Include,
    /// Code that docfx puts in.
    Snippet,
    /// A Hugo `ref` or `relref`.
    Ref,
    /// An entry of a navigation file.
    Nav,
}

/// A destination in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// Which of the document's destinations.
    pub(crate) target: u32,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// Whether the place is the destination itself and nothing more.
    pub(crate) exact: bool,
}

/// The facts of one document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts<'a> {
    #[serde(borrow)]
    words: Cow<'a, str>,
    pub(crate) title: Option<Placed>,
    pub(crate) version: Option<Placed>,
    /// Ids made of headings, as [`crate::slug::key`] writes them.
    pub(crate) slugs: Vec<Word>,
    /// Ids that are written out, in the same form.
    pub(crate) ids: Vec<Word>,
    /// Whether content from elsewhere may bring further ids.
    pub(crate) open: bool,
    /// Each destination once.
    pub(crate) targets: Vec<Word>,
    pub(crate) links: Vec<Link>,
    /// Code spans that look like paths.
    pub(crate) paths: Vec<Placed>,
    /// Whether the history needed was not in the clone.
    pub(crate) history_missing: bool,
    /// Whether nothing of this is known.
    #[serde(skip)]
    pub(crate) unknown: bool,
}

impl Facts<'_> {
    /// The word's text.
    pub(crate) fn text(&self, word: Word) -> &str {
        self.words.get(word.at as usize..(word.at + word.len) as usize).unwrap_or_default()
    }

    /// The summary, within its bound: of a document with more to tell than
    /// that, it is only known that it is there.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let whole = postcard::to_allocvec(self).unwrap_or_default();
        if whole.len() <= SUMMARY_BYTES_MAX {
            return whole;
        }
        let rest = Facts { open: true, history_missing: self.history_missing, ..Facts::default() };
        postcard::to_allocvec(&rest).unwrap_or_default()
    }
}

/// Reads a summary. Of a document without one, which was too much for a limit,
/// only that is known.
pub(crate) fn decoded(data: &[u8]) -> Facts<'_> {
    postcard::from_bytes(data).unwrap_or_else(|_| Facts { open: true, unknown: true, ..Facts::default() })
}

/// Facts while they are gathered.
#[derive(Default)]
pub(crate) struct Builder {
    facts: Facts<'static>,
    known: HashMap<String, u32>,
    used: HashMap<String, u32>,
}

impl Builder {
    pub(crate) fn word(&mut self, text: &str) -> Word {
        let words = self.facts.words.to_mut();
        let at = offset(words.len());
        words.push_str(text);
        Word { at, len: offset(text.len()) }
    }

    pub(crate) fn title(&mut self, text: &str, place: Range<usize>) {
        if self.facts.title.is_none() && !text.is_empty() {
            self.facts.title = Some(Placed { word: self.word(text), place: placed(place) });
        }
    }

    pub(crate) fn version(&mut self, text: &str, place: Range<usize>) {
        if self.facts.version.is_none() && !text.is_empty() {
            self.facts.version = Some(Placed { word: self.word(text), place: placed(place) });
        }
    }

    /// Adds the id of a heading, made unique as the generators do it.
    pub(crate) fn slug(&mut self, slug: String) -> String {
        let mut unique = slug.clone();
        while self.used.contains_key(&unique) {
            let count = self.used.entry(slug.clone()).or_default();
            *count += 1;
            unique = format!("{slug}-{count}");
        }
        self.used.insert(unique.clone(), 0);
        let word = self.word(&unique);
        self.facts.slugs.push(word);
        unique
    }

    pub(crate) fn id(&mut self, id: &str) {
        let word = self.word(&crate::slug::key(id));
        self.facts.ids.push(word);
    }

    pub(crate) fn open(&mut self) {
        self.facts.open = true;
    }

    pub(crate) fn path(&mut self, text: &str, place: Range<usize>) {
        let word = self.word(text);
        self.facts.paths.push(Placed { word, place: placed(place) });
    }

    pub(crate) fn link(&mut self, target: &str, kind: Kind, place: Range<usize>, exact: bool) {
        let target = match self.known.get(target) {
            Some(known) => *known,
            None => {
                let word = self.word(target);
                let at = offset(self.facts.targets.len());
                self.facts.targets.push(word);
                self.known.insert(target.to_owned(), at);
                at
            }
        };
        self.facts.links.push(Link { target, kind, place: placed(place), exact });
    }

    pub(crate) fn done(self) -> Facts<'static> {
        self.facts
    }
}

pub(crate) fn placed(place: Range<usize>) -> Place {
    Place { start: offset(place.start), end: offset(place.end) }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Builder, Kind, SUMMARY_BYTES_MAX, decoded};

    #[test]
    fn a_summary_comes_back_as_it_was() {
        let mut builder = Builder::default();
        builder.title("Ä", 2..4);
        builder.slug("a".to_owned());
        builder.slug("a".to_owned());
        builder.link("b.md", Kind::Link, 5..9, true);
        builder.link("b.md", Kind::Html, 15..19, false);
        let facts = builder.done();
        let data = facts.encoded();
        let read = decoded(&data);
        assert_eq!(read, facts);
        let slugs: Vec<&str> = read.slugs.iter().map(|slug| read.text(*slug)).collect();
        assert_eq!((slugs, read.targets.len(), read.links.len()), (vec!["a", "a-1"], 1, 2));
    }

    #[test]
    fn a_summary_is_bounded() {
        let mut builder = Builder::default();
        for at in 0..40_000 {
            builder.link(&format!("{at}{}", "x".repeat(120)), Kind::Link, 0..1, true);
        }
        let data = builder.done().encoded();
        assert!(data.len() < SUMMARY_BYTES_MAX && decoded(&data).open);
    }

    #[test]
    fn foreign_bytes_have_no_facts() {
        for data in [&[][..], &[0], &[255; 40], b"anything at all"] {
            assert!(decoded(data).links.is_empty());
        }
    }
}
