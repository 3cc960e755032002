//! The four forms of a transcript, told apart by their lists.
//!
//! A session, a session whose items are printed Python objects, and LiveKit's own history all have
//! `items`; the oldest form has `conversation`.

use serde_json::value::RawValue;

use super::conversation::Transcript;
use super::item::{self, Item, Timed};
use crate::json::{self, JsonError, Members};

/// Why bytes are no transcript. Holds nothing that was said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// The bytes are no JSON object.
    #[error("the transcript is {0}")]
    Json(#[from] JsonError),
    /// There is no list of a known name.
    #[error(
        "the transcript has neither an items nor a conversation list; \
         check that the file is a transcript"
    )]
    UnknownForm,
}

/// Reads a transcript. A byte order mark in front is ignored.
///
/// Items that cannot be read are counted and do not sink the rest.
///
/// # Errors
/// When the bytes are no JSON object, or one without an `items` or `conversation` array.
pub fn parse(bytes: &[u8]) -> Result<Transcript, TranscriptError> {
    let object = Members::read_slice(bytes)?;
    let items = items(&object).ok_or(TranscriptError::UnknownForm)?;
    let mut transcript = read_items(items).ok_or(TranscriptError::UnknownForm)?;
    transcript.start_time = object.get("start_time").and_then(item::time);
    transcript.end_time = object.get("end_time").and_then(item::time);
    transcript.duration_seconds = object
        .get("duration_seconds")
        .filter(|value| item::is_number(value))
        .map(ToOwned::to_owned);
    transcript.lead_generated |= object.get("lead_generated").and_then(json::boolean) == Some(true);
    transcript.metadata = object
        .get("metadata")
        .filter(|value| value.get() != "null")
        .map(ToOwned::to_owned);
    Ok(transcript)
}

/// Reads a list of items, without what a transcript says beside them; `None` when it is no list.
pub(crate) fn read_items(list: &RawValue) -> Option<Transcript> {
    let mut transcript = Transcript::default();
    json::for_each(list, |value| {
        let Timed {
            item,
            time,
            asks_for_lead,
        } = item::read(value);
        transcript.lead_generated |= asks_for_lead;
        if let Some(time) = time {
            let (first, last) = transcript.span.unwrap_or((time, time));
            transcript.span = Some((first.min(time), last.max(time)));
        }
        match item {
            Item::Turn(turn) => transcript.turns.push(turn),
            Item::FunctionCall { creates_lead } => {
                transcript.skipped.function_calls += 1;
                transcript.lead_generated |= creates_lead;
            }
            Item::Event => transcript.skipped.events += 1,
            Item::OtherRole => transcript.skipped.other_roles += 1,
            Item::Empty => transcript.skipped.empty += 1,
            Item::Unreadable => transcript.skipped.unreadable += 1,
        }
    })?;
    Some(transcript)
}

/// The list of the items. A file that has both gets the one that holds something.
pub(super) fn items<'a>(object: &'a Members<'_>) -> Option<&'a RawValue> {
    let list = |name| {
        object
            .get(name)
            .filter(|value| value.get().starts_with('['))
    };
    let items = list("items");
    match items {
        Some(items) if !is_empty(items) => Some(items),
        items => list("conversation").or(items),
    }
}

fn is_empty(list: &RawValue) -> bool {
    list.get().trim_start_matches(['[', ' ', '\t', '\n', '\r']) == "]"
}

#[cfg(test)]
mod tests {
    use super::super::{Role, Skipped};
    use super::*;

