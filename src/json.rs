//! JSON objects whose members stay byte for byte as they were.
//!
//! A metadata document belongs to the customer: unknown members survive every rewrite in their
//! order, numbers keep their digits (`5.697564`, integers of 23 digits, `1E+2`), strings their
//! escapes. So an object is kept as a list of raw members; only the members that are set change.
//! Values are never turned into `serde_json::Value`, which rounds numbers.

mod walk;

use std::fmt;

pub use walk::{for_each, strings};

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The most members of an object. More are no customer's: they are there to use up memory.
const MAX_MEMBERS: usize = 100_000;
const TOO_MANY: &str = "too many members";

/// A JSON object as raw members in their order. Members of the same name are kept; the last counts.
#[derive(Debug, Clone, Default)]
pub struct RawObject {
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    /// The name with its escapes resolved, for look-ups.
    name: String,
    /// The name as it stood, quotes and escapes included.
    raw_name: Box<RawValue>,
    value: Box<RawValue>,
}

/// Why a text is not a JSON object. Holds no content of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 (byte {0})")]
    Encoding(usize),
    /// The text is not JSON.
    #[error("not JSON: {kind} at line {line}, column {column}")]
    Syntax {
        /// What is wrong: `unexpected end` or `syntax error`.
        kind: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The text is JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// The object has more members than are read.
    #[error("a JSON object of more than {MAX_MEMBERS} members")]
    TooManyMembers,
}

impl RawObject {
    /// Reads an object from bytes; a byte order mark in front is ignored.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, or JSON of another kind than an object.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, JsonError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| JsonError::Encoding(error.valid_up_to()))?;
        Self::parse(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Reads an object from text.
    ///
    /// # Errors
    /// When the text is not JSON, or JSON of another kind than an object.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let is_object = text
            .trim_start_matches([' ', '\t', '\n', '\r'])
            .starts_with('{');
        match serde_json::from_str::<Self>(text) {
            Ok(object) if is_object => Ok(object),
            Ok(_) => Err(JsonError::NotAnObject),
            Err(error) if error.is_data() && !is_object => Err(JsonError::NotAnObject),
            Err(error) if error.is_data() && error.to_string().starts_with(TOO_MANY) => {
                Err(JsonError::TooManyMembers)
            }
            Err(error) => Err(JsonError::Syntax {
                kind: if error.is_eof() {
                    "unexpected end"
                } else {
                    "syntax error"
                },
                line: error.line(),
                column: error.column(),
            }),
        }
    }

    /// Reads a member's value as an object; `None` when it is anything else.
    pub fn from_raw(value: &RawValue) -> Option<Self> {
        Self::parse(value.get()).ok()
    }

