//! What became of each transcript already: a document names it, it was delivered, it is a copy.

use std::collections::{BTreeMap, BTreeSet};

use super::estate::{CLOSE, CallFacts, Estate, Marker, Micros, Reading, TranscriptFile};
use super::names::stem;

/// How a transcript stands before anything is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has it.
    Open,
    /// A document names it: its number.
    Named(usize),
    /// It was delivered: by the old uploader, or by a run, and its document was removed since.
    Delivered,
    /// A mark says so that is older than the call: it is another call's of the same name.
    StaleMark,
    /// The same bytes are in another file, which goes first: its number.
    CopyOf(usize),
    /// Other transcripts claim to be the same session, with another content.
    Twin,
    /// A document of its session names another transcript, of another call.
    OtherCall,
    /// It is no transcript that can be read.
    NoCall,
}

/// The id that a transcript's session goes by: its own, else the campaign's, else its file's name.
pub(super) fn session_id(transcript: &TranscriptFile) -> String {
    let facts = facts(transcript);
    let own = facts.and_then(|facts| facts.session_id.clone());
    own.or_else(|| facts?.campaign_session_id.clone())
        .unwrap_or_else(|| bare_stem(&transcript.name).to_owned())
}

/// What a transcript says, when it is one.
pub(super) fn facts(transcript: &TranscriptFile) -> Option<&CallFacts> {
    match &transcript.reading {
        Reading::Call(facts) => Some(facts),
        Reading::Foreign | Reading::Unreadable(_) => None,
    }
}

/// What is left of a transcript's name for an id.
pub(super) fn bare_stem(name: &str) -> &str {
    let stem = stem(name);
    stem.strip_prefix("transcript_").unwrap_or(stem)
}

/// The standing of every transcript, in their order.
pub(super) fn standings(estate: &Estate) -> Vec<Standing> {
    let documents = Documents::of(estate);
    let marks = Marks::latest(&estate.markers);
    let mut standings: Vec<Standing> = estate
        .transcripts
        .iter()
        .map(|transcript| {
            if let Some(document) = documents.naming(transcript) {
                return Standing::Named(document);
            }
            let Some(facts) = facts(transcript) else {
                return Standing::NoCall;
            };
            let named = documents.of_session(transcript);
            let pruned = estate
                .pruned
                .delivered(&transcript.name, &session_id(transcript));
            let pruned = pruned.map(|at| at.timestamp_micros());
            match marks.of(transcript).max(pruned) {
                _ if named.is_some_and(|named| covers(estate, named, transcript)) => {
                    named.map_or(Standing::Open, Standing::Named)
                }
                Some(at) if facts.start.is_some_and(|start| at < start) => Standing::StaleMark,
                Some(_) => Standing::Delivered,
                None if named.is_some() => Standing::OtherCall,
                None => Standing::Open,
            }
        })
        .collect();
    tell_twins(estate, &mut standings);
    standings
}

/// Whether a document of a transcript's session stands for it too, though it does not name it: it names
/// none that is there, the same bytes, or what was saved of the same call later.
fn covers(estate: &Estate, document: usize, transcript: &TranscriptFile) -> bool {
    let document = estate.documents.get(document);
    let Some(named) = document.and_then(|document| document.facts.as_ref()?.conversation.as_ref())
    else {
        return true;
    };
    let named = estate.transcripts.binary_search_by(|it| it.name.cmp(named));
    let named = named
        .ok()
        .and_then(|named| facts(estate.transcripts.get(named)?));
    let (Some(named), Some(own)) = (named, facts(transcript)) else {
        return true;
    };
    if named.digest == own.digest {
        return true;
    }
    match (named.span(), own.span()) {
        (Some(named), Some(own)) => {
            named.start.abs_diff(own.start) <= CLOSE && own.end <= named.end
        }
        _ => false,
    }
}

/// Sets apart the transcripts that claim to be the same session.
fn tell_twins(estate: &Estate, standings: &mut [Standing]) {
    let mut sessions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, transcript) in estate.transcripts.iter().enumerate() {
        if facts(transcript).is_some() {
            let same = sessions.entry(session_id(transcript)).or_default();
            same.push(number);
        }
    }
    for same in sessions.values().filter(|same| same.len() > 1) {
        let digests: BTreeSet<&str> = same
            .iter()
            .filter_map(|number| facts(estate.transcripts.get(*number)?))
            .map(|facts| facts.digest.as_str())
            .collect();
        let first = same
            .iter()
            .find(|number| standings.get(**number) == Some(&Standing::Open))
            .copied();
        let is_delivered = same
            .iter()
            .any(|number| standings.get(*number) == Some(&Standing::Delivered));
        for number in same {
            let Some(standing) = standings.get_mut(*number) else {
                continue;
            };
            if *standing != Standing::Open {
                continue;
            }
            *standing = match first {
                _ if digests.len() > 1 => Standing::Twin,
                _ if is_delivered => Standing::Delivered,
                Some(first) if first != *number => Standing::CopyOf(first),
                _ => Standing::Open,
            };
        }
    }
}

/// Which transcripts documents name.
struct Documents {
    by_file: BTreeMap<String, usize>,
    by_session: BTreeMap<String, usize>,
}

impl Documents {
    fn of(estate: &Estate) -> Self {
        let (mut by_file, mut by_session) = (BTreeMap::new(), BTreeMap::new());
        for (number, document) in estate.documents.iter().enumerate() {
            match &document.facts {
                Some(facts) => {
                    let session_id = &facts.session_id;
                    // One that names no transcript has the one that goes by its session's name.
                    let file = match facts.conversation_path {
                        Some(_) => facts.conversation.clone(),
                        None => Some(format!("transcript_{session_id}.json")),
                    };
                    by_file.extend(file.map(|file| (file, number)));
                    by_session.insert(session_id.clone(), number);
                }
                None => {
                    let id = stem(&document.name);
                    let id = id.strip_prefix("metadata_").unwrap_or(id);
                    for id in [id, without_number(id)] {
                        by_session.insert(percent_decoded(id), number);
                        by_session.insert(id.to_owned(), number);
                        by_file.insert(format!("transcript_{id}.json"), number);
                    }
                }
            }
        }
        Self {
            by_file,
            by_session,
        }
    }

    /// The document that names a transcript.
    fn naming(&self, transcript: &TranscriptFile) -> Option<usize> {
        self.by_file.get(&transcript.name).copied()
    }

    /// A document of a transcript's session.
    fn of_session(&self, transcript: &TranscriptFile) -> Option<usize> {
        self.by_session.get(&session_id(transcript)).copied()
    }
}

/// What the old uploader has marked, and when last.
struct Marks(BTreeMap<String, Micros>);

impl Marks {
    fn latest(markers: &[Marker]) -> Self {
        let mut latest: BTreeMap<String, Micros> = BTreeMap::new();
        for marker in markers {
            let at = latest.entry(marker.stem.clone()).or_insert(marker.modified);
            *at = marker.modified.max(*at);
        }
        Self(latest)
    }

    fn of(&self, transcript: &TranscriptFile) -> Option<Micros> {
        let id = session_id(transcript);
        [&transcript.name, stem(&transcript.name), &id]
            .into_iter()
            .filter_map(|name| self.0.get(name))
            .max()
            .copied()
    }
}

fn without_number(stem: &str) -> &str {
    match stem.rsplit_once('.') {
        Some((base, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => stem,
    }
}

/// A file name's `%2E` and the like resolved.
fn percent_decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match byte {
            Some(byte) => {
                bytes.push(byte);
                after.get(2..).unwrap_or_default()
            }
            None => {
                bytes.push(b'%');
                after
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
