//! For whom a text is made: since when, how wide, in which zone.

use std::time::Duration;

use chrono::{DateTime, Local, SecondsFormat, Utc};

use super::wording::span;

/// In which zone people read times. Programs always get UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// UTC, with a `Z`.
    Utc,
    /// The machine's, or the one that the variable TZ names, with its offset.
    Local,
}

/// For whom a text is made.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The time that ages are counted from.
    pub now: DateTime<Utc>,
    /// The width of the terminal, in columns; `None` when there is none, and nothing may be cut.
    pub width: Option<usize>,
    /// In which zone times are written.
    pub zone: Zone,
}

impl View {
    /// A text for a file or a pipe, in UTC.
    pub fn plain(now: DateTime<Utc>) -> Self {
        Self {
            now,
            width: None,
            zone: Zone::Utc,
        }
    }

    /// A time as RFC 3339, to the second.
    pub fn time(&self, time: DateTime<Utc>) -> String {
        match self.zone {
            Zone::Utc => time.to_rfc3339_opts(SecondsFormat::Secs, true),
            Zone::Local => time
                .with_timezone(&Local)
                .to_rfc3339_opts(SecondsFormat::Secs, false),
        }
    }

    /// How far away a time is: `3h 12m ago`, `in 4m`, `now`.
    pub fn relative(&self, time: DateTime<Utc>) -> String {
        let distance = (time - self.now).abs().to_std().unwrap_or_default();
        match time.timestamp().cmp(&self.now.timestamp()) {
            std::cmp::Ordering::Less => format!("{} ago", span(whole(distance))),
            std::cmp::Ordering::Equal => "now".to_owned(),
            std::cmp::Ordering::Greater => format!("in {}", span(whole(distance))),
        }
    }

    /// A time, and how far away it is: `2025-10-29T13:51:29Z (3h 12m ago)`.
    pub fn time_and_distance(&self, time: DateTime<Utc>) -> String {
        format!("{} ({})", self.time(time), self.relative(time))
    }

    /// The same of a time that is written down somewhere; as it is when it is none.
    pub fn written_time(&self, text: &str) -> String {
        match crate::timestamp::parse(text) {
            Some(time) => self.time_and_distance(time),
            None => super::wording::printable(text),
        }
    }

    /// Whether the text is for a terminal.
    pub fn is_terminal(&self) -> bool {
        self.width.is_some()
    }
}

/// A distance of less than a second is one: the two times are not of the same second.
fn whole(distance: Duration) -> Duration {
    distance.max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn distances_are_told_to_both_sides() {
        let now = DateTime::from_timestamp(1_761_732_980, 500_000_000).unwrap();
        let view = View::plain(now);
        for (milliseconds, expected) in [
            (0, "now"),
            (400, "now"),
            (600, "in 1s"),
            (-600, "1s ago"),
            (240_000, "in 4m"),
            (-11_520_000, "3h 12m ago"),
        ] {
            let time = now + TimeDelta::milliseconds(milliseconds);
            assert_eq!(view.relative(time), expected, "{milliseconds}");
        }
        assert_eq!(
            view.time_and_distance(now - TimeDelta::minutes(1)),
            "2025-10-29T10:15:20Z (1m ago)"
        );
        assert_eq!(
            view.written_time("2025-10-29T10:15:20.500Z"),
            "2025-10-29T10:15:20Z (1m ago)"
        );
        assert_eq!(view.written_time("soon\u{7}"), "soon\u{fffd}");
    }

    #[test]
    fn local_times_have_an_offset_and_are_the_same_time() {
        let time = DateTime::from_timestamp(1_761_732_980, 0).unwrap();
        let view = View {
            zone: Zone::Local,
            ..View::plain(time)
        };
        let text = view.time(time);
        assert!(!text.ends_with('Z'), "{text}");
        assert_eq!(crate::timestamp::parse(&text), Some(time));
    }
}
