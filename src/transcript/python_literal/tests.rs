//! What the parser reads, and where it stops.

use super::*;

fn string(text: &str) -> Option<String> {
    match parse(text) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn names_in_a_list(count: usize) -> String {
    format!("{}1{}", "[".repeat(count), "]".repeat(count))
}

#[test]
fn strings_in_either_quote_with_every_escape() {
    for (text, expected) in [
        ("''", ""),
        (r#"'it is "so"'"#, "it is \"so\""),
        (r#""it's""#, "it's"),
        (r#"'it\'s \"so\"'"#, "it's \"so\""),
        (r"'\n\t\r\\\a\b\f\v\0'", "\n\t\r\\\u{7}\u{8}\u{c}\u{b}\0"),
        (r"'\101\1018\7\08'", "AA8\u{7}\u{0}8"),
        (r"'\x00\x7f\xe9\u0939\U0001f642'", "\0\u{7f}é\u{939}🙂"),
        ("'a\\\nb'", "ab"),
        (r"'\d \N{DASH} \é'", r"\d \N{DASH} \é"),
        ("'नमस्ते — 🙂'", "नमस्ते — 🙂"),
        (r"u'x'", "x"),
        (r"r'\n\''", r"\n\'"),
    ] {
        assert_eq!(string(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn surrogates_pair_up_or_are_replaced() {
    for (text, expected) in [
        (r"'\ud83d\ude42'", "🙂"),
        (r"'\ud83d'", "\u{fffd}"),
        (r"'\ude42'", "\u{fffd}"),
        (r"'\ude42\ud83d'", "\u{fffd}\u{fffd}"),
        (r"'\ud83d\ud83d\ude42'", "\u{fffd}🙂"),
        (r"'\ud83dx\ude42'", "\u{fffd}x\u{fffd}"),
        (r"'\ud83d\n'", "\u{fffd}\n"),
        (r"'\ud7ff\ue000\uffff'", "\u{d7ff}\u{e000}\u{ffff}"),
        (r"'\U0010ffff'", "\u{10ffff}"),
        (r"'\udbff\udfff'", "\u{10ffff}"),
    ] {
        assert_eq!(string(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn numbers_stay_as_printed() {
    for text in [
        "0",
        "-1",
        "1.5",
        "1e-05",
        "1e+16",
        "-2.5e10",
        "nan",
        "inf",
        "-inf",
        "-nan",
        "1.",
        "2j",
        "2J",
        "1E5",
        "+1",
        ".5",
        "1+2j",
        "-1.5-0.5j",
        "12345678901234567890123",
    ] {
        assert_eq!(parse(text), Ok(Value::Number(text)), "{text}");
    }
    for text in [
        "-", "1e", "1e+", "--1", "1_000", "0x10", "-x", "2jJ", "1eE5", ".", "-.",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn containers_hold_their_values_in_order() {
    let one = || Value::Number("1");
    let x = || Value::String("x".into());
    for (text, expected) in [
        ("None", Value::None),
        ("True", Value::Bool(true)),
        ("False", Value::Bool(false)),
        ("[]", Value::List(vec![])),
        ("[1, 'x',]", Value::List(vec![one(), x()])),
        ("()", Value::Tuple(vec![])),
        ("(1,)", Value::Tuple(vec![one()])),
        ("(1)", one()),
        ("(1, 'x')", Value::Tuple(vec![one(), x()])),
        ("{}", Value::Dict(vec![])),
        ("{'x': 1}", Value::Dict(vec![(x(), one())])),
        ("{1, 'x'}", Value::Set(vec![one(), x()])),
        ("[...]", Value::List(vec![Value::Name("...")])),
        ("{...}", Value::Set(vec![Value::Name("...")])),
        ("b'\\xff\\''", Value::Bytes),
        ("rb\"x\"", Value::Bytes),
        (
            "datetime.timezone.utc",
            Value::Name("datetime.timezone.utc"),
        ),
        ("information", Value::Name("information")),
        ("nano.second", Value::Name("nano.second")),
        (" \n1\t", one()),
    ] {
        assert_eq!(parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn calls_hold_their_arguments() {
    let argument = |keyword, value| Argument { keyword, value };
    let call = |name, arguments| Value::Call(Box::new(Call { name, arguments }));
    let decimal = call("Decimal", vec![argument(None, Value::String("1".into()))]);
    assert_eq!(
        parse("a.f.<locals>.Point(1, x='y', z=Decimal('1'), t=None)"),
        Ok(call(
            "a.f.<locals>.Point",
            vec![
                argument(None, Value::Number("1")),
                argument(Some("x"), Value::String("y".into())),
                argument(Some("z"), decimal),
                argument(Some("t"), Value::None),
            ],
        ))
    );
    let inner = call("g", vec![argument(None, Value::Number("1"))]);
    assert_eq!(
        parse("f(USER, a.B, x = utc, g(1))"),
        Ok(call(
            "f",
            vec![
                argument(None, Value::Name("USER")),
                argument(None, Value::Name("a.B")),
                argument(Some("x"), Value::Name("utc")),
                argument(None, inner),
            ],
        ))
    );
    assert_eq!(parse("set()"), Ok(call("set", Vec::new())));
}

#[test]
fn opaque_objects_end_at_their_own_bracket() {
    for text in [
        "<livekit.rtc.VideoFrame object at 0x7f3b1c>",
        "<function f.<locals>.<lambda> at 0x7f>",
        "<Role.USER: 'a > b'>",
        "<Task coro=<f() running at \"/x>y.py\":3> cb=[g() -> h]>",
        "<it's fine>",
        "<b'>' r\">\" x>",
        "<>",
    ] {
        assert_eq!(parse(text), Ok(Value::Opaque(text)), "{text}");
        assert_eq!(
            parse(&format!("[{text}, 1]")),
            Ok(Value::List(vec![Value::Opaque(text), Value::Number("1")])),
            "{text}"
        );
    }
    for text in ["<", "<<>", "<'>", "<->"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn errors_tell_the_place_and_quote_nothing() {
    for (text, offset, expected) in [
        ("", 0, "a value"),
        ("'secret", 7, "a closing quote"),
        ("'secret\\", 8, "a closing quote"),
        ("['secret' 1]", 10, "]"),
        ("{'secret': 1, 2}", 15, ":"),
        ("{1, 2: 3}", 5, "}"),
        ("'\\xg'", 3, "a hexadecimal digit"),
        ("'\\u12'", 5, "a hexadecimal digit"),
        ("'\\U00110000'", 2, "a code point up to 10ffff"),
        ("'\\Uffffffff'", 2, "a code point up to 10ffff"),
        ("1 'secret'", 2, "the end"),
        ("secret.", 7, "a name"),
        ("(,)", 1, "a value"),
        ("f(x=)", 4, "a value"),
        ("é$", 2, "the end"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.offset, error.expected), (offset, expected), "{text}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    assert!(parse(&names_in_a_list(MAX_DEPTH - 2)).is_ok());
    assert!(parse(&names_in_a_list(MAX_DEPTH - 1)).is_ok());
    let error = parse(&names_in_a_list(MAX_DEPTH)).unwrap_err();
    assert_eq!((error.offset, error.expected), (MAX_DEPTH, "less nesting"));
    for opening in ["[", "(", "{", "f(", "{1:", "f(x=", "-", "...", "<"] {
        assert!(parse(&opening.repeat(200_000)).is_err(), "{opening}");
    }
    let deep = format!("{}{}", "<".repeat(200_000), ">".repeat(200_000));
    assert_eq!(parse(&deep), Ok(Value::Opaque(&deep)));
}

/// Each of these would take hours if the parser read any part of the text over and over.
#[test]
fn a_long_text_is_read_once() {
    let many = 400_000;
    for text in [
        format!("[{}]", "1,".repeat(many)),
        format!("[{}]", "x,".repeat(many)),
        format!("f({})", "a=b,".repeat(many)),
        format!("'{}'", "\\'".repeat(many)),
        format!("<{}>", "'a' it's ->".repeat(many / 4)),
        format!("[{}]", "<a>,".repeat(many / 4)),
        "x".repeat(many),
        format!("{}'", "-".repeat(many)),
    ] {
        let result = parse(&text);
        assert_eq!(result.is_ok(), !text.starts_with('-'));
    }
}
