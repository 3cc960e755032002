//! What may come of a request: everything in the contract's table, and what it leaves out.

use std::time::Duration;

use callspool::outcome::RetryAfter;
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use invariants::{Part, Reply};

use super::{Mood, Questions, Service, StoredCall, Trouble};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// No connection is made.
    NoConnection,
    /// The certificate is not trusted.
    BadCertificate,
    /// The connection breaks in the middle of the request.
    Broken,
    /// The run is told to stop in the middle of the request.
    Signal,
    /// All of it arrives.
    Arrives(Arrival),
}

/// What the API does with a request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Whether what it brought is kept.
    pub(super) is_kept: bool,
    /// What it answers; the honest answer when none is given.
    pub(super) answer: Option<Answer>,
    /// How much of the answer gets through.
    pub(super) delivery: Delivery,
}

/// How much of an answer gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Cut,
    Nothing,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) location: Option<&'static str>,
    /// What it says, as the judge understands it.
    pub(super) reply: Reply,
}

impl Answer {
    fn new(status: u16, body: &str) -> Self {
        let reply = match status {
            200..=299 => Reply::Garbled,
            _ => Reply::Refused(status),
        };
        Self {
            status,
            body: body.to_owned(),
            retry_after: None,
            location: None,
            reply,
        }
    }

    fn json(status: u16) -> Self {
        Self::new(
            status,
            r#"{"success":false,"message":"something about this request"}"#,
        )
    }

    fn html(status: u16) -> Self {
        Self::new(status, "<html><body>nothing to see here</body></html>")
    }
}

