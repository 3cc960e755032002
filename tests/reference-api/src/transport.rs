//! One accepted socket, plain or under TLS, and the ways to end it.
//!
//! Knows nothing of HTTP.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;

/// How long a close waits for the client to stop sending, so that the answer is not lost to the
/// reset that unread data would cause.
const LINGER: Duration = Duration::from_secs(1);

/// Most bytes that a close reads and throws away.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// A connection's bytes.
pub(crate) struct Transport {
    socket: Arc<TcpStream>,
    tls: Option<Box<ServerConnection>>,
}

impl Transport {
    /// Takes a socket over; with a configuration it speaks TLS.
    ///
    /// # Errors
    /// When the TLS session cannot be made.
    pub(crate) fn new(socket: Arc<TcpStream>, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let tls = tls
            .map(|config| ServerConnection::new(Arc::clone(config)))
            .transpose()
            .map_err(io::Error::other)?
            .map(Box::new);
        socket.set_nodelay(true)?;
        Ok(Self { socket, tls })
    }

    /// How long a read may wait; `None` is for ever.
    ///
    /// # Errors
    /// When the socket refuses.
    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    /// Ends the connection with a FIN and no more waiting.
    pub(crate) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let mut socket = &*self.socket;
            // The client may be gone already; then there is nobody to tell.
            while tls.wants_write() && matches!(tls.write_tls(&mut socket), Ok(1..)) {}
        }
        // The FIN goes out before the descriptor closes, so that it precedes the reset that the
        // kernel sends for unread data.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Ends the connection with a FIN, and reads on until the client has stopped sending.
    pub(crate) fn close_gently(&mut self) {
        self.close();
        if self.socket.set_read_timeout(Some(LINGER)).is_ok() {
            let _ = io::copy(&mut (&*self.socket).take(LINGER_BYTES), &mut io::sink());
        }
    }

    /// Makes the coming drop a reset (RST).
    pub(crate) fn arm_reset(&self) {
        let _ = SockRef::from(&*self.socket).set_linger(Some(Duration::ZERO));
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut socket = &*self.socket;
        match &mut self.tls {
            None => socket.read(buffer),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut socket).read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut socket = &*self.socket;
        match &mut self.tls {
            None => socket.write(bytes),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut socket = &*self.socket;
        match &mut self.tls {
            None => socket.flush(),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut socket).flush(),
        }
    }
}
