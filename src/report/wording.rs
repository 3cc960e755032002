//! How times, sizes and foreign texts are put into words.

use std::time::Duration;

use bytesize::ByteSize;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::redact::is_display_control;

/// How long ago a time is, in its two largest units: `3h 12m`. A time to come is `0s` ago.
pub fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    span((now - since).to_std().unwrap_or_default())
}

/// A duration in its two largest units; the smaller one only when it is not zero.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let ((large, unit), (small, small_unit)) = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{seconds}s"),
        (0, 0, minutes) => ((minutes, 'm'), (seconds % 60, 's')),
        (0, hours, minutes) => ((hours, 'h'), (minutes, 'm')),
        (days, hours, _) => ((days, 'd'), (hours, 'h')),
    };
    if small == 0 {
        format!("{large}{unit}")
    } else {
        format!("{large}{unit} {small}{small_unit}")
    }
}

/// A size for people: `1.3 MiB`.
pub fn bytes(count: u64) -> String {
    ByteSize::b(count).display().iec().to_string()
}

/// The most of a foreign text that people are shown, in characters.
const MAX_SHOWN_CHARS: usize = 4096;

/// A foreign text without anything that a terminal would act on, cut where it is endless.
pub fn printable(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars
        .by_ref()
        .take(MAX_SHOWN_CHARS)
        .map(|c| if is_display_control(c) { '\u{fffd}' } else { c })
        .collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A value as JSON on one line, in which nothing is left that a terminal would act on.
///
/// # Errors
/// When the value has no JSON form.
pub fn json_line<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut line = String::new();
    for c in serde_json::to_string(value)?.chars() {
        // Outside of strings JSON has no such character.
        if is_display_control(c) {
            for unit in c.encode_utf16(&mut [0; 2]).iter() {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    Ok(line)
}

/// A word as a shell takes it for itself.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.+/•".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// `1 session`, `2 sessions`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_name_their_two_largest_units() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (3599, "59m 59s"),
            (3600, "1h"),
            (3660, "1h 1m"),
            (86_399, "23h 59m"),
            (86_400, "1d"),
            (200_000, "2d 7h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(age(now + chrono::TimeDelta::seconds(5), now), "0s");
    }

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(
            printable("a\x1b[31m\n\u{202e}b\u{9b}"),
            "a\u{fffd}[31m\u{fffd}\u{fffd}b\u{fffd}"
        );
        assert_eq!(printable("Zoë • नमस्ते"), "Zoë • नमस्ते");
        assert_eq!(printable("\u{61c}\u{200b}\u{e0041}"), "\u{fffd}".repeat(3));
        let long = "é".repeat(MAX_SHOWN_CHARS);
        assert_eq!(printable(&long), long);
        assert_eq!(printable(&format!("{long}é")), format!("{long}…"));
        let odd = "a\x1b\n\u{202e}b\u{9b}\u{7f}Zoë\u{61c}\u{e0041}";
        let line = json_line(&odd).unwrap();
        assert_eq!(
            line,
            "\"a\\u001b\\n\\u202eb\\u009b\\u007fZoë\\u061c\\udb40\\udc41\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), odd);
    }
}
