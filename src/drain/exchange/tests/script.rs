//! An API that answers as told, and a clock on which only waiting takes time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::clock::{Clock, SystemClock};
use crate::drain::Limit;
use crate::drain::dues::Dues;
use crate::drain::exchange::{Exchange, Patience, Timed, Trouble};
use crate::drain::pacing::Pacing;
use crate::interrupt::Interrupt;
use crate::outcome::{Failure, FailureKind, RetryAfter};
use crate::plan::Policy;
use crate::report::Stop;
use crate::upload::{
    Acknowledgement, CallDataPost, Presence, RecordingUpload, StoredRecording, UploadApi,
};

pub(super) const MAX_WAIT: Duration = Duration::from_secs(30);

/// Answers in the order in which it was told to, and counts.
#[derive(Default)]
pub(super) struct Script {
    answers: VecDeque<Result<(), Failure>>,
    pub(super) requests: u32,
    interrupt: Interrupt,
    /// Arrives during the next request.
    pub(super) signal: Option<i32>,
}

impl Script {
    fn next(&mut self) -> Result<(), Failure> {
        self.requests += 1;
        if let Some(signal) = self.signal.take() {
            self.interrupt.raise(signal);
        }
        self.answers.pop_front().unwrap()
    }
}

impl UploadApi for Script {
    fn upload_recording(
        &mut self,
        upload: RecordingUpload<'_>,
    ) -> Result<StoredRecording, Failure> {
        io::copy(upload.body, &mut io::sink()).unwrap();
        self.next().map(|()| StoredRecording {
            url: "https://crm.example.com/a".to_owned(),
            duplicate: false,
        })
    }

    fn post_call_data(&mut self, _: CallDataPost<'_>) -> Result<Acknowledgement, Failure> {
        self.next().map(|()| Acknowledgement::Stored)
    }

    fn find_call(&mut self, _: &str, _: &str) -> Result<Presence, Failure> {
        self.next().map(|()| Presence::Absent)
    }
}

/// A clock on which only waiting takes time.
pub(super) struct Still {
    start: Instant,
    waits: RefCell<Vec<Duration>>,
    /// Raised while it waits.
    pub(super) signal: Cell<Option<i32>>,
}

impl Still {
    pub(super) fn new() -> Self {
        Self {
            start: SystemClock.monotonic(),
            waits: RefCell::default(),
            signal: Cell::new(None),
        }
    }

    fn waited(&self) -> Duration {
        self.waits.borrow().iter().sum()
    }

    pub(super) fn waits(&self) -> Vec<u64> {
        self.waits.borrow().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + self.waited()
    }

    fn monotonic(&self) -> Instant {
        self.start + self.waited()
    }

    fn wait(&self, duration: Duration, interrupt: &Interrupt) -> Option<i32> {
        self.waits.borrow_mut().push(duration);
        if let Some(signal) = self.signal.take() {
            interrupt.raise(signal);
        }
        interrupt.signal()
    }
}

pub(super) fn exchange<'a>(clock: &'a Still, limits: Vec<Limit>) -> Exchange<'a, Script, Still> {
    let interrupt = Interrupt::default();
    let script = Script {
        interrupt: interrupt.clone(),
        ..Script::default()
    };
    let pacing = Pacing::new(limits, Vec::new(), clock.now());
    let dues = Arc::new(Dues::new(pacing, MAX_WAIT, None));
    Exchange::new(0, script, clock, interrupt, dues, &Policy::defaults())
}

impl Exchange<'_, Script, Still> {
    pub(super) fn told(&mut self, answer: Result<(), Failure>) -> &mut Self {
        self.api.answers.push_back(answer);
        self
    }

    pub(super) fn with_deadline(mut self, after: Duration) -> Self {
        let pacing = self.dues.known().pacing.clone();
        let deadline = Some(self.clock.start + after);
        self.dues = Arc::new(Dues::new(pacing, MAX_WAIT, deadline));
        self
    }

    /// Sits out what is left of an earlier wait.
    pub(super) fn respect(&mut self, rest: Duration) -> Result<(), Stop> {
        self.dues.respect(rest, self.clock.monotonic())?;
        self.may_send()
    }

    /// Sends five bytes of recording.
    pub(super) fn send_recording(&mut self, session: &str) -> Judged {
        let patience = &mut Patience::default();
        judged(self.upload(session, "a.ogg", 5, &mut &b"bytes"[..], "key", patience))
    }

    /// Sends seven bytes of call data.
    pub(super) fn send_call_data(&mut self, session: &str) -> Judged {
        self.send_patiently(session, &mut Patience::default())
    }

    pub(super) fn send_patiently(&mut self, session: &str, patience: &mut Patience) -> Judged {
        judged(self.post(session, b"0123456", "key", patience))
    }

    pub(super) fn ask(&mut self, session: &str) -> Judged {
        judged(self.find(session, "CALL", &mut Patience::default()))
    }
}

/// What a request came to; of failures only the kind.
#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    Fine,
    Session(FailureKind),
    Stop(Stop, Option<FailureKind>),
    Again,
}

pub(super) fn judged<T>(timed: Timed<T>) -> Judged {
    match timed.result {
        Ok(_) => Judged::Fine,
        Err(Trouble::Session(failure)) => Judged::Session(failure.kind),
        Err(Trouble::Stop(stop, failure)) => Judged::Stop(stop, failure.map(|it| it.kind)),
        Err(Trouble::Again(_)) => Judged::Again,
    }
}

/// A failure that came as an answer.
pub(super) fn answered(kind: FailureKind) -> Result<(), Failure> {
    Err(Failure {
        connected: true,
        ..Failure::local(kind, "why")
    })
}

pub(super) fn throttled(seconds: u64) -> Result<(), Failure> {
    Err(Failure {
        connected: true,
        retry_after: Some(RetryAfter::Delay(Duration::from_secs(seconds))),
        ..Failure::local(FailureKind::Throttled, "wait")
    })
}

pub(super) fn stopped(stop: Stop, kind: FailureKind) -> Judged {
    Judged::Stop(stop, Some(kind))
}

pub(super) fn at(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}
