//! One conversation, written in each of the four forms, is read as what it was.

use arbitrary::{Arbitrary, Unstructured};
use callspool::timestamp;
use callspool::transcript::{self, Transcript};
use chrono::DateTime;
use serde_json::{Value, json};

use crate::python_repr::{repr, repr_list};
use crate::transcript::check_body;

#[derive(Debug, Arbitrary)]
struct Conversation {
    items: Vec<Item>,
    is_wrapped: bool,
}

#[derive(Debug, Arbitrary)]
enum Item {
    Said {
        by_user: bool,
        first: String,
        more: Vec<String>,
        interrupted: bool,
        created_at: u32,
        micros: u16,
    },
    Prompt(String),
    Call {
        makes_lead: bool,
        arguments: String,
    },
    Output(String),
}

/// What must be read: role, content, whether the speaker was cut off, and when.
type Turn = (&'static str, String, Option<bool>, Option<String>);

/// Reads the bytes as a conversation, writes it in each form, and reads that.
pub(crate) fn check(data: &[u8]) {
    let Ok(conversation) = Conversation::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let Conversation { items, is_wrapped } = &conversation;
    let history: Vec<Value> = items.iter().map(Item::livekit).collect();
    let raw: Vec<Value> = items.iter().map(|item| item.raw(*is_wrapped)).collect();
    let plain: Vec<Value> = items
        .iter()
        .filter_map(|item| item.plain("assistant"))
        .collect();
    let oldest: Vec<Value> = items
        .iter()
        .filter_map(|item| item.plain("agent"))
        .collect();

    let expected: Vec<Turn> = items.iter().filter_map(Item::turn).collect();
    let has_lead = items.iter().any(|item| {
        matches!(
            item,
            Item::Call {
                makes_lead: true,
                ..
            }
        )
    });
    for list in [history, raw] {
        let count = list.len();
        let found = read(&json!({"session_id": "s", "items": list}));
        assert_eq!(found.turns.len() + found.skipped.total(), count);
        assert_eq!(found.skipped.unreadable, 0);
        assert_eq!(found.lead_generated, has_lead);
        assert_eq!(turns(&found), expected);
    }
    let said: Vec<(&str, String)> = expected.into_iter().map(|turn| (turn.0, turn.1)).collect();
    for form in [json!({"items": plain}), json!({"conversation": oldest})] {
        let found = turns(&read(&form));
        let found: Vec<(&str, String)> = found.into_iter().map(|turn| (turn.0, turn.1)).collect();
        assert_eq!(found, said);
    }
}

fn read(form: &Value) -> Transcript {
    let found = transcript::parse(form.to_string().as_bytes()).unwrap();
    check_body(&found);
    found
}

fn turns(transcript: &Transcript) -> Vec<Turn> {
    transcript
        .turns
        .iter()
        .map(|turn| {
            let time = turn.timestamp.map(timestamp::format);
            (
                turn.role.as_str(),
                turn.content.clone(),
                turn.interrupted,
                time,
            )
        })
        .collect()
}

impl Item {
    /// The turn that this is; nothing was said where there is nothing but white space.
    fn turn(&self) -> Option<Turn> {
        let Self::Said {
            by_user,
            interrupted,
            created_at,
            micros,
            ..
        } = self
        else {
            return None;
        };
        let content = self.texts().join("\n");
        let time = DateTime::from_timestamp(i64::from(*created_at), u32::from(*micros) * 1000);
        let role = if *by_user { "user" } else { "assistant" };
        let time = time.map(timestamp::format);
        (!content.trim().is_empty()).then_some((role, content, Some(*interrupted), time))
    }

    fn texts(&self) -> Vec<String> {
        match self {
            Self::Said { first, more, .. } => {
                let more = more.iter().take(3).cloned();
                std::iter::once(first.clone()).chain(more).collect()
            }
            Self::Prompt(text) | Self::Output(text) => vec![text.clone()],
            Self::Call { arguments, .. } => vec![arguments.clone()],
        }
    }

    fn role(&self, agent: &'static str) -> &'static str {
        match self {
            Self::Said { by_user: true, .. } => "user",
            Self::Said { .. } => agent,
            _ => "system",
        }
    }

    /// As the session's own form and the oldest write it; both know nothing of calls.
    fn plain(&self, agent: &'static str) -> Option<Value> {
        let is_message = matches!(self, Self::Said { .. } | Self::Prompt(_));
        let content = self.texts().join("\n");
        is_message.then(|| json!({"role": self.role(agent), "content": content, "raw": null}))
    }

    /// As LiveKit's own history writes it.
    fn livekit(&self) -> Value {
        match self {
            Self::Said {
                interrupted,
                created_at,
                micros,
                ..
            } => {
                // A float of `Value` would round the microseconds, so it is written as text.
                let seconds = i64::from(*created_at);
                let time = DateTime::from_timestamp(seconds, u32::from(*micros) * 1000).unwrap();
                json!({
                    "id": "item_1", "type": "message", "role": self.role("assistant"),
                    "content": self.texts(), "interrupted": interrupted,
                    "created_at": time.to_rfc3339(),
                })
            }
            Self::Prompt(text) => json!({"type": "message", "role": "system", "content": [text]}),
            Self::Call {
                makes_lead,
                arguments,
            } => {
                json!({"type": "function_call", "name": function(*makes_lead), "arguments": arguments})
            }
            Self::Output(text) => {
                json!({"type": "function_call_output", "name": "create_lead", "output": text})
            }
        }
    }

    /// As the agent writes the session's history: the text only in the printed object.
    fn raw(&self, is_wrapped: bool) -> Value {
        let (class, fields) = self.fields();
        let raw = if is_wrapped {
            format!("{class}({})", fields.join(", "))
        } else {
            fields.join(" ")
        };
        json!({"role": "unknown", "content": "", "source": "session_history", "raw": raw})
    }

    /// The SDK's class, and its fields as Python prints them.
    fn fields(&self) -> (&'static str, Vec<String>) {
        match self {
            Self::Said {
                interrupted,
                created_at,
                micros,
                ..
            } => {
                let truth = if *interrupted { "True" } else { "False" };
                let fields = vec![
                    format!("id={}", repr(&self.texts()[0])),
                    "type='message'".to_owned(),
                    format!("role='{}'", self.role("assistant")),
                    format!("content={}", repr_list(&self.texts())),
                    format!("interrupted={truth}"),
                    "transcript_confidence=None".to_owned(),
                    "extra={}".to_owned(),
                    format!("created_at={created_at}.{micros:06}"),
                ];
                ("ChatMessage", fields)
            }
            Self::Prompt(text) => {
                let content = format!("content=[{}]", repr(text));
                let fields = vec!["type='message'".into(), "role='system'".into(), content];
                ("ChatMessage", fields)
            }
            Self::Call {
                makes_lead,
                arguments,
            } => {
                let name = format!("name='{}'", function(*makes_lead));
                let arguments = format!("arguments={}", repr(arguments));
                let fields = vec!["type='function_call'".into(), arguments, name];
                ("FunctionCall", fields)
            }
            Self::Output(text) => {
                let output = format!("output={}", repr(text));
                let item_type = "type='function_call_output'".into();
                let fields = vec![item_type, output, "name='create_lead'".into()];
                ("FunctionCallOutput", fields)
            }
        }
    }
}

fn function(makes_lead: bool) -> &'static str {
    if makes_lead { "create_lead" } else { "look_up" }
}
