//! Paths in code spans that lead nowhere. It believes a folder's paths to be
//! this repository's only where most of them are. It is no link check: a code
//! span promises nothing to a reader's browser.

use std::collections::HashMap;

use crate::facts::Placed;
use crate::issue::Issue;
use crate::place;
use crate::set::{Doc, Set};
use crate::tree::{Files, Known};

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
