//! Items of a LiveKit session history, printed by the SDK's Python classes.
//!
//! The SDK's items are pydantic models: `str(item)` prints `id='…' role='user' content=['…']`,
//! `repr(item)` prints `ChatMessage(id='…', role='user', content=['…'])`. Fields and their order
//! vary with the SDK's version, so each field is taken by its name and unknown ones are skipped.
//! Only reads; what an item means for the conversation is `item`'s.

use super::python_literal::{
    Argument, Cursor, LiteralError, MAX_DEPTH, Value, arguments, value as read_value,
};

/// What a printed item says, each field only when it is there and of the expected kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintedItem {
    /// `message`, `function_call`, …: the field `type`, else what the class's name means.
    pub item_type: Option<String>,
    /// `system`, `user`, `assistant`, …: a string, or a member of an enum.
    pub role: Option<String>,
    /// The text: a string, or a list's strings and the words of its sounds, a newline between them.
    pub content: Option<String>,
    /// Whether the speaker was cut off.
    pub interrupted: Option<bool>,
    /// The confidence, as the number was printed.
    pub transcript_confidence: Option<String>,
    /// When the item was made: seconds since the epoch as printed, or the text of a string.
    pub created_at: Option<String>,
    /// The function's name, in a function call.
    pub name: Option<String>,
    /// The functions that a message calls; before version 1.0 these were no items of their own.
    pub calls: Vec<String>,
    /// What the function was called with, in a function call: JSON as a rule.
    pub arguments: Option<String>,
    /// Whether a content was read, be it of another kind than text.
    has_content: bool,
}

/// Reads a printed item, in either form.
///
/// An item whose role and content stand before the place that cannot be read is still given.
///
/// # Errors
/// When the text is in neither form, or cannot be read up to role and content.
pub fn parse(text: &str) -> Result<PrintedItem, LiteralError> {
    let mut item = PrintedItem::default();
    match read(text, &mut item) {
        Err(error) if item.role.is_none() || !item.has_content => Err(error),
        Ok(()) | Err(_) => Ok(item),
    }
}

/// Reads a printed function call, as far as it can be read; `None` when nothing can.
pub(super) fn parse_call(text: &str) -> Option<PrintedItem> {
    let mut item = PrintedItem::default();
    let _ = read(text, &mut item);
    (item != PrintedItem::default()).then_some(item)
}

fn read(text: &str, item: &mut PrintedItem) -> Result<(), LiteralError> {
    let mut cursor = Cursor::new(text);
    cursor.skip_space();
    let mut ahead = cursor.clone();
    if ahead.identifier().is_some() && ahead.peek() == Some('=') {
        return fields(&mut cursor, item);
    }
    let class = cursor.dotted_name("a field or a class")?;
    cursor.expect("(")?;
    item.item_type = type_of_class(class).map(str::to_owned);
    arguments(&mut cursor, MAX_DEPTH, |argument| item.take(argument))?;
    cursor.skip_space();
    if cursor.at_end() {
        Ok(())
    } else {
        Err(cursor.error("the end"))
    }
}

/// Reads `name=value name=value` to the end.
fn fields<'a>(cursor: &mut Cursor<'a>, item: &mut PrintedItem) -> Result<(), LiteralError> {
    loop {
        let Some(name) = cursor.identifier() else {
            return Err(cursor.error("a field"));
        };
        cursor.expect("=")?;
        let value = read_value(cursor, MAX_DEPTH)?;
        item.take(Argument {
            keyword: Some(name),
            value,
        });
        let parted = cursor.skip_space();
        if cursor.at_end() {
            return Ok(());
        }
        if !parted {
            return Err(cursor.error("a space"));
        }
    }
}

/// The item type that a class of the SDK stands for; its fields say it too, but not in every
/// version.
fn type_of_class(class: &str) -> Option<&'static str> {
    match class_name(class) {
        "ChatMessage" => Some("message"),
        "FunctionCall" => Some("function_call"),
        "FunctionCallOutput" => Some("function_call_output"),
        "AgentHandoff" => Some("agent_handoff"),
        "AgentConfigUpdate" => Some("agent_config_update"),
        _ => None,
    }
}

impl PrintedItem {
    fn take(&mut self, argument: Argument<'_>) {
        let value = argument.value;
        match argument.keyword {
            Some("type") => self.item_type = string(value).or_else(|| self.item_type.take()),
            Some("role") => self.role = role(value),
            Some("content") => {
                self.has_content = true;
                self.content = text(value);
            }
            Some("interrupted") => self.interrupted = boolean(&value),
            Some("transcript_confidence") => self.transcript_confidence = number(&value),
            Some("created_at") => self.created_at = number(&value).or_else(|| string(value)),
            Some("name") => self.name = string(value),
            Some("tool_calls") => self.calls = called(value),
            Some("arguments") => self.arguments = string(value),
            _ => {}
        }
    }
}

