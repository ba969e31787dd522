//! The strings of a notebook, as its readers see them: without escapes, and lists of
//! strings as one text. What the other values say is not read.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

/// All strings of a notebook, apart from one another. None if it is none.
pub(super) fn strings(text: &str) -> Option<String> {
    let mut found = String::with_capacity(text.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strings { found: &mut found, joins: false }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| found)
}

/// Takes the strings of a value; two keys of one name are two.
struct Strings<'f> {
    found: &'f mut String,
    joins: bool,
}

impl Strings<'_> {
    fn inner(&mut self, joins: bool) -> Strings<'_> {
        Strings { found: self.found, joins }
    }

    fn part(&mut self) {
        if !self.joins {
            self.found.push_str("\n\n");
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a value")
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.part();
        self.found.push_str(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.part();
        while list.next_element_seed(self.inner(true))?.is_some() {}
        self.inner(false).part();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(self.inner(false))?.is_some() {
            map.next_value_seed(self.inner(false))?;
        }
        self.inner(false).part();
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_strings_are_one_text() {
        let text = r#"{"a": ["b\u002f", "/c"], "d": "e", "d": [{"f": null}, 1, true, -2.5], "g": "h"}"#;
        let found = strings(text).expect("a notebook");
        assert_eq!(
            found.split("\n\n").filter(|part| !part.is_empty()).collect::<Vec<_>>(),
            ["a", "b//c", "d", "e", "d", "f", "g", "h"]
        );
        assert_eq!([strings("{"), strings("{} {}"), strings("[NaN]")], [None, None, None]);
    }
}
