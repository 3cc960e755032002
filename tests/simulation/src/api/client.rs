//! The API as the program talks to it.

use std::io::Read;
use std::sync::MutexGuard;

use callspool::interrupt::Interrupt;
use callspool::outcome::{Failure, FailureKind};
use callspool::upload::classify::{self, Reply as RawReply, ReplyBody};
use callspool::upload::{
    Acknowledgement, CallDataPost, Presence, RecordingUpload, StoredRecording, UploadApi,
};
use invariants::{Part, Reply, Request};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::answers::{self, Answer, Arrival, Delivery, Fate};
use super::{Service, StoredCall};
use crate::world::{Shared, World, end_thread};

const ORIGIN: &str = "https://crm.example.com";

/// What happens beside a request.
pub(crate) type Meanwhile<'a> = Box<dyn FnMut() + Send + 'a>;

/// The client's end of the simulated API.
pub(crate) struct SimulatedApi<'a> {
    world: Shared,
    process: u64,
    interrupt: Interrupt,
    meanwhile: Meanwhile<'a>,
}

/// What a request brought, once all of it is there.
struct Brought {
    part: Part,
    session_id: String,
    key: Option<String>,
    content: Option<String>,
    recording_url: Option<String>,
    len_bytes: u64,
}

/// What the client gets.
enum Got {
    Answer(Answer, Delivery),
    Failure(Failure),
}

impl<'a> SimulatedApi<'a> {
    pub(crate) fn new(
        world: Shared,
        process: u64,
        interrupt: Interrupt,
        meanwhile: Meanwhile<'a>,
    ) -> Self {
        Self {
            world,
            process,
            interrupt,
            meanwhile,
        }
    }

    /// Counts an operation. No thread of a dead process sends or hears anything.
    fn count(&self, what: impl FnOnce() -> String) -> MutexGuard<'_, World> {
        self.world
            .count(self.process, what)
            .unwrap_or_else(|| end_thread())
    }

    fn fate(&mut self, part: Part, what: &str) -> Fate {
        (self.meanwhile)();
        let mut world = self.count(|| format!("request: {what}"));
        let took = std::time::Duration::from_millis(world.rng.u64(1..2000));
        world.pass(took);
        let now = world.now;
        let mut rng = world.rng.fork();
        let fate = answers::fate(&world.service, part, now, &mut rng);
        world.note(|| format!("      {fate:?}"));
        fate
    }

    /// What comes of a request that was sent whole, or not at all.
    fn settle(&mut self, fate: Fate, brought: &Brought) -> Got {
        let failed = |kind, connected, message: &str| {
            Got::Failure(Failure {
                connected,
                fate_unknown: brought.part == Part::Question,
                ..Failure::local(kind, message)
            })
        };
        let arrival = match fate {
            Fate::NoConnection => {
                return failed(FailureKind::Unavailable, false, "no connection");
            }
            Fate::BadCertificate => {
                return failed(
                    FailureKind::Certificate,
                    false,
                    "the certificate has expired",
                );
            }
            Fate::Broken => {
                self.world.get().service.log_incomplete(brought);
                return failed(FailureKind::Network, true, "the connection broke");
            }
            Fate::Signal => {
                self.interrupt.raise(15);
                self.world.get().service.log_incomplete(brought);
                return failed(FailureKind::Cancelled, true, "stopped by a signal");
            }
            Fate::Arrives(arrival) => arrival,
        };
        let delivery = arrival.delivery;
        let (answer, at) = self.world.get().service.receive(brought, arrival);
        // Between what the API has done and what the program hears of it.
        drop(self.count(|| format!("answer: {} {}", answer.status, answer.body)));
        let mut world = self.world.get();
        if delivery == Delivery::Nothing {
            return Got::Failure(Failure {
                connected: true,
                fate_unknown: true,
                ..Failure::local(FailureKind::Ambiguous, "no answer came")
            });
        }
        if let Some(request) = world.service.log.get_mut(at) {
            request.read = Some(delivery == Delivery::Whole);
        }
        Got::Answer(answer, delivery)
    }
}

impl Service {
    /// A request of which not all arrived.
    fn log_incomplete(&mut self, brought: &Brought) {
        let mut request = self.request(brought);
        request.content = None;
        self.log.push(request);
    }

    /// A request that arrived: what it brings is kept or not, and answered. Gives the answer, and
    /// the request's place in the log.
    fn receive(&mut self, brought: &Brought, arrival: Arrival) -> (Answer, usize) {
        let mut request = self.request(brought);
        let honest = match brought.part {
            Part::Recording => self.receive_recording(brought, arrival.is_kept, &mut request),
            Part::CallData => self.receive_call(brought, arrival.is_kept, &mut request),
            Part::Question => answers::question(self, &call_id(&brought.session_id)),
        };
        let answer = arrival.answer.unwrap_or(honest);
        request.reply = match arrival.delivery {
            Delivery::Whole => answer.reply.clone(),
            // A 404 lets the post go, whatever stands in it.
            Delivery::Cut if brought.part == Part::Question && answer.status == 404 => {
                Reply::Unanswerable
            }
            Delivery::Cut | Delivery::Nothing => Reply::Nothing,
        };
        request.read = Some(false);
        self.log.push(request);
        (answer, self.log.len() - 1)
    }

