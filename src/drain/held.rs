//! Charges held back: whether a failure is the session's or the service's is known only when
//! something is delivered, or when the breaker trips.

use std::ffi::OsString;

use crate::session::Document;
use crate::settle::Charge;

/// A session that failed, as it is on disk, and what that will have cost it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) name: OsString,
    pub(super) document: Document,
    pub(super) charges: Vec<Charge>,
}
