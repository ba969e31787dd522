//! A page as one HTML file that loads nothing and runs nothing. The template
//! engine escapes every text; control and hidden characters are shown as marks.

use askama::Template;
use lifeos::clean;
use lifeos::diff::{Line, Sign};
use lifeos::edit::Finding;
use lifeos::ledger::record::CommandText;
use lifeos::review::hidden::{code_point, name};

use super::super::error::CommandError;
use super::super::exit::Exit;
use super::super::text;
use super::page::{FilePart, Page, Rule};

/// How the file of every page begins; a file that begins otherwise is not overwritten.
pub(super) const MARKER: &str = "<!doctype html><!-- lifeos review page -->";
/// Patterns of one list that are shown at once.
const GLOBS_SHOWN: usize = 6;
/// Findings that are left and are shown at once.
const OPEN_FINDINGS_MAX: u64 = 12;
/// Lines of a diff that is shown at once, and of all of them together.
const OPEN_LINES_MAX: usize = 80;
const OPEN_LINES_ALL_MAX: usize = 800;

#[derive(Template)]
#[template(path = "review.html")]
struct Html<'p> {
    marker: &'static str,
    page: &'p Page,
    files: Vec<Opened<'p>>,
}

/// A file, and whether its diff is shown at once.
struct Opened<'p> {
    file: &'p FilePart,
    is_open: bool,
    /// Whether the lines that are shown end with CR LF.
    has_returns: bool,
}

/// A piece of a text: as it is, or a character shown as an escape.
struct Piece<'t> {
    text: std::borrow::Cow<'t, str>,
    /// What the character is; empty for text.
    mark: &'static str,
}

/// A line of a diff.
struct Row<'l> {
    class: &'static str,
    sign: &'static str,
    old: String,
    new: String,
    /// What stays at the beginning, what differs from the line beside it, what stays at the end.
    parts: [&'l str; 3],
    note: String,
}

/// The page as HTML.
pub(super) fn render(page: &Page) -> Result<String, CommandError> {
    let mut left = OPEN_LINES_ALL_MAX;
    let mut opened = Vec::with_capacity(page.files.len());
    for file in &page.files {
        let lines = file.lines.len();
        let is_open = lines <= OPEN_LINES_MAX && lines <= left;
        left -= if is_open { lines } else { 0 };
        let mut ended = file.lines.iter().filter(|line| line.text.ends_with('\n')).peekable();
        let has_returns = ended.peek().is_some() && ended.all(|line| line.text.ends_with("\r\n"));
        opened.push(Opened { file, is_open, has_returns });
    }
    let html = Html { marker: MARKER, page, files: opened };
    let rendered = html.render().map(|html| format!("{html}\n"));
    rendered.map_err(|error| CommandError::new(Exit::Bug, format!("the page: {error}")).hint("please report it"))
}

