//! Repository paths as text: taking them apart and joining them. It does not
//! know what is at a path.

/// A path's folder (with its `/`; empty for the root) and name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    let at = memchr::memrchr(b'/', path.as_bytes()).map_or(0, |at| at + 1);
    path.split_at(at)
}

/// The extension in lower case; none if what follows the last point is none.
pub(crate) fn extension(path: &str) -> Option<String> {
    let (stem, extension) = split(path).1.rsplit_once('.')?;
    let is_one = (1..=8).contains(&extension.len())
        && extension.bytes().all(|next| next.is_ascii_alphanumeric())
        && extension.bytes().any(|next| next.is_ascii_alphabetic());
    (is_one && !stem.is_empty()).then(|| extension.to_ascii_lowercase())
}

/// Whether a path speaks of templates: such a document is a pattern for others.
pub(crate) fn is_template(path: &str) -> bool {
    let word = b"template";
    path.contains(['{', '<']) || path.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// A relative path as seen from a folder; none if it leaves the repository.
pub(crate) fn joined(folder: &str, relative: &str) -> Option<String> {
    let mut made = String::with_capacity(folder.len() + relative.len());
    made.push_str(folder.trim_end_matches('/'));
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." if made.is_empty() => return None,
            ".." => made.truncate(memchr::memrchr(b'/', made.as_bytes()).unwrap_or(0)),
            part => {
                if !made.is_empty() {
                    made.push('/');
                }
                made.push_str(part);
            }
        }
    }
    Some(made)
}

/// The shortest relative path from a folder to a path.
pub(crate) fn relative(folder: &str, path: &str) -> String {
    let mut from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let mut to: Vec<&str> = path.split('/').collect();
    let shared = from.iter().zip(to.iter().take(to.len() - 1)).take_while(|(a, b)| a == b).count();
    from.drain(..shared);
    to.drain(..shared);
    let mut made = "../".repeat(from.len());
    made.push_str(&to.join("/"));
    made
}

#[cfg(test)]
mod tests {
    use super::{extension, joined, relative};

    #[test]
    fn paths_are_joined_and_parted() {
        for (folder, path, expected) in [
            ("", "a.md", Some("a.md")),
            ("a/b/", "../c.md", Some("a/c.md")),
            ("a/", "./b//c/", Some("a/b/c")),
            ("a/", "..", Some("")),
            ("a/", "../../x", None),
            ("", "../x", None),
        ] {
            assert_eq!(joined(folder, path).as_deref(), expected, "{folder} {path}");
        }
        for (folder, path, expected) in
            [("a/b/", "a/c.md", "../c.md"), ("", "a/b.md", "a/b.md"), ("a/", "a/b.md", "b.md"), ("a/b/", "c.md", "../../c.md")]
        {
            assert_eq!(relative(folder, path), expected);
            assert_eq!(joined(folder, expected).as_deref(), Some(path));
        }
    }

    #[test]
    fn extensions_are_words() {
        for (path, expected) in [
            ("a.MD", Some("md")),
            ("a/b.c/d", None),
            ("v1.2", None),
            (".gitignore", None),
            ("a.tar.gz", Some("gz")),
            ("a.", None),
        ] {
            assert_eq!(extension(path).as_deref(), expected, "{path}");
        }
    }
}
