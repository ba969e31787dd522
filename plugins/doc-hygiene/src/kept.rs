//! Stretches of a Markdown text that formatting keeps byte by byte: those that
//! another language owns (what template tags enclose, LaTeX, the JavaScript of
//! MDX), and those that parsers of Markdown disagree about.

use std::collections::HashMap;
use std::ops::Range;

use memchr::{memchr3_iter, memmem};

/// Template tags, and shortcodes, whose inside is code or is not shown.
const CODE: [&str; 11] =
    ["highlight", "raw", "code", "codeblock", "comment", "verbatim", "mermaid", "math", "katex", "gist", "literalinclude"];

/// Template tags whose inside is Markdown.
const TRANSPARENT: [&str; 10] = ["if", "unless", "for", "case", "ifversion", "note", "tip", "warning", "details", "tablerow"];

/// What begins a line of JavaScript in MDX, and what else that line holds.
const MODULE: [(&str, &[&str]); 2] =
    [("import ", &["'", "\""]), ("export ", &["const ", "let ", "default ", "function ", "class ", "{", "*"])];

/// The longest closing tag.
const TAG_BYTES_MAX: usize = 256;

/// Something that opens or closes a stretch: its kind, its name, whether it
/// closes, and its length.
struct Mark<'a> {
    kind: u8,
    name: &'a str,
    closes: bool,
    len: usize,
}

/// A stretch that another language owns, and whether it holds no Markdown at all.
type Stretch = (Range<usize>, bool);

/// The stretches in which a link is none, sorted and apart.
pub(crate) fn code(body: &str) -> Vec<Range<usize>> {
    united(foreign(body).into_iter().filter_map(|(place, is_code)| is_code.then_some(place)).collect())
}

fn foreign(body: &str) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut open: HashMap<(u8, &str), Vec<usize>> = HashMap::new();
    let mut block: Option<(usize, bool)> = None;
    let mut blank_before = true;
    for Line { place, text } in outside_fences(body) {
        let is_blank = text.trim().is_empty();
        if is_blank {
            found.extend(block.take().map(|(start, is_code)| (start..place.start, is_code)));
            // A formula ends with its paragraph.
            open.retain(|(kind, _), _| !matches!(kind, b'[' | b'('));
        } else if block.is_none() {
            let is_module = blank_before && is_module(text);
            block = (is_module || is_component(text)).then_some((place.start, is_module));
        }
        blank_before = is_blank;
        for at in memchr3_iter(b'{', b'\\', b'<', text.as_bytes()) {
            let Some(mark) = mark(&text[at..]) else { continue };
            let (start, key) = (place.start + at, (mark.kind, mark.name));
            if !mark.closes {
                open.entry(key).or_default().push(start);
            } else if let Some(first) = open.get_mut(&key).and_then(Vec::pop) {
                found.push((first..start + mark.len, CODE.contains(&mark.name)));
            }
        }
    }
    found.extend(block.map(|(start, is_code)| (start..body.len(), is_code)));
    comments(body, &mut found);
    found
}

/// All stretches whose bytes are kept.
pub(crate) fn of(body: &str) -> Vec<&str> {
    let mut places: Vec<_> = foreign(body).into_iter().map(|(place, _)| place).collect();
    places.extend(after_tables(body));
    united(places).into_iter().filter_map(|place| body.get(place)).collect()
}

/// A line and where it is.
struct Line<'a> {
    place: Range<usize>,
    text: &'a str,
}

/// The lines of a body that are in no fenced code.
fn outside_fences(body: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut at, mut fence) = (0, None::<(u8, usize)>);
    body.split_inclusive('\n').filter_map(move |text| {
        let place = at..at + text.len();
        at = place.end;
        let inner = text.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
        let sign = inner.bytes().next().filter(|sign| matches!(sign, b'`' | b'~'));
        let length = sign.map_or(0, |sign| inner.bytes().take_while(|next| *next == sign).count());
        match (fence, sign) {
            (Some((open, shortest)), Some(sign)) if sign == open && length >= shortest && inner[length..].trim().is_empty() => {
                fence = None;
                None
            }
            (Some(_), _) => None,
            (None, Some(sign)) if length >= 3 && (sign == b'~' || !inner[length..].contains('`')) => {
                fence = Some((sign, length));
                None
            }
            _ => Some(Line { place, text }),
        }
    })
}

fn mark(rest: &str) -> Option<Mark<'_>> {
    let named = |kind, skipped: usize, word: fn(char) -> bool, closing: &[&str]| {
        let after = &rest[skipped..];
        let inner = after.trim_start_matches(['-', ' ']);
        let bare = closing.iter().find_map(|sign| inner.strip_prefix(sign));
        let name = bare.unwrap_or(inner).trim_start_matches(' ');
        let name = &name[..name.find(|next| !word(next)).unwrap_or(name.len())];
        let last: &[u8] = if kind == b'<' { b">\n" } else { b"}\n" };
        let end = near(rest, last).map_or(skipped, |end| end + 1);
        let end = end + rest.as_bytes()[end..].iter().take_while(|next| **next == b'}').count();
        (!name.is_empty()).then_some(Mark { kind, name, closes: bare.is_some(), len: end })
    };
    let word = |next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | '*');
    if rest.starts_with("{%") {
        return named(b'%', 2, word, &["end"]).filter(|mark| !TRANSPARENT.contains(&mark.name));
    }
    if rest.starts_with("{{<") {
        return named(b'{', 3, word, &["/"]);
    }
    if let Some(name) = rest.strip_prefix("\\begin{").or_else(|| rest.strip_prefix("\\end{")) {
        let name = &name[..near(name, b"}")?];
        return Some(Mark { kind: b'\\', name, closes: rest.starts_with("\\end"), len: near(rest, b"}")? + 1 });
    }
    let formula = [("\\[", b'[', false), ("\\]", b'[', true), ("\\(", b'(', false), ("\\)", b'(', true)];
    if let Some((_, kind, closes, ..)) = formula.into_iter().find(|(sign, ..)| rest.starts_with(sign)) {
        return Some(Mark { kind, name: "", closes, len: 2 });
    }
    let element = rest.strip_prefix('<')?;
    let is_component = element.trim_start_matches('/').starts_with(|first: char| first.is_ascii_uppercase());
    if is_component { named(b'<', 1, word, &["/"]) } else { None }
}

