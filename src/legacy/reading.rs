//! From the bytes of a file to what adoption wants to know of it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::adoption::{
    CallFacts, DocumentFacts, EgressFacts, LeadFacts, Micros, Reading, number_digits,
};
use crate::json::{self, JsonError, RawObject};
use crate::manifest::{self, Manifest, Progress, is_remote};
use crate::session::Document;
use crate::timestamp;
use crate::transcript::{self, Identity, Transcript, TranscriptError};

/// The farthest time, in microseconds from the epoch.
const FARTHEST: Micros = 1 << 60;

/// What a transcript says of its call.
pub(super) fn transcript(bytes: &[u8]) -> Reading {
    let read = || -> Result<_, TranscriptError> {
        Ok((transcript::parse(bytes)?, transcript::identity(bytes)?))
    };
    match read() {
        Ok((transcript, identity)) => {
            Reading::Call(Box::new(call(&transcript, &identity, digest(bytes))))
        }
        Err(TranscriptError::UnknownForm | TranscriptError::Json(JsonError::NotAnObject)) => {
            Reading::Foreign
        }
        Err(error) => Reading::Unreadable(error.to_string()),
    }
}

/// The SHA-256 of a transcript's bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn call(transcript: &Transcript, identity: &Identity, digest: String) -> CallFacts {
    let egress_id = identity.campaign_text("egressId");
    let egress_id = egress_id.as_deref().map(bare_egress_id);
    let number = identity.campaign_text("dialedNumber");
    let (start, end) = times(transcript);
    CallFacts {
        digest,
        session_id: identity.session_id.clone(),
        campaign_session_id: identity.campaign_text("sessionId"),
        campaign_id: identity.campaign_text("campaignId"),
        voice_agent_id: identity.campaign_text("voiceAgentId"),
        egress_id: egress_id.filter(|id| !id.is_empty()),
        number: number.as_deref().and_then(number_digits),
        lead_path: identity.campaign_text("lead_file"),
        lead_file: None,
        start: start.map(micros),
        end: end.map(micros),
        lead_generated: transcript.lead_generated,
        denies_lead: identity.denies_lead && !transcript.lead_generated,
        lead_emails: identity.lead_emails.iter().map(|it| folded(it)).collect(),
    }
}

/// When a call began and ended: as the transcript says, else when its first and last turn were.
pub(super) fn times(transcript: &Transcript) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let turns = || transcript.turns.iter().filter_map(|turn| turn.timestamp);
    (
        transcript.start_time.or_else(|| turns().min()),
        transcript.end_time.or_else(|| turns().max()),
    )
}

/// What a manifest says; `None` when it is none.
pub(super) fn egress(bytes: &[u8]) -> Option<EgressFacts> {
    let manifest = manifest::parse(bytes).ok()?;
    let has_output = !manifest.files.is_empty() || manifest.playlists.is_some();
    let object = RawObject::from_slice(bytes).ok()?;
    let own_id = ["egress_id", "egressId"]
        .iter()
        .find_map(|name| object.text(name));
    Some(EgressFacts {
        own_id: own_id.map(|id| bare_egress_id(&id)),
        in_progress: manifest.progress == Progress::InProgress,
        failed: matches!(manifest.progress, Progress::Failed { .. }),
        has_output,
        number: manifest.room_name.as_deref().and_then(number_digits),
        start: manifest.started_at.map(micros),
        end: manifest.ended_at.map(micros),
        paths: paths(&manifest),
        files: Vec::new(),
    })
}

fn paths(manifest: &Manifest) -> Vec<String> {
    let local = |location: &String| !is_remote(location);
    let path = |file: &manifest::ManifestFile| {
        let location = file.location.clone().filter(local);
        file.filename.clone().or(location)
    };
    manifest.files.iter().filter_map(path).collect()
}

/// What a lead says; `None` when it is none.
pub(super) fn lead(bytes: &[u8]) -> Option<LeadFacts> {
    let object = RawObject::from_slice(bytes).ok()?;
    let campaign = object.object("campaign_metadata").unwrap_or_default();
    let mut session_ids: Vec<String> = [&object, &campaign]
        .into_iter()
        .flat_map(|object| ["session_id", "sessionId"].map(|name| object.text(name)))
        .flatten()
        .collect();
    session_ids.sort();
    session_ids.dedup();
    let time = object.get("timestamp").and_then(|value| {
        let text = json::string(value);
        text.as_deref()
            .and_then(timestamp::parse)
            .or_else(|| timestamp::parse_epoch_seconds(value.get()))
    });
    Some(LeadFacts {
        session_ids,
        time: time.map(micros),
        email: object.text("email").map(|email| folded(&email)),
    })
}

/// What a document names.
pub(super) fn document(document: &Document) -> DocumentFacts {
    DocumentFacts {
        session_id: document.session_id().to_owned(),
        egress_id: document.egress_id(),
        conversation_path: document.conversation_path(),
        recording_path: document.recording_path(),
        lead_path: document.lead_path(),
        ..DocumentFacts::default()
    }
}

/// An egress id without its prefix.
pub(super) fn bare_egress_id(id: &str) -> String {
    let id = id.trim();
    id.strip_prefix("EG_").unwrap_or(id).to_owned()
}

/// A time as adoption counts it. Beyond some forty thousand years it is no time of a call, and with
/// none so far away no difference is too large to count.
pub(super) fn micros(time: DateTime<Utc>) -> Micros {
    time.timestamp_micros().clamp(-FARTHEST, FARTHEST)
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
