//! Makes the documents of transcripts that are adopted.

use chrono::{DateTime, Utc};

use super::reading;
use crate::adoption::{Choice, Decision, Outcome, shown_name};
use crate::json::{self, RawObject};
use crate::session::{Adopted as Note, Draft, Lookup};
use crate::spool::{Asset, AssetPlace, Deposit, DepositError, LeasedSpool, SpoolError};
use crate::timestamp;
use crate::transcript::{self, Identity, Transcript};

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// Nothing can be added to the spool.
    #[error(transparent)]
    Deposit(#[from] DepositError),
    /// A document cannot be written durably.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A document has no form in JSON.
    #[error("cannot make the document of {transcript}")]
    Json {
        /// The transcript's file name.
        transcript: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What came of adopting one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopted {
    /// It has a document of that file name now.
    As(String),
    /// It got one meanwhile, of that file name.
    Already(String),
    /// The transcript has changed since it was looked at: it is another time's.
    Changed,
    /// It cannot be adopted, and why.
    Unfit(String),
}

/// How a document names transcript, recording and lead.
type Paths = (String, Option<String>, Option<String>);

/// Makes documents, while the lease is held.
#[derive(Debug)]
pub struct Adopter<'a> {
    /// The spool.
    pub leased: &'a LeasedSpool<'a>,
    /// The time that the documents are of.
    pub now: DateTime<Utc>,
}

impl Adopter<'_> {
    /// Makes the document of a transcript that is to be adopted. `digest` is the hash of the bytes
    /// that were decided on; `by_hand` says whether a person has decided.
    ///
    /// # Errors
    /// When the document cannot be added durably.
    pub fn adopt(
        &self,
        decision: &Decision,
        digest: &str,
        by_hand: bool,
    ) -> Result<Adopted, AdoptError> {
        let (Outcome::Adopt, Some(session_id)) = (&decision.outcome, &decision.session_id) else {
            return Ok(Adopted::Unfit("it is not to be adopted".to_owned()));
        };
        let name = &decision.transcript;
        let read = self.leased.read_asset(
            AssetPlace::Conversations,
            name,
            Asset::Transcript.limit_bytes(),
        );
        let bytes = match read {
            Ok(Some(bytes)) if reading::digest(&bytes) == digest => bytes,
            Ok(_) => return Ok(Adopted::Changed),
            Err(error) => return Ok(Adopted::Unfit(error.to_string())),
        };
        let (Ok(transcript), Ok(identity)) =
            (transcript::parse(&bytes), transcript::identity(&bytes))
        else {
            return Ok(Adopted::Changed);
        };
        let draft = match self.draft(session_id, decision, &transcript, identity, by_hand) {
            Ok(Ok(draft)) => draft,
            Ok(Err(unfit)) => return Ok(Adopted::Unfit(unfit)),
            Err(source) => return Err(json_error(name, source)),
        };
        let bytes = draft
            .to_bytes()
            .map_err(|source| json_error(name, source))?;
        // Not longer than needed: agents wait for this lock.
        let deposit = Deposit::open(self.leased.layout())?;
        if let Some(known) = deposit.find(session_id)? {
            return Ok(Adopted::Already(known.name.to_string_lossy().into_owned()));
        }
        let name = deposit.add_document(session_id, &bytes)?;
        Ok(Adopted::As(name.to_string_lossy().into_owned()))
    }

    /// The document; or why there can be none.
    fn draft(
        &self,
        session_id: &str,
        decision: &Decision,
        transcript: &Transcript,
        identity: Identity,
        by_hand: bool,
    ) -> serde_json::Result<Result<Draft, String>> {
        let (start, end) = reading::times(transcript);
        let dialed_number = identity.campaign_text("dialedNumber");
        let mut campaign = identity.campaign.unwrap_or_default();
        set_egress(&mut campaign, &decision.recording, by_hand)?;
        if by_hand && decision.lead == Choice::Declined && has(&campaign, "lead_file") {
            campaign.set("lead_file", &())?;
        }
        let (conversation, recording, lead) = match self.paths(decision) {
            Ok(paths) => paths,
            Err(unfit) => return Ok(Err(unfit)),
        };
        Ok(Ok(Draft {
            session_id: session_id.to_owned(),
            dialed_number,
            campaign_metadata: campaign,
            recording,
            conversation: Some(conversation),
            lead,
            call_start: start,
            call_end: end,
            metadata_saved: Some(self.now),
            adopted: Some(Note {
                at: timestamp::format_millis(self.now),
                recording: Some(decision.recording.reason().to_owned()),
                lead: Some(decision.lead.reason().to_owned()),
            }),
        }))
    }

    /// How the document names transcript, recording and lead; or why it cannot.
    fn paths(&self, decision: &Decision) -> Result<Paths, String> {
        let path = |place, name: &str| {
            self.path(place, name)
                .ok_or_else(|| format!("no document can name the file {}", shown_name(name)))
        };
        let recording = match &decision.recording {
            Choice::Found {
                egress_id: None,
                file: Some(file),
                ..
            } => Some(path(AssetPlace::Recordings, file)?),
            _ => None,
        };
        let lead = match &decision.lead {
            Choice::Found {
                file: Some(file), ..
            } => Some(path(AssetPlace::Leads, file)?),
            _ => None,
        };
        let conversation = path(AssetPlace::Conversations, &decision.transcript)?;
        Ok((conversation, recording, lead))
    }

    /// How a document names a file so that a run finds this one: relative to the root, else
    /// absolute, else by its bare name.
    fn path(&self, place: AssetPlace, name: &str) -> Option<String> {
        let layout = self.leased.layout();
        let dir = match place {
            AssetPlace::Conversations => &layout.conversations,
            AssetPlace::Recordings => &layout.recordings,
            AssetPlace::Leads => &layout.leads,
        };
        let whole = dir.join(name);
        let relative = whole.strip_prefix(&layout.root).ok();
        let paths = [
            relative.and_then(|path| path.to_str()),
            whole.to_str(),
            Some(name),
        ];
        let finds_it = |path: &str| match self.leased.find_asset(place, path) {
            Lookup::Here(file) => file.relative.to_str() == Some(name),
            _ => false,
        };
        let mut fit = paths.into_iter().flatten().filter(|path| finds_it(path));
        fit.next().map(str::to_owned)
    }
}

fn json_error(transcript: &str, source: serde_json::Error) -> AdoptError {
    AdoptError::Json {
        transcript: transcript.to_owned(),
        source,
    }
}

fn has(campaign: &RawObject, name: &str) -> bool {
    campaign
        .get(name)
        .is_some_and(|value| value.get() != "null")
}

/// Names the egress whose recording it is. What the campaign metadata says itself stays, unless a
/// person has decided otherwise.
fn set_egress(
    campaign: &mut RawObject,
    recording: &Choice,
    by_hand: bool,
) -> serde_json::Result<()> {
    let found = match recording {
        Choice::Found { egress_id, .. } => egress_id.as_ref(),
        _ => None,
    };
    let own = campaign
        .get("egressId")
        .and_then(json::string)
        .map(|id| reading::bare_egress_id(&id))
        .filter(|id| !id.is_empty());
    match found {
        Some(id) if own.is_none() || by_hand && own.as_ref() != Some(id) => {
            campaign.set("egressId", &format!("EG_{id}"))
        }
        None if by_hand && own.is_some() => campaign.set("egressId", &()),
        _ => Ok(()),
    }
}
