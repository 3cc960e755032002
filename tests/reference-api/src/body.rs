//! A request's body while it is read: never past its Content-Length, hashed on the way.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

/// How much of a body's beginning is kept.
const OPENING_BYTES: usize = 16 * 1024;

/// A body of known length.
pub(crate) struct Body<'wire, W> {
    wire: &'wire mut W,
    /// Read from the wire for a look at it, and not yet handed out.
    ahead: Vec<u8>,
    handed_out: usize,
    left_on_wire: u64,
    received: u64,
    digest: Sha256,
    opening: Vec<u8>,
}

impl<'wire, W: BufRead> Body<'wire, W> {
    /// A body of that many bytes.
    pub(crate) fn new(wire: &'wire mut W, length: u64) -> Self {
        Self {
            wire,
            ahead: Vec::new(),
            handed_out: 0,
            left_on_wire: length,
            received: 0,
            digest: Sha256::new(),
            opening: Vec::new(),
        }
    }

    /// Reads ahead until the bytes satisfy `enough`, the limit is reached or the body ends; what
    /// was read ahead is still handed out by [`Read::read`].
    pub(crate) fn look_ahead(&mut self, limit: usize, enough: impl Fn(&[u8]) -> bool) -> &[u8] {
        let mut chunk = [0; 4096];
        while self.ahead.len() < limit && !enough(&self.ahead) {
            let Ok(count @ 1..) = self.read_wire(&mut chunk) else {
                break;
            };
            self.ahead.extend(chunk.iter().take(count));
        }
        &self.ahead
    }

    /// Reads and throws away what is left.
    ///
    /// # Errors
    /// When the client breaks off before the end.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(|_| ())
    }

    /// Reads and throws away until that many bytes of the body were received.
    ///
    /// # Errors
    /// When the client breaks off before.
    pub(crate) fn drain_to(&mut self, count: u64) -> io::Result<()> {
        let missing = count.saturating_sub(self.received);
        self.handed_out = self.ahead.len();
        io::copy(&mut self.take(missing), &mut io::sink()).map(|_| ())
    }

    /// What the body is read from, to answer on it.
    pub(crate) fn wire(&mut self) -> &mut W {
        self.wire
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the whole body has come.
    pub(crate) fn is_complete(&self) -> bool {
        self.left_on_wire == 0
    }

    /// The first bytes, as text.
    pub(crate) fn opening(&self) -> String {
        String::from_utf8_lossy(&self.opening).into_owned()
    }

    /// SHA-256 of the whole body in hex; `None` until it has come.
    pub(crate) fn sha256(&self) -> Option<String> {
        self.is_complete()
            .then(|| hex(&self.digest.clone().finalize()))
    }

    fn read_wire(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left_on_wire)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(space) = buffer.get_mut(..most).filter(|space| !space.is_empty()) else {
            return Ok(0);
        };
        let count = match self.wire.read(space) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        }?;
        let fresh = space.get(..count).unwrap_or_default();
        self.digest.update(fresh);
        let room = OPENING_BYTES.saturating_sub(self.opening.len());
        self.opening.extend(fresh.iter().take(room));
        self.left_on_wire = self.left_on_wire.saturating_sub(count as u64);
        self.received += count as u64;
        Ok(count)
    }
}

impl<W: BufRead> Read for Body<'_, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.get(self.handed_out..).unwrap_or_default();
        if ahead.is_empty() {
            return self.read_wire(buffer);
        }
        let count = ahead.read(buffer)?;
        self.handed_out += count;
        Ok(count)
    }
}

/// Bytes in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `hello`.
    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn a_body_ends_at_its_length_and_is_hashed() {
        let mut wire = &b"helloGET /"[..];
        let mut body = Body::new(&mut wire, 5);
        assert_eq!(body.sha256(), None);
        let mut text = String::new();
        body.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        assert_eq!(body.sha256().as_deref(), Some(HELLO));
        assert_eq!(wire, b"GET /");
    }

    #[test]
    fn what_was_looked_at_is_read_again_once() {
        let mut wire = &b"hello"[..];
        let mut body = Body::new(&mut wire, 5);
        assert_eq!(
            body.look_ahead(100, |bytes| bytes.contains(&b'l')),
            b"hello"
        );
        let mut text = String::new();
        body.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), body.received()), ("hello", 5));
        assert_eq!(body.sha256().as_deref(), Some(HELLO));
    }

    #[test]
    fn a_short_body_is_an_error() {
        let mut wire = &b"hell"[..];
        let mut body = Body::new(&mut wire, 5);
        assert!(body.drain().is_err());
        assert!(!body.is_complete());
        assert_eq!((body.received(), body.sha256()), (4, None));
    }

    #[test]
    fn draining_to_a_count_stops_there() {
        let mut wire = &b"hello"[..];
        let mut body = Body::new(&mut wire, 5);
        body.drain_to(3).unwrap();
        assert_eq!(body.received(), 3);
        body.drain_to(2).unwrap();
        assert_eq!(body.received(), 3);
        assert_eq!(wire, b"lo");
    }
}
