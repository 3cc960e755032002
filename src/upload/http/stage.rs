//! Notes how far a connection has got.
//!
//! The HTTP library's errors do not say whether a connection stood when they arose: a reset may
//! come from the handshake, the request or the answer. So its chain of connectors gets a note
//! before it and one after it, and so does its resolver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

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
}

impl Stages {
    /// Forgets the request before.
    pub(super) fn reset(&self) {
        self.0.open.store(0, Ordering::SeqCst);
        self.set(RESOLVING);
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

/// The system's resolver, with a note when it is done.
#[derive(Debug)]
pub(super) struct NotedResolver(pub(super) Stages, pub(super) DefaultResolver);

impl Resolver for NotedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.1.resolve(uri, config, timeout)?;
        // Unless a connector says otherwise, the request goes over a connection that stands.
        if self.0.0.open.load(Ordering::SeqCst) == 0 {
            self.0.set(CONNECTED);
        }
        Ok(found)
    }

    fn empty(&self) -> ResolvedSocketAddrs {
        // Asked for when the proxy does the resolving.
        self.0.set(CONNECTED);
        self.1.empty()
    }
}

/// The note before the connectors.
#[derive(Debug)]
pub(super) struct Begin(pub(super) Stages);

impl Connector<()> for Begin {
    type Out = ();

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<()>, Error> {
        self.0.0.open.fetch_add(1, Ordering::SeqCst);
        self.0.set(CONNECTING);
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
