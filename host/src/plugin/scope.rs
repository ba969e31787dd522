//! Whether one pattern plainly covers another: a small rule that may say no where
//! the answer is yes, and never yes where it is no. Matching is in `glob`.

/// Whether every path that `new` matches is matched by `old`: they are equal, or
/// `old` is `P/**` or `P/**/NAME` (`P/` may be missing), `new` begins with the same
/// `P/`, ends in the same NAME, and has no leading dot in between.
#[must_use]
pub fn covers(old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    let parts: Vec<&str> = old.split('/').collect();
    let Some(at) = parts.iter().rposition(|part| *part == "**") else { return false };
    let (before, after) = (&parts[..at], &parts[at + 1..]);
    if after.len() > 1 {
        return false;
    }
    let new: Vec<&str> = new.split('/').collect();
    let Some(rest) = new.strip_prefix(before) else { return false };
    let Some(between) = rest.strip_suffix(after) else { return false };
    // `**` at the end matches at least one component.
    let is_long_enough = !after.is_empty() || !between.is_empty();
    is_long_enough && between.iter().all(|part| !part.starts_with('.'))
}

/// Patterns of `new` that no pattern of `old` plainly covers.
#[must_use]
pub fn beyond<'n>(old: &[String], new: &'n [String]) -> Vec<&'n str> {
    let is_new = |pattern: &&String| !old.iter().any(|old| covers(old, pattern));
    let mut found: Vec<&str> = new.iter().filter(is_new).map(String::as_str).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Globs;
    use proptest::prelude::*;

    #[test]
    fn what_plainly_covers() {
        let rows = [
            ("docs/*.md", "docs/*.md", true),
            ("**", "docs/*.md", true),
            ("**", ".github/*", false),
            ("**", "docs/.x", false),
            ("docs/**", "docs/a/*", true),
            ("docs/**", "docs", false),
            ("docs/**", "docs/.a/b", false),
            ("docs/**", "doc/a", false),
            ("**/*.md", "docs/*.md", true),
            ("**/*.md", "*.md", true),
            ("**/*.md", "docs/**/*.md", true),
            ("**/*.md", ".github/*.md", false),
            ("**/*.md", "docs/*.markdown", false),
            ("**/.x", ".x", true),
            ("a/**/b", "a/b", true),
            ("docs/*.md", "docs/a.md", false),
            ("docs/a.md", "docs/*.md", false),
        ];
        for (old, new, expected) in rows {
            assert_eq!(covers(old, new), expected, "{old} over {new}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn a_path_of_what_is_covered_is_matched(
            old in "(a/|\\*\\*/|b/){0,2}(\\*\\*|\\*|\\*\\.m|a)",
            new in "(a/|\\*\\*/|b/|\\.c/|\\*/){0,3}(\\*\\*|\\*|\\*\\.m|a|\\.c)",
            path in "([ab]/|\\.c/|x\\.m/){0,3}(a|x\\.m|\\.c|b)",
        ) {
            if let (Ok(one), Ok(other)) = (Globs::new(&[&old]), Globs::new(&[&new])) {
                prop_assert!(!covers(&old, &new) || !other.matches(&path) || one.matches(&path), "{old} {new} {path}");
            }
        }
    }
}
