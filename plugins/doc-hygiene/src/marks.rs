//! The marks in a Markdown text that mean something to an extension or a site
//! generator though CommonMark sees plain text: alerts, shortcodes,
//! containers, wiki links, footnotes, formulas, directives, definitions. It
//! collects them in order and does not interpret them.

/// Delimited marks: how they open and close.
const PAIRS: [(&str, &str); 8] =
    [("{{", "}}"), ("{%", "%}"), ("{#", "}"), ("{:", "}"), ("[[", "]]"), ("[!", "]"), ("[^", "]"), ("$$", "$$")];

/// The longest mark that is taken for one; a delimiter without its partner
/// near by is text.
const MARK_BYTES_MAX: usize = 4_096;

/// How much of a word before an address belongs to it.
const WORD_CHARS_MAX: usize = 256;

/// All marks of a body, in order. White space at line ends is not part of one.
pub(crate) fn of(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut blank_before = true;
    let mut lines = body.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let blank_after = lines.peek().is_none_or(|next| next.is_empty());
        if let Some(mark) = leading(line, blank_before, blank_after) {
            found.push(mark);
        }
        blank_before = line.is_empty();
    }
    inline(body, &mut found);
    found
}

/// A mark that takes its meaning from standing at the start of a line.
fn leading(line: &str, blank_before: bool, blank_after: bool) -> Option<String> {
    let quoted = line.trim_start_matches(['>', ' ']);
    if !quoted.starts_with(['{', ':', '!', '?', '=', '*', '[']) {
        return None;
    }
    let starts = |opening: &str| quoted.starts_with(opening);
    if starts("{:") || starts(":") && !starts("::") {
        // An attribute list or a definition belongs to the line it touches.
        return Some(format!("{quoted}|{blank_before}|{blank_after}"));
    }
    let block = starts(":::") || starts("!!!") || starts("???") || starts("=== ") || starts("*[");
    let definition = starts("[") && quoted.contains("]:");
    (block || definition).then(|| quoted.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Marks that may stand anywhere, found in one pass. An escaped delimiter is
/// no mark.
fn inline(body: &str, found: &mut Vec<String>) {
    let bytes = body.as_bytes();
    let mut closings = Closings::default();
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|byte| matches!(byte, b'{' | b'[' | b'$' | b'\\' | b':' | b'w' | b'@')) {
        at += step;
        at = match mark_end(body, at, &mut closings) {
            Some(end) => {
                found.push(plain_ends(&body[mark_start(body, at)..end]));
                end
            }
            None if bytes[at] == b'\\' => (at + 2).min(bytes.len()),
            None => at + 1,
        };
    }
}

/// Where the mark ends that begins at `at`.
fn mark_end(body: &str, at: usize, closings: &mut Closings) -> Option<usize> {
    let bytes = &body.as_bytes()[at..];
    if matches!(bytes[0], b':' | b'w' | b'@') {
        return address_end(body, at);
    }
    let Some(kind) = PAIRS.iter().position(|(opening, _)| bytes.starts_with(opening.as_bytes())) else {
        return formula_end(body, at);
    };
    let (opening, closing) = PAIRS[kind];
    let end = closings.after(body, at + opening.len(), kind)?;
    (end - at <= MARK_BYTES_MAX).then_some(end + closing.len())
}

/// The next closing delimiter of each kind, remembered so that a text full of
/// lone openings is searched once.
#[derive(Default)]
struct Closings([Option<usize>; PAIRS.len()]);

impl Closings {
    fn after(&mut self, body: &str, from: usize, kind: usize) -> Option<usize> {
        let next = match self.0[kind] {
            Some(next) if next >= from => next,
            _ => body[from..].find(PAIRS[kind].1).map_or(usize::MAX, |step| from + step),
        };
        self.0[kind] = Some(next);
        (next != usize::MAX).then_some(next)
    }
}

/// Where the bare address ends that `://`, `www.` or `@` is a part of. GitHub
/// makes a link of it, and what touches it decides where that link ends.
fn address_end(body: &str, at: usize) -> Option<usize> {
    let rest = &body[at..];
    let is_address = rest.starts_with("://") || rest.starts_with("www.") || rest.starts_with('@');
    // The destination of a written link is no bare address.
    let is_bare = is_address && !body[mark_start(body, at)..at].contains("](");
    is_bare.then(|| at + rest.find(is_boundary).unwrap_or(rest.len()))
}

/// Where the mark begins that is recognised at `at`: an address begins where
/// its word does, all others right there.
fn mark_start(body: &str, at: usize) -> usize {
    if !matches!(body.as_bytes()[at], b':' | b'w' | b'@') {
        return at;
    }
    let near = body[..at].char_indices().rev().take(WORD_CHARS_MAX);
    near.take_while(|&(_, before)| !is_boundary(before)).last().map_or(at, |(start, _)| start)
}

fn is_boundary(next: char) -> bool {
    next.is_whitespace() || matches!(next, '|' | '<')
}

/// Where the formula between single dollars ends, by the usual rule: no space
/// inside the dollars, no digit behind the closing one, no empty line within.
fn formula_end(body: &str, at: usize) -> Option<usize> {
    let rest = body[at..].strip_prefix('$')?;
    let end = rest.find('$').filter(|end| *end <= MARK_BYTES_MAX)?;
    let formula = &rest[..end];
    let tight = !formula.is_empty()
        && !formula.starts_with(char::is_whitespace)
        && !formula.ends_with(char::is_whitespace)
        && !formula.contains("\n\n")
        && !rest[end + 1..].starts_with(|next: char| next.is_ascii_digit());
    tight.then_some(at + end + 2)
}

fn plain_ends(mark: &str) -> String {
    mark.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::of;

    fn check(body: &str, expected: &[&str]) {
        assert_eq!(of(body), expected, "{body:?}");
    }

    #[test]
    fn collects_marks_in_order() {
        check("> [!NOTE]\n> a[^1] $x_1$\n", &["[!NOTE]", "[^1]", "$x_1$"]);
        check(
            "{{< a >}} {{% b %}} {% c %} {{#include d}} {#e}",
            &["{{< a >}}", "{{% b %}}", "{% c %}", "{{#include d}}", "{#e}"],
        );
        check(":::note  Title\n[[Page]]\n:::\n", &[":::note Title", ":::", "[[Page]]"]);
        check("$$\na  \nb\n$$\n", &["$$\na\nb\n$$"]);
        check("Term\n: meaning\n\n{: .x}\n", &[": meaning|false|true", "{: .x}|true|true", "{: .x}"]);
        check("see *https://a.b/c*. [x](http://y.z) or _a@b.c_ www.d.e|", &["*https://a.b/c*.", "_a@b.c_", "www.d.e"]);
        check("[a]:   b\n*[HTML]: x\n", &["[a]: b", "*[HTML]: x"]);
    }

    #[test]
    fn text_is_no_mark() {
        for body in ["", "costs $5 and $6", "a {b} [c](d) [", "{{ open", "$ a $", "5$ 6$7", "\\[!NOTE]", "\\"] {
            check(body, &[]);
        }
    }

    #[test]
    fn lone_delimiters_cost_little() {
        of(&"$a ".repeat(200_000));
        of(&"{{".repeat(200_000));
        of(&"[^".repeat(200_000));
        of(&"@://".repeat(100_000));
        of(&"](@".repeat(100_000));
    }
}
