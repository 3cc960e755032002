//! What the API has seen, as the judge wants it.

use invariants::{Origin, Part, Recording, Reply, Request};
use reference_api::{ReceivedRequest, Server, StoredCall, StoredRecording, Target};

/// A rule that never acts, but makes the API look whose each request is.
pub(crate) const NAMES_EVERY_REQUEST: &str = "any@nobody-at-all:all:status=500";

/// The API's memory.
pub(crate) struct Seen {
    recordings: Vec<StoredRecording>,
    calls: Vec<StoredCall>,
}

/// Every request to the API in the order of the runs; `event_of` tells which event a connection
/// belongs to.
pub(crate) fn requests(
    api: &Server,
    origins: &[Origin],
    event_of: impl Fn(u64) -> Option<usize>,
) -> Vec<Request> {
    let seen = Seen {
        recordings: api.recordings(),
        calls: api.calls(),
    };
    let mut all: Vec<Request> = api
        .requests()
        .iter()
        .filter_map(|request| {
            let event = event_of(request.connection)?;
            seen.request(request, origins, event)
        })
        .collect();
    // What a killed run had sent may have been read when the next one was on its way.
    all.sort_by_key(|request| request.event);
    all
}

impl Seen {
    fn request(
        &self,
        received: &ReceivedRequest,
        origins: &[Origin],
        event: usize,
    ) -> Option<Request> {
        let part = match received.target? {
            Target::Upload => Part::Recording,
            Target::CallData => Part::CallData,
            Target::Question => Part::Question,
            Target::Any => return None,
        };
        let subject = received.subject.as_deref().unwrap_or_default();
        let id = subject
            .strip_prefix("CALL-")
            .or_else(|| subject.strip_suffix(".ogg"))
            .unwrap_or_default();
        let origin = origins
            .iter()
            .find(|origin| origin.session_id.as_deref() == Some(id));
        let recording = self.recording(received);
        let call = self.call(received);
        let content = match part {
            Part::Recording => match (&recording, origin.map(|origin| &origin.recording)) {
                (Some(stored), _) => Some(stored.sha256.clone()),
                (None, Some(Recording::File(hash))) => {
                    received.body_sha256.as_ref().map(|_| hash.clone())
                }
                _ => None,
            },
            Part::CallData => received.body_sha256.clone(),
            Part::Question => None,
        };
        let is_new = |id: &Option<String>| id.is_some() && *id == received.request_id;
        Some(Request {
            event,
            part,
            // A request that broke off before it said whose it is, is nobody's.
            session_id: origin.map_or_else(String::new, |_| id.to_owned()),
            key: received.idempotency_key.clone(),
            content,
            recording_url: call.and_then(|call| call.recording_url.clone()),
            stored: recording.is_some_and(|stored| is_new(&stored.request_id))
                || call.is_some_and(|stored| is_new(&stored.request_id)),
            reply: reply(received, part, recording),
            read: None,
        })
    }

    /// The recording that a request left, or that the API already had under its key.
    fn recording(&self, received: &ReceivedRequest) -> Option<&StoredRecording> {
        let mut all = self.recordings.iter();
        let own = all.find(|stored| stored.request_id == received.request_id);
        let whole = received.body_sha256.is_some();
        own.or_else(|| {
            let mut all = self.recordings.iter();
            all.find(|stored| whole && stored.idempotency_key == received.idempotency_key)
        })
    }

    fn call(&self, received: &ReceivedRequest) -> Option<&StoredCall> {
        let mut all = self.calls.iter();
        let own = all.find(|stored| stored.request_id == received.request_id);
        own.or_else(|| {
            let mut all = self.calls.iter();
            let key = received.idempotency_key.as_ref();
            all.find(|stored| key.is_some() && stored.idempotency_key.as_ref() == key)
        })
    }
}

/// What the API answered, by the status and the fault that acted.
fn reply(received: &ReceivedRequest, part: Part, recording: Option<&StoredRecording>) -> Reply {
    let fault = received.fault.as_deref().unwrap_or_default();
    let action = fault.splitn(3, ':').nth(2).unwrap_or(fault);
    let Some(status) = received.status else {
        return Reply::Nothing;
    };
    let served = ["", "delay", "trickle", "close-unannounced", "reset-next"];
    let name = action.split('=').next().unwrap_or_default();
    match (name, part) {
        // Half of a 404 says as much to a question as a whole one.
        ("stored-cut", Part::Question) if status == 404 => Reply::Unanswerable,
        ("stored-cut", _) => Reply::Nothing,
        ("ignore-call-id", Part::Question) => Reply::Absent,
        // The only answer to a question with this status that is ordered here is a page.
        ("status", Part::Question) if status == 404 => Reply::Unanswerable,
        _ if served.contains(&name) => match (status, part) {
            (200, Part::Recording) => Reply::Acknowledged {
                url: recording.map(|stored| stored.url.clone()),
            },
            (200, Part::CallData) => Reply::Acknowledged { url: None },
            (200, Part::Question) | (409, Part::CallData) => Reply::Duplicate { url: None },
            (404, Part::Question) => Reply::Absent,
            (status, _) => Reply::Refused(status),
        },
        _ if (200..300).contains(&status) => Reply::Garbled,
        _ => Reply::Refused(status),
    }
}
