//! A TCP connection with limits of time.
//!
//! The system knows limits for one read and one write. Each that is set costs a system call, so one
//! that is shorter than what is left is used as long as it serves, and what it cuts short is gone
//! on with until the time is really over.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::RecvFlags;
use ureq::Error;
use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::{Duration as Span, Instant as Moment};

use super::{Link, failed};

/// Below that a limit is set to the point.
const EXACT_BELOW: Duration = Duration::from_millis(200);

/// The HTTP library's clock.
pub(super) type Now = Arc<dyn Fn() -> Moment + Send + Sync>;

/// Bytes both ways with a limit of time for all of them.
pub(in crate::upload::http) trait Stream:
    Read + Write + fmt::Debug + Send + Sync + 'static
{
    /// From now on reads and writes may take so long together.
    fn set_limit(&mut self, limit: NextTimeout);

    /// Whether it still stands and nothing came that nobody asked for.
    fn is_open(&mut self) -> bool;
}

/// A TCP connection.
pub(in crate::upload::http) struct Socket {
    stream: Arc<TcpStream>,
    now: Now,
    deadline: Option<Instant>,
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
}

impl Socket {
    /// `stream` has no limits yet.
    pub(super) fn new(stream: Arc<TcpStream>, now: Now, limit: NextTimeout) -> Self {
        let mut socket = Self {
            stream,
            now,
            deadline: None,
            read_limit: None,
            write_limit: None,
        };
        socket.set_limit(limit);
        socket
    }

    /// Tries until it is done or the time is over.
    fn within_limit<T>(
        &mut self,
        set: impl Fn(&mut Self, Option<Duration>) -> io::Result<()>,
        mut act: impl FnMut(&TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let left = match (self.deadline, (self.now)()) {
                (Some(deadline), Moment::Exact(now)) => {
                    Some(deadline.saturating_duration_since(now))
                }
                _ => None,
            };
            if left.is_some_and(|left| left.is_zero()) {
                return Err(ErrorKind::TimedOut.into());
            }
            set(self, left)?;
            match act(&self.stream) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                result => return result,
            }
        }
    }

    fn limit_reads(&mut self, left: Option<Duration>) -> io::Result<()> {
        match limit_to_set(self.read_limit, left) {
            Some(limit) => {
                self.stream.set_read_timeout(limit)?;
                self.read_limit = limit;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn limit_writes(&mut self, left: Option<Duration>) -> io::Result<()> {
        match limit_to_set(self.write_limit, left) {
            Some(limit) => {
                self.stream.set_write_timeout(limit)?;
                self.write_limit = limit;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The limit to set in place of the one that is set, when that one does not serve.
fn limit_to_set(set: Option<Duration>, left: Option<Duration>) -> Option<Option<Duration>> {
    match (set, left) {
        (None, None) => None,
        (Some(_), None) => Some(None),
        (Some(set), Some(left)) if set <= left && set >= left / 4 => None,
        (_, Some(left)) if left < EXACT_BELOW => Some(Some(left)),
        (_, Some(left)) => Some(Some(left / 2)),
    }
}

/// What is left of a limit.
pub(in crate::upload::http) fn remaining(
    mut limit: NextTimeout,
    since: Moment,
    now: Moment,
) -> NextTimeout {
    if let (Span::Exact(whole), Moment::Exact(since), Moment::Exact(now)) =
        (limit.after, since, now)
    {
        let passed = now.saturating_duration_since(since);
        limit.after = Span::Exact(whole.saturating_sub(passed));
    }
    limit
}

impl Stream for Socket {
    fn set_limit(&mut self, limit: NextTimeout) {
        self.deadline = match (limit.after, (self.now)()) {
            (Span::Exact(after), Moment::Exact(now)) => now.checked_add(after),
            _ => None,
        };
    }

    fn is_open(&mut self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let seen = rustix::net::recv(&*self.stream, &mut [0_u8; 1], flags);
        // Bytes that are there already answer no request of ours; none are its end.
        matches!(seen, Err(Errno::AGAIN))
    }
}

impl Link for Socket {
    fn send(&mut self, bytes: &[u8], limit: NextTimeout) -> Result<(), Error> {
        self.set_limit(limit);
        self.write_all(bytes).map_err(|error| failed(error, limit))
    }

    fn receive(&mut self, space: &mut [u8], limit: NextTimeout) -> Result<usize, Error> {
        self.set_limit(limit);
        self.read(space).map_err(|error| failed(error, limit))
    }

    fn is_open(&mut self) -> bool {
        Stream::is_open(self)
    }

    fn is_tls(&self) -> bool {
        false
    }
}

impl Read for Socket {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.within_limit(Self::limit_reads, |mut stream| stream.read(space))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.within_limit(Self::limit_writes, |mut stream| stream.write(bytes))
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.within_limit(Self::limit_writes, |mut stream| {
            stream.write_vectored(pieces)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Socket").field(&self.stream).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_set_anew_only_when_it_does_not_serve() {
        let seconds = Duration::from_secs;
        assert_eq!(limit_to_set(None, None), None);
        assert_eq!(
            limit_to_set(None, Some(seconds(60))),
            Some(Some(seconds(30)))
        );
        assert_eq!(limit_to_set(Some(seconds(30)), Some(seconds(60))), None);
        assert_eq!(limit_to_set(Some(seconds(30)), Some(seconds(30))), None);
        assert_eq!(
            limit_to_set(Some(seconds(30)), Some(seconds(29))),
            Some(Some(Duration::from_millis(14_500))),
            "it would end too late"
        );
        assert_eq!(
            limit_to_set(Some(seconds(30)), Some(seconds(121))),
            Some(Some(Duration::from_millis(60_500))),
            "it would wake too often"
        );
        assert_eq!(limit_to_set(Some(seconds(30)), None), Some(None));
        let short = Duration::from_millis(7);
        assert_eq!(limit_to_set(None, Some(short)), Some(Some(short)));
    }
}