/// The contract's answer to a recording.
pub(super) fn stored_recording(url: &str, len_bytes: u64) -> Answer {
    let body = format!(r#"{{"success":true,"data":{{"url":"{url}","size":{len_bytes}}}}}"#);
    Answer {
        reply: Reply::Acknowledged {
            url: Some(url.to_owned()),
        },
        ..Answer::new(200, &body)
    }
}

/// The contract's answer to call data.
pub(super) fn stored_call() -> Answer {
    Answer {
        reply: Reply::Acknowledged { url: None },
        ..Answer::new(201, r#"{"success":true,"data":{"id":"1"}}"#)
    }
}

/// The answer to call data of a call that is there.
pub(super) fn second_call() -> Answer {
    Answer {
        reply: Reply::Duplicate { url: None },
        ..Answer::new(
            409,
            r#"{"success":false,"message":"A call with this callId already exists"}"#,
        )
    }
}

/// The honest answer to a question.
pub(super) fn question(service: &Service, call_id: &str) -> Answer {
    let found = |call: &StoredCall| {
        let url = call.recording_url.as_deref();
        let url = url.map_or("null".to_owned(), |url| format!("\"{url}\""));
        let id = &call.call_id;
        format!(
            r#"{{"success":true,"data":[{{"callDetails":{{"callId":"{id}","recordingUrl":{url}}}}}]}}"#
        )
    };
    let ours = service.calls.iter().rfind(|call| call.call_id == call_id);
    match service.questions {
        Questions::Unknown => Answer {
            reply: Reply::Unanswerable,
            ..Answer::html(404)
        },
        Questions::IgnoresParameter => {
            let body = service.calls.last().map(&found);
            let is_ours = service
                .calls
                .last()
                .is_some_and(|call| call.call_id == call_id);
            let url = service
                .calls
                .last()
                .and_then(|call| call.recording_url.clone());
            let body = body.unwrap_or_else(|| r#"{"success":true,"data":[]}"#.to_owned());
            Answer {
                reply: if is_ours {
                    Reply::Duplicate { url }
                } else {
                    Reply::Absent
                },
                ..Answer::new(200, &body)
            }
        }
        Questions::Answers => match ours {
            Some(call) => Answer {
                reply: Reply::Duplicate {
                    url: call.recording_url.clone(),
                },
                ..Answer::new(200, &found(call))
            },
            None => Answer {
                reply: Reply::Absent,
                ..Answer::new(404, r#"{"success":false,"data":[]}"#)
            },
        },
    }
}

/// What becomes of the next request.
pub(super) fn fate(service: &Service, part: Part, now: DateTime<Utc>, rng: &mut Rng) -> Fate {
    let trouble = match service.mood {
        Mood::Flaky(percent) if rng.u32(..100) < percent => return any(part, now, rng),
        Mood::Well | Mood::Flaky(_) => return honest(),
        Mood::Constant(trouble) => trouble,
    };
    let is_recording = part == Part::Recording;
    match trouble {
        Trouble::NoConnection => Fate::NoConnection,
        Trouble::BadCertificate => Fate::BadCertificate,
        Trouble::Away => answered(false, Answer::html(503)),
        Trouble::Throttling => answered(false, throttling(429, now, rng)),
        Trouble::BadToken => answered(false, Answer::json(401)),
        Trouble::Forbidden => answered(false, Answer::json(403)),
        Trouble::Elsewhere if part == Part::Question => answered(
            false,
            Answer {
                reply: Reply::Unanswerable,
                ..Answer::html(404)
            },
        ),
        Trouble::Elsewhere => answered(false, Answer::html(404)),
        Trouble::Refusing => answered(false, refused(part, 422)),
        Trouble::RefusingRecordings if is_recording => answered(false, Answer::json(413)),
        Trouble::RefusingCallData if !is_recording => answered(false, refused(part, 400)),
        Trouble::RefusingRecordings | Trouble::RefusingCallData => honest(),
        Trouble::Mute => Fate::Arrives(Arrival {
            is_kept: true,
            answer: None,
            delivery: Delivery::Nothing,
        }),
        Trouble::Lying => answered(true, Answer::json(500)),
    }
}

fn honest() -> Fate {
    Fate::Arrives(Arrival {
        is_kept: true,
        answer: None,
        delivery: Delivery::Whole,
    })
}

fn answered(is_kept: bool, answer: Answer) -> Fate {
    Fate::Arrives(Arrival {
        is_kept,
        answer: Some(answer),
        delivery: Delivery::Whole,
    })
}

/// Any fault.
fn any(part: Part, now: DateTime<Utc>, rng: &mut Rng) -> Fate {
    match rng.u8(..24) {
        0 => Fate::NoConnection,
        1 => Fate::BadCertificate,
        2 | 3 => Fate::Broken,
        4 => Fate::Signal,
        5..=8 => Fate::Arrives(Arrival {
            is_kept: rng.bool(),
            answer: None,
            delivery: if rng.bool() {
                Delivery::Nothing
            } else {
                Delivery::Cut
            },
        }),
        9..=11 => answered(rng.bool(), garbled(rng)),
        12 | 13 => {
            let status = if rng.bool() { 429 } else { 503 };
            answered(false, throttling(status, now, rng))
        }
        14 => answered(false, misdirected(part, rng)),
        15 => {
            let statuses = [400, 411, 413, 414, 415, 422, 431, 451, 402, 418];
            let status = statuses[rng.usize(..statuses.len())];
            answered(false, refused(part, status))
        }
        16 => answered(false, Answer::json([401, 403, 403, 407][rng.usize(..4)])),
        17 => answered(rng.bool(), claim(rng)),
        // The question's 404 and 405 with the contract's JSON say that the call is not there, or
        // that the question is refused; a part's that it will never pass.
        18 if part != Part::Question => {
            answered(false, Answer::json([404, 405, 410, 501][rng.usize(..4)]))
        }
        _ => {
            let statuses = [408, 425, 500, 502, 503, 504, 507, 520, 599];
            let answer = Answer::json(statuses[rng.usize(..statuses.len())]);
            answered(rng.bool(), answer)
        }
    }
}

/// A refusal for good. One of a question is read as what its status says.
fn refused(part: Part, status: u16) -> Answer {
    match part {
        Part::Question => Answer::json(400),
        _ => Answer::json(status),
    }
}

/// 2xx, but not the contract's.
fn garbled(rng: &mut Rng) -> Answer {
    match rng.u8(..5) {
        0 => Answer::html(200),
        1 => Answer::json(200),
        2 => Answer::new(204, ""),
        3 => Answer::new(200, r#"{"success":"true"}"#),
        _ => Answer::new(202, r#"{"success":true"#),
    }
}

fn throttling(status: u16, now: DateTime<Utc>, rng: &mut Rng) -> Answer {
    let seconds = [0, 1, 5, 29, 31, 300, 7200, 1_000_000][rng.usize(..8)];
    let retry_after = match rng.u8(..3) {
        0 if status == 429 => None,
        1 => Some(RetryAfter::At(now + TimeDelta::seconds(seconds))),
        _ => Some(RetryAfter::Delay(Duration::from_secs(
            seconds.unsigned_abs(),
        ))),
    };
    Answer {
        retry_after,
        ..Answer::json(status)
    }
}

fn misdirected(part: Part, rng: &mut Rng) -> Answer {
    match rng.u8(..3) {
        0 => Answer {
            location: Some("https://login.example.com/"),
            ..Answer::html(302)
        },
        1 => Answer::html(410),
        _ => Answer {
            reply: match part {
                Part::Question => Reply::Unanswerable,
                _ => Reply::Refused(405),
            },
            ..Answer::html(405)
        },
    }
}

/// An answer that claims that something is there already.
fn claim(rng: &mut Rng) -> Answer {
    match rng.u8(..3) {
        0 => Answer::json(409),
        1 => Answer::new(
            400,
            r#"{"success":false,"message":"this call already exists"}"#,
        ),
        _ => Answer::new(500, "duplicate key error: callId already exists"),
    }
}
