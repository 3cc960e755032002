//! What was delivered and what failed, hour by hour and day by day.

use chrono::{DateTime, TimeDelta, Utc};

/// How many hours are told apart.
const HOURS: usize = 48;
/// How many days are told apart.
const DAYS: usize = 30;

/// What happened in an hour or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// Sessions delivered in full.
    pub delivered: u64,
    /// Sessions delivered in part.
    pub partial: u64,
    /// Attempts that failed.
    pub failures: u64,
}

impl Tally {
    /// Sessions delivered, in full or in part.
    pub(super) fn arrived(&self) -> u64 {
        self.delivered + self.partial
    }
}

/// What happened to a session at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was delivered in full.
    Delivered,
    /// It was delivered in part.
    Partial,
    /// An attempt failed.
    Failure,
}

/// The last two days by the hour, and the last thirty by the day; both in UTC, and up to now.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// By the hour, the oldest first.
    pub hours: Vec<Tally>,
    /// By the day, the oldest first.
    pub days: Vec<Tally>,
}

impl Traffic {
    /// Nothing has happened yet.
    pub fn until(now: DateTime<Utc>) -> Self {
        Self {
            hours: tallies(now, TimeDelta::hours(1), HOURS),
            days: tallies(now, TimeDelta::days(1), DAYS),
        }
    }

    /// Nothing that is older is counted.
    pub fn start(&self) -> DateTime<Utc> {
        let days = self.days.first().map(|tally| tally.start);
        days.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Counts what happened; what is older than [`Self::start`], or still to come, is passed over.
    pub fn count(&mut self, at: DateTime<Utc>, event: Event) {
        for tallies in [&mut self.hours, &mut self.days] {
            let length = match tallies.as_slice() {
                [first, second, ..] => second.start - first.start,
                _ => continue,
            };
            let tally = tallies
                .iter_mut()
                .rev()
                .find(|tally| tally.start <= at)
                .filter(|tally| at < tally.start + length);
            if let Some(tally) = tally {
                match event {
                    Event::Delivered => tally.delivered += 1,
                    Event::Partial => tally.partial += 1,
                    Event::Failure => tally.failures += 1,
                }
            }
        }
    }
}

/// So many stretches of that length, of which the last holds the present.
fn tallies(now: DateTime<Utc>, length: TimeDelta, count: usize) -> Vec<Tally> {
    let seconds = length.num_seconds();
    let last = now.timestamp().div_euclid(seconds) * seconds;
    (0..count)
        .rev()
        .filter_map(|back| {
            let back = i64::try_from(back).ok()?;
            Some(Tally {
                start: DateTime::from_timestamp(last - back * seconds, 0)?,
                delivered: 0,
                partial: 0,
                failures: 0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        crate::timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_last_stretch_holds_the_present_and_the_first_is_two_days_or_thirty_away() {
        let traffic = Traffic::until(at("2025-11-02T14:59:59.999Z"));
        assert_eq!(traffic.hours.len(), 48);
        assert_eq!(traffic.hours[47].start, at("2025-11-02T14:00:00Z"));
        assert_eq!(traffic.hours[0].start, at("2025-10-31T15:00:00Z"));
        assert_eq!(traffic.days.len(), 30);
        assert_eq!(traffic.days[29].start, at("2025-11-02T00:00:00Z"));
        assert_eq!(traffic.start(), at("2025-10-04T00:00:00Z"));
    }

    #[test]
    fn what_happened_is_counted_in_its_hour_and_its_day() {
        let mut traffic = Traffic::until(at("2025-11-02T14:30:00Z"));
        for (time, event) in [
            ("2025-11-02T14:00:00Z", Event::Delivered),
            ("2025-11-02T13:59:59.999Z", Event::Partial),
            ("2025-10-31T14:59:59Z", Event::Failure),
            ("2025-10-04T00:00:00Z", Event::Failure),
            ("2025-10-03T23:59:59Z", Event::Failure),
            ("2025-11-03T00:00:00Z", Event::Failure),
        ] {
            traffic.count(at(time), event);
        }
        let sums = |tallies: &[Tally]| {
            tallies
                .iter()
                .map(|tally| (tally.delivered, tally.partial, tally.failures))
                .filter(|sums| *sums != (0, 0, 0))
                .collect::<Vec<_>>()
        };
        assert_eq!(sums(&traffic.hours), [(0, 1, 0), (1, 0, 0)]);
        assert_eq!(sums(&traffic.days), [(0, 0, 1), (0, 0, 1), (1, 1, 0)]);
    }
}
