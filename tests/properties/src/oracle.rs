//! A second reading of the same bytes, and what error texts may look like.

use serde_json::Value;

use crate::members::without_mark;

/// The bytes as `serde_json` reads them. `None` also where it cannot say all that JSON can: lone
/// halves of surrogate pairs, numbers past a float, nesting past 128.
pub(crate) fn value(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    // With raw values compiled in, an object of that name is taken for one.
    if text.contains("$serde_json") {
        return None;
    }
    serde_json::from_str(without_mark(text)).ok()
}

/// A member that is text with more in it than white space.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object[name].as_str().filter(|text| !text.trim().is_empty())
}

/// Demands that an error's text is one of these, but for the numbers in it (`#`): so it can quote
/// nothing of what was read.
pub(crate) fn assert_fixed_text(error: &impl std::error::Error, prefix: &str, known: &[&str]) {
    const JSON: [&str; 4] = [
        "not UTF-# (byte #)",
        "not JSON: unexpected end at line #, column #",
        "not JSON: syntax error at line #, column #",
        "not a JSON object",
    ];
    let shown = numberless(&error.to_string());
    let is_json = shown
        .strip_prefix(prefix)
        .is_some_and(|rest| JSON.contains(&rest));
    assert!(is_json || known.contains(&shown.as_str()), "{shown}");
}

/// The text with `#` for each run of digits.
pub(crate) fn numberless(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' if shown.ends_with('#') => {}
            '0'..='9' => shown.push('#'),
            other => shown.push(other),
        }
    }
    shown
}
