//! Transcripts in whatever form.

use callspool::transcript::{self, Transcript};
use callspool::upload::call_data::{self, CallDataInput};
use serde_json::Value;

use crate::lead;
use crate::oracle;

/// What is read is what another reading finds, and makes call data that says the same.
pub(crate) fn check(data: &[u8]) {
    let value = oracle::value(data);
    match transcript::parse(data) {
        Ok(transcript) => {
            check_sense(&transcript);
            check_body(&transcript);
            if let Some(value) = value {
                check_items(&transcript, &value);
            }
        }
        Err(error) => {
            let unknown = "the transcript has neither an items nor a conversation list; \
                           check that the file is a transcript";
            oracle::assert_fixed_text(&error, "the transcript is ", &[unknown]);
            if let Some(value) = value {
                assert!(!value["items"].is_array() && !value["conversation"].is_array());
            }
        }
    }
}

/// No turn is empty, and what is shown for debugging holds nothing that was said.
fn check_sense(transcript: &Transcript) {
    assert!(
        transcript
            .turns
            .iter()
            .all(|turn| !turn.content.trim().is_empty())
    );
    let shown = oracle::numberless(&format!("{transcript:?}"));
    let shown = shown.replace("true", "false");
    assert_eq!(
        shown,
        "Transcript { turns: #, skipped: Skipped { other_roles: #, function_calls: #, events: #, \
         empty: #, unreadable: # }, lead_generated: false, .. }"
    );
}

/// The call data made of it is JSON, always the same, and holds every turn.
pub(crate) fn check_body(transcript: &Transcript) {
    let empty = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
    let input = CallDataInput {
        transcript: Some(transcript),
        lead: None,
        ..lead::input(&empty)
    };
    let body = call_data::build(&input).unwrap();
    assert_eq!(call_data::build(&input).unwrap(), body);
    serde_json::from_slice::<serde::de::IgnoredAny>(&body).unwrap();
    let Some(body) = oracle::value(&body) else {
        return;
    };
    let sent = &body["transcription"];
    assert_eq!(sent["total_items"], transcript.turns.len());
    let items = sent["conversation_items"].as_array().unwrap();
    assert_eq!(items.len(), transcript.turns.len());
    for (item, turn) in items.iter().zip(&transcript.turns) {
        assert_eq!(item["role"], turn.role.as_str());
        assert_eq!(item["content"], turn.content.as_str());
    }
}

/// Every item is a turn or counted as none. Where none hides a printed object, the turns are those
/// that can be read off the JSON.
fn check_items(transcript: &Transcript, value: &Value) {
    let list = |name: &str| value[name].as_array().filter(|list| !list.is_empty());
    let no_items = Vec::new();
    let items = list("items").or(list("conversation")).unwrap_or(&no_items);
    let turns = &transcript.turns;
    assert_eq!(items.len(), turns.len() + transcript.skipped.total());
    if items.iter().any(|item| !item["raw"].is_null()) {
        return;
    }
    let expected: Vec<(&str, String)> = items.iter().filter_map(plain_turn).collect();
    let found: Vec<(&str, String)> = turns
        .iter()
        .map(|turn| (turn.role.as_str(), turn.content.clone()))
        .collect();
    assert_eq!(found, expected);
    let is_call = |item: &Value| {
        item["type"] == "function_call" && oracle::text(item, "name") == Some("create_lead")
    };
    let has_lead = value["lead_generated"] == true || items.iter().any(is_call);
    assert_eq!(transcript.lead_generated, has_lead);
}

/// The turn that an item is by its own members.
fn plain_turn(item: &Value) -> Option<(&'static str, String)> {
    if oracle::text(item, "type").is_some_and(|name| name != "message") {
        return None;
    }
    let role = match item["role"].as_str()? {
        "user" => "user",
        "assistant" | "agent" => "assistant",
        _ => return None,
    };
    let content = match &item["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            texts.join("\n")
        }
        _ => return None,
    };
    (!content.trim().is_empty()).then_some((role, content))
}
