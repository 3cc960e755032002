//! The rate that the operator set: requests sent at most, counted across runs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A limit: at most that many requests in any period of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests at most.
    pub requests: u32,
    /// In any period of that length.
    pub period: Duration,
}

/// When requests were sent, and how long the next one has to wait.
#[derive(Debug, Clone)]
pub(super) struct Pacing {
    limits: Vec<Limit>,
    sent: Vec<DateTime<Utc>>,
}

impl Pacing {
    /// Starts from what earlier runs have sent. Times in the future are a wrong clock's and count
    /// as now.
    pub(super) fn new(limits: Vec<Limit>, sent: Vec<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let sent = sent.into_iter().map(|time| time.min(now)).collect();
        Self { limits, sent }
    }

    /// Whether there is any limit.
    pub(super) fn is_limited(&self) -> bool {
        !self.limits.is_empty()
    }

    /// How long the next request has to wait; zero when it may go.
    pub(super) fn wait(&self, now: DateTime<Utc>) -> Duration {
        self.limits
            .iter()
            .map(|limit| self.wait_for(*limit, now))
            .max()
            .unwrap_or_default()
    }

    /// Counts a request.
    pub(super) fn count(&mut self, now: DateTime<Utc>) {
        if !self.limits.is_empty() {
            self.sent.push(now);
        }
    }

    /// The requests that still count, for the next run.
    pub(super) fn still_counting(&self, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let longest = self
            .limits
            .iter()
            .map(|limit| limit.period)
            .max()
            .unwrap_or_default();
        self.sent
            .iter()
            .copied()
            .filter(|time| *time + to_delta(longest) > now)
            .collect()
    }

    fn wait_for(&self, limit: Limit, now: DateTime<Utc>) -> Duration {
        let allowed = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        let Some(index) = self.sent.len().checked_sub(allowed) else {
            return Duration::ZERO;
        };
        let Some(oldest) = self.sent.get(index) else {
            return Duration::ZERO;
        };
        (*oldest + to_delta(limit.period) - now)
            .to_std()
            .unwrap_or_default()
    }
}

fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_strictest_limit_decides() {
        let minute = Limit {
            requests: 2,
            period: Duration::from_secs(60),
        };
        let hour = Limit {
            requests: 3,
            period: Duration::from_secs(3600),
        };
        let mut pacing = Pacing::new(vec![minute, hour], Vec::new(), at(0));
        for second in [0, 10] {
            assert_eq!(pacing.wait(at(second)), Duration::ZERO);
            pacing.count(at(second));
        }
        assert_eq!(pacing.wait(at(59)), Duration::from_secs(1));
        assert_eq!(pacing.wait(at(60)), Duration::ZERO);
        pacing.count(at(60));
        assert_eq!(pacing.wait(at(120)), Duration::from_secs(3480));
        assert_eq!(pacing.still_counting(at(3600)), [at(10), at(60)]);
    }

    #[test]
    fn without_limits_nothing_waits_and_nothing_is_kept() {
        let mut pacing = Pacing::new(Vec::new(), Vec::new(), at(0));
        pacing.count(at(0));
        assert_eq!(pacing.wait(at(0)), Duration::ZERO);
        assert!(pacing.still_counting(at(0)).is_empty());
    }

    #[test]
    fn a_clock_that_went_back_does_not_block_for_longer_than_the_period() {
        let limit = Limit {
            requests: 1,
            period: Duration::from_secs(60),
        };
        let pacing = Pacing::new(vec![limit], vec![at(1_000_000)], at(0));
        assert_eq!(pacing.wait(at(0)), Duration::from_secs(60));
    }
}
