//! Names that stand in files, refs and records: of tasks and of plugins. Whether there
//! is something of a name is not asked here.

/// The rule in words.
pub const NAME_RULE: &str = "1 to 40 of a-z 0-9 -, and no - at either end";

/// Whether a text may be the name of a task or of a plugin: 1 to 40 of `a-z 0-9 -`, and
/// no `-` at either end.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=40).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["a", "7", "doc-hygiene", "a--b", &"a".repeat(40)] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "-", "-a", "a-", "A", "a_b", "a.b", "a/b", "\u{e4}", &"a".repeat(41)] {
            assert!(!is_name(other), "{other}");
        }
    }
}