    fn receive_recording(
        &mut self,
        brought: &Brought,
        is_kept: bool,
        request: &mut Request,
    ) -> Answer {
        let key = brought.key.clone().unwrap_or_default();
        if let Some(url) = self.recordings.get(&key).filter(|_| self.knows_keys) {
            return answers::stored_recording(url, brought.len_bytes);
        }
        self.recordings_kept += 1;
        let url = format!("{ORIGIN}/uploads/{}.ogg", self.recordings_kept);
        if is_kept {
            request.stored = true;
            self.recordings.insert(key, url.clone());
        }
        answers::stored_recording(&url, brought.len_bytes)
    }

    fn receive_call(&mut self, brought: &Brought, is_kept: bool, request: &mut Request) -> Answer {
        let key = brought.key.clone().unwrap_or_default();
        if self.knows_keys && self.posts.contains(&key) {
            return answers::stored_call();
        }
        let call_id = call_id(&brought.session_id);
        if self.refuses_second_call && self.holds_call(&call_id) {
            return answers::second_call();
        }
        if is_kept {
            request.stored = true;
            self.posts.insert(key);
            self.calls.push(StoredCall {
                call_id,
                recording_url: brought.recording_url.clone(),
            });
        }
        answers::stored_call()
    }

    fn request(&self, brought: &Brought) -> Request {
        Request {
            event: self.event,
            part: brought.part,
            session_id: brought.session_id.clone(),
            key: brought.key.clone(),
            content: brought.content.clone(),
            recording_url: brought.recording_url.clone(),
            stored: false,
            reply: Reply::Nothing,
            read: Some(false),
        }
    }
}

impl UploadApi for SimulatedApi<'_> {
    fn upload_recording(
        &mut self,
        upload: RecordingUpload<'_>,
    ) -> Result<StoredRecording, Failure> {
        let session_id = session_of_recording(upload.file_name);
        let fate = self.fate(Part::Recording, upload.file_name);
        let mut bytes = Vec::new();
        if !matches!(fate, Fate::NoConnection | Fate::BadCertificate) {
            let limit = if matches!(fate, Fate::Broken | Fate::Signal) {
                upload.len_bytes / 2
            } else {
                upload.len_bytes
            };
            let read = (&mut *upload.body).take(limit).read_to_end(&mut bytes);
            if read.is_err() || bytes.len() as u64 != limit {
                return Err(Failure {
                    connected: true,
                    ..Failure::local(FailureKind::Changed, "the recording cannot be read")
                });
            }
        }
        let brought = Brought {
            part: Part::Recording,
            session_id,
            key: Some(upload.idempotency_key.to_owned()),
            content: Some(hash(&bytes)),
            recording_url: None,
            len_bytes: upload.len_bytes,
        };
        match self.settle(fate, &brought) {
            Got::Failure(failure) => Err(failure),
            Got::Answer(answer, delivery) => {
                classify::recording(&raw(&answer, delivery), ORIGIN, upload.len_bytes)
            }
        }
    }

    fn post_call_data(&mut self, post: CallDataPost<'_>) -> Result<Acknowledgement, Failure> {
        let body: Value = serde_json::from_slice(post.body).unwrap_or_default();
        let call_id = body["callDetails"]["callId"].as_str().unwrap_or_default();
        let brought = Brought {
            part: Part::CallData,
            session_id: call_id.trim_start_matches("CALL-").to_owned(),
            key: Some(post.idempotency_key.to_owned()),
            content: Some(hash(post.body)),
            recording_url: body["callDetails"]["recordingUrl"]
                .as_str()
                .map(str::to_owned),
            len_bytes: post.body.len() as u64,
        };
        let fate = self.fate(Part::CallData, call_id);
        match self.settle(fate, &brought) {
            Got::Failure(failure) => Err(failure),
            Got::Answer(answer, delivery) => classify::call_data(&raw(&answer, delivery)),
        }
    }

    fn find_call(&mut self, call_id: &str, _request_id: &str) -> Result<Presence, Failure> {
        let brought = Brought {
            part: Part::Question,
            session_id: call_id.trim_start_matches("CALL-").to_owned(),
            key: None,
            content: None,
            recording_url: None,
            len_bytes: 0,
        };
        let fate = self.fate(Part::Question, call_id);
        match self.settle(fate, &brought) {
            Got::Failure(failure) => Err(failure),
            Got::Answer(answer, delivery) => classify::question(&raw(&answer, delivery), call_id),
        }
    }
}

fn raw(answer: &Answer, delivery: Delivery) -> RawReply<'_> {
    RawReply {
        url: ORIGIN,
        status: answer.status,
        retry_after: answer.retry_after,
        location: answer.location,
        body: match delivery {
            Delivery::Whole => ReplyBody::Complete(answer.body.as_bytes()),
            Delivery::Cut | Delivery::Nothing => ReplyBody::Cut,
        },
    }
}

fn call_id(session_id: &str) -> String {
    format!("CALL-{session_id}")
}

/// Recordings go by their session's name here.
fn session_of_recording(file_name: &str) -> String {
    file_name
        .trim_start_matches("call_")
        .trim_end_matches(".ogg")
        .to_owned()
}

/// A hash in lower-case hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
