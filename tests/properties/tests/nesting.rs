//! Input made to exhaust the stack, or to take an afternoon: nested a hundred thousand deep, or
//! repeating what costs most. Each property gets each; time that grows with the square of the
//! length would show as a test that does not end.
#![expect(clippy::panic, reason = "a property that does not hold has failed")]

use std::panic::catch_unwind;

use fuzz_properties::{TARGETS, check};

const LEVELS: usize = 100_000;

/// `open` and `close` around the middle, a hundred thousand times.
fn nested(open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(LEVELS), close.repeat(LEVELS))
}

/// Deep values, whole and torn.
fn deep_values() -> Vec<String> {
    vec![
        nested("[", "", "]"),
        nested("[", "", ""),
        nested("{\"a\":", "1", "}"),
        nested("{\"a\":", "", ""),
        nested("{\"a\":[", "\"text\"", "]}"),
        nested("(", "", ")"),
        nested("f(a=", "1", ")"),
        nested("<", "x", ">"),
        nested("{1: ", "1", "}"),
    ]
}

fn assert_kept(target: &str, data: &[u8]) {
    if catch_unwind(|| check(target, data)).is_err() {
        let start = String::from_utf8_lossy(data.get(..60).unwrap_or(data)).into_owned();
        panic!("{target} fails with {start}…");
    }
}

#[test]
fn no_property_is_lost_by_nesting() {
    for (target, _) in TARGETS {
        for value in deep_values() {
            assert_kept(target, value.as_bytes());
        }
    }
}

#[test]
fn no_member_is_too_deep_where_an_object_is_expected() {
    for value in deep_values() {
        let raw = serde_json::Value::from(value.as_str());
        for (target, text) in [
            ("lead", format!("{{\"name\":{value}}}")),
            ("manifest", format!("{{\"files\":{value}}}")),
            ("manifest", format!("{{\"egressInfo\":{value}}}")),
            ("transcript", format!("{{\"items\":{value}}}")),
            ("transcript", format!("{{\"items\":[{value}]}}")),
            (
                "transcript",
                format!("{{\"items\":[{{\"content\":{value}}}],\"metadata\":{value}}}"),
            ),
            ("transcript", format!("{{\"items\":[{{\"raw\":{raw}}}]}}")),
            ("python", format!("role='user' content={value}")),
            (
                "document",
                format!("{{\"session_id\":\"s\",\"files\":{value}}}"),
            ),
            (
                "document",
                format!("{{\"session_id\":\"s\",\"upload\":{value}}}"),
            ),
            (
                "session",
                format!(
                    "{{\"session_id\":\"s\"}}\u{1e}{{\"items\":{value}}}\u{1e}{{\"file\":{value}}}\u{1e}{{\"a\":{value}}}"
                ),
            ),
            ("config", format!("rate = {value}")),
        ] {
            assert_kept(target, text.as_bytes());
        }
        for status in [201_u16, 404, 409] {
            let start = [&(status - 100).to_le_bytes()[..], &[2], b"\n\n"].concat();
            for body in [
                format!("{{\"success\":true,\"data\":{value}}}"),
                format!("{{\"success\":true,\"data\":[{value}]}}"),
                format!("{{\"success\":false,\"errors\":{value}}}"),
                format!("{{\"error\":{value}}}"),
            ] {
                assert_kept("answer", &[&start, body.as_bytes()].concat());
            }
        }
    }
}

#[test]
fn no_repetition_takes_an_afternoon() {
    let many = |text: &str| text.repeat(20_000);
    for (target, text) in [
        ("lead", format!("{{\"a\":[{}0]}}", many("\"x\","))),
        ("lead", format!("{{{}\"b\":1}}", many("\"a\":0,"))),
        (
            "document",
            format!("{{\"session_id\":\"s\"{}}}", many(",\"a\":0")),
        ),
        ("transcript", format!("{{\"items\":[{}0]}}", many("{},"))),
        (
            "transcript",
            format!("{{\"items\":[{{\"raw\":\"{}\"}}]}}", many("<'")),
        ),
        ("python", many("'\\ud800")),
        ("python", many("a.")),
        ("python", many("f(")),
        ("python", many("<b'>")),
        ("python", format!("[{}]", many("a=b,"))),
        ("redaction", format!("\u{7f}{}", many("+1 "))),
        ("redaction", format!("\u{7f}{}", many("a@"))),
        ("config", many("a.")),
        ("config", many("[[a]]\n")),
    ] {
        assert_kept(target, text.as_bytes());
    }
    for text in [
        "already exists ",
        "duplicate key ",
        "E11000 dup key error ",
        "\u{130}",
    ] {
        for status in [201_u16, 409, 500] {
            let start = [&(status - 100).to_le_bytes()[..], &[2], b"\n\n"].concat();
            let text = text.repeat(200_000 / text.len());
            for body in [
                format!("{{\"success\":false,\"message\":\"{text}\"}}"),
                format!("{{\"success\":false,\"errors\":[\"{text}\"]}}"),
                text,
            ] {
                assert_kept("answer", &[&start, body.as_bytes()].concat());
            }
        }
    }
}
