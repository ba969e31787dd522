//! What extensions of Markdown tell: attribute lists, shortcodes, includes,
//! directives. It reads the text itself, since to CommonMark these are words,
//! and knows no generator's rules beyond their spelling.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

use crate::facts::Kind;

/// mdBook's helpers that put in a file.
const INCLUDES: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "template"];

/// The longest mark that is read.
const MARK_BYTES_MAX: usize = 1_024;

/// Something found, by byte offsets into the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Extra<'a> {
    Id(&'a str),
    Target(&'a str, Kind, Range<usize>),
    /// Content comes from elsewhere.
    Open,
}

/// Where code is: sorted and apart.
#[derive(Default)]
pub(crate) struct Codes(Vec<Range<usize>>);

impl Codes {
    /// Adds a range that begins where no earlier one does.
    pub(crate) fn push(&mut self, range: Range<usize>) {
        if self.0.last().is_none_or(|last| last.end <= range.start) {
            self.0.push(range);
        }
    }

    pub(crate) fn hold(&self, at: usize) -> bool {
        let after = self.0.partition_point(|range| range.start <= at);
        after.checked_sub(1).is_some_and(|last| at < self.0[last].end)
    }
}

/// Calls `found` for every extra of a body.
pub(crate) fn scan<'a>(body: &'a str, codes: &Codes, mut found: impl FnMut(Extra<'a>)) {
    for at in memchr_iter(b'{', body.as_bytes()) {
        brace(body, at, codes, &mut found);
    }
    for at in memmem::find_iter(body.as_bytes(), ":::") {
        if body[..at].ends_with('\n') || body[..at].trim_end_matches(' ').ends_with('\n') {
            directive(body, at, codes, &mut found);
        }
    }
    if memmem::find_iter(body.as_bytes(), "-8<-").any(|at| !codes.hold(at)) {
        found(Extra::Open);
    }
}

fn brace<'a>(body: &'a str, at: usize, codes: &Codes, found: &mut impl FnMut(Extra<'a>)) {
    if at > 0 && body.as_bytes()[at - 1] == b'{' {
        return;
    }
    match body.as_bytes().get(at + 1) {
        Some(b'{') => double_brace(body, at, codes, found),
        Some(b'%') if !codes.hold(at) => found(Extra::Open),
        Some(b'#' | b':' | b'.' | b' ') if !codes.hold(at) => attributes(body, at, found),
        _ => {}
    }
}

/// `{#id}`, `{: #id .class}`, `{ #id }`.
fn attributes<'a>(body: &'a str, at: usize, found: &mut impl FnMut(Extra<'a>)) {
    let Some(list) = within(body, at + 1, b'}').filter(|list| list.trim_start().starts_with(['#', ':', '.'])) else { return };
    for word in list.split([' ', ':']) {
        if let Some(id) = word.strip_prefix('#')
            && !id.is_empty()
        {
            found(Extra::Id(id));
        }
    }
}

fn double_brace<'a>(body: &'a str, at: usize, codes: &Codes, found: &mut impl FnMut(Extra<'a>)) {
    let escaped = body[..at].ends_with('\\');
    let Some(inner) = within(body, at + 2, b'}').filter(|_| !escaped) else { return };
    let is_code = codes.hold(at);
    if let Some(helper) = inner.strip_prefix('#') {
        included(helper, at + 3, found);
    }
    let is_ref = !is_code && inner.starts_with(['<', '%']) && reference(inner, at + 2, found);
    if !is_code && !is_ref && !inner.starts_with("</*") && !inner.starts_with("%/*") && !inner.starts_with("#title") {
        found(Extra::Open);
    }
}

/// `include path:anchor`, as mdBook writes it.
fn included<'a>(helper: &'a str, at: usize, found: &mut impl FnMut(Extra<'a>)) {
    let Some((name, rest)) = helper.split_once(' ') else { return };
    if INCLUDES.contains(&name) {
        let path = rest.trim_start().split([' ', ':', '\n']).next().unwrap_or_default();
        let start = at + helper.len() - rest.trim_start().len();
        found(Extra::Target(path, Kind::Include, start..start + path.len()));
    }
}

/// `< ref "path" >`, `% relref path="..." %`; whether it was one.
fn reference<'a>(inner: &'a str, at: usize, found: &mut impl FnMut(Extra<'a>)) -> bool {
    let call = inner.trim_start_matches(['<', '%', ' ']);
    let Some(rest) = call.strip_prefix("relref ").or_else(|| call.strip_prefix("ref ")) else {
        return false;
    };
    let rest = rest.trim_start();
    let value = rest.strip_prefix("path=").unwrap_or(rest);
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '`'));
    let path = match quote {
        Some(quote) => value[1..].split(quote).next().unwrap_or_default(),
        None => value.split([' ', '>', '%']).next().unwrap_or_default(),
    };
    let start = at + inner.len() - value.len() + usize::from(quote.is_some());
    found(Extra::Target(path, Kind::Ref, start..start + path.len()));
    true
}

