//! Documents with the same title where a reader would meet both.

use std::collections::HashMap;

use serde::Deserialize;

use crate::issue::Issue;
use crate::place;
use crate::set::Set;

/// The option `duplicate_titles`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Titles {
    #[default]
    Folder,
    Site,
    Off,
}

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
        if SHARED.iter().any(|name| stem(doc.path).eq_ignore_ascii_case(name)) {
            continue;
        }
        let folder = if wanted == Titles::Folder { folder } else { "" };
        let text = doc.facts.text(title.word);
        let earlier = *first.entry((doc.site, folder, text)).or_insert(at);
        // A translation beside its original bears its title.
        if earlier != at && stem(set.docs[earlier].path) != stem(doc.path) {
            let message = format!("the title {text:?} is also that of {}", set.docs[earlier].path);
            let help = "give each document a title of its own, or make one of them";
            issues.push(Issue::warning("title/duplicate", at, message, help).at(title.place));
        }
    }
    issues
}

fn stem(path: &str) -> &str {
    let name = place::split(path).1;
    name.split('.').next().unwrap_or(name)
}
