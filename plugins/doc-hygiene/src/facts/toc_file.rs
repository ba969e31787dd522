//! Navigation files: docfx's `toc.yml` and the `nav` of `mkdocs.yml`. It reads
//! one entry a line, as generators and people write them; it does not read
//! flow style (`{ }`, `[ ]`), values over several lines, anchors, or includes.

use std::ops::Range;

/// A navigation file's own notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Docfx,
    Mkdocs,
}

/// The keys of `toc.yml` that hold an address.
const KEYS: [&str; 4] = ["href", "topicHref", "tocHref", "homepage"];

/// Which notation a path has, if it is a navigation file at all.
pub(crate) fn notation(path: &str) -> Option<Notation> {
    match path.rsplit('/').next()? {
        "toc.yml" | "TOC.yml" => Some(Notation::Docfx),
        "mkdocs.yml" | "mkdocs.yaml" => Some(Notation::Mkdocs),
        _ => None,
    }
}

/// The addresses of a navigation file and where they stand.
pub(crate) fn targets(text: &str, notation: Notation) -> Vec<(&str, Range<usize>)> {
    let mut found = Vec::new();
    let (mut at, mut in_nav) = (0, notation == Notation::Docfx);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        if notation == Notation::Mkdocs && line.starts_with(|first: char| !matches!(first, ' ' | '-' | '#')) {
            in_nav = line.starts_with("nav:") || line.starts_with("pages:");
            continue;
        }
        let value = if in_nav { entry(line, notation) } else { None };
        found.extend(value.map(|value| {
            let place = start + (value.as_ptr() as usize - line.as_ptr() as usize);
            (value, place..place + value.len())
        }));
    }
    found
}

/// The address on a line.
fn entry(line: &str, notation: Notation) -> Option<&str> {
    let item = line.trim_start();
    let rest = item.trim_start_matches("- ").trim_start();
    if rest.starts_with('#') {
        return None;
    }
    let value = match (notation, split_key(rest)) {
        (Notation::Docfx, Some((key, value))) if KEYS.contains(&key) => value,
        (Notation::Mkdocs, Some((_, value))) => value,
        (Notation::Mkdocs, None) if item.starts_with("- ") => rest,
        _ => return None,
    };
    let value = plain(value.trim());
    (!value.is_empty()).then_some(value)
}

/// A key and its value; none for a plain scalar such as an address.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let from = match text.chars().next()? {
        quote @ ('"' | '\'') => text[1..].find(quote)? + 2,
        _ => 0,
    };
    let end = from + text[from..].find(':')?;
    let value = &text[end + 1..];
    (value.is_empty() || value.starts_with([' ', '\t'])).then(|| (text[..end].trim(), value))
}

/// A scalar without quotes or comment.
fn plain(value: &str) -> &str {
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
        _ => value.split(" #").next().unwrap_or_default().trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Notation, notation, targets};

    fn check(text: &str, notation: Notation, expected: &[&str]) {
        let found = targets(text, notation);
        assert!(found.iter().all(|(value, place)| &text[place.clone()] == *value), "{text}");
        assert_eq!(found.iter().map(|(value, _)| *value).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn docfx_entries() {
        check(
            "items:\r\n- name: A\r\n  href: ../a.md\r\n- name: B\n  topicHref: \"b c.md\" # x\n  items:\n  - href: 'c.md'\n",
            Notation::Docfx,
            &["../a.md", "b c.md", "c.md"],
        );
        check("- name: \"href: no\"\n# href: no.md\n- href: https://a.b\n", Notation::Docfx, &["https://a.b"]);
    }

    #[test]
    fn mkdocs_entries() {
        check(
            "site_name: X\nnav:\n  - Home: index.md\n  - a/b.md\n  - Part:\n    - \"C: d\": c.md\n    - 'e.md'\ntheme:\n  name: x\n",
            Notation::Mkdocs,
            &["index.md", "a/b.md", "c.md", "e.md"],
        );
        check("nav:\n- A: a.md\n- https://x.y\n", Notation::Mkdocs, &["a.md", "https://x.y"]);
    }

    #[test]
    fn names_decide() {
        assert_eq!(notation("docs/toc.yml"), Some(Notation::Docfx));
        assert_eq!(notation("mkdocs.yaml"), Some(Notation::Mkdocs));
        assert_eq!(notation("toc.md"), None);
    }
}
