//! What a caller gave, checked as a whole before anything is written.

use std::fmt::Display;
use std::path::Path;

use super::call::{Call, Conversation, LeadChoice};
use super::error::ProducerError;
use super::items::Items;
use super::problem::{Fault, Problem, Problems};
use crate::lead;
use crate::session::Draft;
use crate::spool::{Asset, Deposit, Offered};
use crate::transcript::{self, Transcript};

/// Room for what is written around what was given, in bytes.
const AROUND: u64 = 64 << 10;
/// Room for what runs write into a document, in bytes.
const RECORD_ROOM: u64 = 1 << 20;

/// What is to be recorded, the files that were named read.
pub(super) struct Given<'a> {
    pub(super) spoken: Spoken<'a>,
    /// The file of a lead that is there already.
    pub(super) lead: Option<Offered>,
}

/// What was said.
pub(super) enum Spoken<'a> {
    /// Items that are yet to be written.
    Items(&'a Items),
    /// A transcript that is there already, and what it says.
    File(Box<(Offered, Transcript)>),
}

impl<'a> Given<'a> {
    /// Reads the files that were named, and checks that a run will read what is made of all.
    pub(super) fn of(
        deposit: &Deposit,
        call: &Call,
        conversation: &'a Conversation,
    ) -> Result<Self, ProducerError> {
        let document = check_document(call)?;
        let spoken = match conversation {
            Conversation::Items(items) => check_items(call, items)?.map(|()| Spoken::Items(items)),
            Conversation::File(path) => {
                let taken = take(deposit, Asset::Transcript, path, transcript::parse);
                taken
                    .map(|taken| Spoken::File(Box::new(taken)))
                    .map_err(|reason| Problem::new("transcript_file", Fault::File(reason)))
            }
        };
        let lead = match &call.lead {
            Some(LeadChoice::File(path)) => take(deposit, Asset::Lead, path, lead::parse)
                .map(|(file, _)| Some(file))
                .map_err(|reason| Problem::new("lead_file", Fault::File(reason))),
            _ => Ok(None),
        };
        match (spoken, lead, document) {
            (Ok(spoken), Ok(lead), Ok(())) => Ok(Self { spoken, lead }),
            (spoken, lead, document) => {
                let all = [spoken.err(), lead.err(), document.err()];
                Err(Problems::all(all.into_iter().flatten().collect()).into())
            }
        }
    }
}

/// Reads a file that a caller named, or says why not.
fn take<T, E: Display>(
    deposit: &Deposit,
    asset: Asset,
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<(Offered, T), String> {
    let file = deposit.offered(asset, path);
    let file = file.map_err(|error| error.to_string())?;
    match parse(&file.bytes) {
        Ok(read) => Ok((file, read)),
        Err(error) => Err(format!("cannot be used: {error}")),
    }
}

/// Checks that a run will read the transcript that is made of the items.
fn check_items(call: &Call, items: &Items) -> serde_json::Result<Result<(), Problem>> {
    let beside = call.campaign().to_raw(2)?.get().len() + call.metadata.to_raw(1)?.get().len();
    let limit = Asset::Transcript.limit_bytes();
    Ok(check_size(
        "items",
        items.len_bytes() + beside,
        limit - AROUND,
        limit,
    ))
}

/// Checks that a run will read the document, with room for what runs write into it.
fn check_document(call: &Call) -> serde_json::Result<Result<(), Problem>> {
    let draft = Draft {
        session_id: call.session_id.clone(),
        dialed_number: call.dialed_number.clone(),
        campaign_metadata: call.campaign(),
        ..Draft::default()
    };
    let len_bytes = draft.to_bytes()?.len();
    let limit = Deposit::DOCUMENT_LIMIT;
    let most = limit - RECORD_ROOM;
    Ok(check_size("campaign_metadata", len_bytes, most, limit))
}

/// Checks that a lead will be read.
pub(super) fn check_lead(len_bytes: usize) -> Result<(), Problem> {
    let limit = Asset::Lead.limit_bytes();
    check_size("lead", len_bytes, limit, limit)
}

fn check_size(field: &str, len_bytes: usize, most: u64, limit: u64) -> Result<(), Problem> {
    if len_bytes as u64 <= most {
        return Ok(());
    }
    let limit_mib = limit >> 20;
    Err(Problem::new(field, Fault::TooLarge { limit_mib }))
}
