//! Reads Retry-After headers (RFC 9110, sections 10.2.3 and 5.6.7). Pure: "now" is the caller's.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};

use crate::outcome::RetryAfter;

/// The longest delay that is reported, so that adding it to a time cannot overflow.
const MAX_DELAY_SECONDS: u64 = 3650 * 24 * 60 * 60;

/// Reads the header's value: seconds, or a date in any of the three forms of HTTP.
///
/// `None` when the value is neither. The weekday of a date is not checked. A two-digit year below
/// 70 is taken for this century's.
pub fn parse(value: &str) -> Option<RetryAfter> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean "very long", not "invalid".
        let seconds = value.parse::<u64>().unwrap_or(u64::MAX);
        return Some(RetryAfter::Delay(Duration::from_secs(
            seconds.min(MAX_DELAY_SECONDS),
        )));
    }
    http_date(value).map(RetryAfter::At)
}

/// Reads a date in any of the three forms of HTTP, as [`parse`] does.
pub fn http_date(value: &str) -> Option<DateTime<Utc>> {
    let (weekday, date) = match value.trim_matches([' ', '\t']).split_once(',') {
        Some((weekday, date)) => (weekday, date.trim_start_matches(' ')),
        None => value.trim_matches([' ', '\t']).split_once(' ')?,
    };
    if !is_weekday(weekday) {
        return None;
    }
    [
        "%d %b %Y %H:%M:%S GMT", // IMF-fixdate
        "%d-%b-%y %H:%M:%S GMT", // RFC 850
        "%b %e %H:%M:%S %Y",     // asctime
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(date, format).ok())
    .filter(|time| (1900..=9999).contains(&time.year()))
    .map(|time| time.and_utc())
}

fn is_weekday(text: &str) -> bool {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    text.get(..3)
        .is_some_and(|start| days.contains(&start.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp;

    fn normal(value: &str) -> Option<String> {
        parse(value).map(|parsed| match parsed {
            RetryAfter::Delay(delay) => format!("{} s", delay.as_secs()),
            RetryAfter::At(time) => timestamp::format(time),
        })
    }

    #[test]
    fn seconds_and_the_three_date_forms_are_read() {
        for (value, expected) in [
            ("0", "0 s"),
            ("7", "7 s"),
            (" 120\t", "120 s"),
            ("315360000", "315360000 s"),
            ("315360001", "315360000 s"),
            ("99999999999999999999999", "315360000 s"),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("Wed Nov 16 08:49:37 2094", "2094-11-16T08:49:37Z"),
            ("Friday, 06-Nov-26 08:49:37 GMT", "2026-11-06T08:49:37Z"),
            ("Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ] {
            assert_eq!(normal(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_retry_after() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "1.5",
            "7s",
            "soon",
            "é",
            "2026-11-06T08:49:37Z",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov +99999 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Xxx, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(normal(value), None, "{value}");
        }
    }
}
