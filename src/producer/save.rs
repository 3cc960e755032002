//! The order in which a session is written: lead, transcript, document.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::call::{Call, Conversation, LeadChoice};
use super::error::ProducerError;
use super::given::{self, Given, Spoken};
use super::items::Items;
use super::new_lead::{self, NewLead};
use super::problem::Problems;
use super::transcript_file::TranscriptFile;
use crate::json::{self, RawObject};
use crate::lead;
use crate::session::Draft;
use crate::spool::{Asset, Deposit, Known, Offered, State, Stored};
use crate::transcript::Transcript;

/// What the CRM wants of every call, by its name in `campaign_metadata`.
const IDS: [&str; 3] = ["campaignId", "voiceAgentId", "clientId"];
/// Where a document says by which manifest its recording is found.
const EGRESS_ID: &str = "egressId";
/// Where the customer's agents write the lead's path.
const LEAD_FILE: &str = "lead_file";

/// What became of a session that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Whether this call of the function wrote it; otherwise it was there, and nothing was changed.
    pub created: bool,
    /// Its document.
    pub document: PathBuf,
    /// The document's state.
    pub state: State,
    /// Its transcript; when the session was there, as its document names it.
    pub transcript: Option<PathBuf>,
    /// Its lead, likewise.
    pub lead: Option<PathBuf>,
    /// How many items were written that a run cannot read. They are kept as they were.
    pub unreadable_items: usize,
    /// Whether the end of the call lies before its start.
    pub ends_before_start: bool,
    /// What the API wants of every call and the campaign metadata lack.
    pub lacking: Vec<&'static str>,
}

/// A lead file on disk.
pub(super) struct LeadFile {
    pub(super) stored: Stored,
    /// The session's document, when there is one that does not name this file.
    pub(super) too_late_for: Option<Known>,
}

/// Saves a session, unless that was done before.
pub(super) fn save(
    deposit: &Deposit,
    call: &Call,
    conversation: &Conversation,
    now: DateTime<Utc>,
) -> Result<Saved, ProducerError> {
    if let Some(known) = deposit.find(&call.session_id)? {
        deposit.keep(&known.path)?;
        return Ok(saved_before(deposit, known));
    }
    // All that may be refused is refused before the first write.
    let given = Given::of(deposit, call, conversation)?;
    let lead = match (&call.lead, given.lead) {
        (Some(LeadChoice::New(lead)), _) => Some(add_lead(deposit, call, lead, now)?),
        (_, Some(lead)) => Some(place(deposit, Asset::Lead, call, lead)?),
        (_, None) => find_lead(deposit, call)?,
    };
    let campaign = campaign_metadata(call, lead.as_ref())?;
    let transcript = Ready::of(call, given.spoken, &campaign)?;
    let stored = place(deposit, Asset::Transcript, call, transcript.file)?;
    let draft = Draft {
        session_id: call.session_id.clone(),
        dialed_number: call.dialed_number.clone(),
        conversation: Some(stored.name),
        lead: campaign.text(LEAD_FILE),
        call_start: transcript.start,
        call_end: transcript.end,
        metadata_saved: Some(now),
        campaign_metadata: campaign,
        ..Draft::default()
    };
    let name = deposit.add_document(&call.session_id, &draft.to_bytes()?)?;
    let times = draft.call_start.zip(draft.call_end);
    Ok(Saved {
        created: true,
        document: deposit.layout().metadata.join(name),
        state: State::Pending,
        transcript: Some(stored.path),
        lead: lead.map(|lead| lead.path),
        unreadable_items: transcript.unreadable_items,
        ends_before_start: times.is_some_and(|(start, end)| end < start),
        lacking: lacking(&draft.campaign_metadata),
    })
}

/// Writes a lead, unless the newest of the session says the same.
pub(super) fn add_lead(
    deposit: &Deposit,
    call: &Call,
    lead: &NewLead,
    now: DateTime<Utc>,
) -> Result<Stored, ProducerError> {
    let object = lead.to_object(&call.campaign_as_given()?, now)?;
    if let Some(newest) = deposit.added(Asset::Lead, &call.session_id)?.pop() {
        let there = deposit.offered(Asset::Lead, &newest.path).ok();
        let is_same = |there: &Offered| new_lead::is_same_lead(&there.bytes, &object);
        if there.is_some_and(|there| is_same(&there).unwrap_or(false)) {
            deposit.keep(&newest.path)?;
            return Ok(newest);
        }
    }
    let mut text = object.to_pretty(0);
    text.push('\n');
    given::check_lead(text.len()).map_err(Problems::from)?;
    Ok(deposit.add(Asset::Lead, &call.session_id, text.as_bytes())?)
}

