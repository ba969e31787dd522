//! Where a document quotes code: its code spans, and the lines of its blocks of
//! shell commands. What a passage about the past quotes is left out.

use std::collections::BTreeSet;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A piece of code in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    /// Its bytes.
    pub(crate) bytes: Range<usize>,
    pub(crate) kind: QuoteKind,
}

/// What kind of piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteKind {
    /// A code span.
    Span,
    /// A code span that is the text of a link.
    Linked,
    /// A line of a block of shell commands.
    Command,
}

/// Languages of blocks that hold commands alone, and of those where they stand behind `$`.
const SHELLS: [&str; 5] = ["sh", "bash", "shell", "zsh", "fish"];
const CONSOLES: [&str; 4] = ["console", "shell-session", "sh-session", "terminal"];

/// Words that make a line one about the past, or about what is not there.
const PAST: [&str; 33] = [
    "removed",
    "deprecat",
    "no longer",
    "not longer",
    "formerly",
    "renamed",
    "previously",
    "used to",
    "was called",
    "were called",
    "obsolete",
    "legacy",
    "replaced",
    "replaces",
    "instead of",
    "before v",
    "prior to",
    "older version",
    "old name",
    "dropped",
    "anymore",
    "any more",
    "migrat",
    "until v",
    "backward",
    "in the past",
    "historical",
    "for example",
    "e.g.",
    "imagine",
    "suppose",
    "hypothetical",
    "unlike",
];
/// Words that make a section one about the past.
const PAST_TITLES: [&str; 12] = [
    "changelog",
    "history",
    "migrat",
    "upgrad",
    "deprecat",
    "removed",
    "release notes",
    "breaking",
    "what's new",
    "roadmap",
    "future",
    "alternatives",
];

/// Words of a section about what another project makes.
const ELSEWHERE: [&str; 6] =
    ["provided by the", "provided by a", "separate plugin", "separate package", "separate repository", "own repository"];

/// All pieces of code of a document, in order.
pub(crate) fn quotes(text: &str) -> Vec<Quote> {
    let mut reading =
        Reading { text, quotes: Vec::new(), links: Vec::new(), block: None, heading: None, past: None, away: BTreeSet::new() };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    for (event, bytes) in Parser::new_ext(text, options).into_offset_iter() {
        reading.take(&event, bytes);
    }
    let Reading { mut quotes, away, .. } = reading;
    // What is linked once to another place or time means that everywhere in the document.
    quotes.retain(|quote| quote.kind == QuoteKind::Command || !away.contains(&text[quote.bytes.clone()]));
    quotes.sort_by_key(|quote| quote.bytes.start);
    quotes
}

/// The line around a place, without its end.
pub(crate) fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    start..end
}

struct Reading<'t> {
    text: &'t str,
    quotes: Vec<Quote>,
    /// Of the links that are open, whether each leads to another place or another time.
    links: Vec<bool>,
    /// In a block of commands: whether they stand behind `$`.
    block: Option<bool>,
    /// The level of the heading that is open, and where it began.
    heading: Option<(u8, usize)>,
    /// The level of the heading of the section about the past that goes on.
    past: Option<u8>,
    /// Code spans that are links to another place or another time.
    away: BTreeSet<String>,
}

