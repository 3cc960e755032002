//! TLS over a connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, Either, NextTimeout, Transport, TransportAdapter,
};

use super::socket::{Socket, Stream, remaining};
use super::{Link, Wire, failed};
use crate::upload::http::stage::Stages;
use crate::upload::http::trust::Trust;

/// What is encrypted before it is sent, in bytes: several records of TLS go out at once.
const RECORDS_BYTES: usize = 64 << 10;

/// Shakes hands where the URL asks for TLS and the connection has none.
#[derive(Debug)]
pub(in crate::upload::http) struct Secure {
    stages: Stages,
    trust: Arc<Trust>,
}

impl Secure {
    pub(in crate::upload::http) fn new(stages: Stages, trust: Arc<Trust>) -> Self {
        Self { stages, trust }
    }

    fn shake_hands<S: Stream>(
        &self,
        details: &ConnectionDetails<'_>,
        mut stream: S,
    ) -> Result<Wire<Secured<S>>, Error> {
        let name = server_name(details.uri)?;
        let mut tls = ClientConnection::new(self.trust.client_config()?, name)?;
        tls.set_buffer_limit(Some(RECORDS_BYTES));
        tls.complete_io(&mut stream)
            .map_err(|error| failed(error, details.timeout))?;
        let tls = Box::new(tls);
        Ok(Wire::new(Secured { tls, stream }, self.stages.clone()))
    }
}

/// The name that a certificate must be for.
pub(in crate::upload::http) fn server_name(uri: &Uri) -> Result<ServerName<'static>, Error> {
    let host = uri.host().unwrap_or_default();
    ServerName::try_from(host.trim_matches(['[', ']']))
        .map(|name| name.to_owned())
        .map_err(|_| Error::Tls("the host is no name for TLS"))
}

impl<In: Transport> Connector<Either<In, Wire<Socket>>> for Secure {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<Either<In, Wire<Socket>>>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Box::new(transport)));
        }
        Ok(Some(match transport {
            Either::B(wire) => Box::new(self.shake_hands(details, wire.into_link())?),
            Either::A(tunnel) => {
                let now = Arc::clone(&details.current_time);
                let limit = remaining(details.timeout, details.now, now());
                let mut tunnel = TransportAdapter::new(tunnel.boxed(), now);
                tunnel.set_timeout(limit);
                Box::new(self.shake_hands(details, Tunnel(tunnel))?)
            }
        }))
    }
}

/// A connection that TLS protects.
struct Secured<S> {
    tls: Box<ClientConnection>,
    stream: S,
}

impl<S: Stream> Link for Secured<S> {
    fn send(&mut self, bytes: &[u8], limit: NextTimeout) -> Result<(), Error> {
        self.stream.set_limit(limit);
        let mut send = || {
            let mut rest = bytes;
            while !rest.is_empty() {
                let count = self.tls.writer().write(rest)?;
                rest = rest.get(count..).unwrap_or_default();
                while self.tls.wants_write() {
                    self.tls.write_tls(&mut self.stream)?;
                }
            }
            Ok(())
        };
        send().map_err(|error| failed(error, limit))
    }

    fn receive(&mut self, space: &mut [u8], limit: NextTimeout) -> Result<usize, Error> {
        self.stream.set_limit(limit);
        let mut stream = rustls::Stream::new(&mut *self.tls, &mut self.stream);
        stream.read(space).map_err(|error| failed(error, limit))
    }

    fn is_open(&mut self) -> bool {
        self.stream.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl<S: fmt::Debug> fmt::Debug for Secured<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secured").field(&self.stream).finish()
    }
}

/// A tunnel through a proxy.
struct Tunnel(TransportAdapter);

impl Stream for Tunnel {
    fn set_limit(&mut self, limit: NextTimeout) {
        self.0.set_timeout(limit);
    }

    fn is_open(&mut self) -> bool {
        self.0.get_mut().is_open()
    }
}

impl Read for Tunnel {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.0.read(space)
    }
}

impl Write for Tunnel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tunnel").field(&self.0.inner()).finish()
    }
}
