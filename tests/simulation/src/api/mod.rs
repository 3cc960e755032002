//! The simulated upload API: what it keeps, how it feels, and what it answers.

mod answers;
mod client;

pub(crate) use client::{Meanwhile, SimulatedApi, hash};

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use invariants::Request;

/// How the API deals with a question about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Questions {
    /// As the contract has it.
    Answers,
    /// It has no such path.
    Unknown,
    /// It ignores the parameter and tells of any call.
    IgnoresParameter,
}

/// How the API feels for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Everything is answered as it should be.
    Well,
    /// So many of a hundred requests meet a fault, each another one.
    Flaky(u32),
    /// Every request meets the same trouble.
    Constant(Trouble),
}

/// A fault that may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody answers the door.
    NoConnection,
    /// The certificate has expired.
    BadCertificate,
    /// 503.
    Away,
    /// 429.
    Throttling,
    /// 401.
    BadToken,
    /// 403.
    Forbidden,
    /// Another web server is at that address.
    Elsewhere,
    /// Everything is refused for good.
    Refusing,
    /// Recordings are refused for good.
    RefusingRecordings,
    /// Call data are refused for good.
    RefusingCallData,
    /// What comes is stored, and no answer leaves.
    Mute,
    /// What comes is stored, and the answer is an error.
    Lying,
}

impl Trouble {
    const ALL: [Self; 12] = [
        Self::NoConnection,
        Self::BadCertificate,
        Self::Away,
        Self::Throttling,
        Self::BadToken,
        Self::Forbidden,
        Self::Elsewhere,
        Self::Refusing,
        Self::RefusingRecordings,
        Self::RefusingCallData,
        Self::Mute,
        Self::Lying,
    ];
}

/// A call that is kept.
#[derive(Debug, Clone)]
struct StoredCall {
    call_id: String,
    recording_url: Option<String>,
}

/// The API's side of the world.
#[derive(Debug)]
pub(crate) struct Service {
    /// Whether it knows requests again by their keys.
    knows_keys: bool,
    /// Whether it refuses a second call of the same id.
    refuses_second_call: bool,
    questions: Questions,
    pub(crate) mood: Mood,
    /// Key → URL.
    recordings: BTreeMap<String, String>,
    recordings_kept: u64,
    calls: Vec<StoredCall>,
    /// Keys of call data that were seen.
    posts: BTreeSet<String>,
    /// Everything that was asked of it.
    pub(crate) log: Vec<Request>,
    /// Which event of the story is under way.
    pub(crate) event: usize,
}

impl Service {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            knows_keys: rng.bool(),
            refuses_second_call: rng.bool(),
            questions: [
                Questions::Answers,
                Questions::Answers,
                Questions::Unknown,
                Questions::IgnoresParameter,
            ][rng.usize(..4)],
            mood: Mood::Well,
            recordings: BTreeMap::new(),
            recordings_kept: 0,
            calls: Vec::new(),
            posts: BTreeSet::new(),
            log: Vec::new(),
            event: 0,
        }
    }

    /// Lets chance decide how the API feels from now on.
    pub(crate) fn change_mood(&mut self, rng: &mut Rng) {
        self.mood = match rng.u8(..10) {
            0..=2 => Mood::Well,
            3..=5 => Mood::Flaky(rng.u32(5..40)),
            6 => Mood::Flaky(90),
            _ => Mood::Constant(Trouble::ALL[rng.usize(..Trouble::ALL.len())]),
        };
    }

    fn holds_call(&self, call_id: &str) -> bool {
        self.calls.iter().any(|call| call.call_id == call_id)
    }
}
