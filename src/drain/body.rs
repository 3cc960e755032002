//! Call data out of a session's dossier.

use std::time::Duration;

use crate::lead;
use crate::plan::Campaign;
use crate::redact::Redactor;
use crate::session::{Document, Dossier, Lookup};
use crate::upload::call_data::{self, CallDataInput, RecordingReference};

/// Builds the body of the call-data post. The same document, files and recording give the same
/// bytes, whenever it is built.
pub(super) fn build(
    dossier: &Dossier,
    document: &Document,
    campaign: &Campaign,
) -> serde_json::Result<Vec<u8>> {
    let recording = &document.record.recording;
    let reference = recording
        .url
        .as_deref()
        .filter(|_| recording.state.is_delivered());
    let transcript = dossier
        .transcript
        .here()
        .and_then(|reading| reading.content.as_ref().ok());
    let lead = dossier
        .lead
        .here()
        .and_then(|reading| reading.content.as_ref().ok());
    call_data::build(&CallDataInput {
        session_id: document.session_id(),
        campaign_id: &campaign.campaign_id,
        voice_agent_id: &campaign.voice_agent_id,
        client_id: &campaign.client_id,
        dialed_number: document.dialed_number().as_deref(),
        direction: document.campaign_text("direction").as_deref(),
        call_status: document.campaign_text("callStatus").as_deref(),
        call_start: document.timestamp("call_start"),
        call_end: document.timestamp("call_end"),
        transcript,
        lead: lead.map(|lead| &**lead),
        recording: reference.map(|url| RecordingReference {
            url,
            size_bytes: recording.bytes,
        }),
        recording_duration: recording.duration_seconds.map(Duration::from_secs),
    })
}

/// What texts about a session must not show.
pub(super) fn redactor(dossier: &Dossier, secret: Option<&str>) -> Redactor {
    let mut redactor = Redactor::new();
    if let Some(secret) = secret {
        redactor = redactor.secret(secret);
    }
    if let Some(phone) = dossier.document.dialed_number() {
        redactor = redactor.phone(&phone);
    }
    if let Lookup::Here(reading) = &dossier.transcript
        && let Ok(transcript) = &reading.content
    {
        for turn in &transcript.turns {
            redactor = redactor.transcript_text(&turn.content);
        }
    }
    if let Lookup::Here(reading) = &dossier.lead
        && let Ok(lead) = &reading.content
    {
        for value in lead::personal_texts(lead) {
            redactor = redactor.lead_value(&value);
        }
    }
    redactor
}
