//! Backoff: from attempts to the delay before the next.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::policy::Policy;
use crate::outcome::RetryAfter;

/// The longest Retry-After that is believed: an API that asks for more is asked again after a day.
pub const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// How long to wait after the given number of attempts (from 1): doubling from the shortest to the
/// longest backoff, ± 20 % that depend only on session and attempt, and never less than the API
/// asked for.
pub fn delay(
    policy: &Policy,
    session_id: &str,
    attempts: u32,
    retry_after: Option<Duration>,
) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let plain = policy
        .min_backoff
        .saturating_mul(1 << doublings)
        .min(policy.max_backoff);
    let jittered = plain.mul_f64(jitter(session_id, attempts));
    jittered.max(retry_after.unwrap_or_default())
}

/// How long a Retry-After asks to wait from now on, up to [`RETRY_AFTER_LIMIT`].
pub fn retry_after_delay(retry_after: RetryAfter, now: DateTime<Utc>) -> Duration {
    let delay = match retry_after {
        RetryAfter::Delay(delay) => delay,
        RetryAfter::At(time) => (time - now).to_std().unwrap_or_default(),
    };
    delay.min(RETRY_AFTER_LIMIT)
}

/// How long the API still wants to be left alone. A time further ahead than any run sets it is a
/// wrong clock's and counts for nothing.
pub fn rest_of_wait(
    not_before: Option<DateTime<Utc>>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Option<Duration> {
    let rest = (not_before? - now).to_std().ok()?;
    (rest <= RETRY_AFTER_LIMIT.max(policy.min_backoff)).then_some(rest)
}

/// A factor from 0.8 to 1.2.
fn jitter(session_id: &str, attempts: u32) -> f64 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(session_id)
        .chain_update(attempts.to_be_bytes())
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    let number = u32::from_be_bytes([a, b, c, d]);
    0.8 + 0.4 * f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_the_shortest_to_the_longest() {
        let policy = Policy::defaults();
        for (attempts, minutes) in [
            (1, 5),
            (2, 10),
            (3, 20),
            (7, 320),
            (8, 360),
            (9, 360),
            (u32::MAX, 360),
        ] {
            let plain = Duration::from_secs(minutes * 60);
            for session in ["a", "b", "c", "session_20251029_101619_b4ce4c7b"] {
                let delay = delay(&policy, session, attempts, None);
                assert!(
                    delay >= plain.mul_f64(0.8) && delay <= plain.mul_f64(1.2),
                    "{attempts}: {delay:?}"
                );
            }
        }
    }

    #[test]
    fn jitter_depends_on_session_and_attempt_only() {
        let policy = Policy::defaults();
        let of = |session, attempts| delay(&policy, session, attempts, None);
        assert_eq!(of("a", 9), of("a", 9));
        assert_ne!(of("a", 9), of("b", 9));
        assert_ne!(of("a", 9), of("a", 10));
    }

    #[test]
    fn sessions_are_spread_over_the_whole_range_of_the_jitter() {
        let factors: Vec<f64> = (0..200)
            .map(|number| jitter(&format!("session_{number}"), 1))
            .collect();
        for tenth in [0.8, 0.9, 1.0, 1.1] {
            let within = factors
                .iter()
                .filter(|factor| (tenth..=tenth + 0.1).contains(*factor))
                .count();
            assert!(within > 20, "{within} from {tenth}");
        }
    }

    #[test]
    fn a_wait_that_no_run_can_have_set_counts_for_nothing() {
        let policy = Policy::defaults();
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let rest = |policy: &Policy, seconds| {
            let not_before = now + chrono::TimeDelta::seconds(seconds);
            rest_of_wait(Some(not_before), policy, now).map(|rest| rest.as_secs())
        };
        assert_eq!(rest_of_wait(None, &policy, now), None);
        for (seconds, expected) in [
            (-1, None),
            (0, Some(0)),
            (1, Some(1)),
            (86_400, Some(86_400)),
            (86_401, None),
        ] {
            assert_eq!(rest(&policy, seconds), expected, "{seconds}");
        }
        let patient = Policy {
            min_backoff: Duration::from_secs(100_000),
            ..policy
        };
        assert_eq!(rest(&patient, 100_000), Some(100_000));
        assert_eq!(rest(&patient, 100_001), None);
    }

    #[test]
    fn retry_after_is_a_lower_bound_of_at_most_a_day() {
        let policy = Policy::defaults();
        let day = Some(RETRY_AFTER_LIMIT);
        assert_eq!(delay(&policy, "a", 1, day), RETRY_AFTER_LIMIT);
        assert!(delay(&policy, "a", 9, Some(Duration::from_secs(1))) > Duration::from_secs(3600));
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let at = |seconds| {
            retry_after_delay(
                RetryAfter::At(now + chrono::TimeDelta::seconds(seconds)),
                now,
            )
        };
        assert_eq!(at(-1), Duration::ZERO);
        assert_eq!(at(0), Duration::ZERO);
        assert_eq!(at(1), Duration::from_secs(1));
        assert_eq!(at(86_401), RETRY_AFTER_LIMIT);
    }
}
