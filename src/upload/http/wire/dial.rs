//! Makes TCP connections, and looks names up for them.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration as Span;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, Either, NextTimeout, ShutdownHandle, Transport,
};
use ureq::{Error, Timeout};

use super::socket::{Now, Socket, remaining};
use super::{Wire, failed};
use crate::upload::http::stage::Stages;

/// The least time that one of several addresses is given.
const LEAST_PATIENCE: Duration = Duration::from_millis(10);

/// Stands where the library asks for addresses before each request, and finds none: most requests
/// go over a connection that stands.
#[derive(Debug)]
pub(in crate::upload::http) struct LookUpLater(pub(in crate::upload::http) Stages);

impl Resolver for LookUpLater {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }

    fn empty(&self) -> ResolvedSocketAddrs {
        self.0.assume_connected();
        DefaultResolver::default().empty()
    }
}

/// Makes a TCP connection where there is no tunnel through a proxy already.
#[derive(Debug)]
pub(in crate::upload::http) struct Dial<R> {
    stages: Stages,
    resolver: R,
}

impl<R: Resolver> Dial<R> {
    pub(in crate::upload::http) fn new(stages: Stages, resolver: R) -> Self {
        Self { stages, resolver }
    }

    /// Looks the name up. That has its own time when the connection has.
    fn look_up(
        &self,
        details: &ConnectionDetails<'_>,
    ) -> Result<(ResolvedSocketAddrs, NextTimeout), Error> {
        let start = (details.current_time)();
        let limit = remaining(details.timeout, details.now, start);
        self.stages.looking_up();
        let found = self.resolver.resolve(details.uri, details.config, limit)?;
        self.stages.connecting();
        let limit = match limit.reason {
            Timeout::Connect => limit,
            _ => remaining(limit, start, (details.current_time)()),
        };
        Ok((found, limit))
    }
}

impl<In: Transport, R: Resolver> Connector<In> for Dial<R> {
    type Out = Either<In, Wire<Socket>>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let (addresses, limit) = self.look_up(details)?;
        let start = (details.current_time)();
        let stream = connect_to_any(&addresses, limit, &details.current_time)?;
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        let handle: Weak<TcpStream> = Arc::downgrade(&stream);
        let handle: Weak<dyn ShutdownHandle> = handle;
        (details.register_shutdown)(handle)?;
        let now = Arc::clone(&details.current_time);
        let limit = remaining(limit, start, now());
        let socket = Socket::new(stream, now, limit);
        Ok(Some(Either::B(Wire::new(socket, self.stages.clone()))))
    }
}

/// Tries one address after the other. Each is given half of the time that is left, the last one all
/// of it.
fn connect_to_any(
    addresses: &[SocketAddr],
    limit: NextTimeout,
    now: &Now,
) -> Result<TcpStream, Error> {
    let start = now();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut rest = addresses;
    while let [address, others @ ..] = rest {
        let left = match remaining(limit, start, now()).after {
            Span::Exact(left) if left.is_zero() => return Err(Error::Timeout(limit.reason)),
            Span::Exact(left) if others.is_empty() => Some(left),
            Span::Exact(left) => Some((left / 2).max(LEAST_PATIENCE)),
            Span::NotHappening => None,
        };
        let connected = match left {
            Some(left) => TcpStream::connect_timeout(address, left),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                log::debug!(address:% = address, reason:% = error; "no connection");
                last = error;
            }
        }
        rest = others;
    }
    Err(failed(last, limit))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use ureq::unversioned::transport::time::Instant as Moment;

    use super::*;

    fn limit() -> NextTimeout {
        NextTimeout {
            after: Span::from_secs(20),
            reason: Timeout::Connect,
            ..NextTimeout::default()
        }
    }

    fn now() -> Now {
        Arc::new(Moment::now)
    }

    /// An address at which nobody listens.
    fn deserted() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    #[test]
    fn where_one_address_refuses_the_next_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [deserted(), listener.local_addr().unwrap()];
        let stream = connect_to_any(&addresses, limit(), &now()).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
    }

    #[test]
    fn what_the_last_address_said_is_told() {
        let error = connect_to_any(&[deserted()], limit(), &now()).unwrap_err();
        let Error::Io(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let over = NextTimeout {
            after: Span::from_secs(0),
            ..limit()
        };
        let error = connect_to_any(&[deserted()], over, &now()).unwrap_err();
        assert!(matches!(error, Error::Timeout(Timeout::Connect)), "{error}");
    }
}
