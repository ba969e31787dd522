//! Terms that are written in several ways: other case, hyphen or space than
//! the owner prefers. It reads prose only and proposes nothing.

use std::ops::Range;

/// A term that is written in another way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variant<'a> {
    pub(crate) place: Range<usize>,
    pub(crate) term: &'a str,
}

/// Finds variants of the terms in pieces of prose.
pub(crate) fn variants<'a>(text: &str, prose: &[Range<usize>], terms: &'a [String]) -> Vec<Variant<'a>> {
    let mut found = Vec::new();
    for piece in prose {
        let mut at = piece.start;
        while at < piece.end {
            let rest = &text[at..piece.end];
            let step = rest.find(|next: char| next.is_alphanumeric()).unwrap_or(rest.len());
            at += step;
            if at >= piece.end {
                break;
            }
            let matching = terms.iter().filter_map(|term| Some((term, matched(&text[at..piece.end], term)?)));
            let mut apart = matching.filter(|(_, len)| is_apart(text, at..at + len));
            if let Some((term, len)) = apart.next() {
                if !is_as_preferred(&text[at..at + len], term) {
                    found.push(Variant { place: at..at + len, term });
                }
                at += len;
                continue;
            }
            let word = &text[at..piece.end];
            at += word.find(|next: char| !next.is_alphanumeric()).unwrap_or(word.len());
        }
    }
    found
}

/// How long the variant of a term is that a text begins with. At a hyphen or a
/// space of the term, and where its case rises, either may stand, or nothing.
fn matched(text: &str, term: &str) -> Option<usize> {
    let mut at = 0;
    let mut before: Option<char> = None;
    for wanted in term.chars() {
        if matches!(wanted, '-' | ' ') {
            before = Some(wanted);
            continue;
        }
        let is_joint = before.is_some_and(|before| matches!(before, '-' | ' ') || before.is_lowercase() && wanted.is_uppercase());
        if is_joint && text[at..].starts_with(['-', ' ']) {
            at += 1;
        }
        let next = text[at..].chars().next()?;
        if !next.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
        at += next.len_utf8();
        before = Some(wanted);
    }
    Some(at)
}

/// Whether it stands as a word and not in an address or a name.
fn is_apart(text: &str, place: Range<usize>) -> bool {
    let binds = |next: char| next.is_alphanumeric() || matches!(next, '_' | '/' | '@' | '-' | '#' | '\\' | '&');
    let before = text[..place.start].chars().next_back();
    let mut after = text[place.end..].chars();
    let next = after.next();
    let is_name = matches!(next, Some('.' | ':')) && after.next().is_some_and(|next| next.is_alphanumeric() || next == '/');
    !before.is_some_and(|before| binds(before) || before == '.') && !next.is_some_and(binds) && !is_name
}

/// As preferred, or with the capital of a sentence's first word.
fn is_as_preferred(written: &str, term: &str) -> bool {
    let mut rest = term.chars();
    let first = rest.next();
    let raised: String = first.into_iter().flat_map(char::to_uppercase).chain(rest).collect();
    written == term || written == raised
}

#[cfg(test)]
mod tests {
    use super::variants;
    use crate::facts::gather::tests::gathered;

    fn check(text: &str, expected: &[&str]) {
        let terms = ["GitHub".to_owned(), "e-mail".to_owned(), "front matter".to_owned()];
        let found = variants(text, &gathered(text).prose, &terms);
        assert_eq!(found.iter().map(|variant| &text[variant.place.clone()]).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn variants_are_found_in_prose() {
        check("GitHub and Github, github, Git Hub, git-hub\n", &["Github", "github", "Git Hub", "git-hub"]);
        check("E-mail, e-mail, email, E-Mail\n", &["email", "E-Mail"]);
        check("front-matter and front matter\n", &["front-matter"]);
    }

    #[test]
    fn code_and_addresses_are_no_prose() {
        check("`github` [x](github.md) <b title=\"github\"> github.com @github github_token\n", &[]);
        check("---\nx: github\n---\n\n```\ngithub\n```\n", &[]);
        check("githubs and mygithub\n", &[]);
    }
}
