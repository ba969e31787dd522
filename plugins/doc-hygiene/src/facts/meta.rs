//! The few keys of front matter that are facts: `title` and the version. It
//! reads top-level scalars on one line and nothing else of YAML and TOML.

use std::ops::Range;

use crate::front::{Front, Notation};

/// The value of the first of these keys that is there, and where it stands.
pub(crate) fn value<'a>(text: &'a str, front: &Front, keys: &[&str]) -> Option<(&'a str, Range<usize>)> {
    keys.iter().find_map(|key| match front.notation {
        Notation::Yaml => line_value(text, front.inner.clone(), key, ':', " #"),
        Notation::Toml => line_value(text, front.inner.clone(), key, '=', " #"),
        Notation::Json => json_value(text, front.inner.clone(), key),
    })
}

fn line_value<'a>(text: &'a str, inner: Range<usize>, key: &str, sign: char, comment: &str) -> Option<(&'a str, Range<usize>)> {
    let mut at = inner.start;
    for line in text[inner].split_inclusive('\n') {
        let start = at;
        at += line.len();
        if sign == '=' && line.starts_with('[') {
            return None;
        }
        let Some((name, rest)) = line.split_once(sign) else { continue };
        if name.trim_end().trim_matches(['"', '\'']) != key || name.starts_with(char::is_whitespace) {
            continue;
        }
        let rest =
            if rest.trim_start().starts_with(['"', '\'']) { rest } else { rest.find(comment).map_or(rest, |end| &rest[..end]) };
        return trimmed(text, start + name.len() + 1..start + name.len() + 1 + rest.len());
    }
    None
}

/// The value without spaces and quotes; none if it goes on in other lines.
fn trimmed(text: &str, place: Range<usize>) -> Option<(&str, Range<usize>)> {
    let raw = text[place.clone()].trim();
    let start = place.start + text[place.clone()].find(raw)?;
    let (value, start) = match raw.chars().next()? {
        quote @ ('"' | '\'') => {
            let inner = &raw[1..];
            (&inner[..inner.find(quote)?], start + 1)
        }
        '|' | '>' | '[' | '{' | '&' | '*' => return None,
        _ => (raw, start),
    };
    (!value.is_empty()).then(|| (value, start..start + value.len()))
}

/// A string of the object that stands on one line, as all do that people write.
fn json_value<'a>(text: &'a str, inner: Range<usize>, key: &str) -> Option<(&'a str, Range<usize>)> {
    let object = &text[inner.clone()];
    let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(object).ok()?;
    let value = read.get(key)?.as_str()?;
    let name = object.find(&format!("\"{key}\""))? + key.len() + 2;
    let start = inner.start + name + object[name..].find(value)?;
    (!value.is_empty()).then(|| (&text[start..start + value.len()], start..start + value.len()))
}

#[cfg(test)]
mod tests {
    use super::value;
    use crate::front;

    #[test]
    fn keys_are_read_where_they_stand() {
        for (text, expected) in [
            ("---\ntitle: A b\n---\n", Some("A b")),
            ("---\ntitle: \"A: # b\" # c\n---\n", Some("A: # b")),
            ("---\ntitle: A # b\n---\n", Some("A")),
            ("---\nx:\n  title: no\ntitle: 'yes'\n---\n", Some("yes")),
            ("---\ntitle: >\n  long\n---\n", None),
            ("---\ntitle:\n---\n", None),
            ("+++\ntitle = \"A\"\n[x]\ntitle = \"B\"\n+++\n", Some("A")),
            ("+++\n[x]\ntitle = \"B\"\n+++\n", None),
            ("{\"title\": \"A\"}\n", Some("A")),
            ("---\nsubtitle: A\n---\n", None),
        ] {
            let front = front::find(text).expect("front matter");
            let found = value(text, &front, &["title"]);
            assert_eq!(found.as_ref().map(|(value, _)| *value), expected, "{text:?}");
            if let Some((value, place)) = found {
                assert_eq!(&text[place], value);
            }
        }
    }
}
