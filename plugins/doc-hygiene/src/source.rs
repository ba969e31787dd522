//! A document's text as its rules see it, and the way back: without the byte
//! order mark and with plain line feeds, while each line remembers its place
//! and its own ending. It does not know what the lines mean.

use std::cell::Cell;
use std::ops::Range;

/// One line of the original text, by byte offsets.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    /// The end of the text, before the line ending.
    end: usize,
    /// The start of the next line.
    next: usize,
    /// Where it starts in the plain text.
    plain: usize,
}

/// The original text, its lines, and its plain form.
pub(crate) struct Source<'a> {
    text: &'a str,
    plain: String,
    lines: Vec<Line>,
    /// Where the last position was found: line, characters into it, offset.
    seen: Cell<(usize, usize, usize)>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut lines = Vec::new();
        let mut plain = String::with_capacity(text.len());
        let mut start = mark;
        for piece in text[mark..].split_inclusive('\n') {
            let next = start + piece.len();
            let body = piece.strip_suffix("\r\n").or_else(|| piece.strip_suffix('\n')).unwrap_or(piece);
            let at = plain.len();
            plain.push_str(body);
            if piece.ends_with('\n') {
                plain.push('\n');
            }
            lines.push(Line { start, end: start + body.len(), next, plain: at });
            start = next;
        }
        Self { text, plain, lines, seen: Cell::new((usize::MAX, 0, 0)) }
    }

    /// The text without mark and carriage returns at line ends.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// Whether a carriage return stands alone: for CommonMark that ends a
    /// line, for most tools it does not, so such a document is not formatted.
    pub(crate) fn has_lone_return(&self) -> bool {
        self.plain.contains('\r')
    }

    /// The original bytes of the lines `range` (from 0), endings included.
    pub(crate) fn bytes_of(&self, range: Range<usize>) -> Range<usize> {
        let start = self.lines.get(range.start).map_or(self.text.len(), |line| line.start);
        if range.is_empty() {
            return start..start;
        }
        start..self.lines.get(range.end - 1).map_or(self.text.len(), |line| line.next)
    }

    /// The ending new text beside line `index` (from 0) should have: that
    /// line's own, else the one before it, else a line feed.
    pub(crate) fn ending_near(&self, index: usize) -> &'a str {
        let nearest = (0..=index.min(self.lines.len().saturating_sub(1))).rev();
        nearest
            .take(2)
            .filter_map(|at| self.lines.get(at))
            .map(|line| &self.text[line.end..line.next])
            .find(|ending| !ending.is_empty())
            .unwrap_or("\n")
    }

    /// The byte offset of what stands at `offset` in the plain text.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let after = self.lines.partition_point(|line| line.plain <= offset);
        let Some(line) = after.checked_sub(1).and_then(|at| self.lines.get(at)) else {
            return self.first();
        };
        line.start + (offset - line.plain).min(line.end - line.start)
    }

    /// The byte offset of a line and column, both from 1, the column in
    /// characters. What lies past the end is moved to the end.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let Some(index) = line.checked_sub(1) else {
            return self.first();
        };
        let Some(found) = self.lines.get(index) else {
            return self.text.len();
        };
        let wanted = column.saturating_sub(1);
        let body = &self.text[found.start..found.end];
        if wanted == 0 {
            return found.start;
        }
        let (chars, from) = match self.seen.get() {
            (at, chars, offset) if at == index && chars <= wanted => (chars, offset - found.start),
            _ => (0, 0),
        };
        let step = body[from..].char_indices().nth(wanted - chars).map_or(body.len(), |(at, _)| from + at);
        if step < body.len() {
            self.seen.set((index, wanted, found.start + step));
        }
        found.start + step
    }

    fn first(&self) -> usize {
        self.lines.first().map_or(0, |line| line.start)
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn plain_text_has_no_mark_and_plain_endings() {
        for (text, plain) in [
            ("", ""),
            ("\u{feff}", ""),
            ("a", "a"),
            ("\u{feff}a\r\nb\n", "a\nb\n"),
            ("a\r\r\nb\rc", "a\r\nb\rc"),
            ("\r\n\r\n", "\n\n"),
        ] {
            assert_eq!(Source::new(text).plain(), plain, "{text:?}");
        }
    }

    #[test]
    fn offsets_are_clamped_to_the_line() {
        let source = Source::new("\u{feff}äb\r\n\nxyz");
        for (line, column, offset) in [
            (0, 0, 3),
            (1, 1, 3),
            (1, 2, 5),
            (1, 3, 6),
            (1, 99, 6),
            (2, 1, 8),
            (2, 5, 8),
            (3, 3, 11),
            (3, 2, 10),
            (3, 9, 12),
            (9, 1, 12),
        ] {
            assert_eq!(source.offset(line, column), offset, "{line}:{column}");
        }
    }

    #[test]
    fn plain_offsets_lead_back() {
        let source = Source::new("\u{feff}a\r\nb\r\n");
        let offsets: Vec<usize> = (0..6).map(|at| source.original(at)).collect();
        assert_eq!(offsets, [3, 4, 6, 7, 7, 7]);
        assert_eq!(Source::new("\u{feff}").original(0), 0);
    }

    #[test]
    fn new_text_takes_the_ending_of_its_place() {
        let source = Source::new("a\r\nb\nc");
        let endings: Vec<&str> = (0..4).map(|at| source.ending_near(at)).collect();
        assert_eq!(endings, ["\r\n", "\n", "\n", "\n"]);
        assert_eq!(Source::new("").ending_near(0), "\n");
    }
}
