//! The limit of requests a key may send in a minute and in an hour. Pure: the caller brings `now`.

use std::collections::{HashMap, VecDeque};
use std::str::FromStr;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How many requests a key may send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Requests in any 60 seconds; `None` is no limit.
    pub per_minute: Option<u32>,
    /// Requests in any 3,600 seconds; `None` is no limit.
    pub per_hour: Option<u32>,
}

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate: write N/min, N/h or both, such as 100/min,1000/h")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let error = || RateError(text.to_owned());
        let mut rate = Self::default();
        for part in text.split(',') {
            let (count, unit) = part.trim().split_once('/').ok_or_else(error)?;
            let count = count.parse().ok().filter(|count| *count > 0);
            let limit = match unit {
                "min" => &mut rate.per_minute,
                "h" => &mut rate.per_hour,
                _ => return Err(error()),
            };
            if limit.is_some() {
                return Err(error());
            }
            *limit = Some(count.ok_or_else(error)?);
        }
        Ok(rate)
    }
}

/// The admitted requests of each key in the last hour.
#[derive(Debug, Default)]
pub(crate) struct Window {
    admitted: HashMap<String, VecDeque<Instant>>,
}

impl Window {
    /// Admits a request, or says how long the key has to wait. Refused requests do not count.
    ///
    /// # Errors
    /// The time until a request of that key is admitted again.
    pub(crate) fn admit(&mut self, rate: Rate, key: &str, now: Instant) -> Result<(), Duration> {
        let times = self.admitted.entry(key.to_owned()).or_default();
        while times
            .front()
            .is_some_and(|time| now.saturating_duration_since(*time) >= HOUR)
        {
            times.pop_front();
        }
        let wait = [(rate.per_minute, MINUTE), (rate.per_hour, HOUR)]
            .into_iter()
            .filter_map(|(limit, span)| {
                // The request that must leave the span before another fits in.
                let last = times.len().checked_sub(usize::try_from(limit?).ok()?)?;
                let age = now.saturating_duration_since(*times.get(last)?);
                span.checked_sub(age).filter(|wait| !wait.is_zero())
            })
            .max();
        match wait {
            Some(wait) => Err(wait),
            None => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    #[test]
    fn rates_are_read() {
        let rate = |text: &str| text.parse::<Rate>().map(|r| (r.per_minute, r.per_hour));
        assert_eq!(rate("100/min,1000/h"), Ok((Some(100), Some(1000))));
        assert_eq!(rate("5/h"), Ok((None, Some(5))));
        for bad in ["", "5", "0/min", "5/day", "5/min,6/min", "-1/h"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_minute_slides() {
        let rate = "2/min".parse().unwrap();
        let start = monotonic();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut window = Window::default();
        assert_eq!(window.admit(rate, "k", at(0)), Ok(()));
        assert_eq!(window.admit(rate, "k", at(10)), Ok(()));
        assert_eq!(
            window.admit(rate, "k", at(10)),
            Err(Duration::from_secs(50))
        );
        assert_eq!(window.admit(rate, "other", at(10)), Ok(()));
        assert_eq!(window.admit(rate, "k", at(59)), Err(Duration::from_secs(1)));
        assert_eq!(window.admit(rate, "k", at(60)), Ok(()));
        assert_eq!(window.admit(rate, "k", at(61)), Err(Duration::from_secs(9)));
    }

    #[test]
    fn the_hour_holds_beside_the_minute() {
        let rate = "2/min,3/h".parse().unwrap();
        let start = monotonic();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut window = Window::default();
        for seconds in [0, 100, 200] {
            assert_eq!(window.admit(rate, "k", at(seconds)), Ok(()));
        }
        assert_eq!(
            window.admit(rate, "k", at(3599)),
            Err(Duration::from_secs(1))
        );
        assert_eq!(window.admit(rate, "k", at(3600)), Ok(()));
    }
}
