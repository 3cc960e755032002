//! Strings as CPython's `repr` prints them (Objects/unicodeobject.c, `unicode_repr`).

use std::fmt::Write;

/// Prints one string.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for next in text.chars() {
        match next {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ if next == quote => {
                out.push('\\');
                out.push(next);
            }
            _ if is_printable(next) => out.push(next),
            _ => push_number(&mut out, u32::from(next)),
        }
    }
    out.push(quote);
    out
}

/// Prints a list of strings.
pub(crate) fn repr_list(texts: &[String]) -> String {
    let parts: Vec<String> = texts.iter().map(|text| repr(text)).collect();
    format!("[{}]", parts.join(", "))
}

fn push_number(out: &mut String, code: u32) {
    let written = match code {
        0..=0xFF => write!(out, "\\x{code:02x}"),
        0x100..=0xFFFF => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.unwrap();
}

/// Python's `str.isprintable`. Rust's `Debug` decides by the same Unicode categories, but escapes
/// a combining mark at the beginning of a text too, so a letter stands before it.
fn is_printable(next: char) -> bool {
    matches!(next, '\'' | '"' | '\\' | '\0'..='\x7f' if !next.is_ascii_control())
        || (!next.is_ascii()
            && !format!("a{next}")
                .escape_debug()
                .to_string()
                .contains("\\u"))
}
