//! Documents with the same title where a reader would meet both.

use std::collections::HashMap;

use crate::issue::Issue;
use crate::options::Titles;
use crate::place;
use crate::set::Set;

/// Names of documents that stand for a folder or the project, and share its
/// title on purpose.
const SHARED: [&str; 6] = ["readme", "index", "_index", "summary", "changelog", "license"];

/// Finds titles that an earlier document has already.
pub(crate) fn find(set: &Set<'_>, wanted: Titles) -> Vec<Issue> {
    if wanted == Titles::Off {
        return Vec::new();
    }
    let mut first: HashMap<(usize, &str, &str), usize> = HashMap::with_capacity(set.docs.len());
    let mut issues = Vec::new();
    for (at, doc) in set.docs.iter().enumerate().filter(|(_, doc)| !doc.is_foreign) {
        let Some(title) = doc.facts.title else { continue };
        let (folder, _) = place::split(doc.path);
        if is_shared(stem(doc.path)) {
            continue;
        }
        let folder = if wanted == Titles::Folder { folder } else { "" };
        let text = doc.facts.text(title.word);
        let earlier = *first.entry((doc.site, folder, text)).or_insert(at);
        if earlier != at && !is_series(stem(set.docs[earlier].path), stem(doc.path)) {
            let message = format!("the title {text:?} is also that of {}", set.docs[earlier].path);
            let help = "give each document a title of its own, or make one of them";
            issues.push(Issue::warning("title/duplicate", at, message, help).at(title.place));
        }
    }
    issues
}

/// Whether a name stands for a folder or the project: `README`, `README_fr`.
fn is_shared(stem: &str) -> bool {
    let begins = |name: &&str| stem.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    // `README-fr` is one, `indexing` is a word of its own.
    SHARED.iter().filter(|name| begins(name)).any(|name| !stem[name.len()..].starts_with(char::is_alphabetic))
}

/// Whether two names differ in digits at most, as minutes by year do. A
/// translation beside its original does not even differ in that.
fn is_series(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.chars().filter(|next| !next.is_ascii_digit()).collect::<String>();
    letters(one) == letters(other)
}

fn stem(path: &str) -> &str {
    let name = place::split(path).1;
    name.split('.').next().unwrap_or(name)
}
