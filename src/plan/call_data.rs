//! What is to be done about a session's call data.

use chrono::{DateTime, Utc};

use super::action::Hold;
use super::policy::Policy;
use super::recording::{RecordingStep, unsafe_path};
use super::settling::is_young;
use crate::outcome::{Failure, FailureKind, Part};
use crate::session::{Dossier, Lacking, Lookup, PartState, Reading};
use crate::transcript::Transcript;

/// What is to be done about call data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallDataStep {
    /// Nothing: it is delivered, or was given up.
    Settled,
    /// Send it.
    Post {
        /// The ids that the API requires.
        campaign: Campaign,
        /// What it goes without, the recording aside.
        lacking: Vec<Lacking>,
        /// It was delivered before without something that is there now: it is sent again, under a
        /// new generation.
        is_complement: bool,
    },
}

/// The ids that the API requires of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// `campaignId`.
    pub campaign_id: String,
    /// `voiceAgentId`.
    pub voice_agent_id: String,
    /// `client`.
    pub client_id: String,
}

/// Decides whether call data is due and can be built.
pub(super) fn decide(
    dossier: &Dossier,
    recording: Option<&RecordingStep>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<CallDataStep, Hold> {
    let call_data = &dossier.document.record.call_data;
    let state = call_data.state;
    let was_reopened = state == PartState::Pending && !call_data.without.is_empty();
    let is_complement = was_reopened || state.is_delivered() && complements(dossier, recording);
    if state != PartState::Pending && !is_complement {
        return Ok(CallDataStep::Settled);
    }
    let campaign = campaign(dossier, policy)?;
    let transcript = transcript(dossier, policy, now);
    let lead = lead(dossier, policy, now);
    let lacking = match (transcript, lead) {
        (Ok(transcript), Ok(lead)) => [transcript, lead].concat(),
        // A missing transcript costs an attempt; a lead that is still being written must not.
        (Err(transcript), Err(lead)) => return Err(transcript.or_graver(lead)),
        (Err(hold), Ok(_)) | (Ok(_), Err(hold)) => return Err(hold),
    };
    Ok(CallDataStep::Post {
        campaign,
        lacking,
        is_complement,
    })
}

/// Whether something that the delivered post went without is there now.
fn complements(dossier: &Dossier, recording: Option<&RecordingStep>) -> bool {
    let record = &dossier.document.record;
    let is_coming = matches!(
        recording,
        Some(RecordingStep::Upload(_) | RecordingStep::Remote { .. })
    );
    let has_recording = record.recording.state.is_delivered() || is_coming;
    let mut without = record.call_data.without.iter();
    without.any(|lacking| dossier.supplies(*lacking, has_recording))
}

fn campaign(dossier: &Dossier, policy: &Policy) -> Result<Campaign, Hold> {
    let mut missing = Vec::new();
    let mut id = |name: &'static str, default: &Option<String>| {
        let id = dossier
            .document
            .campaign_text(name)
            .or_else(|| default.clone());
        if id.is_none() {
            missing.push(name);
        }
        id.unwrap_or_default()
    };
    let campaign = Campaign {
        campaign_id: id("campaignId", &policy.default_campaign_id),
        voice_agent_id: id("voiceAgentId", &policy.default_voice_agent_id),
        client_id: id("clientId", &policy.default_client_id),
    };
    if missing.is_empty() {
        return Ok(campaign);
    }
    let message = format!(
        "campaign_metadata has no {}; put it into the document, or set the --default-…-id, and requeue",
        missing.join(", ")
    );
    Err(fail(FailureKind::MissingCampaign, message))
}

fn transcript(
    dossier: &Dossier,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<Vec<Lacking>, Hold> {
    match &dossier.transcript {
        Lookup::NotNamed => Ok(vec![Lacking::Transcript]),
        Lookup::Missing => Err(Hold::Retry {
            failure: Failure::local(
                FailureKind::MissingTranscript,
                "the transcript that the document names is not in the conversations directory",
            ),
        }),
        Lookup::Unsafe(reason) => Err(unsafe_path("transcript", reason)),
        Lookup::Unreadable(reason) => Err(Hold::unreadable("transcript", reason)),
        Lookup::Here(reading) => {
            understood(
                reading,
                "transcript",
                FailureKind::InvalidTranscript,
                policy,
                now,
            )?;
            let is_blank = reading.content.as_ref().is_ok_and(Transcript::is_blank);
            Ok(if is_blank {
                vec![Lacking::Transcript]
            } else {
                Vec::new()
            })
        }
    }
}

fn lead(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) -> Result<Vec<Lacking>, Hold> {
    match &dossier.lead {
        Lookup::NotNamed => Ok(Vec::new()),
        Lookup::Missing if is_young(dossier.modified, now, policy.settle) => {
            Err(Hold::settling("lead file"))
        }
        Lookup::Missing => Ok(vec![Lacking::Lead]),
        Lookup::Unsafe(reason) => Err(unsafe_path("lead file", reason)),
        Lookup::Unreadable(reason) => Err(Hold::unreadable("lead file", reason)),
        Lookup::Here(reading) => {
            understood(reading, "lead file", FailureKind::InvalidLead, policy, now)?;
            Ok(Vec::new())
        }
    }
}

/// A file that makes no sense is in the making while it is young, and for good when it is not.
fn understood<T>(
    reading: &Reading<T>,
    what: &'static str,
    kind: FailureKind,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<(), Hold> {
    match &reading.content {
        Ok(_) => Ok(()),
        Err(_) if is_young(reading.file.modified, now, policy.settle) => Err(Hold::settling(what)),
        Err(reason) => Err(fail(
            kind,
            format!("the {what} cannot be understood: {reason}"),
        )),
    }
}

fn fail(kind: FailureKind, message: String) -> Hold {
    Hold::Fail {
        part: Part::CallData,
        failure: Failure::local(kind, message),
    }
}
