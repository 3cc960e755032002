//! The age below which a file may still be in the making.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Whether a file may still be written to. A time a little in the future counts as young: clocks
/// differ between hosts. One further ahead is a wrong clock and counts as settled.
pub fn is_young(modified: DateTime<Utc>, now: DateTime<Utc>, settle: Duration) -> bool {
    match (now - modified).to_std() {
        Ok(age) => age < settle,
        Err(_) => !is_far_ahead(modified, now, settle),
    }
}

/// Whether a file's time is so far in the future that a clock must be wrong.
pub fn is_far_ahead(modified: DateTime<Utc>, now: DateTime<Utc>, settle: Duration) -> bool {
    (modified - now).to_std().is_ok_and(|ahead| ahead > settle)
}

/// What an operator should hear of a file whose time is far ahead.
pub fn wrong_clock(what: &str) -> String {
    format!("the {what}'s time lies in the future: a clock is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_up_to_the_settle_age_on_both_sides_of_now() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let settle = Duration::from_secs(60);
        let at = |seconds| now + chrono::TimeDelta::seconds(seconds);
        for (seconds, young, far) in [
            (-61, false, false),
            (-60, false, false),
            (-59, true, false),
            (0, true, false),
            (59, true, false),
            (60, true, false),
            (61, false, true),
        ] {
            assert_eq!(is_young(at(seconds), now, settle), young, "{seconds}");
            assert_eq!(is_far_ahead(at(seconds), now, settle), far, "{seconds}");
        }
        assert!(!is_young(now, now, Duration::ZERO));
    }
}
