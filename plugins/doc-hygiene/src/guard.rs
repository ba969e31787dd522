//! What a document means: the HTML a reader's browser gets, the marks that
//! extensions give a meaning to, and the front matter. Two texts with equal
//! meanings may be exchanged; nothing else may pass for formatting. It does
//! not say which change broke the meaning.

use memchr::memmem;
use pulldown_cmark::{Options, Parser, html};

use crate::front;
use crate::kept;
use crate::marks;

/// Everything about a document that formatting must keep.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    front: String,
    html: String,
    marks: Vec<String>,
    kept: Vec<String>,
}

impl Meaning {
    pub(crate) fn of(text: &str) -> Self {
        let body = front::body(text);
        let kept = kept::of(body).into_iter().map(str::to_owned).collect();
        Self { front: text[..text.len() - body.len()].to_owned(), html: rendered(body), marks: marks::of(body), kept }
    }
}

/// The HTML of a body with white space outside preformatted text normalised.
fn rendered(body: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let mut page = String::with_capacity(body.len() * 2);
    html::push_html(&mut page, Parser::new_ext(body, options));
    normalised(&page)
}

/// Elements whose white space a browser keeps or a program reads; of headings
/// it becomes part of their ids.
const EXACT: [&str; 11] = ["pre", "code", "script", "style", "textarea", "h1", "h2", "h3", "h4", "h5", "h6"];

/// Makes each run of white space one space, except inside exact elements.
fn normalised(page: &str) -> String {
    let mut made = String::with_capacity(page.len());
    let mut rest = page;
    let mut unclosed = [false; EXACT.len()];
    while let Some(at) = rest.find('<') {
        squeeze(&rest[..at], &mut made);
        rest = &rest[at..];
        let kept = exact_length(rest, &mut unclosed).unwrap_or(1);
        made.push_str(&rest[..kept]);
        rest = &rest[kept..];
    }
    squeeze(rest, &mut made);
    made.trim().to_owned()
}

/// How long the exact element is that `page` starts with. One that is never
/// closed is ordinary, and `unclosed` remembers it: to look for its end again
/// at each opening would not be linear.
fn exact_length(page: &str, unclosed: &mut [bool; EXACT.len()]) -> Option<usize> {
    let after = &page[1..];
    let name = &after[..after.bytes().position(|next| !next.is_ascii_alphanumeric())?];
    let kind = EXACT.into_iter().position(|exact| exact.eq_ignore_ascii_case(name))?;
    if unclosed[kind] {
        return None;
    }
    let closes =
        |at: &usize| page.get(at + 2..).and_then(|rest| rest.get(..name.len())).is_some_and(|end| end.eq_ignore_ascii_case(name));
    let end = memmem::find_iter(page.as_bytes(), b"</").find(closes);
    unclosed[kind] = end.is_none();
    Some(end? + 2 + name.len())
}

fn squeeze(text: &str, made: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|next| next.is_ascii_whitespace()) {
        made.push_str(&rest[..at]);
        if !made.ends_with(' ') {
            made.push(' ');
        }
        rest = rest[at..].trim_ascii_start();
    }
    made.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::Meaning;

    fn check(old: &str, new: &str, same: bool) {
        assert_eq!(Meaning::of(old) == Meaning::of(new), same, "{old:?} -> {new:?}");
    }

    #[test]
    fn formatting_keeps_the_meaning() {
        for (old, new) in [
            ("# A\ntext\n", "# A\n\ntext\n"),
            ("* a\n* b\n", "- a\n- b\n"),
            ("a  b \n\n\n\nc", "a b\n\nc\n"),
            ("A\n=\n", "# A\n"),
            ("__b__ and _i_", "**b** and *i*"),
            ("|a|b|\n|-|-|\n|1|2|\n", "| a | b |\n| - | - |\n| 1 | 2 |\n"),
            ("1. a\n1. b\n", "1. a\n2. b\n"),
            ("~~~\nx\n~~~\n", "```\nx\n```\n"),
            ("[a]: b\n\n\n[a]\n", "[a]: b\n\n[a]\n"),
        ] {
            check(old, new, true);
        }
    }

    #[test]
    fn what_a_reader_sees_is_kept() {
        for (old, new) in [
            ("# A\n", "## A\n"),
            ("# A!\n", "# A\n"),
            ("```\nx\n```\n", "```text\nx\n```\n"),
            ("```\na  b\n```\n", "```\na b\n```\n"),
            ("`a  b`", "`a b`"),
            ("- a\n- b\n", "- a\n\n- b\n"),
            ("a  \nb\n", "a\nb\n"),
            ("\ta\n", "    a\n\n    b\n"),
            ("<pre>\na  b\n</pre>\n", "<pre>\na b\n</pre>\n"),
            ("<PRE>\na  b\n</PRE>\n", "<PRE>\na b\n</PRE>\n"),
            ("~~a~~", "a"),
            ("- [ ] a", "- [x] a"),
            ("a[^1]\n\n[^1]: b\n", "a\n"),
            ("---\na:  1\n---\nx\n", "---\na: 1\n---\nx\n"),
            ("---\na: 1\n---\nx\n", "---\na: 1\n---\n\ny\n"),
        ] {
            check(old, new, false);
        }
    }

    #[test]
    fn what_extensions_read_is_kept() {
        for (old, new) in [
            ("> [!NOTE]\n> x\n", "> \\[!NOTE]\n> x\n"),
            ("{{< ref \"a\" >}}", "{{\\< ref \"a\" >}}"),
            ("$a_1 * b$", "$a_1  *  b$"),
            ("# A  B\n", "# A B\n"),
            ("text\n{: .note}\n", "text\n\n{: .note}\n"),
            ("[a]: b\n", ""),
            ("*https://a.b*", "_https://a.b_"),
            ("{% highlight c %}\ny = w\n* h\n{% endhighlight %}\n", "{% highlight c %}\ny = w\n\n- h\n{% endhighlight %}\n"),
            ("\\begin{align}\na\n+ c\n\\end{align}\n", "\\begin{align}\na\n\n- c\n\\end{align}\n"),
            ("|a|\n|-|\n|1|\n    x  = 1\n", "|a|\n|-|\n|1|\n    x = 1\n"),
        ] {
            check(old, new, false);
        }
    }

    #[test]
    fn hostile_texts_have_a_meaning() {
        let quotes = format!("{}x", "> ".repeat(10_000));
        let opened = "<pre".repeat(50_000);
        for text in ["", "\u{feff}", "\0", "---\na", "\r\r\r", &quotes, &opened, "$$", "[[", "{{"] {
            check(text, text, true);
        }
    }
}
