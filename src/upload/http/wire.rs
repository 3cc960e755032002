//! Puts requests on the wire: connections are made, kept and written to here.
//!
//! The HTTP library has connectors of its own. These do the same with less: a name is looked up
//! when a connection is made and not for each request, a request's head goes out together with
//! what follows it, a socket's time-outs are set when they have to be and not for each read and
//! write, and trust anchors are read when there is a certificate to judge.

mod buffers;
mod dial;
mod secure;
mod socket;

use std::fmt::Debug;
use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::stage::Stages;
use buffers::HoldingBuffers;
pub(super) use dial::{Dial, LookUpLater};
pub(super) use secure::{Secure, server_name};

/// Something that carries bytes both ways within a limit of time.
pub(super) trait Link: Debug + Send + Sync + 'static {
    /// Sends all of the bytes.
    fn send(&mut self, bytes: &[u8], limit: NextTimeout) -> Result<(), Error>;

    /// Receives some bytes; none at the end.
    fn receive(&mut self, space: &mut [u8], limit: NextTimeout) -> Result<usize, Error>;

    /// Whether it still stands and nothing came over it that nobody asked for.
    fn is_open(&mut self) -> bool;

    /// Whether TLS protects it.
    fn is_tls(&self) -> bool;
}

/// A link as the HTTP library uses it.
#[derive(Debug)]
pub(super) struct Wire<L> {
    link: L,
    buffers: HoldingBuffers,
    stages: Stages,
}

impl<L: Link> Wire<L> {
    fn new(link: L, stages: Stages) -> Self {
        Self {
            link,
            buffers: HoldingBuffers::default(),
            stages,
        }
    }

    /// The link alone, before anything was sent over it.
    fn into_link(self) -> L {
        self.link
    }

    fn send(&mut self, count: usize, limit: NextTimeout) -> Result<(), Error> {
        let sent = self.link.send(self.buffers.filled(count), limit);
        if sent.is_err() {
            self.stages.writing_failed();
        }
        sent
    }
}

impl<L: Link> Transport for Wire<L> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        match self.buffers.hold_or_release(amount) {
            Some(count) => self.send(count, limit),
            None => Ok(()),
        }
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, Error> {
        if let Some(count) = self.buffers.release() {
            // A request without a body.
            self.send(count, limit)?;
        }
        let count = self.link.receive(self.buffers.input_append_buf(), limit)?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.link.is_open()
    }

    fn is_tls(&self) -> bool {
        self.link.is_tls()
    }
}

/// The system's error as the library's: it is a time-out when the time was over.
fn failed(error: io::Error, limit: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Error::Timeout(limit.reason),
        _ => Error::from(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes what is sent, and has answers ready; with none it is broken.
    #[derive(Debug, Default)]
    struct Script {
        sent: Vec<Vec<u8>>,
        answers: Vec<&'static [u8]>,
    }

    impl Link for Script {
        fn send(&mut self, bytes: &[u8], _: NextTimeout) -> Result<(), Error> {
            if self.answers.is_empty() {
                return Err(Error::Io(io::ErrorKind::ConnectionReset.into()));
            }
            self.sent.push(bytes.to_vec());
            Ok(())
        }

        fn receive(&mut self, space: &mut [u8], _: NextTimeout) -> Result<usize, Error> {
            let answer = self.answers.remove(0);
            space[..answer.len()].copy_from_slice(answer);
            Ok(answer.len())
        }

        fn is_open(&mut self) -> bool {
            true
        }

        fn is_tls(&self) -> bool {
            false
        }
    }

    fn write(wire: &mut Wire<Script>, bytes: &[u8]) -> Result<(), Error> {
        wire.buffers().output()[..bytes.len()].copy_from_slice(bytes);
        wire.transmit_output(bytes.len(), NextTimeout::default())
    }

    #[test]
    fn a_request_leaves_in_one_piece_with_or_without_a_body() {
        let answers = vec![&b"stored"[..], &b"found"[..]];
        let script = Script {
            answers,
            ..Script::default()
        };
        let mut wire = Wire::new(script, Stages::default());
        write(&mut wire, b"POST ").unwrap();
        write(&mut wire, b"{}").unwrap();
        assert!(wire.await_input(NextTimeout::default()).unwrap());
        assert_eq!(wire.buffers().input(), b"stored");
        wire.buffers().input_consume(6);
        write(&mut wire, b"GET").unwrap();
        assert!(wire.await_input(NextTimeout::default()).unwrap());
        assert_eq!(wire.buffers().input(), b"found");
        assert_eq!(wire.into_link().sent, [&b"POST {}"[..], &b"GET"[..]]);
    }

    #[test]
    fn a_write_that_fails_is_noted_until_the_next_request() {
        let stages = Stages::default();
        let mut wire = Wire::new(Script::default(), stages.clone());
        write(&mut wire, b"POST ").unwrap();
        assert!(!stages.has_writing_failed(), "nothing was written yet");
        assert!(write(&mut wire, b"{}").is_err());
        assert!(stages.has_writing_failed());
        stages.reset();
        assert!(!stages.has_writing_failed());
    }
}