/// `:::image source="..." lightbox="...":::`, as docfx writes it, and
/// directives that bring content.
fn directive<'a>(body: &'a str, at: usize, codes: &Codes, found: &mut impl FnMut(Extra<'a>)) {
    let line = &body[at..memchr(b'\n', &body.as_bytes()[at..]).map_or(body.len(), |end| at + end)];
    // What a tool writes from code: `::: package.module`, `::: mkdocs-click`.
    let maker = line.strip_prefix("::: ").map(str::trim).unwrap_or_default();
    if maker.contains(['.', '-', '_', ':']) && !maker.contains([' ', '{']) && !codes.hold(at) {
        found(Extra::Open);
    }
    if !line.starts_with(":::image") && !line.starts_with(":::code") {
        return;
    }
    for name in [" source=\"", " lightbox=\""] {
        let Some(start) = line.find(name).map(|start| start + name.len()) else { continue };
        let value = line[start..].split('"').next().unwrap_or_default();
        found(Extra::Target(value, Kind::Link, at + start..at + start + value.len()));
    }
}

/// The text up to a closing byte near by.
fn within(body: &str, from: usize, closing: u8) -> Option<&str> {
    let end = (from + MARK_BYTES_MAX).min(body.len());
    let len = memchr(closing, &body.as_bytes()[from..end])?;
    body.get(from..from + len)
}

#[cfg(test)]
mod tests {
    use super::{Codes, Extra, scan};

    fn check(body: &str, expected: &[&str]) {
        let mut codes = Codes::default();
        let ticks: Vec<usize> = body.match_indices('`').map(|(at, _)| at).collect();
        ticks.chunks(2).for_each(|pair| codes.push(pair[0]..pair[1] + 1));
        let mut found = Vec::new();
        scan(body, &codes, |extra| {
            found.push(match extra {
                Extra::Id(id) => format!("id {id}"),
                Extra::Target(path, kind, place) => {
                    assert_eq!(&body[place], path, "{body}");
                    format!("{kind:?} {path}")
                }
                Extra::Open => "open".to_owned(),
            });
        });
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn extras_are_read() {
        check("# A {#x}\n", &["id x"]);
        check("text\n{: #y .note }\n{:#z} { #w } { x #v }", &["id y", "id z", "id w"]);
        check("\n::: mkdocs-click\n\n::: tip\n\n::: {.note}\n", &["open"]);
        check("`{{#include ../a/b.rs:main}}`", &["Include ../a/b.rs"]);
        check("{{#rustdoc_include b.rs}}", &["Include b.rs", "open"]);
        check("\\{{#include b.rs}}", &[]);
        check("{{< ref \"a/b.md#c\" >}} {{% relref path=\"d\" lang=\"en\" %}}", &["Ref a/b.md#c", "Ref d"]);
        check("{{< ref c >}}", &["Ref c"]);
        check("{{< tabs >}}", &["open"]);
        check("{{</* tabs */>}} `{{< tabs >}}` `{% if %}`", &[]);
        check("{% include x.md %}", &["open"]);
        check("{{#title A}}", &[]);
        check("\n:::image type=\"content\" source=\"m/x.png\" lightbox=\"m/y.png\":::\n", &["Link m/x.png", "Link m/y.png"]);
        check("--8<-- \"x.md\"", &["open"]);
        check("{ {x} {{", &[]);
    }

    #[test]
    fn codes_hold_what_is_in_them() {
        let mut codes = Codes::default();
        codes.push(2..5);
        codes.push(3..4);
        codes.push(8..9);
        let held: Vec<usize> = (0..10).filter(|at| codes.hold(*at)).collect();
        assert_eq!(held, [2, 3, 4, 8]);
    }
}
