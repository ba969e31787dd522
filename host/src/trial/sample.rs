//! A path that a pattern matches. The dialect is `glob`'s; here one word is made
//! for it, and where none comes out, that is said.

use crate::glob::Globs;
use crate::path::RepoPath;

/// A path that `pattern` matches, in which every wildcard stands for `fill`.
#[must_use]
pub fn path(pattern: &str, fill: &str) -> Option<RepoPath> {
    let components: Vec<&str> = pattern.split('/').collect();
    let last = components.len() - 1;
    let made = components.iter().enumerate().filter_map(|(index, component)| match *component {
        "**" if index < last => None,
        "**" | "*" if index == last => Some(format!("{fill}.txt")),
        component => Some(name(component, fill)),
    });
    let path = RepoPath::new(&made.collect::<Vec<_>>().join("/")).ok()?;
    Globs::new(&[pattern]).is_ok_and(|globs| globs.matches(path.as_str())).then_some(path)
}

/// Whether other fills give other paths.
#[must_use]
pub fn is_open(pattern: &str) -> bool {
    path(pattern, "a") != path(pattern, "b")
}

fn name(component: &str, fill: &str) -> String {
    let (mut name, mut chars, mut filled) = (String::new(), component.chars(), false);
    while let Some(char) = chars.next() {
        match char {
            // One filled wildcard is enough: `*` matches nothing as well.
            '*' if filled => {}
            '*' => {
                name.push_str(fill);
                filled = true;
            }
            '?' => name.push('x'),
            '[' => name.extend(member(&mut chars)),
            char => name.push(char),
        }
    }
    name
}

/// One character that a class takes.
fn member(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    let mut members = Vec::new();
    let mut negated = false;
    loop {
        match chars.next()? {
            '!' if members.is_empty() && !negated => negated = true,
            ']' if !members.is_empty() => break,
            char => members.push(char),
        }
    }
    if !negated {
        return members.first().copied();
    }
    let is_taken = |char: &char| {
        let in_range = |range: &[char]| range[1] == '-' && (range[0]..=range[2]).contains(char);
        members.contains(char) || members.windows(3).any(in_range)
    };
    ('a'..='z').chain('0'..='9').chain(['-', '_']).find(|char| !is_taken(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_for_every_form_of_the_dialect() {
        let rows = [
            ("**", Some("sample.txt")),
            ("*", Some("sample.txt")),
            ("**/*.md", Some("sample.md")),
            ("docs/**/x.md", Some("docs/x.md")),
            ("docs/*/x.md", Some("docs/sample/x.md")),
            ("a*b*c.md", Some("asamplebc.md")),
            ("v?/[ab].md", Some("vx/a.md")),
            ("[!a-y]x", Some("zx")),
            ("[]x].md", Some("].md")),
            ("**/.*", Some(".sample")),
            (".github/**", Some(".github/sample.txt")),
            ("README.md", Some("README.md")),
            ("[!a-z0-9_-]", None),
            ("con.md", None),
        ];
        for (pattern, expected) in rows {
            assert_eq!(path(pattern, "sample").as_ref().map(RepoPath::as_str), expected, "{pattern}");
        }
        assert!(is_open("**/*.md") && is_open("**") && !is_open("**/README.md"));
    }
}
