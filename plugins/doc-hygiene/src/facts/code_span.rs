//! Which code spans name a file of the repository.

/// The longest extension a path is believed to have.
const EXTENSION_BYTES_MAX: usize = 8;

/// Whether a code span's text can only be meant as a path to a file: relative,
/// with a folder and an extension, and with no sign of a pattern.
pub(crate) fn is_path(text: &str) -> bool {
    let is_plain = text.chars().all(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | '/' | '+'));
    let path = text.strip_prefix("./").unwrap_or(text);
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    is_plain
        && !folder.is_empty()
        && !folder.starts_with('/')
        && !path.contains("//")
        && !path.contains("..")
        && !stem.is_empty()
        && (1..=EXTENSION_BYTES_MAX).contains(&extension.len())
        && extension.starts_with(|first: char| first.is_ascii_alphabetic())
        && extension.chars().all(|next| next.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn only_paths_look_like_paths() {
        for (text, expected) in [
            ("src/main.rs", true),
            ("./docs/a-b.md", true),
            ("a/b/c.tar.gz", true),
            ("main.rs", false),
            ("and/or", false),
            ("text/html", false),
            ("/etc/x.conf", false),
            ("src/*.rs", false),
            ("src/<name>.rs", false),
            ("a b/c.rs", false),
            ("../x/y.rs", false),
            ("https://x.y/z.html", false),
            ("path/to/{{file}}.md", false),
            ("1.0/2.0", false),
            ("a/.gitignore", false),
        ] {
            assert_eq!(is_path(text), expected, "{text}");
        }
    }
}
