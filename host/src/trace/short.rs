//! The beginning of a digest, to tell calls and answers apart: 16 bytes,
//! written as 32 hexadecimal digits. What must withstand an adversary has a
//! whole digest of its own.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const BYTES: usize = 16;

/// The first 16 bytes of a digest or of a git id.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Short([u8; BYTES]);

impl Short {
    /// Digests parts so that no two lists of parts give the same input.
    #[must_use]
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut summing = Summing::default();
        parts.into_iter().for_each(|part| summing.add(part));
        summing.sum()
    }

    /// The beginning of a git id: it is a digest already.
    #[must_use]
    pub fn cut(id: &[u8]) -> Self {
        let mut bytes = [0; BYTES];
        bytes.iter_mut().zip(id).for_each(|(byte, of)| *byte = *of);
        Self(bytes)
    }
}

/// Parts, one after the other.
#[derive(Default)]
pub struct Summing {
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Summing {
    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.bytes += part.len() as u64;
        self.hasher.update(&(part.len() as u64).to_le_bytes());
        self.hasher.update(part);
    }

    /// How many bytes were added.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest.
    #[must_use]
    pub fn sum(&self) -> Short {
        Short::cut(self.hasher.finalize().as_bytes())
    }
}

impl fmt::Display for Short {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Digits for people, bytes for what remembers.
impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Ok(Self(<[u8; BYTES]>::deserialize(deserializer)?));
        }
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("expected 32 hexadecimal digits"))
    }
}

fn parse(text: &str) -> Option<Short> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * BYTES || !text.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, at) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(Short(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_in_both_forms() {
        let short = Short::of_parts([b"ab".as_slice(), b"c"]);
        let text = serde_json::to_string(&short).expect("JSON");
        assert_eq!((text.len(), serde_json::from_str::<Short>(&text).expect("digits")), (34, short));
        let bytes = postcard::to_stdvec(&short).expect("bytes");
        assert_eq!((bytes.len(), postcard::from_bytes::<Short>(&bytes).expect("bytes")), (16, short));
        for text in ["\"\"", "\"AB\"", "\"g0000000000000000000000000000000\"", "\"é000000000000000000000000000000\""] {
            assert!(serde_json::from_str::<Short>(text).is_err(), "{text}");
        }
        assert_ne!(short, Short::of_parts([b"a".as_slice(), b"bc"]));
    }
}
