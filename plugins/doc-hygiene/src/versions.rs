//! Versions that a document gives itself twice, differently: in its title or
//! file name, and in the version field of its front matter.

use crate::issue::Issue;
use crate::place;
use crate::set::Set;

/// Finds documents whose versions disagree.
pub(crate) fn find(set: &Set<'_>) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (at, doc) in set.docs.iter().enumerate().filter(|(_, doc)| !doc.is_foreign) {
        let Some(field) = doc.facts.version else { continue };
        let Some(said) = only(doc.facts.text(field.word)) else { continue };
        let title = doc.facts.title.and_then(|title| only(doc.facts.text(title.word)));
        let name = place::split(doc.path).1;
        let name = only(name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        let others = [("title", title), ("file name", name)];
        let other = others.iter().find_map(|(place, other)| Some((place, other.filter(|other| !agree(said, other))?)));
        if let Some((place, other)) = other {
            let message = format!("the version is {said}, but the {place} says {other}");
            issues.push(Issue::warning("version/mismatch", at, message, "make the two say the same").at(field.place));
        }
    }
    issues
}

/// The version in a text, if there is exactly one.
fn only(text: &str) -> Option<&str> {
    let mut words = text.split(|next: char| !(next.is_ascii_alphanumeric() || next == '.')).filter_map(version);
    let first = words.next()?;
    words.next().is_none().then_some(first)
}

/// A word as a version: numbers with points between them.
fn version(word: &str) -> Option<&str> {
    let word = word.trim_matches('.');
    let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let parts = word.split('.');
    let is_one =
        parts.clone().count() >= 2 && parts.into_iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    is_one.then_some(word)
}

/// Whether one is the other, or a part of it: 1.2 and 1.2.3 agree.
fn agree(one: &str, other: &str) -> bool {
    one.split('.').zip(other.split('.')).all(|(a, b)| a.trim_start_matches('0') == b.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{agree, only};

    #[test]
    fn versions_are_read_and_compared() {
        for (text, expected) in [
            ("Release 1.2", Some("1.2")),
            ("v2.0.1 notes", Some("2.0.1")),
            ("from 1.2 to 2.0", None),
            ("Chapter 3", None),
            ("release-1.4", Some("1.4")),
            ("e.g. this", None),
        ] {
            assert_eq!(only(text), expected, "{text}");
        }
        for (one, other, expected) in [("1.2", "1.2.3", true), ("1.2", "1.3", false), ("1.02", "1.2", true)] {
            assert_eq!(agree(one, other), expected, "{one} {other}");
        }
    }
}
