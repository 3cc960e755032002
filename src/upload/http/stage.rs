//! Notes how far a connection has got.
//!
//! The HTTP library's errors do not say whether a connection stood when they arose: a reset may
//! come from the handshake, the request or the answer. So its chain of connectors gets a note
//! before it and one after it, and what looks names up and connects notes it, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, Transport};

use crate::upload::transport_failure::Stage;

const RESOLVING: u8 = 0;
const CONNECTING: u8 = 1;
const CONNECTED: u8 = 2;

/// How far the request in flight has got; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stages(Arc<Cells>);

#[derive(Debug, Default)]
struct Cells {
    stage: AtomicU8,
    /// Connections begun and not yet made. A tunnel through a proxy begins a second one, to the
    /// proxy, inside the first.
    open: AtomicUsize,
    /// A write failed: what was handed over last did not all leave.
    writing_failed: AtomicBool,
}

impl Stages {
    /// Forgets the request before.
    pub(super) fn reset(&self) {
        self.0.open.store(0, Ordering::SeqCst);
        self.0.writing_failed.store(false, Ordering::SeqCst);
        self.set(RESOLVING);
    }

    /// Unless a connector says otherwise, the request goes over a connection that stands.
    pub(super) fn assume_connected(&self) {
        if self.0.open.load(Ordering::SeqCst) == 0 {
            self.set(CONNECTED);
        }
    }

    /// The API's name is looked up. A proxy's is a part of connecting.
    pub(super) fn looking_up(&self) {
        if self.0.open.load(Ordering::SeqCst) == 1 {
            self.set(RESOLVING);
        }
    }

    pub(super) fn connecting(&self) {
        self.set(CONNECTING);
    }

    pub(super) fn writing_failed(&self) {
        self.0.writing_failed.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_writing_failed(&self) -> bool {
        self.0.writing_failed.load(Ordering::SeqCst)
    }

    pub(super) fn get(&self) -> Stage {
        match self.0.stage.load(Ordering::SeqCst) {
            RESOLVING => Stage::Resolving,
            CONNECTING => Stage::Connecting,
            _ => Stage::Connected,
        }
    }

    fn set(&self, stage: u8) {
        self.0.stage.store(stage, Ordering::SeqCst);
    }
}

/// The note before the connectors.
#[derive(Debug)]
pub(super) struct Begin(pub(super) Stages);

impl Connector<()> for Begin {
    type Out = ();

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<()>, Error> {
        self.0.0.open.fetch_add(1, Ordering::SeqCst);
        self.0.connecting();
        Ok(None)
    }
}

/// The note after the connectors.
#[derive(Debug)]
pub(super) struct End(pub(super) Stages);

impl<In: Transport> Connector<In> for End {
    type Out = In;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<In>, Error> {
        if chained.is_some() && self.0.0.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.set(CONNECTED);
        }
        Ok(chained)
    }
}