/// A content's text; `None` when it holds no string at all.
fn text(value: Value<'_>) -> Option<String> {
    match value {
        Value::List(values) | Value::Tuple(values) => {
            let strings: Vec<String> = values.into_iter().filter_map(part).collect();
            (!strings.is_empty()).then(|| strings.join("\n"))
        }
        other => part(other),
    }
}

/// A part of a content: a text, or the words that a realtime model gives with a sound.
fn part(value: Value<'_>) -> Option<String> {
    match value {
        Value::Call(call) if class_name(call.name) == "AudioContent" => {
            member(call.arguments, "transcript").and_then(string)
        }
        other => string(other),
    }
}

/// The names of the functions in a list of `FunctionCallInfo(function_info=FunctionInfo(name=…))`.
fn called(value: Value<'_>) -> Vec<String> {
    let Value::List(calls) = value else {
        return Vec::new();
    };
    let name = |call| match call {
        Value::Call(call) => match member(call.arguments, "function_info")? {
            Value::Call(info) => string(member(info.arguments, "name")?),
            _ => None,
        },
        _ => None,
    };
    calls.into_iter().filter_map(name).collect()
}

/// The argument of that name.
fn member<'a>(arguments: Vec<Argument<'a>>, name: &str) -> Option<Value<'a>> {
    arguments
        .into_iter()
        .find(|argument| argument.keyword == Some(name))
        .map(|argument| argument.value)
}

/// A class without the modules before it.
fn class_name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// A role: a string, or a member of an enum, as `ChatRole.USER` or `<ChatRole.USER: 'user'>`.
fn role(value: Value<'_>) -> Option<String> {
    match value {
        Value::Name(name) => member_name(name),
        Value::Opaque(text) => enum_member(text),
        other => string(other),
    }
}

/// The role that a member of an enum stands for: its value when that is a string, else its name.
fn enum_member(text: &str) -> Option<String> {
    let mut cursor = Cursor::new(text);
    cursor.expect("<").ok()?;
    let name = member_name(cursor.dotted_name("a member").ok()?)?;
    cursor.expect(":").ok()?;
    cursor.skip_space();
    let value = read_value(&mut cursor, MAX_DEPTH).ok()?;
    cursor.expect(">").ok()?;
    Some(string(value).map_or(name, |value| value.to_lowercase()))
}

/// The last part of a dotted name, as roles are spelled. A name without a dot is no member.
fn member_name(name: &str) -> Option<String> {
    let (_, member) = name.rsplit_once('.')?;
    (!member.is_empty()).then(|| member.to_lowercase())
}

fn string(value: Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        _ => None,
    }
}