/// Where one of these bytes is within the length of a tag.
fn near(text: &str, signs: &[u8]) -> Option<usize> {
    text.bytes().take(TAG_BYTES_MAX).position(|next| signs.contains(&next))
}

fn is_module(line: &str) -> bool {
    MODULE
        .iter()
        .any(|(word, others)| line.strip_prefix(word).is_some_and(|rest| others.iter().any(|other| rest.contains(other))))
}

fn is_component(line: &str) -> bool {
    line.trim_start().strip_prefix('<').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// The comments of MDX.
fn comments(body: &str, found: &mut Vec<Stretch>) {
    let mut at = 0;
    while let Some(start) = memmem::find(&body.as_bytes()[at..], b"{/*").map(|step| at + step) {
        let Some(end) = memmem::find(&body.as_bytes()[start..], b"*/}").map(|step| start + step + 3) else { return };
        found.push((start..end, true));
        at = end;
    }
}

/// Lines that follow the rows of a table and have no `|`: to some parsers they
/// are rows, to others the table ends before them.
fn after_tables(body: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut in_table, mut rest) = (false, None::<usize>);
    for Line { place, text } in outside_fences(body) {
        let inner = text.trim_start_matches([' ', '\t', '>']).trim_end();
        if inner.is_empty() {
            in_table = false;
            found.extend(rest.take().map(|start| start..place.start));
        } else if in_table && rest.is_none() && !inner.contains('|') {
            rest = Some(place.start);
        }
        in_table |= inner.contains('-') && inner.contains('|') && inner.bytes().all(|next| b"|:- \t".contains(&next));
    }
    found.extend(rest.map(|start| start..body.len()));
    found
}

fn united(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for place in places {
        match apart.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => apart.push(place),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::{code, of};

    fn check(body: &str, expected: &[&str]) {
        assert_eq!(of(body), expected, "{body:?}");
    }

    #[test]
    fn what_other_languages_own_is_kept() {
        check("a {% highlight c %}\n* h\n{% endhighlight %} b\n", &["{% highlight c %}\n* h\n{% endhighlight %}"]);
        check("{%- raw -%}\nx\n{%- endraw -%}\n", &["{%- raw -%}\nx\n{%- endraw -%}"]);
        check("{{< code >}}\n    a\n{{< /code >}}\n", &["{{< code >}}\n    a\n{{< /code >}}"]);
        check("\\begin{align}\n+ c\n\\end{align}\n", &["\\begin{align}\n+ c\n\\end{align}"]);
        check("\\[ a\n+ b \\]\n", &["\\[ a\n+ b \\]"]);
        check("import A from 'a'\nimport B from 'b'\n\ntext\n", &["import A from 'a'\nimport B from 'b'\n"]);
        check("export const a = w\n  * h\n", &["export const a = w\n  * h\n"]);
        check("<Tabs>\n\n    some  text\n\n</Tabs>\n", &["<Tabs>\n\n    some  text\n\n</Tabs>"]);
        check("a {/* [b](c) */} d\n", &["{/* [b](c) */}"]);
    }

    #[test]
    fn markdown_is_not() {
        for body in [
            "{% if a %}\n* b\n{% endif %}\n",
            "{% include x %}\n\n* a\n",
            "{{% note %}}\n* a\n{{% /note %}}\n",
            "import your data\n",
            "a \\[b\n\nc \\]\n",
            "```\n{% raw %}\n```\n* a\n```\n{% endraw %}\n```\n",
            "Vec<String> and <b>x</b>\n",
            "| a |\n| - |\n| b |\n\ntext\n",
        ] {
            check(body, &[]);
        }
    }

    #[test]
    fn lines_that_may_be_rows_are_kept() {
        check("| a |\n|---|\n| 1 |\n    x  = 1\n    y\n\nz\n", &["    x  = 1\n    y\n"]);
    }

    #[test]
    fn links_are_links_unless_it_is_code() {
        assert_eq!(code("{% raw %}[a](b){% endraw %} {{< tab >}}[a](b){{< /tab >}}\n<T>[a](b)</T>\n"), [0..27]);
        assert_eq!(code("export const a = b[0](c)\n"), [0..25]);
    }

    #[test]
    fn hostile_texts_cost_little() {
        for text in ["{% a ", "<A", "{/*", "\\[", "\\begin{a}", "{{< a", "```\n", "|-|\n"] {
            of(&text.repeat(100_000));
        }
    }
}
