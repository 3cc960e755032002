//! Python's printed values, and the SDK's items made of them.

use arbitrary::{Arbitrary, Unstructured};
use callspool::transcript::python_literal::{self, Argument, MAX_DEPTH, Value};
use callspool::transcript::sdk_repr;

use crate::python_repr::{repr, repr_list};

/// Any text: what can be read comes back when it is printed again; where reading stops is a place
/// in the text.
pub(crate) fn check_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match python_literal::parse(&text) {
        Ok(value) => {
            assert!(depth(&value) <= MAX_DEPTH);
            let printed = print(&value);
            assert_eq!(python_literal::parse(&printed), Ok(value));
        }
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
    }
    match sdk_repr::parse(&text) {
        Ok(item) => {
            let is_number = |text: String| {
                ["inf", "nan"].iter().any(|word| text.contains(word))
                    || text.contains(|digit: char| digit.is_ascii_digit())
            };
            assert!(item.transcript_confidence.is_none_or(is_number));
        }
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
    }
}

/// A value is printed as CPython would and read back; so is a message with values beside it.
pub(crate) fn check_printed(data: &[u8]) {
    let Ok(message) = Message::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let printed = message.extra.print();
    let read = python_literal::parse(&printed);
    assert!(
        read.is_ok_and(|value| message.extra.is(&value)),
        "{printed}"
    );
    check_message(&message, &printed, " ", None);
    for class in ["ChatMessage", "livekit.agents.llm.ChatMessage"] {
        check_message(&message, &printed, ", ", Some(class));
    }
    check_nesting(message.nesting, &printed);
}

/// A message is read whatever stands beside its fields, in either form.
fn check_message(message: &Message, extra: &str, separator: &str, class: Option<&str>) {
    let role = if message.by_user { "user" } else { "assistant" };
    let truth = if message.interrupted { "True" } else { "False" };
    let created_at = format!("{}.{:06}", message.seconds, message.micros);
    let mut fields = vec![
        format!("content={}", repr_list(&message.texts)),
        format!("role='{role}'"),
        format!("interrupted={truth}"),
        format!("id={}", repr(&message.id)),
        format!("created_at={created_at}"),
    ];
    let place = usize::from(message.place) % (fields.len() + 1);
    fields.insert(place, format!("extra={extra}"));
    let fields = fields.join(separator);
    let text = match class {
        Some(class) => format!("{class}({fields})"),
        None => fields,
    };
    let item = sdk_repr::parse(&text).unwrap();
    let content = (!message.texts.is_empty()).then(|| message.texts.join("\n"));
    assert_eq!(item.content, content, "{text}");
    assert_eq!(item.role.as_deref(), Some(role));
    assert_eq!(item.interrupted, Some(message.interrupted));
    assert_eq!(item.created_at, Some(created_at));
    assert_eq!(item.item_type.as_deref(), class.map(|_| "message"));
}

/// A list in a list in a list is read up to the limit, and refused past it.
fn check_nesting(levels: u8, inside: &str) {
    let levels = usize::from(levels);
    let text = format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels));
    let inner = python_literal::parse(inside).map_or(0, |value| depth(&value));
    assert_eq!(
        python_literal::parse(&text).is_ok(),
        levels + inner <= MAX_DEPTH
    );
}

#[derive(Debug, Arbitrary)]
struct Message {
    by_user: bool,
    interrupted: bool,
    place: u8,
    nesting: u8,
    seconds: u32,
    micros: u16,
    id: String,
    texts: Vec<String>,
    extra: Printed,
}

/// A value of Python's.
#[derive(Debug)]
enum Printed {
    Nothing,
    Truth(bool),
    Whole(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Set(Vec<Self>),
    Dict(Vec<(Self, Self)>),
    Call(Vec<(bool, Self)>),
    Object,
    Member(String),
}

impl<'a> Arbitrary<'a> for Printed {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Self::of_depth(u, 8)
    }
}

impl Printed {
    fn of_depth(u: &mut Unstructured<'_>, depth: u8) -> arbitrary::Result<Self> {
        let kinds = if depth == 0 { 7 } else { 12 };
        Ok(match u.int_in_range(0..=kinds)? {
            0 => Self::Nothing,
            1 => Self::Truth(u.arbitrary()?),
            2 => Self::Whole(u.arbitrary()?),
            3 => Self::Float(u.arbitrary()?),
            4 => Self::Bytes(u.arbitrary()?),
            5 => Self::Object,
            6 => Self::Member(u.arbitrary()?),
            7 => Self::Text(u.arbitrary()?),
            8 => Self::List(Self::several(u, depth)?),
            9 => Self::Tuple(Self::several(u, depth)?),
            10 => Self::Set(Self::several(u, depth)?),
            11 => {
                let keys = Self::several(u, depth)?;
                let values = Self::several(u, depth)?;
                Self::Dict(keys.into_iter().zip(values).collect())
            }
            _ => {
                let values = Self::several(u, depth)?;
                let pairs = values.into_iter().map(|value| Ok((u.arbitrary()?, value)));
                Self::Call(pairs.collect::<arbitrary::Result<_>>()?)
            }
        })
    }

