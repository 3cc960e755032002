//! Times: the customer's spellings, and those of the Retry-After header.

use arbitrary::Unstructured;
use callspool::outcome::RetryAfter;
use callspool::plan::{RETRY_AFTER_LIMIT, retry_after_delay};
use callspool::timestamp;
use callspool::upload::retry_after;
use chrono::{DateTime, Datelike, TimeDelta, Utc};

/// What is read as a time is written in one form and read as the same again; a time is read in
/// every spelling of the contract.
pub(crate) fn check(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let times = [timestamp::parse(text), timestamp::parse_epoch_seconds(text)];
        times.into_iter().flatten().for_each(check_written);
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (1..=11).contains(&text.len()) {
            let seconds = text.parse().unwrap();
            assert_eq!(
                timestamp::parse_epoch_seconds(text),
                DateTime::from_timestamp(seconds, 0)
            );
        }
    }
    if let Some(time) = some_time(data) {
        check_spellings(time);
    }
}

fn check_written(time: DateTime<Utc>) {
    let written = timestamp::format(time);
    assert!(written.ends_with('Z') && written.contains('T'), "{written}");
    assert_eq!(timestamp::parse(&written), Some(time), "{written}");
    let short = timestamp::format_millis(time);
    let again = timestamp::parse(&short).unwrap();
    assert!((time - again).abs() < TimeDelta::seconds(1), "{short}");
    assert_eq!(timestamp::format_millis(again), short);
}

/// A time from the year 0 to 9999, to the microsecond.
fn some_time(data: &[u8]) -> Option<DateTime<Utc>> {
    let mut u = Unstructured::new(data);
    let seconds = u.int_in_range(-62_167_219_200..=253_402_300_799_i64).ok()?;
    let micros: u32 = u.int_in_range(0..=999_999).ok()?;
    DateTime::from_timestamp(seconds, micros * 1000)
}

fn check_spellings(time: DateTime<Utc>) {
    for format in [
        "%Y-%m-%dT%H:%M:%S%.6f+00:00Z",
        "%Y-%m-%d %H:%M:%S%.6f+00:00",
        "%Y-%m-%dT%H:%M:%S%.6fZ",
        "%Y-%m-%dT%H:%M:%S%.6f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f+0000",
    ] {
        let text = time.format(format).to_string();
        assert_eq!(timestamp::parse(&text), Some(time), "{text}");
    }
    if let Ok(seconds) = u64::try_from(time.timestamp()) {
        let text = format!("{seconds}.{:06}", time.timestamp_subsec_micros());
        assert_eq!(timestamp::parse_epoch_seconds(&text), Some(time), "{text}");
    }
    let whole = DateTime::from_timestamp(time.timestamp(), 0).unwrap();
    if (1970..=2069).contains(&time.year()) {
        let text = time.format("%A, %d-%b-%y %H:%M:%S GMT").to_string();
        assert_eq!(
            retry_after::parse(&text),
            Some(RetryAfter::At(whole)),
            "{text}"
        );
    }
    if time.year() >= 1900 {
        for format in ["%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"] {
            let text = time.format(format).to_string();
            assert_eq!(
                retry_after::parse(&text),
                Some(RetryAfter::At(whole)),
                "{text}"
            );
        }
    }
}

/// Whatever the header says, the wait is at most a day from any moment, and a number is never
/// taken for nothing.
pub(crate) fn check_retry_after(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = retry_after::parse(text);
    let digits = text.trim_matches([' ', '\t']);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let Some(RetryAfter::Delay(delay)) = parsed else {
            panic!("{text:?} was not read");
        };
        let expected = digits.parse().unwrap_or(u64::MAX).min(10 * 365 * 86_400);
        assert_eq!(delay.as_secs(), expected);
    }
    let Some(parsed) = parsed else {
        return;
    };
    for now in [
        DateTime::<Utc>::MIN_UTC,
        DateTime::UNIX_EPOCH,
        DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        DateTime::<Utc>::MAX_UTC,
    ] {
        assert!(retry_after_delay(parsed, now) <= RETRY_AFTER_LIMIT);
    }
    if let RetryAfter::At(time) = parsed {
        assert!((1900..=9999).contains(&time.year()));
        let text = time.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        assert_eq!(retry_after::parse(&text), Some(parsed), "{text}");
    }
}
