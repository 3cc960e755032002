//! The requests of a run, counted: what they came to, how long they took, what was waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::outcome::FailureKind;

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// To send a recording.
    Recording,
    /// To post call data.
    CallData,
    /// To ask whether a call is there.
    Question,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Recording, Self::CallData, Self::Question];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::CallData => "call_data",
            Self::Question => "question",
        }
    }
}

/// Why a run waited between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// The operator's own rate.
    Rate,
    /// The API asked for it.
    Throttled,
}

/// The limits of the classes of durations, in seconds; a last class has none.
pub const DURATION_LIMITS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// How long requests of one kind took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Durations {
    /// How many took no longer than the limit of that place, and longer than the one before it.
    pub classes: [u64; DURATION_LIMITS.len()],
    /// How many there were.
    pub count: u64,
    /// How long they took together, in seconds.
    pub sum_seconds: f64,
}

impl Durations {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.count += 1;
        self.sum_seconds += seconds;
        let place = DURATION_LIMITS.iter().position(|limit| seconds <= *limit);
        if let Some(class) = place.and_then(|place| self.classes.get_mut(place)) {
            *class += 1;
        }
    }
}

/// The requests of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestCounts {
    outcomes: BTreeMap<(RequestKind, &'static str), u64>,
    durations: BTreeMap<RequestKind, Durations>,
    /// Posts of call data after which nobody knows whether the API has them.
    pub ambiguous_posts: u64,
    /// Time spent waiting because the operator's rate was used up.
    pub waited_for_rate: Duration,
    /// Time spent waiting because the API asked for it.
    pub waited_throttled: Duration,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The answer that was hoped for.
    Answered,
    /// Anything else.
    Failed {
        /// The kind.
        kind: FailureKind,
        /// Whether the API may have stored what was sent all the same.
        fate_unknown: bool,
    },
}

impl RequestOutcome {
    /// The word of a request that was answered as it should be.
    pub const ANSWERED: &'static str = "answered";
}

impl RequestCounts {
    /// Counts one request.
    pub fn count(&mut self, request: RequestKind, outcome: RequestOutcome, took: Duration) {
        let word = match outcome {
            RequestOutcome::Answered => RequestOutcome::ANSWERED,
            RequestOutcome::Failed { kind, fate_unknown } => {
                if fate_unknown && request == RequestKind::CallData {
                    self.ambiguous_posts += 1;
                }
                kind.as_str()
            }
        };
        *self.outcomes.entry((request, word)).or_default() += 1;
        self.durations.entry(request).or_default().add(took);
    }

    /// Adds time that was spent waiting.
    pub fn waited(&mut self, reason: WaitReason, time: Duration) {
        match reason {
            WaitReason::Rate => self.waited_for_rate += time,
            WaitReason::Throttled => self.waited_throttled += time,
        }
    }

    /// How many requests came to that.
    pub fn with_outcome(&self, request: RequestKind, word: &'static str) -> u64 {
        let count = self.outcomes.get(&(request, word));
        count.copied().unwrap_or_default()
    }

    /// How long requests of a kind took.
    pub fn durations(&self, request: RequestKind) -> Durations {
        let durations = self.durations.get(&request);
        durations.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_belongs_to_the_first_class_that_holds_it() {
        let mut durations = Durations::default();
        for millis in [0, 100, 101, 120_000, 120_001] {
            durations.add(Duration::from_millis(millis));
        }
        assert_eq!(durations.classes, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(durations.count, 5);
        assert!((durations.sum_seconds - 240.202).abs() < 1e-9);
    }

    #[test]
    fn only_a_post_of_unknown_fate_is_ambiguous() {
        let mut counts = RequestCounts::default();
        for (request, kind, fate_unknown) in [
            (RequestKind::CallData, FailureKind::Server, true),
            (RequestKind::CallData, FailureKind::Server, false),
            (RequestKind::Recording, FailureKind::Ambiguous, true),
            (RequestKind::Question, FailureKind::Network, true),
        ] {
            let outcome = RequestOutcome::Failed { kind, fate_unknown };
            counts.count(request, outcome, Duration::ZERO);
        }
        let answered = RequestOutcome::Answered;
        counts.count(RequestKind::CallData, answered, Duration::ZERO);
        assert_eq!(counts.ambiguous_posts, 1);
        assert_eq!(counts.with_outcome(RequestKind::CallData, "server"), 2);
        assert_eq!(counts.with_outcome(RequestKind::CallData, "answered"), 1);
        assert_eq!(counts.with_outcome(RequestKind::Recording, "answered"), 0);
        assert_eq!(counts.durations(RequestKind::CallData).count, 3);
    }
}