    fn several(u: &mut Unstructured<'_>, depth: u8) -> arbitrary::Result<Vec<Self>> {
        let count = u.int_in_range(0..=4)?;
        (0..count).map(|_| Self::of_depth(u, depth - 1)).collect()
    }

    /// As CPython's `repr` prints it.
    fn print(&self) -> String {
        let join = |values: &[Self]| {
            let texts: Vec<String> = values.iter().map(Self::print).collect();
            texts.join(", ")
        };
        match self {
            Self::Nothing => "None".to_owned(),
            Self::Truth(true) => "True".to_owned(),
            Self::Truth(false) => "False".to_owned(),
            Self::Whole(number) => number.to_string(),
            Self::Float(number) => float(*number),
            Self::Text(text) => repr(text),
            Self::Bytes(bytes) => {
                let inside: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("b'{inside}'")
            }
            Self::List(values) => format!("[{}]", join(values)),
            Self::Tuple(values) if values.len() == 1 => format!("({},)", join(values)),
            Self::Tuple(values) => format!("({})", join(values)),
            Self::Set(values) if values.is_empty() => "set()".to_owned(),
            Self::Set(values) => format!("{{{}}}", join(values)),
            Self::Dict(pairs) => {
                let pair =
                    |(key, value): &(Self, Self)| format!("{}: {}", key.print(), value.print());
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Self::Call(values) => {
                let argument = |(is_named, value): &(bool, Self)| match is_named {
                    true => format!("role={}", value.print()),
                    false => value.print(),
                };
                let arguments: Vec<String> = values.iter().map(argument).collect();
                format!("llm.Metrics({})", arguments.join(", "))
            }
            Self::Object => "<livekit.rtc.Frame object at 0x7f2a>".to_owned(),
            Self::Member(value) => format!("<ChatRole.USER: {}>", repr(value)),
        }
    }

    /// Whether a value that was read is this one.
    fn is(&self, value: &Value<'_>) -> bool {
        let are = |own: &[Self], values: &[Value<'_>]| {
            own.len() == values.len() && own.iter().zip(values).all(|(own, value)| own.is(value))
        };
        match (self, value) {
            (Self::Nothing, Value::None) | (Self::Bytes(_), Value::Bytes) => true,
            (Self::Truth(own), Value::Bool(truth)) => own == truth,
            (Self::Whole(_) | Self::Float(_), Value::Number(text))
            | (Self::Object | Self::Member(_), Value::Opaque(text)) => *text == self.print(),
            (Self::Text(own), Value::String(text)) => own == text,
            (Self::List(own), Value::List(values))
            | (Self::Tuple(own), Value::Tuple(values))
            | (Self::Set(own), Value::Set(values)) => are(own, values),
            (Self::Dict(own), Value::Dict(pairs)) => {
                own.len() == pairs.len()
                    && own
                        .iter()
                        .zip(pairs)
                        .all(|(own, pair)| own.0.is(&pair.0) && own.1.is(&pair.1))
            }
            (Self::Set(own), Value::Call(call)) => {
                own.is_empty() && call.name == "set" && call.arguments.is_empty()
            }
            (Self::Call(own), Value::Call(call)) => {
                call.name == "llm.Metrics"
                    && own.len() == call.arguments.len()
                    && own.iter().zip(&call.arguments).all(|(own, argument)| {
                        own.0.then_some("role") == argument.keyword && own.1.is(&argument.value)
                    })
            }
            _ => false,
        }
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        "nan".to_owned()
    } else {
        format!("{number:?}")
    }
}

/// How deep a value nests; one that holds no other is 1 deep.
fn depth(value: &Value<'_>) -> usize {
    let deepest = match value {
        Value::List(values) | Value::Tuple(values) | Value::Set(values) => {
            values.iter().map(depth).max()
        }
        Value::Dict(pairs) => pairs
            .iter()
            .map(|(key, value)| depth(key).max(depth(value)))
            .max(),
        Value::Call(call) => call
            .arguments
            .iter()
            .map(|argument| depth(&argument.value))
            .max(),
        _ => None,
    };
    1 + deepest.unwrap_or(0)
}

/// A value that was read, printed again.
fn print(value: &Value<'_>) -> String {
    let join = |values: &[Value<'_>]| {
        let texts: Vec<String> = values.iter().map(print).collect();
        texts.join(", ")
    };
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(truth) => if *truth { "True" } else { "False" }.to_owned(),
        Value::Number(text) | Value::Name(text) | Value::Opaque(text) => (*text).to_owned(),
        Value::String(text) => repr(text),
        Value::Bytes => "b''".to_owned(),
        Value::List(values) => format!("[{}]", join(values)),
        Value::Tuple(values) if values.len() == 1 => format!("({},)", join(values)),
        Value::Tuple(values) => format!("({})", join(values)),
        Value::Set(values) => format!("{{{}}}", join(values)),
        Value::Dict(pairs) => {
            let pair =
                |(key, value): &(Value<'_>, Value<'_>)| format!("{}: {}", print(key), print(value));
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Call(call) => {
            let argument = |argument: &Argument<'_>| match argument.keyword {
                Some(keyword) => format!("{keyword}={}", print(&argument.value)),
                None => print(&argument.value),
            };
            let arguments: Vec<String> = call.arguments.iter().map(argument).collect();
            format!("{}({})", call.name, arguments.join(", "))
        }
    }
}
