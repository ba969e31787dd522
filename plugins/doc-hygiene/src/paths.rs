//! Paths in code spans that lead nowhere. It believes a folder's paths to be
//! this repository's only where most of them are. It is no link check: a code
//! span promises nothing to a reader's browser.

use std::collections::HashMap;

use crate::facts::Placed;
use crate::issue::Issue;
use crate::place;
use crate::set::{Doc, Set};
use crate::tree::{Files, Known};

/// The longest extension a path is believed to have.
const EXTENSION_BYTES_MAX: usize = 8;

/// Whether a code span's text can only be meant as a path to a file: relative,
/// with a folder and an extension, and with no sign of a pattern.
pub(crate) fn looks_like_one(text: &str) -> bool {
    let is_plain = text.chars().all(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | '/' | '+'));
    let path = text.strip_prefix("./").unwrap_or(text);
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    is_plain
        && !folder.is_empty()
        && !folder.starts_with('/')
        && !path.contains("//")
        && !path.contains("..")
        && !stem.is_empty()
        && (1..=EXTENSION_BYTES_MAX).contains(&extension.len())
        && extension.starts_with(|first: char| first.is_ascii_alphabetic())
        && extension.chars().all(|next| next.is_ascii_alphanumeric())
}

/// How many of a folder's paths exist, of how many distinct ones.
#[derive(Clone, Copy, Default)]
struct Trust {
    there: usize,
    all: usize,
}

impl Trust {
    fn is_given(self) -> bool {
        self.there * 3 >= self.all * 2
    }
}

/// Finds paths that do not exist, below top-level folders of which at least
/// two thirds of the paths mentioned do.
pub(crate) fn find(set: &Set<'_>, files: &Files<'_>) -> Vec<Issue> {
    let mut trust: HashMap<&str, Trust> = HashMap::new();
    let mut judged: HashMap<&str, bool> = HashMap::new();
    let mut missing: Vec<(usize, Placed, &str)> = Vec::new();
    for (at, doc) in set.docs.iter().enumerate().filter(|(_, doc)| !doc.is_foreign) {
        files.begin(at);
        for path in &doc.facts.paths {
            let text = doc.facts.text(path.word);
            let text = text.strip_prefix("./").unwrap_or(text);
            let is_new = !judged.contains_key(text);
            let is_there =
                *judged.entry(text).or_insert_with(|| files.known(text) != Known::Missing) || is_beside(doc, text, files);
            if is_new {
                let trust = trust.entry(top(text)).or_default();
                trust.all += 1;
                trust.there += usize::from(is_there);
            }
            if !is_there {
                missing.push((at, *path, text));
            }
        }
    }
    missing.retain(|(.., text)| trust[top(text)].is_given() && files.known(top(text)) == Known::Folder);
    missing.into_iter().map(|(at, path, text)| issue(at, path, text)).collect()
}

fn issue(at: usize, path: Placed, text: &str) -> Issue {
    let message = format!("there is no {text}");
    Issue::warning("path/missing", at, message, "name the file as it is now, or take the path out").at(path.place)
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Whether the path exists as seen from the document's folder.
fn is_beside(doc: &Doc<'_>, text: &str, files: &Files<'_>) -> bool {
    let folder = place::split(doc.path).0;
    !folder.is_empty() && place::joined(folder, text).is_some_and(|path| files.known(&path) != Known::Missing)
}

#[cfg(test)]
mod tests {
    use super::looks_like_one;

    #[test]
    fn only_paths_look_like_paths() {
        for (text, expected) in [
            ("src/main.rs", true),
            ("./docs/a-b.md", true),
            ("a/b/c.tar.gz", true),
            ("main.rs", false),
            ("and/or", false),
            ("text/html", false),
            ("/etc/x.conf", false),
            ("src/*.rs", false),
            ("src/<name>.rs", false),
            ("a b/c.rs", false),
            ("../x/y.rs", false),
            ("https://x.y/z.html", false),
            ("path/to/{{file}}.md", false),
            ("1.0/2.0", false),
            ("a/.gitignore", false),
        ] {
            assert_eq!(looks_like_one(text), expected, "{text}");
        }
    }
}
