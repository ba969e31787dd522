//! A word of a line: a capability, a function, a reason. There are few of them
//! and very many lines, so none has a copy of its own.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One of the words that this host writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(&'static str);

/// Finds the one copy of a word.
macro_rules! words {
    ($($word:literal)*) => {
        fn known(text: &str) -> Option<&'static str> {
            match text {
                $($word => Some($word),)*
                _ => None,
            }
        }
    };
}

// Capabilities, functions, why something is not read, and what speaks against an edit.
words! {
    "list" "read" "edit" "history" "model" "rounds"
    "list-files" "stat" "read-file" "revisions" "texts" "propose" "complete" "previous" "check" "configure" "conclude"
    "invalid-path" "not-granted" "not-found" "not-a-file" "not-text" "too-large" "history-missing"
    "protected" "already-exists" "collides-with" "filtered" "stale" "span-outside-text" "spans-overlap"
    "conflicting-edit" "hidden-characters" "secret" "new-host" "over-limit"
    "invalid-request" "over-budget" "rate-limited" "unavailable" "invalid-answer"
}

impl Word {
    /// A word of this host. One that is not on the list above could not be read again.
    #[must_use]
    pub fn new(word: &'static str) -> Self {
        debug_assert!(known(word).is_some(), "`{word}` is not on the list");
        Self(word)
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, out)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Word;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a word of a trace")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
                known(text).map(Word).ok_or_else(|| E::unknown_variant(crate::clean::cut(text, 40), &[]))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_as_it_is_written_and_no_other_does() {
        let word: Word = serde_json::from_str("\"read-file\"").expect("a word");
        assert!(word == "read-file" && serde_json::to_string(&word).expect("JSON") == "\"read-file\"");
        assert!(serde_json::from_str::<Word>("\"shell\"").is_err());
    }
}