    fn read(text: &str) -> Transcript {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn unknown_forms_are_refused() {
        for text in [
            "{}",
            r#"{"items": null}"#,
            r#"{"items": {"role": "user"}}"#,
            r#"{"conversation": "hello"}"#,
            r#"{"messages": []}"#,
        ] {
            assert_eq!(
                parse(text.as_bytes()).unwrap_err(),
                TranscriptError::UnknownForm,
                "{text}"
            );
        }
        assert_eq!(
            parse(b"[]").unwrap_err(),
            TranscriptError::Json(JsonError::NotAnObject)
        );
        assert_eq!(
            parse(b"").unwrap_err().to_string(),
            "the transcript is not JSON: unexpected end at line 1, column 0"
        );
    }

    #[test]
    fn an_empty_list_is_a_transcript_and_a_byte_order_mark_no_harm() {
        for text in [r#"{"items": []}"#, "\u{feff}{\"conversation\": []}"] {
            let transcript = read(text);
            assert!(transcript.turns.is_empty(), "{text}");
            assert_eq!(transcript.skipped, Skipped::default(), "{text}");
            assert!(transcript.metadata.is_none(), "{text}");
        }
    }

    #[test]
    fn of_two_lists_the_one_that_holds_something_counts() {
        let said = r#"[{"role":"agent","content":"hi"}]"#;
        for text in [
            format!(r#"{{"items": [], "conversation": {said}}}"#),
            format!(r#"{{"items": null, "conversation": {said}}}"#),
            format!(r#"{{"items": {said}, "conversation": [1, 2]}}"#),
        ] {
            let transcript = read(&text);
            assert_eq!(transcript.turns.len(), 1, "{text}");
            assert_eq!(transcript.turns[0].role, Role::Assistant, "{text}");
        }
    }

    #[test]
    fn metadata_of_any_kind_passes_but_null() {
        for value in ["{}", "[ 1 ]", "\"auto\"", "1E+2", "false", "0"] {
            let transcript = read(&format!(r#"{{"items":[],"metadata":{value}}}"#));
            let metadata = transcript.metadata.map(|raw| raw.get().to_owned());
            assert_eq!(metadata.as_deref(), Some(value));
        }
        let transcript = read(r#"{"items":[],"metadata":null}"#);
        assert!(transcript.metadata.is_none());
    }

    #[test]
    fn what_the_transcript_says_of_the_call_keeps_its_digits() {
        let transcript = read(
            r#"{"items":[],"start_time":1761732980.6023705,"end_time":"2025-10-29 10:16:52.652193+00:00",
                "duration_seconds":33.0777860,"lead_generated":true,"metadata":{ "n" : 1E+2 }}"#,
        );
        let raw = |value: &Option<Box<RawValue>>| value.as_ref().map(|raw| raw.get().to_owned());
        assert_eq!(
            transcript
                .start_time
                .map(crate::timestamp::format)
                .as_deref(),
            Some("2025-10-29T10:16:20.602370Z")
        );
        assert_eq!(
            transcript.end_time.map(crate::timestamp::format).as_deref(),
            Some("2025-10-29T10:16:52.652193Z")
        );
        assert_eq!(
            raw(&transcript.duration_seconds).as_deref(),
            Some("33.0777860")
        );
        assert_eq!(
            raw(&transcript.metadata).as_deref(),
            Some(r#"{ "n" : 1E+2 }"#)
        );
        assert!(transcript.lead_generated);
    }

    #[test]
    fn members_of_another_kind_are_as_absent() {
        let transcript = read(
            r#"{"items":[],"start_time":"soon","end_time":null,"duration_seconds":"33",
                "lead_generated":"true","metadata":null}"#,
        );
        assert_eq!((transcript.start_time, transcript.end_time), (None, None));
        assert!(transcript.duration_seconds.is_none());
        assert!(transcript.metadata.is_none());
        assert!(!transcript.lead_generated);
    }

    #[test]
    fn what_is_no_turn_is_counted_by_its_reason() {
        let transcript = read(
            r#"{"items":[
                7, {"role":"user","content":"a"}, {"role":"unknown","content":"","raw":"nothing known"},
                {"type":"persona_applied"}, {"type":"agent_handoff","id":"x"},
                {"type":"function_call","name":"look_up"}, {"type":"function_call_output","name":"create_lead"},
                {"role":"system","content":"b"}, {"role":"developer","content":"c"}, {"role":"tool","content":"d"},
                {"role":"user","content":" \n"}, {"role":"user"}, {"role":"user","content":[]}, {}
            ]}"#,
        );
        assert_eq!(transcript.turns.len(), 1);
        assert_eq!(
            transcript.skipped,
            Skipped {
                other_roles: 3,
                function_calls: 2,
                events: 2,
                empty: 4,
                unreadable: 2,
            }
        );
        assert!(!transcript.lead_generated);
    }

    #[test]
    fn a_create_lead_call_means_a_lead_however_it_is_written() {
        for call in [
            r#"{"type":"function_call","name":"create_lead"}"#,
            r#"{"role":"unknown","content":"","raw":"type='function_call' name='create_lead'"}"#,
            r#"{"role":"unknown","raw":"FunctionCall(id='x', name='create_lead')"}"#,
            r#"{"type":"function_call","raw":"FunctionCall(id='x', name='create_lead')"}"#,
        ] {
            let transcript = read(&format!(r#"{{"items":[{call}],"lead_generated":false}}"#));
            assert!(transcript.lead_generated, "{call}");
            assert_eq!(transcript.skipped.function_calls, 1, "{call}");
        }
        let asking = r#"ChatMessage(role='assistant', content='one moment', tool_calls=[FunctionCallInfo(function_info=FunctionInfo(name='create_lead'))])"#;
        for (text, turns) in [
            (asking.to_owned(), 1),
            (asking.replace("one moment", ""), 0),
        ] {
            let item = serde_json::json!({"role": "unknown", "content": "", "raw": text});
            let transcript = read(&format!(r#"{{"items":[{item}]}}"#));
            assert!(transcript.lead_generated, "{item}");
            assert_eq!(transcript.turns.len(), turns, "{item}");
            assert_eq!(transcript.skipped.function_calls, 1 - turns, "{item}");
        }
        for call in [
            r#"{"type":"function_call","name":"create_leads"}"#,
            r#"{"role":"unknown","raw":"FunctionCallOutput(name='create_lead')"}"#,
            r#"{"role":"user","content":"create_lead"}"#,
        ] {
            let transcript = read(&format!(r#"{{"items":[{call}]}}"#));
            assert!(!transcript.lead_generated, "{call}");
        }
    }

    #[test]
    fn debug_output_holds_nothing_that_was_said() {
        let transcript =
            read(r#"{"items":[{"role":"user","content":"secret","source":"secret"}]}"#);
        let shown = format!("{transcript:?} {:?}", transcript.turns);
        assert!(
            shown.contains("turns: 1") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
