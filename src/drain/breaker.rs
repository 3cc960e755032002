//! The breaker: failures in a row are the service's fault, not the sessions'.

/// Counts failures and rejections in a row, session by session.
#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    failures: u32,
    rejections: u32,
}

impl Breaker {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            failures: 0,
            rejections: 0,
        }
    }

    /// Something was delivered or rejected: the service works.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }

    /// A session came to its end and nothing of it was rejected: the service understands us.
    pub(super) fn understood(&mut self) {
        self.rejections = 0;
    }

    /// A session failed for a passing reason. Says whether that is one too many.
    pub(super) fn failed(&mut self) -> bool {
        self.rejections = 0;
        self.failures += 1;
        self.failures >= self.limit
    }

    /// A session came to its end and something of it was rejected: the service works. Says whether
    /// that is one too many. What else was delivered of the session does not matter: an API that
    /// changed at one of its two paths must not make a whole backlog partial.
    pub(super) fn rejected(&mut self) -> bool {
        self.failures = 0;
        self.rejections += 1;
        self.rejections >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_in_a_row_trip_it() {
        let mut breaker = Breaker::new(3);
        assert!(!breaker.failed() && !breaker.failed());
        breaker.worked();
        assert!(!breaker.failed() && !breaker.failed() && breaker.failed());
    }

    #[test]
    fn rejections_count_apart() {
        let mut breaker = Breaker::new(2);
        assert!(!breaker.failed());
        assert!(!breaker.rejected());
        assert!(!breaker.failed());
        assert!(!breaker.rejected());
        assert!(breaker.rejected());
    }

    #[test]
    fn only_a_session_without_a_rejection_shows_that_we_are_understood() {
        let mut breaker = Breaker::new(2);
        assert!(!breaker.rejected());
        breaker.worked();
        assert!(breaker.rejected());
        let mut breaker = Breaker::new(2);
        assert!(!breaker.rejected());
        breaker.understood();
        assert!(!breaker.rejected());
    }

    #[test]
    fn a_limit_of_one_trips_at_once() {
        assert!(Breaker::new(1).failed());
        assert!(Breaker::new(1).rejected());
    }
}
