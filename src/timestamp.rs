//! Times as voice agents write them, and as we write them.
//!
//! The customer's files hold five spellings: `…+00:00Z` (an offset *and* a Z), a space instead of
//! the `T`, a plain `…Z`, an offset without a colon, and naive times that mean UTC. All are read;
//! what is written is RFC 3339 in UTC with a `Z`.

use std::time::SystemTime;

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, Utc};

/// The first second of the year 0, and the last one of the year 9999.
const FIRST: DateTime<Utc> = DateTime::from_timestamp_secs(-62_167_219_200).unwrap();
const LAST: DateTime<Utc> = DateTime::from_timestamp_secs(253_402_300_799).unwrap();

/// Reads a time in any of the accepted spellings; `None` when the text is no time, or one that RFC 3339
/// cannot say.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    parse_any(text).filter(is_sayable)
}

/// RFC 3339 has four digits for the year.
fn is_sayable(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

fn parse_any(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let text = strip_z_after_offset(text);
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    if let Ok(time) = text.parse::<DateTime<Utc>>() {
        return Some(time);
    }
    let naive = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(naive, format).ok())
        .map(|time| time.and_utc())
}

/// Reads seconds since the Unix epoch written as a decimal number, such as `1761732980.6023705`.
///
/// Digits past the microsecond are cut off. `None` when the text is no such number or out of range.
pub fn parse_epoch_seconds(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if seconds < 0 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: u32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    DateTime::from_timestamp(seconds, micros * 1_000).filter(is_sayable)
}

/// A file's time. One that RFC 3339 cannot say, as file systems may have it, is the nearest that it
/// can.
pub fn of_file(time: SystemTime) -> DateTime<Utc> {
    let (seconds, nanos) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()), since.subsec_nanos()),
        Err(before) => {
            // Nanoseconds count forwards.
            let before = before.duration();
            let part = u64::from(before.subsec_nanos() > 0);
            let seconds = i64::try_from(before.as_secs() + part).map(|seconds| -seconds);
            (
                seconds,
                (1_000_000_000 - before.subsec_nanos()) % 1_000_000_000,
            )
        }
    };
    let is_ahead = time > SystemTime::UNIX_EPOCH;
    let time = seconds
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, nanos));
    time.filter(is_sayable)
        .unwrap_or(if is_ahead { LAST } else { FIRST })
}

/// Writes a time as RFC 3339 in UTC with a `Z`, with as many fractional digits as it needs.
pub fn format(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Writes a time as RFC 3339 in UTC with milliseconds; the form of all times that we record.
pub fn format_millis(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Drops a final `Z` when a numeric offset stands before it.
fn strip_z_after_offset(text: &str) -> &str {
    let Some(body) = text.strip_suffix(['Z', 'z']) else {
        return text;
    };
    let bytes = body.as_bytes();
    let has_offset = bytes.len() > 19
        && bytes[19..].iter().any(|byte| matches!(byte, b'+' | b'-'))
        && bytes[bytes.len() - 2..].iter().all(u8::is_ascii_digit);
    if has_offset { body } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        parse(text).map(format)
    }

    #[test]
    fn a_files_time_that_rfc_3339_cannot_say_is_the_nearest_that_it_can() {
        use std::time::Duration;
        let epoch = SystemTime::UNIX_EPOCH;
        let far = Duration::from_secs(9_999_999_999_999);
        for (time, expected) in [
            (epoch, "1970-01-01T00:00:00Z"),
            (
                epoch + Duration::from_millis(1_500),
                "1970-01-01T00:00:01.500Z",
            ),
            (
                epoch - Duration::from_millis(1_500),
                "1969-12-31T23:59:58.500Z",
            ),
            (epoch - Duration::from_secs(2), "1969-12-31T23:59:58Z"),
            (epoch + far, "9999-12-31T23:59:59Z"),
            (epoch - far, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(format(of_file(time)), expected);
        }
    }

    #[test]
    fn every_spelling_of_the_customers_files_is_read() {
        for (text, expected) in [
            (
                "2025-10-29T13:50:57.987953+00:00Z",
                "2025-10-29T13:50:57.987953Z",
            ),
            (
                "2025-10-29 10:16:19.574407+00:00",
                "2025-10-29T10:16:19.574407Z",
            ),
            ("2025-10-29T13:51:31.540340Z", "2025-10-29T13:51:31.540340Z"),
            ("2025-09-29T13:32:27.825310", "2025-09-29T13:32:27.825310Z"),
            ("2025-10-29 10:16:54.749901", "2025-10-29T10:16:54.749901Z"),
            ("2025-10-29T10:16:54+0530", "2025-10-29T04:46:54Z"),
            ("2025-10-29T10:16:54+05:30Z", "2025-10-29T04:46:54Z"),
            (" 2025-10-29T10:16:54-02:00 ", "2025-10-29T12:16:54Z"),
            ("2025-10-29 10:16:54Z", "2025-10-29T10:16:54Z"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "now",
            "2025-10-29",
            "13:50",
            "2025-13-01T00:00:00Z",
            "é+1Z",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }

    #[test]
    fn epoch_seconds_keep_microseconds_exactly() {
        let time = parse_epoch_seconds("1761732980.6023705").map(format);
        assert_eq!(time.as_deref(), Some("2025-10-29T10:16:20.602370Z"));
        assert_eq!(
            parse_epoch_seconds("1761732980").map(format).as_deref(),
            Some("2025-10-29T10:16:20Z")
        );
        for text in ["", "-1", "1e9", "1.-5", "99999999999999999999", "nan"] {
            assert_eq!(parse_epoch_seconds(text), None, "{text}");
        }
    }
}