impl Reading<'_> {
    fn take(&mut self, event: &Event<'_>, bytes: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => self.heading = Some((*level as u8, bytes.start)),
            Event::End(TagEnd::Heading(_)) => self.end_heading(bytes.end),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => self.links.push(leads_away(dest_url)),
            Event::End(TagEnd::Link | TagEnd::Image) => drop(self.links.pop()),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let first = language.split([' ', ',', '{']).next().unwrap_or_default().to_ascii_lowercase();
                let is_shell = SHELLS.contains(&first.as_str());
                self.block = (is_shell || CONSOLES.contains(&first.as_str())).then_some(!is_shell);
            }
            Event::End(TagEnd::CodeBlock) => self.block = None,
            Event::Code(code) => self.span(code, bytes),
            Event::Text(_) => self.commands(bytes),
            _ => {}
        }
    }

    fn end_heading(&mut self, end: usize) {
        let Some((level, start)) = self.heading.take() else { return };
        if self.past.is_some_and(|past| level <= past) {
            self.past = None;
        }
        let title = self.text[start..end].to_ascii_lowercase();
        let is_told = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
        if self.past.is_none() && (is_told(&PAST_TITLES, &title) || is_told(&ELSEWHERE, &self.opening(end))) {
            self.past = Some(level);
        }
    }

    /// What stands below a heading, up to the next one.
    fn opening(&self, end: usize) -> String {
        let rest = &self.text[end..];
        rest[..rest.find("\n#").unwrap_or(rest.len())].to_ascii_lowercase()
    }

    /// Whether what stands here is told as it is now.
    fn is_told_of_now(&self, at: usize) -> bool {
        let line = self.text[sentence(self.text, at)].to_ascii_lowercase();
        self.past.is_none() && !PAST.iter().any(|word| line.contains(word))
    }

    fn span(&mut self, code: &str, bytes: Range<usize>) {
        let whole = &self.text[bytes.clone()];
        let Some(at) = whole.find(code).filter(|_| !code.contains('\n')) else { return };
        let start = bytes.start + at;
        if self.links.contains(&true) {
            self.away.insert(code.to_owned());
        }
        if self.is_told_of_now(start) && !self.links.contains(&true) {
            let kind = if !self.links.is_empty() { QuoteKind::Linked } else { QuoteKind::Span };
            self.quotes.push(Quote { bytes: start..start + code.len(), kind });
        }
    }

    fn commands(&mut self, bytes: Range<usize>) {
        let Some(is_console) = self.block else { return };
        let mut start = bytes.start;
        for line in self.text[bytes.clone()].split_inclusive('\n') {
            let (from, bare) = (start, line.trim_end());
            start += line.len();
            let indent = bare.len() - bare.trim_start().len();
            let prompt = if bare[indent..].starts_with("$ ") { 2 } else { 0 };
            let is_command = prompt > 0 || !is_console && !bare[indent..].starts_with('#');
            if is_command && bare.len() > indent + prompt && self.past.is_none() {
                let begin = from + indent + prompt;
                // What stands behind a comment sign is no command.
                let end = bare.find(" #").unwrap_or(bare.len());
                let end = (from + end).max(begin);
                self.quotes.push(Quote { bytes: begin..end, kind: QuoteKind::Command });
            }
        }
    }
}

/// Branches at which a forge shows what is there now.
const NOW: [&str; 6] = ["main", "master", "HEAD", "develop", "dev", "trunk"];

/// Whether a link leads to another project, or to a version that was.
fn leads_away(target: &str) -> bool {
    let shown = ["/blob/", "/tree/"].iter().find_map(|sign| Some(target.split_once(sign)?.1));
    let is_now =
        shown.is_some_and(|rest| NOW.iter().any(|branch| rest.strip_prefix(branch).is_some_and(|rest| rest.starts_with('/'))));
    target.contains("://") && !is_now
}

/// The sentence around a place: the line, and the one before if it goes on.
fn sentence(text: &str, at: usize) -> Range<usize> {
    let line = line_of(text, at);
    let before = text[..line.start].trim_end_matches('\n');
    let goes_on = before.len() + 1 == line.start && !before.trim_end().ends_with(['.', ':', '|']);
    let next = text.get(line.end + 1..).map_or(line.end, |_| line_of(text, line.end + 1).end);
    let is_cell = text[line.clone()].trim_start().starts_with(['|', '-', '*']);
    match (goes_on, is_cell) {
        (_, true) => line,
        (true, false) => line_of(text, before.len()).start..next,
        (false, false) => line.start..next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, QuoteKind)> {
        quotes(text).into_iter().map(|quote| (&text[quote.bytes], quote.kind)).collect()
    }

    #[test]
    fn spans_and_commands_are_found() {
        let text = "Use `--a` and [`x/y.md`](x/y.md).\n\n```console\n$ tool --b  # why\nout --c\n```\n\n```sh\n# no\ntool x\n```\n\n```rust\nfoo()\n```\n";
        assert_eq!(
            found(text),
            [
                ("--a", QuoteKind::Span),
                ("x/y.md", QuoteKind::Linked),
                ("tool --b ", QuoteKind::Command),
                ("tool x", QuoteKind::Command)
            ]
        );
    }

    #[test]
    fn what_leads_to_another_place_or_time_is_left_out() {
        let forge = "https://forge.example/a/b/blob";
        assert_eq!(
            found(&format!(
                "[`now`]({forge}/main/a.rs) [`then`]({forge}/v1/a.rs) [`there`][x] `then`\n\n[x]: https://c.example\n"
            )),
            [("now", QuoteKind::Linked)]
        );
    }

    #[test]
    fn what_another_project_makes_is_left_out() {
        let text =
            "# Use\n\n`--a`\n\n## Export\n\nIt is provided by the export plugin.\n\n### More\n\n`--b`\n\n## Run\n\n`--c`\n";
        assert_eq!(found(text), [("--a", QuoteKind::Span), ("--c", QuoteKind::Span)]);
    }

    #[test]
    fn the_past_is_left_out() {
        assert_eq!(found("`--old` was removed.\n"), []);
        assert_eq!(found("The name was changed; formerly it was\n`--old`, and so on.\n"), []);
        assert_eq!(
            found("## Migration\n\n`--old`\n\n### More\n\n`--older`\n\n## Use\n\n`--new`\n"),
            [("--new", QuoteKind::Span)]
        );
    }
}