fn number(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Number(text) => Some((*text).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"id='item_1' type='message' role='assistant' content=['Hi, I\'m "Asha"', 'two'] interrupted=False transcript_confidence=0.9406738 extra={} metrics={'e2e': 1.5} created_at=1761732980.6023705 hash=None"#;

    /// The same fields as `repr` prints them.
    fn wrapped(class: &str) -> String {
        let fields = [
            "id='item_1'",
            "role='user'",
            "content=['a', ImageContent(image=b'\\xff')]",
            "created_at=1.5",
        ];
        format!("{class}({})", fields.join(", "))
    }

    #[test]
    fn the_models_text_view_is_read() {
        let item = parse(MESSAGE).unwrap();
        assert_eq!(item.item_type.as_deref(), Some("message"));
        assert_eq!(item.role.as_deref(), Some("assistant"));
        assert_eq!(item.content.as_deref(), Some("Hi, I'm \"Asha\"\ntwo"));
        assert_eq!(item.interrupted, Some(false));
        assert_eq!(item.transcript_confidence.as_deref(), Some("0.9406738"));
        assert_eq!(item.created_at.as_deref(), Some("1761732980.6023705"));
        assert_eq!(item.name, None);
    }

    #[test]
    fn a_class_gives_the_type_that_no_field_gives() {
        for (class, expected) in [
            ("ChatMessage", Some("message")),
            ("livekit.agents.llm.ChatMessage", Some("message")),
            ("FunctionCall", Some("function_call")),
            ("FunctionCallOutput", Some("function_call_output")),
            ("AgentHandoff", Some("agent_handoff")),
            ("AgentConfigUpdate", Some("agent_config_update")),
            ("Something", None),
        ] {
            let item = parse(&wrapped(class)).unwrap();
            assert_eq!(item.item_type.as_deref(), expected, "{class}");
            assert_eq!(item.content.as_deref(), Some("a"), "{class}");
        }
        let item = parse("Something(type='function_call', name='create_lead')").unwrap();
        assert_eq!(item.item_type.as_deref(), Some("function_call"));
        assert_eq!(item.name.as_deref(), Some("create_lead"));
    }

    #[test]
    fn a_role_may_be_a_member_of_an_enum() {
        for (role, expected) in [
            ("<ChatRole.USER: 'user'>", Some("user")),
            ("<Role.ASSISTANT: 'assistant'>", Some("assistant")),
            ("<Role.AGENT: \"ASSISTANT\">", Some("assistant")),
            ("<Role.USER: 1>", Some("user")),
            ("<llm.ChatRole.SYSTEM: 'system'>", Some("system")),
            ("ChatRole.USER", Some("user")),
            ("livekit.agents.llm.ChatRole.ASSISTANT", Some("assistant")),
            ("<ChatRole object at 0x7f>", None),
            ("<ChatRole.USER object at 0x7f>", None),
            ("<ChatRole.USER>", None),
            ("<USER: 'user'>", None),
            ("<ChatRole.USER: 'user' and more>", None),
            ("<>", None),
            ("USER", None),
            ("...", None),
            ("None", None),
            ("1", None),
        ] {
            for text in [
                format!("id='x' role={role} content=['a']"),
                format!("ChatMessage(content=['a'], role={role})"),
            ] {
                let item = parse(&text).unwrap();
                assert_eq!(item.role.as_deref(), expected, "{text}");
                assert_eq!(item.content.as_deref(), Some("a"), "{text}");
            }
        }
    }

    #[test]
    fn fields_stand_in_any_order_beside_unknown_ones() {
        let item = parse(
            "weird=<Frame of 'role=1' at 0x7f> content='to the letter ' metrics=Metrics(a=[1, {2}], role='system') role='user'",
        )
        .unwrap();
        assert_eq!(item.role.as_deref(), Some("user"));
        assert_eq!(item.content.as_deref(), Some("to the letter "));
        assert_eq!(item.item_type, None);
    }

    #[test]
    fn what_cannot_be_read_behind_role_and_content_does_no_harm() {
        for text in [
            "role='user' content=['x'] odd=%%",
            "role='user' content=['x'] odd",
            "role='user' content=['x'] interrupted=",
            "ChatMessage(role='user', content=['x'], odd=%%)",
            "ChatMessage(role='user', content=['x']",
            "ChatMessage(role='user', content=['x']) and more",
        ] {
            let item = parse(text).unwrap();
            assert_eq!(item.content.as_deref(), Some("x"), "{text}");
            assert_eq!(item.role.as_deref(), Some("user"), "{text}");
        }
        assert_eq!(
            parse("ChatMessage(role='user', content=['x'], odd=%%)")
                .unwrap()
                .item_type
                .as_deref(),
            Some("message")
        );
    }

    #[test]
    fn what_cannot_be_read_before_that_is_an_error_without_a_quote() {
        for (text, offset) in [
            ("", 0),
            ("Hello there", 5),
            ("role='user' content=['secret", 28),
            ("role='user' content=['secret'", 29),
            ("role='user' odd=%% content=['secret']", 16),
            ("ChatMessage(role='user'", 23),
            ("role='user'content=['secret']", 11),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn the_words_of_a_sound_are_text() {
        let sound =
            |words| format!("AudioContent(frame=[rtc.AudioFrame(n=1)], transcript={words})");
        for (content, expected) in [
            (format!("['a', {}]", sound("'it\\'s b'")), Some("a\nit's b")),
            (format!("[{}]", sound("\"c\"")), Some("c")),
            (format!("[llm.{}]", sound("'d'")), Some("d")),
            (sound("'e'"), Some("e")),
            (format!("[{}]", sound("None")), None),
            ("[ImageContent(transcript='x')]".to_owned(), None),
            ("[AudioContent('x')]".to_owned(), None),
        ] {
            let item = parse(&format!("role='user' content={content}")).unwrap();
            assert_eq!(item.content.as_deref(), expected, "{content}");
        }
    }

    #[test]
    fn the_functions_that_a_message_calls_are_named() {
        let call = |name| {
            format!(
                "FunctionCallInfo(tool_call_id='x', function_info=FunctionInfo(name={name}, callable=<function f.<locals>.g at 0x7f>), arguments={{'name': 'y'}})"
            )
        };
        let item = parse(&format!(
            "ChatMessage(role='assistant', name=None, content='', tool_calls=[{}, {}, {}, Other(name='z'), 1])",
            call("'look_up'"),
            call("None"),
            call("'create_lead'"),
        ))
        .unwrap();
        assert_eq!(item.calls, ["look_up", "create_lead"]);
        let item = parse("ChatMessage(role='user', content='a', tool_calls=None)").unwrap();
        assert!(item.calls.is_empty());
    }

    #[test]
    fn content_that_is_no_text_is_none() {
        for content in ["None", "[]", "[1, None]", "b'x'", "{'a': 'b'}"] {
            let item = parse(&format!("role='user' content={content}")).unwrap();
            assert_eq!(item.content, None, "{content}");
        }
        let item = parse("role='user' content=('', 'x', '')").unwrap();
        assert_eq!(item.content.as_deref(), Some("\nx\n"));
    }
}
