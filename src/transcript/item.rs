//! One item of a transcript: a turn, or the reason why it is none.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::conversation::{Role, Turn};
use super::sdk_repr::{self, PrintedItem};
use crate::json::{self, Members};
use crate::timestamp;

/// The function whose call means that a lead was made.
pub(super) const LEAD_FUNCTION: &str = "create_lead";

/// The longest printed object that is read, in bytes. What is read takes many times the memory.
const MAX_PRINTED_BYTES: usize = 4 << 20;

/// What an item is.
pub(super) enum Item {
    /// Somebody said something.
    Turn(Turn),
    /// A function call or its output.
    FunctionCall {
        /// Whether it is the call that makes a lead.
        creates_lead: bool,
    },
    /// Something else that happened.
    Event,
    /// A text of a role that takes no turns.
    OtherRole,
    /// Nothing was said.
    Empty,
    /// It cannot be told.
    Unreadable,
}

/// An item, and what it tells besides.
pub(super) struct Timed {
    pub(super) item: Item,
    /// When it was made.
    pub(super) time: Option<DateTime<Utc>>,
    /// Whether a message asks for the call that makes a lead.
    pub(super) asks_for_lead: bool,
}

/// The printed object inside an item.
enum Printed {
    Absent,
    Unreadable,
    Read(PrintedItem),
}

/// Reads an item.
pub(super) fn read(value: &RawValue) -> Timed {
    let Some(object) = Members::from_raw(value) else {
        return Timed {
            item: Item::Unreadable,
            time: None,
            asks_for_lead: false,
        };
    };
    let printed = Printed::read(&object);
    Timed {
        time: made_at(&object, printed.item()),
        item: classify(&object, &printed),
        asks_for_lead: printed.item().is_some_and(asks_for_lead),
    }
}

fn asks_for_lead(item: &PrintedItem) -> bool {
    item.calls.iter().any(|name| name == LEAD_FUNCTION)
}

fn classify(object: &Members<'_>, printed: &Printed) -> Item {
    let item_type = object.text("type").filter(|name| name != "message");
    if let Some(item_type) = item_type {
        let name = object.text("name");
        return other_type(&item_type, name.or_else(|| printed.item()?.name.clone()));
    }
    let own_text = object.get("content").and_then(content);
    let own_role = object.text("role").filter(|role| role != "unknown");
    match (own_text, own_role) {
        // The printed object adds what the item leaves out, and may as well be unreadable.
        (Some(text), Some(role)) => turn(object, printed.item(), &role, text),
        (own_text, own_role) => match printed {
            Printed::Unreadable => Item::Unreadable,
            Printed::Absent if own_text.is_some() => Item::Unreadable,
            Printed::Absent => Item::Empty,
            Printed::Read(item) => from_printed(object, item, own_text, own_role),
        },
    }
}

/// An item whose role or text only the printed object knows.
fn from_printed(
    object: &Members<'_>,
    item: &PrintedItem,
    own_text: Option<String>,
    own_role: Option<String>,
) -> Item {
    if let Some(item_type) = item.item_type.as_deref().filter(|name| *name != "message") {
        return other_type(item_type, item.name.clone());
    }
    let text = own_text.or_else(|| item.content.clone().filter(|text| has_text(text)));
    match (item.role.clone().or(own_role), text) {
        (_, None) if !item.calls.is_empty() => Item::FunctionCall {
            creates_lead: asks_for_lead(item),
        },
        (_, None) => Item::Empty,
        // Something was said, and who said it cannot be told.
        (None, Some(_)) => Item::Unreadable,
        (Some(role), Some(text)) => turn(object, Some(item), &role, text),
    }
}

/// An item that is no message.
fn other_type(item_type: &str, name: Option<String>) -> Item {
    match item_type {
        "function_call" => Item::FunctionCall {
            creates_lead: name.as_deref() == Some(LEAD_FUNCTION),
        },
        "function_call_output" => Item::FunctionCall {
            creates_lead: false,
        },
        _ => Item::Event,
    }
}