/// Writes a lead in the middle of a call, and looks whether that was too late.
pub(super) fn record_lead(
    deposit: &Deposit,
    call: &Call,
    lead: &NewLead,
    now: DateTime<Utc>,
) -> Result<LeadFile, ProducerError> {
    lead.check()?;
    let known = deposit.find(&call.session_id)?;
    let stored = add_lead(deposit, call, lead, now)?;
    let names_it = |known: &Known| {
        let document = deposit.document(known);
        document.and_then(|document| document.lead_path()) == Some(stored.name.clone())
    };
    Ok(LeadFile {
        too_late_for: known.filter(|known| !names_it(known)),
        stored,
    })
}

/// What there is of a session that has a document.
fn saved_before(deposit: &Deposit, known: Known) -> Saved {
    let root = &deposit.layout().root;
    let document = deposit.document(&known);
    let path = |name: Option<String>| name.map(|name| root.join(name));
    Saved {
        created: false,
        transcript: path(document.as_ref().and_then(|it| it.conversation_path())),
        lead: path(document.as_ref().and_then(|it| it.lead_path())),
        document: known.path,
        state: known.state,
        unreadable_items: 0,
        ends_before_start: false,
        lacking: Vec::new(),
    }
}

/// A transcript that is about to be named by a document.
struct Ready {
    file: Offered,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    unreadable_items: usize,
}

impl Ready {
    fn of(call: &Call, spoken: Spoken<'_>, campaign: &RawObject) -> serde_json::Result<Self> {
        match spoken {
            Spoken::Items(items) => Self::of_items(call, items, campaign),
            Spoken::File(taken) => {
                let (file, read) = *taken;
                Ok(Self::of_file(call, file, &read))
            }
        }
    }

    fn of_items(call: &Call, items: &Items, campaign: &RawObject) -> serde_json::Result<Self> {
        let has_lead = campaign.text(LEAD_FILE).is_some();
        let written = TranscriptFile::of(call, items, campaign, has_lead)?;
        Ok(Self {
            file: Offered {
                bytes: written.bytes,
                in_place: None,
            },
            start: written.start,
            end: written.end,
            unreadable_items: written.survey.skipped.unreadable,
        })
    }

    fn of_file(call: &Call, file: Offered, read: &Transcript) -> Self {
        let (first, last) = read.span.unzip();
        Self {
            file,
            start: call.started_at.or(read.start_time).or(first),
            end: call.ended_at.or(read.end_time).or(last),
            unreadable_items: read.skipped.unreadable,
        }
    }
}

/// Names a file where it is, or copies it in under the session's name.
fn place(
    deposit: &Deposit,
    asset: Asset,
    call: &Call,
    file: Offered,
) -> Result<Stored, ProducerError> {
    match file.in_place {
        Some(stored) => {
            deposit.keep(&stored.path)?;
            Ok(stored)
        }
        None => Ok(deposit.add(asset, &call.session_id, &file.bytes)?),
    }
}

/// The lead that was recorded for a session during the call; the newest, when there are several.
/// One that the campaign metadata name goes before it.
fn find_lead(deposit: &Deposit, call: &Call) -> Result<Option<Stored>, ProducerError> {
    if call.campaign().text(LEAD_FILE).is_some() {
        return Ok(None);
    }
    for stored in deposit
        .added(Asset::Lead, &call.session_id)?
        .into_iter()
        .rev()
    {
        let read = deposit.offered(Asset::Lead, &stored.path);
        if read.is_ok_and(|read| lead::parse(&read.bytes).is_ok()) {
            deposit.keep(&stored.path)?;
            return Ok(Some(stored));
        }
        // It would fail the whole call, and an agent that knows of a lead of its own names it.
        log::warn!(lead = stored.name.as_str(); "left out a file that is no lead");
    }
    Ok(None)
}

/// The campaign metadata with what the customer's agents add to them.
fn campaign_metadata(call: &Call, lead: Option<&Stored>) -> serde_json::Result<RawObject> {
    let mut campaign = call.campaign();
    if let Some(id) = &call.egress_id
        && campaign.text(EGRESS_ID).is_none()
    {
        campaign.set(EGRESS_ID, id)?;
    }
    if let Some(lead) = lead {
        campaign.set(LEAD_FILE, &lead.name)?;
    }
    Ok(campaign)
}

fn lacking(campaign: &RawObject) -> Vec<&'static str> {
    let has = |name: &str| {
        campaign.text(name).is_some() || campaign.get(name).and_then(json::integer).is_some()
    };
    IDS.into_iter().filter(|name| !has(name)).collect()
}
