//! Leads: what the agent learnt about a caller who may buy.
//!
//! A lead is the customer's own object and goes to the API as it stands, so nothing in it is
//! interpreted here; it only has to be a JSON object. Pure: bytes in, the object's text out.

use serde_json::value::RawValue;

use crate::json::{self, JsonError, Members};

/// Why bytes are no lead. Holds nothing of the lead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lead is {0}")]
pub struct LeadError(#[from] JsonError);

/// Reads a lead: the object byte for byte, without white space or a byte order mark around it.
///
/// # Errors
/// When the bytes are no JSON object.
pub fn parse(bytes: &[u8]) -> Result<Box<RawValue>, LeadError> {
    Members::read_slice(bytes)?;
    let text =
        std::str::from_utf8(bytes).map_err(|error| JsonError::Encoding(error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = serde_json::from_str::<&RawValue>(text).map_err(|_| JsonError::NotAnObject)?;
    Ok(value.to_owned())
}

/// Members that say nothing of a person: an error may name their values.
const IMPERSONAL: [&str; 4] = ["status", "source", "timestamp", "campaign_metadata"];

/// Every text in a lead, however deep, that messages about the session must not show.
///
/// Goes over the lead once, so that nesting costs neither the stack nor the afternoon.
pub fn personal_texts(lead: &RawValue) -> Vec<String> {
    json::strings(lead, &IMPERSONAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_stays_byte_for_byte() {
        let object = "{ \"n\":12345678901234567890123,\n\"s\":\"\\/\\ud800\", \"n\" : 1E+2 }";
        for text in [object.to_owned(), format!("\u{feff}\n {object}\r\n")] {
            assert_eq!(parse(text.as_bytes()).unwrap().get(), object);
        }
        assert_eq!(parse(b"{}").unwrap().get(), "{}");
    }

    #[test]
    fn anything_else_is_refused_without_quoting_it() {
        for (text, expected) in [
            (
                "",
                "the lead is not JSON: unexpected end at line 1, column 0",
            ),
            ("[\"secret\"]", "the lead is not a JSON object"),
            ("null", "the lead is not a JSON object"),
            (
                "{\"a\": \"secret\"",
                "the lead is not JSON: unexpected end at line 1, column 14",
            ),
            (
                "{} {\"secret\": 1}",
                "the lead is not JSON: syntax error at line 1, column 4",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            parse(b"{\"a\": \"\xff\"}").unwrap_err(),
            LeadError(JsonError::Encoding(7))
        );
    }

    #[test]
    fn texts_are_found_at_every_depth() {
        let lead =
            parse(br#"{"name":"Ann","more":{"tags":["a",["b"]],"n":1},"none":null}"#).unwrap();
        let mut texts = personal_texts(&lead);
        texts.sort();
        assert_eq!(texts, ["Ann", "a", "b"]);
    }

    #[test]
    fn members_that_say_nothing_of_a_person_are_passed_over_whole() {
        let lead = parse(
            br#"{"status":{"a":["no, \"no\" {"]},"name":"{[\"yes\",\\","st\u0061tus":"no","status" : "no",
                "list":[{"source":"no"},"yes too",{"timestamp":1}],"campaign_metadata":["no"],"last":"yes, last"}"#,
        )
        .unwrap();
        assert_eq!(
            personal_texts(&lead),
            ["{[\"yes\",\\", "yes too", "yes, last"]
        );
    }

    #[test]
    fn depth_costs_no_more_than_length() {
        let levels = 200_000;
        let deep = format!(
            "{{\"a\":{}\"Ann\"{}}}",
            "[{\"a\":".repeat(levels),
            "}]".repeat(levels)
        );
        let lead = parse(deep.as_bytes()).unwrap();
        assert_eq!(personal_texts(&lead), ["Ann"]);
    }
}
