//! Why nothing, or not all, could be recorded.

use std::path::PathBuf;

use super::problem::Problems;
use crate::spool::{DepositError, OpenError, SpoolError, State};

/// Why a lead or a session was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerError {
    /// What was given cannot be recorded; nothing was written.
    #[error(transparent)]
    Invalid(#[from] Problems),
    /// There is no spool to write to.
    #[error(transparent)]
    NoSpool(OpenError),
    /// The spool could not be written; the same call may be tried again.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The lead is on disk, but its session was saved before: no run will deliver it.
    #[error(
        "the session was saved before this lead ({}, at {}), so the lead at {} will not be delivered by itself",
        state.as_str(), document.display(), lead.display()
    )]
    LeadTooLate {
        /// The lead file.
        lead: PathBuf,
        /// The session's document.
        document: PathBuf,
        /// The document's state.
        state: State,
    },
    /// A JSON text could not be put together.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
}

impl From<DepositError> for ProducerError {
    fn from(error: DepositError) -> Self {
        match error {
            DepositError::NoSpool(error) => Self::NoSpool(error),
            DepositError::Spool(error) => Self::Spool(error),
        }
    }
}
