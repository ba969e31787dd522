//! The one walk over a document that gathers its facts. It decides what is a
//! fact and where it stands, and nothing about whether it is right.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::facts::extras::{self, Codes, Extra};
use crate::facts::html::{self, Seen};
use crate::facts::toc_file::{self, Notation};
use crate::facts::{Builder, Facts, Kind, code_span, destination, meta};
use crate::front;
use crate::kept;
use crate::slug;
use crate::source::Source;
use crate::target;

/// At most so many facts of each kind are kept of one document.
const FACTS_MAX: usize = 200_000;

/// A heading in the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) level: usize,
    pub(crate) text: String,
    /// Its id, in the comparable form.
    pub(crate) slug: String,
    /// Where it begins in the plain text.
    pub(crate) at: usize,
}

/// A document's facts, and what only `check` needs to know.
pub(crate) struct Gathered {
    pub(crate) facts: Facts<'static>,
    pub(crate) headings: Vec<Heading>,
    /// Prose in the plain text, piece by piece, if it was asked for.
    pub(crate) prose: Vec<Range<usize>>,
    /// HTML blocks that may mark a table of contents, in the plain text.
    pub(crate) marks: Vec<Range<usize>>,
}

/// What to gather besides the usual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) version_keys: &'a [String],
    pub(crate) prose: bool,
}

/// The facts of a navigation file.
pub(crate) fn navigation(source: &Source<'_>, notation: Notation) -> Facts<'static> {
    let mut builder = Builder::default();
    for (target, place) in toc_file::targets(source.plain(), notation) {
        if target::is_local(target) {
            let place = source.original(place.start)..source.original(place.end);
            builder.link(target, Kind::Nav, place, true);
        }
    }
    builder.done()
}

/// The facts of a Markdown document.
pub(crate) fn gather(source: &Source<'_>, wanted: Wanted<'_>) -> Gathered {
    let text = source.plain();
    let front = front::find(text);
    let mut walk = Walk::new(source, front.as_ref().map_or(0, |front| front.end), wanted.prose);
    if let Some(front) = &front {
        if let Some((title, place)) = meta::value(text, front, &["title"]) {
            walk.builder.title(title, source.original(place.start)..source.original(place.end));
        }
        let keys: Vec<&str> = wanted.version_keys.iter().map(String::as_str).collect();
        if let Some((version, place)) = meta::value(text, front, &keys) {
            walk.builder.version(version, source.original(place.start)..source.original(place.end));
        }
    }
    walk.body();
    walk.extras();
    Gathered { facts: walk.builder.done(), headings: walk.headings, prose: walk.prose, marks: walk.marks }
}

/// A heading that is not over yet.
struct Open {
    level: usize,
    text: String,
    id: Option<String>,
    range: Range<usize>,
}

struct Walk<'s> {
    source: &'s Source<'s>,
    body: &'s str,
    base: usize,
    builder: Builder,
    headings: Vec<Heading>,
    heading: Option<Open>,
    images: usize,
    codes: Codes,
    in_code: bool,
    /// Definitions that were used, by where their destination stands.
    defined: HashSet<usize>,
    paths: HashSet<&'s str>,
    links: usize,
    wants_prose: bool,
    /// Stretches in which a link is none.
    foreign: Vec<Range<usize>>,
    prose: Vec<Range<usize>>,
    marks: Vec<Range<usize>>,
}

impl<'s> Walk<'s> {
    fn new(source: &'s Source<'s>, base: usize, wants_prose: bool) -> Self {
        Self {
            source,
            body: &source.plain()[base..],
            base,
            builder: Builder::default(),
            headings: Vec::new(),
            heading: None,
            images: 0,
            codes: Codes::default(),
            in_code: false,
            defined: HashSet::new(),
            paths: HashSet::new(),
            links: 0,
            wants_prose,
            foreign: Vec::new(),
            prose: Vec::new(),
            marks: Vec::new(),
        }
    }

