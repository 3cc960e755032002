//! Everything that the checks look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::Document;
use crate::request::{Part, Request};
use crate::run::Event;

/// File name → content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What there is of a session's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// A file with content of that hash.
    File(String),
    /// It is in cloud storage, at that URL.
    Remote(String),
    /// It should be there and is not.
    Missing,
    /// There never was one.
    None,
}

/// What there is of a session's call data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallData {
    /// All of it.
    Whole,
    /// It goes without its lead or transcript.
    Lacking,
    /// It can never be sent: the session fails, and nothing of it is sent.
    Impossible,
}

/// A document as the producer wrote it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Its file name.
    pub name: String,
    /// Its bytes. Those that are no document must not be equal to another origin's.
    pub bytes: Vec<u8>,
    /// The session; none when the bytes are no document.
    pub session_id: Option<String>,
    /// Its recording.
    pub recording: Recording,
    /// Its call data.
    pub call_data: CallData,
    /// It stays pending whatever is done: a foreign status, or a recording that is awaited.
    pub stays: bool,
}

impl Origin {
    /// A document of a session with a recording file and all call data.
    pub fn new(name: &str, bytes: &[u8], session_id: &str, recording_hash: &str) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
            session_id: Some(session_id.to_owned()),
            recording: Recording::File(recording_hash.to_owned()),
            call_data: CallData::Whole,
            stays: false,
        }
    }

    /// Bytes that are no document.
    pub fn corrupt(name: &str, bytes: &[u8]) -> Self {
        Self {
            session_id: None,
            recording: Recording::None,
            ..Self::new(name, bytes, "", "")
        }
    }

    /// The name to go by in messages.
    pub(crate) fn label(&self) -> &str {
        self.session_id.as_deref().unwrap_or(&self.name)
    }
}

/// What is on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spool {
    /// call_metadata/
    pub pending: Files,
    /// processed_metadata/
    pub processed: Files,
    /// failed_metadata/
    pub failed: Files,
    /// corrupt_metadata/
    pub corrupt: Files,
    /// Everything in conversations/, recordings/ and leads/: path → a hash.
    pub assets: BTreeMap<String, String>,
}

/// The names of the state directories, in the order of [`Spool::documents`].
pub(crate) const STATES: [&str; 4] = ["pending", "processed", "failed", "corrupt"];

impl Spool {
    /// The documents of a state by their names; notes and hidden files are none.
    pub(crate) fn documents(&self, state: &str) -> impl Iterator<Item = (&str, &[u8])> {
        let files = match state {
            "pending" => &self.pending,
            "processed" => &self.processed,
            "failed" => &self.failed,
            _ => &self.corrupt,
        };
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .filter(|(name, _)| name.starts_with("metadata_") && name.ends_with(".json"))
    }

    /// Every document that parses, with its state and name.
    pub(crate) fn parsed(&self) -> Vec<(&'static str, &str, Document)> {
        let mut all = Vec::new();
        for state in STATES {
            for (name, bytes) in self.documents(state) {
                if let Some(document) = Document::parse(bytes) {
                    all.push((state, name, document));
                }
            }
        }
        all
    }
}

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct World {
    /// What the producer wrote.
    pub origins: Vec<Origin>,
    /// The assets as the producer left them.
    pub assets: BTreeMap<String, String>,
    /// What is on disk now.
    pub spool: Arc<Spool>,
    /// What the API has seen, in its order.
    pub api: Vec<Request>,
    /// What happened, in its order.
    pub events: Vec<Event>,
    /// Attempts after which a part is given up.
    pub max_attempts: u64,
}

impl World {
    /// The requests for a part of a session, each with its place in the whole log.
    pub(crate) fn requests<'a>(
        &'a self,
        session: &'a str,
        part: Part,
    ) -> impl Iterator<Item = (usize, &'a Request)> {
        self.api
            .iter()
            .enumerate()
            .filter(move |(_, request)| request.part == part && request.session_id == session)
    }

    /// The ids of all sessions, each once.
    pub(crate) fn sessions(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .origins
            .iter()
            .filter_map(|origin| origin.session_id.as_deref())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether the run that sent a request ended so that what it learnt last may be unrecorded, and
    /// this request was its last. Before each request everything earlier is recorded: everything
    /// earlier of its session, where the run worked on several at a time.
    pub(crate) fn may_be_unrecorded(&self, index: usize) -> bool {
        let Some(request) = self.api.get(index) else {
            return false;
        };
        let run = self.events.get(request.event).and_then(Event::run);
        let Some(run) = run.filter(|run| run.end.is_abrupt()) else {
            return false;
        };
        !self.api.iter().skip(index + 1).any(|later| {
            let is_bound = run.lanes == 1 || later.session_id == request.session_id;
            later.event == request.event && is_bound
        })
    }

    /// The events after one request's and up to another's.
    pub(crate) fn events_between<'a>(
        &'a self,
        first: &Request,
        second: &Request,
    ) -> impl Iterator<Item = &'a Event> {
        let range = first.event.saturating_add(1)..second.event;
        self.events.get(range).unwrap_or_default().iter()
    }
}
