//! Leads: sent as they stand, and their texts kept out of messages.

use std::collections::HashSet;

use callspool::lead;
use callspool::redact::{Redactor, WITHHELD};
use callspool::upload::call_data::{self, CallDataInput};
use serde_json::Value;

use crate::members::without_mark;
use crate::oracle;

/// What is accepted goes byte for byte into the call data, and every text in it is known.
pub(crate) fn check(data: &[u8]) {
    let value = oracle::value(data);
    let lead = match lead::parse(data) {
        Ok(lead) => lead,
        Err(error) => {
            oracle::assert_fixed_text(&error, "the lead is ", &[]);
            assert!(!value.is_some_and(|value| value.is_object()), "{error}");
            return;
        }
    };
    let text = without_mark(std::str::from_utf8(data).unwrap());
    assert_eq!(lead.get(), text.trim_matches([' ', '\t', '\n', '\r']));
    assert!(value.as_ref().is_none_or(Value::is_object));

    let body = call_data::build(&input(&lead)).unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(body.ends_with(&format!("\"lead\":{}}}", lead.get())));

    let texts: HashSet<String> = lead::personal_texts(&lead).into_iter().collect();
    if let Some(value) = value {
        let mut expected = Vec::new();
        collect(&value, &mut expected);
        for text in expected {
            assert!(
                texts.iter().any(|known| known == text),
                "a text is not known"
            );
            check_withheld(text);
        }
    }
}

pub(crate) fn input(lead: &serde_json::value::RawValue) -> CallDataInput<'_> {
    CallDataInput {
        session_id: "s",
        campaign_id: "c",
        voice_agent_id: "v",
        client_id: "k",
        dialed_number: None,
        direction: None,
        call_status: None,
        call_start: None,
        call_end: None,
        transcript: None,
        lead: Some(lead),
        recording: None,
        recording_duration: None,
    }
}

/// Every text of a person's, by the rule that four members say nothing of one.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(object) => object
            .iter()
            .filter(|(name, _)| {
                !["status", "source", "timestamp", "campaign_metadata"].contains(&name.as_str())
            })
            .for_each(|(_, value)| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A message that is nothing but a text of three letters or more is withheld.
fn check_withheld(text: &str) {
    let letters = text.chars().filter(char::is_ascii_alphanumeric).count();
    if letters == text.len() && (3..100).contains(&letters) {
        let redactor = Redactor::new().lead_value(text);
        assert_eq!(redactor.scrub(text, 200), WITHHELD);
    }
}
