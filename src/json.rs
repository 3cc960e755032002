//! JSON objects whose members stay byte for byte as they were.
//!
//! A metadata document belongs to the customer: unknown members survive every rewrite in their
//! order, numbers keep their digits (`5.697564`, integers of 23 digits, `1E+2`), strings their
//! escapes. So an object is kept as a list of raw members; only the members that are set change.
//! Values are never turned into `serde_json::Value`, which rounds numbers.

mod members;
mod walk;

use std::fmt;

pub use members::{Members, RawObject};
pub use walk::{for_each, strings};

use serde::de::{self, Deserializer, Visitor};
use serde_json::value::RawValue;

use members::MAX_MEMBERS;

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

/// The elements of a raw value, when it is an array.
pub fn array(value: &RawValue) -> Option<Vec<&RawValue>> {
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
    let quoted = text.strip_prefix('"')?;
    if let Some(plain) = quoted.strip_suffix('"').filter(|inside| is_plain(inside)) {
        return Some(plain.to_owned());
    }
    serde_json::from_str::<String>(text).ok().or_else(|| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.deserialize_bytes(Text).ok()
    })
}

/// Whether the inside of a string stands for itself.
fn is_plain(inside: &str) -> bool {
    let is_odd = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    !inside.as_bytes().iter().any(is_odd)
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
