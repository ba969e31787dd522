//! What HTML in a document tells: ids, addresses, headings. It is a scanner of
//! tags, not a parser: it builds no tree and closes nothing.

use std::ops::Range;

/// The longest heading that is read.
const HEADING_BYTES_MAX: usize = 1_024;

/// Something found, by byte offsets into the text scanned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    Id(&'a str),
    /// `href` or `src`, and where its value stands.
    Address(&'a str, Range<usize>),
    /// The inner HTML of `h1` to `h6`.
    Heading(&'a str),
    /// An element of a generator's own: its content may bring ids.
    Component,
}

/// Calls `found` for everything in a piece of HTML, in order.
pub(crate) fn scan<'a>(html: &'a str, mut found: impl FnMut(Seen<'a>)) {
    let mut at = 0;
    while let Some(step) = memchr::memchr(b'<', &html.as_bytes()[at..]) {
        at += step;
        at = match html.as_bytes().get(at + 1) {
            Some(b'!') if html[at..].starts_with("<!--") => html[at..].find("-->").map_or(html.len(), |end| at + end + 3),
            Some(next) if next.is_ascii_alphabetic() => tag(html, at, &mut found),
            _ => at + 1,
        };
    }
}

/// Reads the opening tag at `at`; gives where it ends.
fn tag<'a>(html: &'a str, at: usize, found: &mut impl FnMut(Seen<'a>)) -> usize {
    let bytes = html.as_bytes();
    let mut end = at + 1;
    while bytes.get(end).is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, b'-' | b'.')) {
        end += 1;
    }
    let name = &html[at + 1..end];
    if name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().any(|next| next.is_ascii_lowercase()) {
        found(Seen::Component);
    }
    end = attributes(html, end, found);
    if let [b'h' | b'H', b'1'..=b'6'] = name.as_bytes()
        && let Some(inner) = inner(&html[end..])
    {
        found(Seen::Heading(inner));
    }
    end
}

/// Up to the closing tag of a heading; none if it is not near.
fn inner(html: &str) -> Option<&str> {
    let near = &html.as_bytes()[..html.len().min(HEADING_BYTES_MAX)];
    let end = near.windows(3).position(|three| three[..2] == *b"</" && three[2].eq_ignore_ascii_case(&b'h'))?;
    html.get(..end)
}

/// The text of a piece of HTML without its tags.
pub(crate) fn text(html: &str) -> String {
    let mut made = String::with_capacity(html.len());
    let mut depth = 0_usize;
    for next in html.chars() {
        match next {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => made.push(next),
            _ => {}
        }
    }
    made
}

fn attributes<'a>(html: &'a str, from: usize, found: &mut impl FnMut(Seen<'a>)) -> usize {
    let bytes = html.as_bytes();
    let mut at = from;
    loop {
        while bytes.get(at).is_some_and(|next| next.is_ascii_whitespace() || *next == b'/') {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|next| !next.is_ascii_whitespace() && !matches!(next, b'=' | b'>' | b'/' | b'<')) {
            at += 1;
        }
        match bytes.get(at) {
            None => return at,
            Some(b'>') => return at + 1,
            Some(b'<') => return at,
            Some(b'=') => {}
            _ if at == start => at += 1,
            _ => {
                let next = at + spaces(&bytes[at..]);
                if bytes.get(next) != Some(&b'=') {
                    continue;
                }
                at = next;
            }
        }
        if bytes.get(at) == Some(&b'=') {
            let name = html[start..at].trim_end();
            let value = value(html, at + 1);
            tell(name, &html[value.clone()], value.clone(), found);
            at = value.end + usize::from(matches!(bytes.get(value.end), Some(b'"' | b'\'')));
        }
    }
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|next| next.is_ascii_whitespace()).count()
}

/// The place of a value, without its quotes.
fn value(html: &str, from: usize) -> Range<usize> {
    let bytes = html.as_bytes();
    let at = from + bytes.get(from..).map_or(0, spaces);
    match bytes.get(at) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = memchr::memchr(*quote, &bytes[at + 1..]).map_or(html.len(), |end| at + 1 + end);
            at + 1..end
        }
        Some(_) => {
            let len = bytes[at..].iter().take_while(|next| !next.is_ascii_whitespace() && **next != b'>').count();
            at..at + len
        }
        None => html.len()..html.len(),
    }
}

fn tell<'a>(name: &str, value: &'a str, place: Range<usize>, found: &mut impl FnMut(Seen<'a>)) {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    if is("id") || is("name") {
        found(Seen::Id(value));
    } else if is("href") || is("src") {
        found(Seen::Address(value, place));
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, scan, text};

    fn check(html: &str, expected: &[&str]) {
        let mut found = Vec::new();
        scan(html, |seen| {
            found.push(match seen {
                Seen::Id(id) => format!("id {id}"),
                Seen::Address(address, place) => {
                    assert_eq!(&html[place], address, "{html}");
                    format!("to {address}")
                }
                Seen::Heading(inner) => format!("h {}", text(inner)),
                Seen::Component => "component".to_owned(),
            });
        });
        assert_eq!(found, expected, "{html}");
    }

    #[test]
    fn ids_and_addresses_are_found() {
        check("<a name=\"x\"></a>", &["id x"]);
        check("<A HREF='a b.md' id=y>z</A>", &["to a b.md", "id y"]);
        check("<img\n src = \"i.png\" alt=\"<a href='no'>\"/>", &["to i.png"]);
        check("<!-- <a href=\"x\"> --><p id=1>", &["id 1"]);
        check("<h2 align=center>One <em>two</em></h2>", &["h One two"]);
        check("<Tabs id=\"a\">", &["component", "id a"]);
        check("a < b <", &[]);
        check("<a disabled href=x><b", &["to x"]);
        check("<DIV class='a'>", &[]);
    }

    #[test]
    fn broken_html_ends() {
        for html in ["<a", "<a href", "<a href=", "<a href=\"", "<a =", "<a / / >", "<!--", "<h1>", "<a <b href=c>"] {
            scan(html, |_| {});
        }
        scan(&"<a ".repeat(50_000), |_| {});
        scan(&"<h1>".repeat(20_000), |_| {});
    }
}
