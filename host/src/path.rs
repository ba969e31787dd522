//! A path inside the repository that names the same single file on every
//! system. It is a word of git trees: it never reaches a system call.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// Bytes of a whole path.
pub const PATH_BYTES_MAX: usize = 4096;
/// Bytes of one component.
pub const COMPONENT_BYTES_MAX: usize = 255;

/// A valid path: UTF-8, relative, `/`-separated, 1 to 4,096 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Box<str>);

/// The text cannot name a file on every system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a path that names one file on every system: {reason}")]
pub struct InvalidPath {
    /// What is wrong with it, without the text itself.
    pub reason: &'static str,
}

impl RepoPath {
    /// Accepts `text` as it stands; nothing is normalised.
    ///
    /// # Errors
    /// [`InvalidPath`] with the first rule that it breaks.
    pub fn new(text: &str) -> Result<Self, InvalidPath> {
        let reason = match text.len() {
            0 => Some("it is empty"),
            length if length > PATH_BYTES_MAX => Some("it is longer than 4,096 bytes"),
            _ => text.split('/').find_map(component_fault),
        };
        match reason {
            Some(reason) => Err(InvalidPath { reason }),
            None => Ok(Self(text.into())),
        }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folders above the file, outermost first, without the root.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// What a file system that ignores case and Unicode form would see.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Folds case and Unicode form, and drops what HFS+ ignores in names.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let visible = text.chars().filter(|char| !ignorable(*char));
    visible.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// Code points that HFS+ does not see in a name.
fn ignorable(char: char) -> bool {
    matches!(char, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

fn component_fault(component: &str) -> Option<&'static str> {
    if component.is_empty() {
        return Some("it has an empty component");
    }
    if component == "." || component == ".." {
        return Some("it has a component `.` or `..`");
    }
    if component.len() > COMPONENT_BYTES_MAX {
        return Some("a component is longer than 255 bytes");
    }
    if component.chars().any(|char| char.is_control()) {
        return Some("it has a control character");
    }
    if component.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) {
        return Some("it has one of \\ : < > \" | ? *");
    }
    if component.ends_with(['.', ' ']) {
        return Some("a component ends with a dot or a space");
    }
    if is_git_folder(component) {
        return Some("it reaches into git's own folder");
    }
    is_device(component).then_some("a component is a device name on Windows")
}

/// Whether some file system takes the name for `.git`, short names included.
fn is_git_folder(component: &str) -> bool {
    let folded = fold(component);
    let short = folded.strip_prefix("git~").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    folded == ".git" || short
}

fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or(component).trim_end().to_ascii_uppercase();
    let numbered = |prefix| {
        let rest = stem.strip_prefix(prefix).unwrap_or_default();
        rest.chars().count() == 1 && rest.chars().all(|char| char.is_ascii_digit() || "¹²³".contains(char))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

impl fmt::Display for RepoPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.0)
    }
}

impl serde::Serialize for RepoPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for RepoPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Visitor)
    }
}

/// Makes a path of a text that is not kept.
struct Visitor;

impl serde::de::Visitor<'_> for Visitor {
    type Value = RepoPath;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a path")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RepoPath, E> {
        RepoPath::new(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_plain_paths() {
        for text in ["a", "docs/a.md", ".hidden/x", "déjà/vu.md", "-x", "--output=x", "a b", "common.md", "lpt10"] {
            assert!(RepoPath::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn case_29_30_31_39_refuses_what_is_not_one_file_everywhere() {
        let long = "x".repeat(5000);
        let wide = format!("{}/a", "x".repeat(256));
        let rows = [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "C:\\x",
            "\\\\host\\s\\x",
            "\\\\?\\C:\\x",
            "",
            ".",
            "a//b",
            "a/./b",
            "a/",
            "a\0b",
            "a\nb",
            &long,
            &wide,
            ".git",
            ".git/config",
            ".GIT/x",
            "a/.Git/x",
            "git~1/x",
            "GIT~12",
            ".git./x",
            ".git /x",
            ".git::$INDEX_ALLOCATION/x",
            ".g\u{200c}it/x",
            "a\u{1b}[0m",
            "aux",
            "a/CON.md",
            "com1",
            "lpt².txt",
            "x.",
            "x ",
        ];
        for text in rows {
            assert!(RepoPath::new(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_inside(text in "[a-zA-Z0-9./\\\\: ~éé\u{200c}-]{0,24}") {
            if let Ok(path) = RepoPath::new(&text) {
                for component in path.as_str().split('/') {
                    prop_assert!(!component.is_empty() && component != "." && component != "..");
                    prop_assert_ne!(fold(component), ".git");
                }
                prop_assert_eq!(path.folders().count(), path.as_str().matches('/').count());
            }
        }
    }
}