fn turn(object: &Members<'_>, printed: Option<&PrintedItem>, role: &str, content: String) -> Item {
    let Some(role) = Role::read(role) else {
        return Item::OtherRole;
    };
    let confidence = object
        .get("transcript_confidence")
        .and_then(raw_number)
        .or_else(|| printed_number(printed?.transcript_confidence.as_deref()?));
    let interrupted = object
        .get("interrupted")
        .and_then(json::boolean)
        .or_else(|| printed?.interrupted);
    Item::Turn(Turn {
        role,
        content,
        timestamp: made_at(object, printed),
        source: object.string("source"),
        transcript_confidence: confidence,
        interrupted,
    })
}

/// When an item was made: its own times first, then that of the printed object.
fn made_at(object: &Members<'_>, printed: Option<&PrintedItem>) -> Option<DateTime<Utc>> {
    ["timestamp", "created_at"]
        .iter()
        .find_map(|name| object.get(name).and_then(time))
        .or_else(|| printed_time(printed?.created_at.as_deref()?))
}

impl Printed {
    fn read(object: &Members<'_>) -> Self {
        match object.get("raw") {
            None => Self::Absent,
            Some(value) if value.get() == "null" => Self::Absent,
            Some(value) => match json::string(value) {
                Some(text) if !has_text(&text) => Self::Absent,
                Some(text) if text.len() > MAX_PRINTED_BYTES => Self::Unreadable,
                Some(text) => sdk_repr::parse(&text).map_or(Self::Unreadable, Self::Read),
                None => Self::Unreadable,
            },
        }
    }