    fn body(&mut self) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_HEADING_ATTRIBUTES;
        self.foreign = kept::code(self.body);
        for (event, range) in Parser::new_ext(self.body, options).into_offset_iter() {
            self.event(event, range);
        }
    }

    fn event(&mut self, event: Event<'s>, range: Range<usize>) {
        match event {
            Event::Text(text) => self.text(&text, range),
            Event::Code(code) => self.code(&code, range),
            Event::SoftBreak | Event::HardBreak => self.in_heading(" "),
            Event::InlineHtml(_) => self.html(range),
            Event::Start(Tag::HtmlBlock) => {
                if self.body[range.clone()].starts_with("<!--") {
                    self.marks.push(self.base + range.start..self.base + range.end);
                }
                self.html(range);
            }
            Event::Start(Tag::CodeBlock(_)) => {
                self.in_code = true;
                self.codes.push(range);
            }
            Event::End(TagEnd::CodeBlock) => self.in_code = false,
            Event::Start(Tag::Heading { level, id, .. }) => {
                let id = id.map(|id| id.to_string());
                self.heading = Some(Open { level: level as usize, text: String::new(), id, range });
            }
            Event::End(TagEnd::Heading(_)) => self.heading_ends(),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => self.link(link_type, &dest_url, range),
            Event::Start(Tag::Image { link_type, dest_url, .. }) => {
                self.images += 1;
                self.link(link_type, &dest_url, range);
            }
            Event::End(TagEnd::Image) => self.images = self.images.saturating_sub(1),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        self.in_heading(text);
        if self.wants_prose && !self.in_code {
            self.prose.push(self.base + range.start..self.base + range.end);
        }
    }

    fn in_heading(&mut self, text: &str) {
        if let Some(heading) = &mut self.heading
            && self.images == 0
        {
            heading.text.push_str(text);
        }
    }

    fn code(&mut self, code: &CowStr<'s>, range: Range<usize>) {
        self.in_heading(code);
        if let CowStr::Borrowed(code) = *code
            && memchr::memchr(b'/', code.as_bytes()).is_some()
            && code_span::is_path(code)
            && self.paths.len() < FACTS_MAX
            && self.paths.insert(code)
        {
            let place = self.original(&range);
            self.builder.path(code, place);
        }
        self.codes.push(range);
    }

    fn heading_ends(&mut self) {
        let Some(heading) = self.heading.take() else { return };
        if self.headings.len() >= FACTS_MAX {
            return self.builder.open();
        }
        if heading.level == 1 {
            let place = self.original(&heading.range);
            self.builder.title(heading.text.trim(), place.start..place.end.max(place.start));
        }
        if let Some(id) = &heading.id {
            // Where attributes are unknown, they are words of the heading.
            self.builder.id(&format!("{} {id}", heading.text));
            self.builder.id(id);
        }
        let slug = self.builder.slug(slug::key(&heading.text));
        self.headings.push(Heading { level: heading.level, text: heading.text, slug, at: self.base + heading.range.start });
    }

    fn html(&mut self, range: Range<usize>) {
        let body = self.body;
        html::scan(&body[range.clone()], |seen| match seen {
            Seen::Id(id) => self.builder.id(id),
            Seen::Heading(inner) => {
                self.builder.slug(slug::key(&html::text(inner)));
            }
            Seen::Component => self.builder.open(),
            Seen::Address(address, place) => {
                self.target(address, Kind::Html, range.start + place.start..range.start + place.end, true);
            }
        });
    }

    fn link(&mut self, link_type: LinkType, dest: &CowStr<'s>, range: Range<usize>) {
        let is_used = matches!(link_type, LinkType::Inline | LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut);
        if !is_used || dest.is_empty() {
            return;
        }
        let kind = destination::kind(&self.body[..range.start]);
        if kind == Kind::Include {
            self.builder.open();
        }
        if !target::is_local(dest) {
            return;
        }
        match self.place(link_type, dest, &range) {
            Some(place) if link_type != LinkType::Inline && !self.defined.insert(place.start) => {}
            Some(place) => self.target(dest, kind, place, true),
            None => self.target(dest, kind, range, false),
        }
    }

    fn target(&mut self, target: &str, kind: Kind, place: Range<usize>, exact: bool) {
        let after = self.foreign.partition_point(|code| code.end <= place.start);
        let is_code = self.foreign.get(after).is_some_and(|code| code.start <= place.start);
        if is_code || target.is_empty() || !target::is_local(target) {
            return;
        }
        self.links += 1;
        if self.links > FACTS_MAX {
            return self.builder.open();
        }
        let place = self.original(&place);
        self.builder.link(target, kind, place, exact);
    }

    /// Where a destination stands: as a part of the body if it was taken from
    /// there as it is, else where its escaped form is found.
    fn place(&self, link_type: LinkType, dest: &CowStr<'s>, range: &Range<usize>) -> Option<Range<usize>> {
        if let CowStr::Borrowed(dest) = dest {
            let start = (dest.as_ptr() as usize).checked_sub(self.body.as_ptr() as usize)?;
            return (start + dest.len() <= self.body.len()).then(|| start..start + dest.len());
        }
        if link_type != LinkType::Inline {
            return None;
        }
        let link = &self.body[range.clone()];
        let mut places = link.match_indices("](").map(|(at, _)| destination::raw(link, at + 2));
        let place = places.find(|place| target::unescaped(&link[place.clone()]) == **dest)?;
        Some(range.start + place.start..range.start + place.end)
    }

    fn extras(&mut self) {
        let (body, codes) = (self.body, std::mem::take(&mut self.codes));
        extras::scan(body, &codes, |extra| match extra {
            Extra::Id(id) => self.builder.id(id),
            Extra::Open => self.builder.open(),
            // The parser takes them for text, so a repair could not be proved.
            Extra::Target(target, kind, place) => self.target(target, kind, place, false),
        });
    }

    fn original(&self, range: &Range<usize>) -> Range<usize> {
        self.source.original(self.base + range.start)..self.source.original(self.base + range.end)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Gathered, Wanted, gather};
    use crate::facts::{Facts, Placed};
    use crate::source::Source;

    pub(crate) fn gathered(text: &str) -> Gathered {
        let keys = ["version".to_owned()];
        gather(&Source::new(text), Wanted { version_keys: &keys, prose: true })
    }

    /// Links as `target=bytes at the place`, in order.
    fn links(text: &str, expected: &[&str]) {
        let facts = gathered(text).facts;
        let found: Vec<String> = facts
            .links
            .iter()
            .map(|link| {
                let at = &text[link.place.start as usize..link.place.end as usize];
                let target = facts.text(facts.targets[link.target as usize]);
                if at == target { target.to_owned() } else { format!("{target}={at}") }
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn links_are_found_where_they_stand() {
        links("[a](b.md) ![c](d.png \"t\") <https://x.y>\n", &["b.md", "d.png"]);
        links("[a][r] [r] [r][]\n\n[r]: e.md 'T'\n[u]: unused.md\n", &["e.md"]);
        links("\u{feff}---\r\ntitle: x\r\n---\r\nä\r\n[a](<b c.md>)\r\n", &["b c.md"]);
        links("[a](b\\_c.md) [a](d&amp;e.md)\n", &["b_c.md=b\\_c.md", "d&e.md=d&amp;e.md"]);
        links("> [a\n> b](c.md#d)\n", &["c.md#d"]);
        links("[![i](i.png)](p.md)\n", &["p.md", "i.png"]);
        links("`[a](no.md)`\n\n```\n[a](no.md)\n```\n\n    [a](no.md)\n", &[]);
        links("[a](https://x.y) [b](mailto:a@b.c) [c]() [d](//x.y/z)\n", &[]);
        links("<a href=\"x.md\">t</a> <img src='i.png'>\n\n<div>\n<a href=y.md>\n</div>\n", &["x.md", "i.png", "y.md"]);
        links("[!INCLUDE [t](inc/a.md)]\n[!code-cpp[n](b.cpp#1)]\n", &["inc/a.md", "b.cpp#1"]);
        links("```\n{{#include ../c.rs:x}}\n```\n", &["../c.rs"]);
        links("| a |\n|-|\n| [x](y.md) |\n", &["y.md"]);
        links("[a](\n  b.md )\n", &["b.md"]);
    }

    /// Facts in short.
    fn check(text: &str, title: Option<&str>, slugs: &[&str], ids: &[&str], open: bool) {
        let Gathered { facts, .. } = gathered(text);
        assert_eq!(placed(text, &facts, facts.title), title.map(str::to_owned), "{text:?}");
        let words = |words: &[crate::facts::Word]| words.iter().map(|word| facts.text(*word).to_owned()).collect::<Vec<_>>();
        assert_eq!((words(&facts.slugs), words(&facts.ids)), (owned(slugs), owned(ids)), "{text:?}");
        assert_eq!(facts.open, open, "{text:?}");
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn placed(text: &str, facts: &Facts<'_>, placed: Option<Placed>) -> Option<String> {
        let placed = placed?;
        let at = text[placed.place.start as usize..placed.place.end as usize].replace(['`', '*'], "");
        assert!(at.contains(facts.text(placed.word)), "{at:?}");
        Some(facts.text(placed.word).to_owned())
    }

    #[test]
    fn titles_and_ids_are_found() {
        check("# A\n\n## B c\n\n## B c\n", Some("A"), &["a", "b-c", "b-c-1"], &[], false);
        check("# A\n\n## A\n\n## A-1\n", Some("A"), &["a", "a-1", "a-1-1"], &[], false);
        check("---\ntitle: T\n---\n# A\n", Some("T"), &["a"], &[], false);
        check("# A {#x}\n", Some("A"), &["a"], &["a-x", "x", "x"], false);
        check("A `b` *c*\n===\n", Some("A b c"), &["a-b-c"], &[], false);
        check("<a id=\"Q.1\"></a>\n\n<h2>H i</h2>\n", None, &["h-i"], &["q1"], false);
        check("[](){#y}\n", None, &[], &["y"], false);
        check("{{< tabs >}}\n", None, &[], &[], true);
        check("`{{x}}`\n", None, &[], &[], false);
        check("[!INCLUDE [a](b.md)]\n", None, &[], &[], true);
        check("<Tabs>\n", None, &[], &[], true);
    }

    #[test]
    fn versions_and_paths_are_found() {
        let text = "---\nversion: 1.2\n---\n`src/a.rs` and `src/a.rs`\n";
        let facts = gathered(text).facts;
        assert_eq!(placed(text, &facts, facts.version).as_deref(), Some("1.2"));
        let paths: Vec<_> = facts.paths.iter().map(|path| placed(text, &facts, Some(*path))).collect();
        assert_eq!(paths, [Some("src/a.rs".to_owned())]);
    }

    #[test]
    fn many_links_take_linear_room() {
        let text: String = (0..35_000).map(|at| format!("- [some entry of a list](folder/page-{at}.md)\n")).collect();
        let facts = gathered(&text).facts;
        assert_eq!(facts.links.len(), 35_000);
        assert!(facts.encoded().len() < 4 * 1024 * 1024);
    }
}
