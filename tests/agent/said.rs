//! What was said, against what the API was sent.

use serde_json::{Value, json};

/// Demands that the body of call data holds these turns to the letter, in this order, and no
/// others.
#[track_caller]
pub(crate) fn demand_said(body: &Value, turns: &[Value], context: &str) {
    let transcription = &body["transcription"];
    let arrived = transcription["conversation_items"].as_array().unwrap();
    for (index, (arrived, said)) in arrived.iter().zip(turns).enumerate() {
        for (member, said) in said.as_object().unwrap() {
            let arrived = arrived.get(member).unwrap_or(&Value::Null);
            assert_eq!(arrived, said, "{context}: {member} of turn {index}");
        }
    }
    assert_eq!(arrived.len(), turns.len(), "{context}: {arrived:#?}");
    assert_eq!(
        transcription["total_items"],
        json!(turns.len()),
        "{context}"
    );
}
