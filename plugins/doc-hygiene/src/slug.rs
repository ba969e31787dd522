//! The ids that generators make of headings. Generators agree on letters,
//! digits, `_` and `-` and differ in what else they keep, so ids are compared
//! by a form that leaves all else out. It does not know which document an id
//! belongs to.

use std::borrow::Cow;

/// The comparable form of an id or of a heading's text: lower case, white
/// space as `-`, and nothing but letters, digits, `_` and `-`.
pub(crate) fn key(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for next in text.trim().chars() {
        match next {
            '-' | '_' => made.push(next),
            _ if next.is_ascii_alphanumeric() => made.push(next.to_ascii_lowercase()),
            _ if next.is_whitespace() => made.push('-'),
            _ if next.is_alphanumeric() => made.extend(next.to_lowercase()),
            _ => {}
        }
    }
    made
}

/// The form of Python-Markdown: runs of `-` are one. It leaves out letters
/// beyond ASCII, so an id with such letters is not known for certain.
pub(crate) fn collapsed(key: &str) -> Cow<'_, str> {
    if !key.contains("--") && !key.starts_with('-') && !key.ends_with('-') {
        return Cow::Borrowed(key);
    }
    let parts: Vec<&str> = key.split('-').filter(|part| !part.is_empty()).collect();
    Cow::Owned(parts.join("-"))
}

/// How many letters apart two ids may be to be taken for the same heading,
/// renamed.
const DISTANCE_MAX: usize = 2;

/// Ids longer than this are near to none: comparing them would cost too much.
const NEAR_BYTES_MAX: usize = 200;

/// Bytes that a word begins with: another beginning is another meaning, as in
/// `import` and `export`.
const BEGINNING: usize = 3;

/// Whether two ids are near: they differ in hyphens only, or at most one letter
/// in five was changed, added or left out (two at most), each word begins as
/// before, and all digits are the same.
pub(crate) fn near(one: &str, other: &str) -> bool {
    if one.len().max(other.len()) > NEAR_BYTES_MAX {
        return false;
    }
    let letters = |id: &str| id.chars().filter(|next| !matches!(next, '-' | '_')).collect::<String>();
    if letters(one) == letters(other) {
        return !one.is_empty();
    }
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let bound = (a.len().max(b.len()) / 5).min(DISTANCE_MAX);
    let digits = |chars: &[char]| chars.iter().copied().filter(char::is_ascii_digit).collect::<Vec<_>>();
    let begins_alike = one.split('-').map(|word| word.get(..BEGINNING)).eq(other.split('-').map(|word| word.get(..BEGINNING)));
    bound > 0 && begins_alike && a.len().abs_diff(b.len()) <= bound && digits(&a) == digits(&b) && distance(&a, &b) <= bound
}

/// The edit distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{collapsed, key, near};

    #[test]
    fn keys_keep_what_generators_agree_on() {
        for (text, expected) in [
            ("Getting Started", "getting-started"),
            ("`Vec<T>` & `Box`", "vect--box"),
            ("What's new? (2.0)", "whats-new-20"),
            ("Über Größe", "über-größe"),
            ("中文標題 CJK", "中文標題-cjk"),
            (":rocket: Launch", "rocket-launch"),
            ("🚀 Launch", "-launch"),
            ("a  b", "a--b"),
            (" trimmed ", "trimmed"),
            ("snake_case-id", "snake_case-id"),
            ("", ""),
        ] {
            assert_eq!(key(text), expected, "{text:?}");
        }
    }

    #[test]
    fn runs_of_hyphens_collapse() {
        for (from, to) in [("a--b", "a-b"), ("-a-", "a"), ("a-b", "a-b"), ("--", "")] {
            assert_eq!(collapsed(from), to);
        }
    }

    #[test]
    fn near_is_conservative() {
        for (one, other, expected) in [
            ("instalation", "installation", true),
            ("getting-started", "geting-started", true),
            ("social-celebration", "social--celebration", true),
            ("kinds_of_tests", "kinds-of-tests", true),
            ("horizontal-lines", "horizontal-rules", false),
            ("step-1", "step-2", false),
            ("version-10-notes", "version-11-notes", false),
            ("read", "road", false),
            ("install", "uninstall", false),
            ("usage", "examples", false),
        ] {
            assert_eq!(near(one, other), expected, "{one} {other}");
        }
    }
}
