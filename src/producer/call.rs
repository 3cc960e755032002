//! What is known of a call until it is saved, as plain data.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::items::Items;
use super::new_lead::NewLead;
use super::problem::{Fault, Problem};
use crate::json::{Members, RawObject};

/// The longest id of a session or an egress, in bytes. Real ones have some thirty.
pub(super) const MAX_ID_BYTES: usize = 1024;

/// A call.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    pub(super) session_id: String,
    pub(super) dialed_number: Option<String>,
    /// A JSON object as it was given.
    pub(super) campaign_metadata: Option<Box<RawValue>>,
    pub(super) egress_id: Option<String>,
    pub(super) lead: Option<LeadChoice>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    /// Members for the transcript's `metadata`.
    pub(super) metadata: RawObject,
}

/// Which lead belongs to a call. Without a choice it is the newest that was recorded for it.
#[derive(Debug, Clone)]
pub(super) enum LeadChoice {
    /// This one, yet to be written.
    New(Box<NewLead>),
    /// The one in this file.
    File(PathBuf),
}

/// What was said in a call.
#[derive(Debug, Clone)]
pub(super) enum Conversation {
    /// These items, yet to be written.
    Items(Items),
    /// The transcript in this file.
    File(PathBuf),
}

impl Call {
    /// The campaign metadata, to be added to.
    pub(super) fn campaign(&self) -> RawObject {
        let given = self.campaign_metadata.as_deref();
        given
            .and_then(Members::from_raw)
            .unwrap_or_default()
            .into_owned()
    }

    /// The campaign metadata as it was given, `{}` where none was.
    pub(super) fn campaign_as_given(&self) -> serde_json::Result<Box<RawValue>> {
        match &self.campaign_metadata {
            Some(given) => Ok(given.clone()),
            None => RawObject::default().to_raw(0),
        }
    }
}

/// Checks an id that a file name is made from.
pub(super) fn check_session_id(id: &str) -> Result<(), Problem> {
    let fault = if id.trim().is_empty() {
        Fault::Blank
    } else if id.len() > MAX_ID_BYTES {
        Fault::TooLong {
            limit_bytes: MAX_ID_BYTES,
        }
    } else {
        return Ok(());
    };
    Err(Problem::new("session_id", fault))
}

/// Checks an id by which a run looks for a manifest.
pub(super) fn check_egress_id(id: &str) -> Result<(), Problem> {
    let fault = if id.contains(['/', '\\', '\0']) {
        Fault::NotAName
    } else if id.len() > MAX_ID_BYTES {
        Fault::TooLong {
            limit_bytes: MAX_ID_BYTES,
        }
    } else {
        return Ok(());
    };
    Err(Problem::new("egress_id", fault))
}
