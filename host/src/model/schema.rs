//! JSON of a schema: which schemas are taken, and whether an answer holds to one.
//! Only keywords whose cost is that of the answer are known, so that no schema
//! takes long; references are not among them, so that none leads anywhere.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::answer::Fault;
use super::request::SCHEMA_BYTES_MAX;

/// Depth of a schema and of an answer.
const DEPTH_MAX: usize = 32;
/// Keywords that are known.
const KEYWORDS: &[&str] = &[
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "description",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "properties",
    "required",
    "title",
    "type",
];
/// Alternatives of a whole schema: branches of `anyOf` and items of `enum`.
const ALTERNATIVES_MAX: usize = 256;
/// Values of an answer, each held against every alternative.
const COMPARISONS_MAX: usize = 500_000;
/// Bytes of what is told of an answer that does not hold.
const REASON_BYTES_MAX: usize = 1_000;

/// A schema that is taken.
pub struct Schema {
    value: Value,
    alternatives: usize,
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// Takes a schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(format!("schema: more than {SCHEMA_BYTES_MAX} bytes"));
        }
        let value = parse(text).map_err(|_| "schema: it is not JSON that can be taken".to_owned())?;
        known(&value)?;
        let alternatives = alternatives(&value);
        if alternatives > ALTERNATIVES_MAX {
            return Err(format!("schema: more than {ALTERNATIVES_MAX} alternatives"));
        }
        let mut compiler = Compiler::new();
        let name = "lifeos:schema";
        compiler.add_resource(name, value.clone()).map_err(|error| format!("schema: {error}"))?;
        let mut schemas = Schemas::new();
        let index = compiler.compile(name, &mut schemas).map_err(|error| format!("schema: {error}"))?;
        Ok(Self { value, alternatives, schemas, index })
    }

    /// The schema itself.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// An answer as JSON in one form, if it holds to the schema.
    ///
    /// # Errors
    /// What is wrong with it, for the owner's and the model's eyes.
    pub fn hold(&self, answer: &str) -> Result<String, (Fault, String)> {
        let value = parse(answer).map_err(|reason| (Fault::NotJson, reason))?;
        // What does not hold is kept whole by who holds it, for each alternative.
        if values(&value).saturating_mul(self.alternatives + 1) > COMPARISONS_MAX {
            return Err((Fault::NotOfSchema, "it is too large for its schema".to_owned()));
        }
        match self.schemas.validate(&value, self.index) {
            Ok(()) => Ok(value.to_string()),
            Err(error) => Err((Fault::NotOfSchema, crate::clean::cut(&error.to_string(), REASON_BYTES_MAX).to_owned())),
        }
    }
}

/// Every keyword known, down to the leaves.
fn known(schema: &Value) -> Result<(), String> {
    let Value::Object(keywords) = schema else {
        return if schema.is_boolean() { Ok(()) } else { Err("schema: one is an object, or true or false".to_owned()) };
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values().try_for_each(known)?,
            ("anyOf", Value::Array(schemas)) => schemas.iter().try_for_each(known)?,
            ("items" | "additionalProperties", schema) => known(schema)?,
            (keyword, _) if KEYWORDS.contains(&keyword) => {}
            (keyword, _) => {
                return Err(format!("schema: the keyword {} is not known", crate::clean::line(crate::clean::cut(keyword, 40))));
            }
        }
    }
    Ok(())
}

/// Branches and items among which a value may choose, of the whole schema.
fn alternatives(schema: &Value) -> usize {
    let Value::Object(keywords) = schema else { return 0 };
    let of = |(keyword, value): (&String, &Value)| match (keyword.as_str(), value) {
        ("enum", Value::Array(items)) => items.iter().map(values).sum(),
        ("anyOf", Value::Array(schemas)) => schemas.len() + schemas.iter().map(alternatives).sum::<usize>(),
        ("properties", Value::Object(properties)) => properties.values().map(alternatives).sum(),
        ("items" | "additionalProperties", schema) => alternatives(schema),
        _ => 0,
    };
    keywords.iter().map(of).sum()
}

/// How many values there are in one, itself among them.
fn values(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

/// JSON strictly: no key twice, no depth beyond [`DEPTH_MAX`], nothing around it.
fn parse(text: &str) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_str(text.trim());
    let value = serde::de::DeserializeSeed::deserialize(Strict { depth: DEPTH_MAX }, &mut reader);
    value.and_then(|value| reader.end().map(|()| value)).map_err(|error| error.to_string())
}

/// A value whose objects have every key once.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom(format!("it is deeper than {DEPTH_MAX}")))?;
        Ok(Self { depth })
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (deeper, mut all) = (self.deeper()?, Vec::new());
        while let Some(item) = items.next_element_seed(deeper)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (deeper, mut all) = (self.deeper()?, serde_json::Map::new());
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(deeper)?;
            if all.contains_key(&key) {
                return Err(serde::de::Error::custom("a key is there twice"));
            }
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str =
        r#"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"#;

    #[test]
    fn case_132_an_answer_holds_to_its_schema_or_is_refused() {
        let schema = Schema::read(SCHEMA).expect("a schema");
        assert_eq!(schema.hold(" {\"a\" : 1}\n"), Ok("{\"a\":1}".to_owned()));
        let fault = |answer: &str| schema.hold(answer).expect_err(answer).0;
        for answer in ["", "{", "Here it is: {\"a\":1}", "{\"a\":1} done", "```json\n{\"a\":1}\n```", "{\"a\":1,\"a\":2}"] {
            assert_eq!(fault(answer), Fault::NotJson, "{answer}");
        }
        assert_eq!(fault(&"[".repeat(10_000)), Fault::NotJson);
        assert_eq!(fault(&format!("{}1{}", "[".repeat(40), "]".repeat(40))), Fault::NotJson);
        for answer in ["{}", "[]", "{\"a\":\"1\"}", "{\"a\":1,\"b\":2}"] {
            assert_eq!(fault(answer), Fault::NotOfSchema, "{answer}");
        }
    }

    #[test]
    fn a_schema_that_leads_elsewhere_or_takes_long_is_none() {
        for schema in [
            r#"{"$ref":"file:///etc/passwd"}"#,
            r##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}}}"##,
            r#"{"pattern":"(a+)+$"}"#,
            r#"{"uniqueItems":true}"#,
            r#"{"properties":{"x":{"$dynamicRef":"y"}}}"#,
            r#"{"type":"nothing"}"#,
            &format!("{{\"anyOf\":[{}true]}}", r#"{"type":"null"},"#.repeat(300)),
            &format!("{{\"items\":{{\"enum\":[{}0]}}}}", "1,".repeat(300)),
            "[]",
            "{",
        ] {
            assert!(Schema::read(schema).is_err(), "{schema}");
        }
        assert!(Schema::read("true").is_ok());
        let many = format!("{{\"type\":\"array\",\"items\":{{\"anyOf\":[{}]}}}}", vec![r#"{"type":"null"}"#; 200].join(","));
        let many = Schema::read(&many).expect("a schema");
        assert_eq!(many.hold(&format!("[{}]", vec!["null"; 2_000].join(","))).map(drop), Ok(()));
        let (fault, reason) = many.hold(&format!("[{}]", vec!["1"; 20_000].join(","))).expect_err("too large");
        assert_eq!((fault, reason.as_str()), (Fault::NotOfSchema, "it is too large for its schema"));
    }
}
