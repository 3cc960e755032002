//! One call, from its start to its end.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::call::{self, Call, Conversation, LeadChoice};
use super::error::ProducerError;
use super::handle::Producer;
use super::items::Items;
use super::new_lead::NewLead;
use super::problem::{Fault, Problem, Problems};
use super::save::{self, Saved};
use crate::json::RawObject;

/// What is known of one call. A cheap handle: all clones are the same call, so that a tool that
/// creates leads can hold one.
#[derive(Clone)]
pub struct SessionManager {
    producer: Producer,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    call: Call,
    saved: Option<Saved>,
}

impl SessionManager {
    /// A call that has just begun. Any text that is not empty is an id; two calls must not share one,
    /// since the second would count as saved.
    ///
    /// # Errors
    /// When the id is empty or longer than 1024 bytes.
    pub fn new(producer: &Producer, session_id: impl Into<String>) -> Result<Self, ProducerError> {
        let session_id = session_id.into();
        call::check_session_id(&session_id).map_err(Problems::from)?;
        let call = Call {
            session_id,
            ..Call::default()
        };
        Ok(Self {
            producer: producer.clone(),
            held: Arc::new(Mutex::new(Held { call, saved: None })),
        })
    }

    /// The session's id.
    pub fn session_id(&self) -> String {
        self.held().call.session_id.clone()
    }

    /// Sets the number that was called.
    pub fn set_dialed_number(&self, number: impl Into<String>) {
        self.held().call.dialed_number = Some(number.into());
    }

    /// Sets the campaign metadata: a JSON object, whose members are kept byte for byte.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn set_campaign_metadata(&self, json: &str) -> Result<(), ProducerError> {
        let object = RawObject::parse(json).ok();
        let raw = object.and_then(|_| RawValue::from_string(json.trim().to_owned()).ok());
        let Some(raw) = raw else {
            let problem = Problem::new("campaign_metadata", Fault::NotAnObject);
            return Err(Problems::from(problem).into());
        };
        self.held().call.campaign_metadata = Some(raw);
        Ok(())
    }

    /// The campaign metadata as they were set; `{}` before that.
    pub fn get_campaign_metadata(&self) -> String {
        let given = self.held().call.campaign_metadata.clone();
        given.map_or_else(|| "{}".to_owned(), |raw| raw.get().to_owned())
    }

    /// Sets the id of the egress that records the call, with or without its `EG_`. It goes into the
    /// campaign metadata unless they have one.
    pub fn set_egress_id(&self, id: impl Into<String>) {
        self.held().call.egress_id = Some(id.into());
    }

    /// Sets the lead's file: a path from the working directory, or else from the spool's root. A file
    /// outside leads/ is copied there when the session is saved.
    pub fn set_lead_file_path(&self, path: impl Into<PathBuf>) {
        self.held().call.lead = Some(LeadChoice::File(path.into()));
    }

    /// The lead's file, when it was set or created.
    pub fn get_lead_file_path(&self) -> Option<PathBuf> {
        match &self.held().call.lead {
            Some(LeadChoice::File(path)) => Some(path.clone()),
            _ => None,
        }
    }

    /// Sets when the call began. Without this it is the earliest time of an item.
    pub fn set_started_at(&self, time: DateTime<Utc>) {
        self.held().call.started_at = Some(time);
    }

    /// Sets when the call ended. Without this it is the latest time of an item.
    pub fn set_ended_at(&self, time: DateTime<Utc>) {
        self.held().call.ended_at = Some(time);
    }

    /// Sets what the transcript's `metadata` hold besides ours: a JSON object.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn set_transcript_metadata(&self, json: &str) -> Result<(), ProducerError> {
        let object = RawObject::parse(json)
            .map_err(|_| Problems::from(Problem::new("metadata", Fault::NotAnObject)))?;
        self.held().call.metadata = object;
        Ok(())
    }

    /// Writes a lead durably and makes it the call's. One that says the same as the session's newest
    /// is not written again; of several the last counts.
    ///
    /// # Errors
    /// When the lead lacks something, the spool cannot be written, or the session was saved before:
    /// then the lead is on disk, but will not be delivered.
    pub fn create_lead(&self, lead: &NewLead) -> Result<PathBuf, ProducerError> {
        let mut held = self.held();
        let deposit = self.producer.deposit()?;
        let now = self.producer.clock().now();
        let file = save::record_lead(&deposit, &held.call, lead, now)?;
        if let Some(known) = file.too_late_for {
            return Err(ProducerError::LeadTooLate {
                lead: file.stored.path,
                document: known.path,
                state: known.state,
            });
        }
        held.call.lead = Some(LeadChoice::File(file.stored.path.clone()));
        Ok(file.stored.path)
    }

    /// Saves the call: its transcript, made of these items, and then its document. A session is
    /// saved once, however often this is called; later calls change nothing.
    ///
    /// # Errors
    /// When something that was set cannot be recorded, or the spool cannot be written. The same
    /// call may be tried again.
    pub fn save_conversation_session(&self, items: &Items) -> Result<Saved, ProducerError> {
        self.save(&Conversation::Items(items.clone()))
    }

    /// Saves the call with a transcript that is in a file; a path as for
    /// [`Self::set_lead_file_path`]. A file outside conversations/ is copied there.
    ///
    /// # Errors
    /// As [`Self::save_conversation_session`], and when the file is no transcript.
    pub fn save_transcript_file(&self, path: impl AsRef<Path>) -> Result<Saved, ProducerError> {
        self.save(&Conversation::File(path.as_ref().to_owned()))
    }

    fn save(&self, conversation: &Conversation) -> Result<Saved, ProducerError> {
        let mut held = self.held();
        if let Some(saved) = &held.saved {
            return Ok(Saved {
                created: false,
                ..saved.clone()
            });
        }
        if let Some(id) = &held.call.egress_id {
            call::check_egress_id(id).map_err(Problems::from)?;
        }
        let deposit = self.producer.deposit()?;
        let now = self.producer.clock().now();
        let saved = save::save(&deposit, &held.call, conversation, now)?;
        held.saved = Some(saved.clone());
        Ok(saved)
    }

    /// A panic while it was held has left nothing half done in it.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionManager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionManager")
            .field("producer", &self.producer)
            .finish_non_exhaustive()
    }
}
