//! The globs of the options: `*` and `?` stay within a name, `**` does not. A
//! glob without `/` is one of names, wherever the file is.

/// Whether a path matches one of these globs.
pub(crate) fn any(globs: &[String], path: &str) -> bool {
    globs.iter().any(|glob| matches(glob, path))
}

fn matches(glob: &str, path: &str) -> bool {
    let subject = if glob.contains('/') { path } else { crate::place::split(path).1 };
    let (glob, subject): (Vec<char>, Vec<char>) = (glob.chars().collect(), subject.chars().collect());
    // Which beginnings of the glob match the subject read so far.
    let mut states = vec![false; glob.len() + 1];
    states[0] = true;
    skip_stars(&glob, &mut states);
    for next in subject {
        let mut after = vec![false; glob.len() + 1];
        for at in (0..glob.len()).filter(|at| states[*at]) {
            let is_deep = glob[at] == '*' && (glob.get(at + 1) == Some(&'*') || at > 0 && glob[at - 1] == '*');
            match glob[at] {
                '*' => after[at] |= is_deep || next != '/',
                '?' => after[at + 1] |= next != '/',
                wanted => after[at + 1] |= wanted == next,
            }
        }
        skip_stars(&glob, &mut after);
        states = after;
    }
    states[glob.len()]
}

/// A star matches nothing as well, and `**/` no folder at all.
fn skip_stars(glob: &[char], states: &mut [bool]) {
    for at in 0..glob.len() {
        if states[at] && glob[at] == '*' {
            states[at + 1] = true;
            if glob[at..].starts_with(&['*', '*', '/']) && (at == 0 || glob[at - 1] == '/') {
                states[at + 3] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match_as_told() {
        for (glob, path, expected) in [
            ("README*", "a/b/README.md", true),
            ("README*", "README/b.md", false),
            ("docs/*.md", "docs/a.md", true),
            ("docs/*.md", "docs/a/b.md", false),
            ("docs/**", "docs/a/b.md", true),
            ("**/x.md", "x.md", true),
            ("**/x.md", "a/b/x.md", true),
            ("a?.md", "ab.md", true),
            ("*", "a/b.md", true),
            ("a.md", "b.md", false),
        ] {
            assert_eq!(matches(glob, path), expected, "{glob} {path}");
        }
    }
}
