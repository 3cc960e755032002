//! Values in log lines: whatever is in them, nothing reaches a terminal raw.

use std::fmt::Write;

use crate::redact::is_display_control;

/// Writes `value` for a `key=value` line: bare when it is plain, else in quotes, with quotes,
/// backslashes and all that would steer a terminal escaped.
pub(super) fn text_value(line: &mut String, value: &str) {
    let is_plain = !value.is_empty()
        && value.chars().all(|c| {
            !c.is_whitespace() && !matches!(c, '"' | '\\' | '=') && !is_display_control(c)
        });
    if is_plain {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            c => escaped(line, c),
        }
    }
    line.push('"');
}

/// A text for stderr on one line of its own, with all that would steer a terminal escaped.
pub fn plain_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        escaped(&mut line, c);
    }
    line
}

/// What a panic says, as far as it quotes nothing: behind a quotation mark or a colon the library
/// puts texts and values that the program was working on.
pub fn without_quotation(message: &str) -> &str {
    let end = message.find(['`', '"', '\'', ':']).unwrap_or(message.len());
    message.get(..end).unwrap_or_default().trim_end()
}

fn escaped(line: &mut String, c: char) {
    match c {
        '\n' => line.push_str("\\n"),
        '\r' => line.push_str("\\r"),
        '\t' => line.push_str("\\t"),
        c if is_display_control(c) => line.extend(c.escape_unicode()),
        c => line.push(c),
    }
}

/// Writes a key: letters, digits, `_`, `.` and `-` as they are, `_` for the rest.
pub(super) fn key(line: &mut String, key: &str) {
    line.extend(key.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') => c,
        _ => '_',
    }));
}

/// Writes a JSON string; what JSON would leave raw and a terminal would obey is escaped too.
pub(super) fn json_string(line: &mut String, value: &str) {
    line.push('"');
    for c in value.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if is_display_control(c) => {
                for unit in c.encode_utf16(&mut [0; 2]).iter() {
                    // Writing to a String cannot fail.
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
            c => line.push(c),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        let mut line = String::new();
        text_value(&mut line, value);
        line
    }

    #[test]
    fn plain_values_stay_bare() {
        for value in [
            "uploaded",
            "2026-11-22T10:00:00.000Z",
            "/spool/a.ogg",
            "+1555•••0123",
        ] {
            assert_eq!(text(value), value);
        }
    }

    #[test]
    fn other_values_are_quoted_and_escaped() {
        for (value, expected) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a=b", r#""a=b""#),
            ("a\"b", r#""a\"b""#),
            ("a\\b", r#""a\\b""#),
            ("a\nlevel=error\r\t", r#""a\nlevel=error\r\t""#),
            ("\u{1b}[2J", r#""\u{1b}[2J""#),
            ("\u{202e}gpj", r#""\u{202e}gpj""#),
            ("\u{9b}\u{7f}\0", r#""\u{9b}\u{7f}\u{0}""#),
        ] {
            assert_eq!(text(value), expected, "{value:?}");
        }
    }

    #[test]
    fn what_a_panic_quotes_is_left_out() {
        for (message, expected) in [
            (
                "begin <= end (4 <= 2) when slicing `what was said`",
                "begin <= end (4 <= 2) when slicing",
            ),
            (
                "called `Result::unwrap()` on an `Err` value: \"secret\"",
                "called",
            ),
            ("no such call: secret", "no such call"),
            (
                "index out of bounds: the len is 3 but the index is 3",
                "index out of bounds",
            ),
            ("", ""),
        ] {
            assert_eq!(without_quotation(message), expected);
        }
    }

    #[test]
    fn json_strings_read_back() {
        for value in [
            "",
            "a\"\\/b",
            "\u{1b}\u{7f}\u{9b}\u{202e}\u{e0041}",
            "é\n\r\t\u{8}",
        ] {
            let mut line = String::new();
            json_string(&mut line, value);
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), value);
            assert!(!line.chars().any(is_display_control), "{line}");
        }
    }

    #[test]
    fn keys_are_made_harmless() {
        let mut line = String::new();
        key(&mut line, "a b=\"\n\u{202e}.c-d_9");
        assert_eq!(line, "a_b____.c-d_9");
    }
}