impl Html<'_> {
    /// The page at a glance.
    fn tiles(&self) -> Vec<(&'static str, String)> {
        let page = self.page;
        let count = |rules: &[Rule]| rules.iter().map(|rule| rule.count).sum::<u64>();
        let (repaired, left) = (count(&page.repaired), count(&page.remaining));
        let hidden = page.hidden.len() as u64 + page.hidden_besides;
        let gate = page.gate.as_ref().map_or("none", |gate| if gate.verdict == "passed" { "passed" } else { "red" });
        vec![
            ("Findings repaired", format!("{repaired} of {}", repaired + left)),
            ("Gate", gate.to_owned()),
            ("Spend", clean::line(&page.spend).into_owned()),
            ("Hidden characters", if hidden == 0 { "none".to_owned() } else { hidden.to_string() }),
            (
                "Refused edits",
                match page.refused.len() + page.refused_besides {
                    0 => "none".to_owned(),
                    count => count.to_string(),
                },
            ),
        ]
    }

    /// A text in pieces: what is inert, and marks for what is not.
    fn pieces<'t>(&self, text: &'t (impl AsRef<str> + ?Sized)) -> Vec<Piece<'t>> {
        let (text, mut pieces) = (text.as_ref(), Vec::new());
        let mut begin = 0;
        for (at, char) in text.char_indices() {
            if char == '\t' || !(char.is_control() || clean::is_hidden(char)) {
                continue;
            }
            if begin < at {
                pieces.push(Piece { text: text[begin..at].into(), mark: "" });
            }
            let mark = if char.is_control() { "control character" } else { name(char) };
            pieces.push(Piece { text: code_point(char).into(), mark });
            begin = at + char.len_utf8();
        }
        if begin < text.len() {
            pieces.push(Piece { text: text[begin..].into(), mark: "" });
        }
        pieces
    }

    fn place(&self, finding: &Finding) -> String {
        let path = finding.path.as_ref().map_or("the repository", |path| path.as_str());
        finding.position.map_or_else(|| path.to_owned(), |at| format!("{path}:{}:{}", at.line, at.column))
    }

    /// Whether a list of rules is shown with its findings at once.
    fn is_short(&self, rules: &[Rule]) -> bool {
        rules.iter().map(|rule| rule.count).sum::<u64>() <= OPEN_FINDINGS_MAX
    }

    /// The first patterns of a list, and the others.
    fn parted<'g>(&self, globs: &'g [String]) -> (&'g [String], &'g [String]) {
        // One more takes no more room than the word that there is one more.
        globs.split_at(if globs.len() > GLOBS_SHOWN + 1 { GLOBS_SHOWN } else { globs.len() })
    }

    fn count(&self, number: &usize, noun: &str) -> String {
        text::count(*number as u64, noun)
    }

    fn ended(&self, ran: &CommandText) -> String {
        text::ended(ran)
    }

    fn rows<'l>(&self, Opened { file, has_returns, .. }: &Opened<'l>) -> Vec<Row<'l>> {
        let (lines, beside) = (&file.lines, beside(&file.lines));
        let without_end = |line: &'l str| {
            let line = line.strip_suffix('\n').unwrap_or(line);
            if *has_returns { line.strip_suffix('\r').unwrap_or(line) } else { line }
        };
        let row = |(line, beside): (&'l Line, &Option<usize>)| {
            let (class, sign) = match line.sign {
                Sign::Hunk => ("hunk", ""),
                Sign::Same => ("same", ""),
                Sign::Added => ("add", "+"),
                Sign::Removed => ("del", "-"),
            };
            let text = without_end(&line.text);
            let note = match (line.sign, line.cut) {
                (Sign::Hunk, _) => String::new(),
                (_, 0) if line.text.ends_with(['\n', '\r']) => String::new(),
                (_, 0) => "no newline at the end of the file".to_owned(),
                (_, cut) => format!("{} more of this line", text::count(cut as u64, "byte")),
            };
            let parts = beside.map_or(["", "", text], |other| differing(text, without_end(&lines[other].text)));
            // A line that is another one altogether is not marked in all its length.
            let parts = if parts[0].trim().is_empty() && parts[2].trim().is_empty() { ["", "", text] } else { parts };
            let number = |number: Option<usize>| number.map_or(String::new(), |number| number.to_string());
            Row { class, sign, old: number(line.old), new: number(line.new), parts, note }
        };
        lines.iter().zip(&beside).map(row).collect()
    }
}

/// For each line the one that it takes the place of or gives way to, where as many come as go.
fn beside(lines: &[Line]) -> Vec<Option<usize>> {
    let mut beside = vec![None; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let run = |from: usize, sign| lines[from..].iter().take_while(|line| line.sign == sign).count();
        let gone = run(at, Sign::Removed);
        let come = run(at + gone, Sign::Added);
        if gone == come {
            for line in at..at + gone {
                (beside[line], beside[line + gone]) = (Some(line + gone), Some(line));
            }
        }
        at += (gone + come).max(1);
    }
    beside
}

/// A line as what it has in common with another at both ends, and what is between.
fn differing<'t>(text: &'t str, other: &str) -> [&'t str; 3] {
    let same = |(one, two): &((usize, char), char)| one.1 == *two;
    let begin =
        text.char_indices().zip(other.chars()).find(|pair| !same(pair)).map_or(text.len().min(other.len()), |(one, _)| one.0);
    let (begin, rest) = text.split_at(begin);
    let other = &other[begin.len()..];
    let end = rest.chars().rev().zip(other.chars().rev()).take_while(|(one, two)| one == two).map(|(one, _)| one.len_utf8());
    let (middle, end) = rest.split_at(rest.len() - end.sum::<usize>());
    [begin, middle, end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_a_line() {
        let rows = [
            ("abc", "axc", ["a", "b", "c"]),
            ("ab", "abc", ["ab", "", ""]),
            ("abc", "ab", ["ab", "c", ""]),
            ("aa", "aaa", ["aa", "", ""]),
            ("é", "è", ["", "é", ""]),
            ("", "x", ["", "", ""]),
        ];
        for (text, other, expected) in rows {
            assert_eq!(differing(text, other), expected, "{text} {other}");
        }
    }
}