    /// The value of the (last) member of that name.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.members
            .iter()
            .rev()
            .find(|member| member.name == name)
            .map(|member| &*member.value)
    }

    /// The member as an object, when it is one.
    pub fn object(&self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::from_raw)
    }

    /// The member as text, when it is a string.
    pub fn string(&self, name: &str) -> Option<String> {
        self.get(name).and_then(string)
    }

    /// The member as text, when it is a string that holds more than white space.
    pub fn text(&self, name: &str) -> Option<String> {
        self.string(name).filter(|text| !text.trim().is_empty())
    }

    /// Whether the object has no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.members
            .iter()
            .map(|member| (member.name.as_str(), &*member.value))
    }

    /// Sets a member: in its place when it is there, else at the end.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn set<T: serde::Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> serde_json::Result<()> {
        let value = serde_json::value::to_raw_value(value)?;
        self.set_raw(name, value)
    }

    /// Sets a member to JSON text that is already there.
    ///
    /// # Errors
    /// When the name cannot be written as JSON.
    pub fn set_raw(&mut self, name: &str, value: Box<RawValue>) -> serde_json::Result<()> {
        if let Some(member) = self
            .members
            .iter_mut()
            .rev()
            .find(|member| member.name == name)
        {
            member.value = value;
            return Ok(());
        }
        let raw_name = serde_json::value::to_raw_value(name)?;
        self.members.push(Member {
            name: name.to_owned(),
            raw_name,
            value,
        });
        Ok(())
    }

    /// Writes the object with its members on lines of their own, indented by `depth` + 1 steps of
    /// two spaces, as the customer's producer does; values as they are.
    pub fn to_pretty(&self, depth: usize) -> String {
        if self.members.is_empty() {
            return "{}".to_owned();
        }
        let indent = "  ".repeat(depth + 1);
        let lines: Vec<String> = self
            .members
            .iter()
            .map(|member| format!("{indent}{}: {}", member.raw_name.get(), member.value.get()))
            .collect();
        format!("{{\n{}\n{}}}", lines.join(",\n"), "  ".repeat(depth))
    }

    /// [`Self::to_pretty`] as a raw value, to be set as a member of another object.
    ///
    /// # Errors
    /// Never in practice: the text is JSON by construction.
    pub fn to_raw(&self, depth: usize) -> serde_json::Result<Box<RawValue>> {
        RawValue::from_string(self.to_pretty(depth))
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawObject;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawObject, A::Error> {
                let mut members = Vec::new();
                while let Some((raw_name, value)) =
                    map.next_entry::<Box<RawValue>, Box<RawValue>>()?
                {
                    if members.len() == MAX_MEMBERS {
                        return Err(de::Error::custom(TOO_MANY));
                    }
                    let name = string(&raw_name)
                        .ok_or_else(|| de::Error::custom("a name that is no string"))?;
                    members.push(Member {
                        name,
                        raw_name,
                        value,
                    });
                }
                Ok(RawObject { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The elements of a raw value, when it is an array.
pub fn array(value: &RawValue) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_str(value.get()).ok()
}

/// The text of a raw value, when it is a string. Lone surrogates, which Python writes and JSON
/// allows, become U+FFFD.
pub fn string(value: &RawValue) -> Option<String> {
    string_text(value.get())
}

/// [`string`] for JSON that is there as text.
pub fn string_text(text: &str) -> Option<String> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = String;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    if !text.starts_with('"') {
        return None;
    }
    serde_json::from_str::<String>(text).ok().or_else(|| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.deserialize_bytes(Text).ok()
    })
}

/// The truth of a raw value, when it is a boolean.
pub fn boolean(value: &RawValue) -> Option<bool> {
    match value.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A raw value as a finite number, when it is one.
pub fn number(value: &RawValue) -> Option<f64> {
    let text = value.get();
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A raw value as an integer, when it is one that fits, written as a number or as a string of
/// digits (the protobuf JSON mapping writes 64-bit numbers as strings).
pub fn integer(value: &RawValue) -> Option<i64> {
    match string(value) {
        Some(text) => text.trim().parse().ok(),
        None => value.get().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_members_stay_byte_for_byte() {
        let text = r#"{"a" : 5.697564, "n":12345678901234567890123, "caf\u00e9": 1E+2,"s":"\/x\ud800","o":{ "k" : [ 1 ] },"a":2}"#;
        let mut object = RawObject::parse(text).unwrap();
        object.set("new", &true).unwrap();
        let out = object.to_pretty(0);
        for kept in [
            "\"a\": 5.697564",
            "\"n\": 12345678901234567890123",
            "\"caf\\u00e9\": 1E+2",
            "\"s\": \"\\/x\\ud800\"",
            "\"o\": { \"k\" : [ 1 ] }",
            "\"a\": 2",
            "\"new\": true",
        ] {
            assert!(out.contains(kept), "{kept} in {out}");
        }
        assert_eq!(object.get("a").map(RawValue::get), Some("2"));
        assert_eq!(object.get("café").map(RawValue::get), Some("1E+2"));
        assert_eq!(
            object.string("s").as_deref(),
            Some("/x\u{fffd}\u{fffd}\u{fffd}")
        );
    }

    #[test]
    fn what_is_no_object_is_refused_without_quoting_it() {
        assert_eq!(RawObject::parse("[]").unwrap_err(), JsonError::NotAnObject);
        assert_eq!(
            RawObject::parse("\"secret\"").unwrap_err(),
            JsonError::NotAnObject
        );
        assert!(matches!(
            RawObject::parse("{\"a\": secret}"),
            Err(JsonError::Syntax { .. })
        ));
        assert!(matches!(
            RawObject::parse("{\"a\": 1"),
            Err(JsonError::Syntax {
                kind: "unexpected end",
                ..
            })
        ));
        assert!(matches!(
            RawObject::parse("{} {}"),
            Err(JsonError::Syntax { .. })
        ));
        assert_eq!(
            RawObject::from_slice(b"{\"a\": \"\xff\"}").unwrap_err(),
            JsonError::Encoding(7)
        );
        assert!(
            RawObject::from_slice("\u{feff}{}".as_bytes())
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn depth_does_not_overflow_the_stack() {
        let deep = format!("{{\"d\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(RawObject::parse(&deep).unwrap().iter().count(), 1);
    }

    #[test]
    fn members_beyond_number_are_refused() {
        let object = |count| format!("{{{}}}", vec!["\"\":0"; count].join(","));
        let most = RawObject::parse(&object(MAX_MEMBERS)).unwrap();
        assert_eq!(most.iter().count(), MAX_MEMBERS);
        let error = RawObject::parse(&object(MAX_MEMBERS + 1)).unwrap_err();
        assert_eq!(error, JsonError::TooManyMembers);
        assert_eq!(
            error.to_string(),
            "a JSON object of more than 100000 members"
        );
    }

    #[test]
    fn integers_come_as_numbers_and_as_strings() {
        let object =
            RawObject::parse(r#"{"a":1761719171999656880,"b":"1406083","c":1.5,"d":"x","e":null}"#)
                .unwrap();
        let get = |name| object.get(name).and_then(integer);
        assert_eq!(get("a"), Some(1_761_719_171_999_656_880));
        assert_eq!(get("b"), Some(1_406_083));
        assert_eq!((get("c"), get("d"), get("e")), (None, None, None));
    }
}