    fn item(&self) -> Option<&PrintedItem> {
        match self {
            Self::Read(item) => Some(item),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// A content's text: a string, or the strings of a list and the words of its sounds, a newline
/// between them. `None` when it holds nothing but white space.
fn content(value: &RawValue) -> Option<String> {
    let mut parts: Option<String> = None;
    let add = |part: &RawValue| {
        let Some(text) = json::string(part).or_else(|| words_of_sound(part)) else {
            return;
        };
        match &mut parts {
            Some(parts) => {
                parts.push('\n');
                parts.push_str(&text);
            }
            None => parts = Some(text),
        }
    };
    let text = match json::for_each(value, add) {
        Some(()) => parts.unwrap_or_default(),
        None => json::string(value)?,
    };
    has_text(&text).then_some(text)
}

/// What was said in a sound, as a realtime model gives it.
fn words_of_sound(part: &RawValue) -> Option<String> {
    let part = Members::from_raw(part)?;
    let is_sound = part.text("type").as_deref() == Some("audio_content");
    is_sound.then(|| part.string("transcript")).flatten()
}

fn has_text(text: &str) -> bool {
    !text.trim().is_empty()
}

/// A time: a text in any of the accepted spellings, or seconds since the epoch.
pub(crate) fn time(value: &RawValue) -> Option<DateTime<Utc>> {
    match json::string(value) {
        Some(text) => timestamp::parse(&text),
        None => timestamp::parse_epoch_seconds(value.get()),
    }
}

/// A finite number, its digits as they stand.
pub(super) fn raw_number(value: &RawValue) -> Option<Box<RawValue>> {
    json::number(value).map(|_| value.to_owned())
}

/// Whether a value is a number, of whatever size.
pub(super) fn is_number(value: &RawValue) -> bool {
    value
        .get()
        .starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn printed_time(text: &str) -> Option<DateTime<Utc>> {
    timestamp::parse_epoch_seconds(text).or_else(|| timestamp::parse(text))
}

/// A number that Python printed, when JSON can say it too (`nan` it cannot).
fn printed_number(text: &str) -> Option<Box<RawValue>> {
    let value = RawValue::from_string(text.to_owned()).ok()?;
    raw_number(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Item {
        read(&RawValue::from_string(text.to_owned()).unwrap()).item
    }

    fn said(text: &str) -> Turn {
        match item(text) {
            Item::Turn(turn) => turn,
            _ => panic!("no turn: {text}"),
        }
    }

    fn with_raw(members: &str, raw: &str) -> String {
        format!(
            "{{{members} \"raw\": {}}}",
            serde_json::to_string(raw).unwrap()
        )
    }

    fn when(turn: &Turn) -> Option<String> {
        turn.timestamp.map(timestamp::format)
    }

    fn confidence(turn: &Turn) -> Option<&str> {
        turn.transcript_confidence.as_deref().map(RawValue::get)
    }

    const RAW: &str = "role='user' content=['from raw'] interrupted=True transcript_confidence=1e-05 created_at=1761732980.6";

    #[test]
    fn content_is_kept_to_the_letter() {
        for (content, expected) in [
            (r#"" a\n ""#, " a\n "),
            (r#"["a", 1, null, {"text":"x"}, "", "b "]"#, "a\n\nb "),
            (
                r#"["a", {"type":"audio_content","frame":[{"data":"AA=="}],"transcript":"b 'c'"}]"#,
                "a\nb 'c'",
            ),
            (
                r#"["a", {"type":"audio_content"}, {"type":"audio_content","transcript":null},
                    {"type":"image_content","transcript":"b"}, {"transcript":"c"}]"#,
                "a",
            ),
            (r#""\ud83d\ude42""#, "🙂"),
        ] {
            let turn = said(&format!(r#"{{"role":"user","content":{content}}}"#));
            assert_eq!(turn.content, expected);
        }
    }

    #[test]
    fn an_item_without_text_takes_everything_from_its_raw() {
        for members in [
            r#""role":"unknown","content":"","#,
            r#""role":"assistant","content":" ","#,
            r#""content":null,"#,
            "",
            r#""type":"message","role":"unknown","content":[],"#,
        ] {
            let turn = said(&with_raw(members, RAW));
            assert_eq!((turn.role, turn.content.as_str()), (Role::User, "from raw"));
            assert_eq!(turn.interrupted, Some(true));
            assert_eq!(confidence(&turn), Some("1e-05"));
            assert_eq!(when(&turn).as_deref(), Some("2025-10-29T10:16:20.600Z"));
            assert_eq!(turn.source, None);
        }
        let turn = said(&with_raw(r#""role":"agent","#, "content=['x'] role=None"));
        assert_eq!(turn.role, Role::Assistant);
    }

    #[test]
    fn an_item_with_text_keeps_it_and_takes_from_raw_what_it_lacks() {
        let turn = said(&with_raw(r#""role":"unknown","content":"own","#, RAW));
        assert_eq!((turn.role, turn.content.as_str()), (Role::User, "own"));
        let own = r#""role":"assistant","content":"own","interrupted":false,"transcript_confidence":0.50,"#;
        let turn = said(&with_raw(own, RAW));
        assert_eq!((turn.role, turn.content.as_str()), (Role::Assistant, "own"));
        assert_eq!(
            (turn.interrupted, confidence(&turn)),
            (Some(false), Some("0.50"))
        );
        let turn = said(&with_raw(
            r#""role":"assistant","content":"own","#,
            "no python",
        ));
        assert_eq!((turn.content.as_str(), turn.interrupted), ("own", None));
    }

    #[test]
    fn raw_that_is_needed_and_cannot_be_read_is_unreadable() {
        for text in [
            with_raw(r#""role":"unknown","content":"","#, "no python"),
            with_raw(
                r#""role":"user","content":"","#,
                "role='user' content=['cut o",
            ),
            with_raw(r#""role":"unknown","content":"own","#, "no python"),
            r#"{"role":"user","content":"","raw":{"role":"user"}}"#.to_owned(),
            "null".to_owned(),
            "\"text\"".to_owned(),
        ] {
            assert!(matches!(item(&text), Item::Unreadable), "{text}");
        }
        for raw in ["null", "\"\"", "\" \""] {
            let text = format!(r#"{{"role":"user","content":"","raw":{raw}}}"#);
            assert!(matches!(item(&text), Item::Empty), "{text}");
        }
    }

    #[test]
    fn text_of_nobody_known_is_unreadable_and_an_enums_member_is_known() {
        for text in [
            with_raw("", "role=<ChatRole object at 0x7f> content=['x']"),
            with_raw(
                r#""role":"unknown","content":"x","#,
                "role=None content=['x']",
            ),
            r#"{"role":"unknown","content":"x"}"#.to_owned(),
            r#"{"role":5,"content":"x"}"#.to_owned(),
            r#"{"content":"x"}"#.to_owned(),
        ] {
            assert!(matches!(item(&text), Item::Unreadable), "{text}");
        }
        for (role, expected) in [
            ("<ChatRole.USER: 'user'>", Role::User),
            ("<Role.ASSISTANT: 'assistant'>", Role::Assistant),
            ("ChatRole.USER", Role::User),
        ] {
            let raw = format!("type='message' role={role} content=['x']");
            let turn = said(&with_raw(r#""role":"unknown","content":"","#, &raw));
            assert_eq!((turn.role, turn.content.as_str()), (expected, "x"));
        }
        let system = with_raw("", "role=<ChatRole.SYSTEM: 'system'> content=['x']");
        assert!(matches!(item(&system), Item::OtherRole));
    }

    #[test]
    fn the_type_in_raw_decides_for_an_item_that_needs_it() {
        for (raw, is_event) in [
            ("type='agent_handoff' role='user' content=['x']", true),
            ("AgentHandoff(role='user', content=['x'])", true),
            ("type='message' role='system' content=['x']", false),
            ("type='message' role='developer' content=['x']", false),
        ] {
            let found = item(&with_raw("", raw));
            assert_eq!(matches!(found, Item::Event), is_event, "{raw}");
            assert_eq!(matches!(found, Item::OtherRole), !is_event, "{raw}");
        }
    }

    #[test]
    fn times_are_taken_in_order_and_what_is_none_is_passed_over() {
        let outer = r#""role":"user","content":"x","#;
        for (members, expected) in [
            (
                r#""timestamp":"2025-01-01T00:00:00Z","created_at":2,"#,
                Some("2025-01-01T00:00:00Z"),
            ),
            (
                r#""timestamp":1.5,"created_at":2,"#,
                Some("1970-01-01T00:00:01.500Z"),
            ),
            (
                r#""timestamp":null,"created_at":2,"#,
                Some("1970-01-01T00:00:02Z"),
            ),
            (
                r#""timestamp":"later","created_at":"x","#,
                Some("2025-10-29T10:16:20.600Z"),
            ),
            ("", Some("2025-10-29T10:16:20.600Z")),
        ] {
            let turn = said(&with_raw(&format!("{outer}{members}"), RAW));
            assert_eq!(when(&turn).as_deref(), expected, "{members}");
        }
        let raw = "role='user' content='x' created_at='2025-01-01 00:00:00'";
        assert_eq!(
            when(&said(&with_raw("", raw))).as_deref(),
            Some("2025-01-01T00:00:00Z")
        );
        let raw = "role='user' content='x' created_at=datetime.datetime(2025, 1, 1)";
        assert_eq!(when(&said(&with_raw("", raw))), None);
    }

    #[test]
    fn a_confidence_that_is_no_finite_number_is_none() {
        for raw in ["nan", "inf", "None", "'0.5'", "True", "1e999"] {
            let raw = format!("role='user' content='x' transcript_confidence={raw}");
            assert_eq!(confidence(&said(&with_raw("", &raw))), None, "{raw}");
        }
        for own in ["\"0.5\"", "true", "null", "[1]", "1e999"] {
            let text = format!(r#"{{"role":"user","content":"x","transcript_confidence":{own}}}"#);
            assert_eq!(confidence(&said(&text)), None, "{text}");
        }
    }
}
