//! The globs of the options: `*` and `?` stay within a name, `**` does not. A
//! glob without `/` is one of names, wherever the file is.

/// Whether a path matches one of these globs.
pub(crate) fn any(globs: &[String], path: &str) -> bool {
    globs.iter().any(|glob| matches(glob, path))
}

fn matches(glob: &str, path: &str) -> bool {
    let subject = if glob.contains('/') { path } else { crate::place::split(path).1 };
    match glob.strip_prefix("**/") {
        Some(rest) => {
            let mut starts = std::iter::once(0).chain(subject.match_indices('/').map(|(at, _)| at + 1));
            starts.any(|start| whole(rest.as_bytes(), &subject.as_bytes()[start..]))
        }
        None => whole(glob.as_bytes(), subject.as_bytes()),
    }
}

/// Whether a glob matches a whole text. On a difference it goes back to the
/// last star, which then takes one byte more; a lone star takes no `/`.
fn whole(glob: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize, bool)> = None;
    while read < text.len() {
        match glob.get(at) {
            Some(b'*') => {
                let stars = glob[at..].iter().take_while(|next| **next == b'*').count();
                at += stars;
                star = Some((at, read, stars > 1));
            }
            Some(b'?') if text[read] != b'/' => (at, read) = (at + 1, read + 1),
            Some(next) if *next == text[read] => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((after, from, is_deep)) = star else { return false };
                if text[from] == b'/' && !is_deep {
                    return false;
                }
                star = Some((after, from + 1, is_deep));
                (at, read) = (after, from + 1);
            }
        }
    }
    glob[at..].iter().all(|next| *next == b'*')
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
