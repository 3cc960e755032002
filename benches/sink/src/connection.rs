//! One connection: request after request, each body read and thrown away.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use crate::request::{Framing, Request, Route};
use crate::stats::Stats;
use crate::wire::{CHUNK, Wire};

const UPLOADED: &str = r#"{"success":true,"data":{"filename":"1761638707911.ogg","originalName":"recording.ogg","url":"http://crm.example/apis/uploads/recordings/1761638707911.ogg","relativeUrl":"/uploads/recordings/1761638707911.ogg"}}"#;
const STORED: &str = r#"{"success":true,"data":{"id":"1"}}"#;
const NONE_THERE: &str = r#"{"success":true,"data":[]}"#;
const NOT_FOUND: &str = r#"{"error":"not found"}"#;

/// Serves a connection to its end.
pub(crate) fn serve(wire: Wire, stats: &Stats, latency: Duration) -> io::Result<()> {
    let mut incoming = Incoming {
        wire,
        buffer: vec![0; CHUNK],
        start: 0,
        end: 0,
    };
    let mut is_first = true;
    while let Some(request) = incoming.head()? {
        let is_counted = !matches!(request.route, Route::Stats { .. });
        if is_counted {
            stats.arrived(std::mem::take(&mut is_first));
        }
        if request.expects_continue && incoming.start == incoming.end {
            incoming.wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let length = match request.framing {
            Framing::Length(length) => {
                incoming.discard(length)?;
                length
            }
            Framing::Chunked => incoming.discard_chunks()?,
        };
        if is_counted {
            stats.received(request.route, length);
            if !latency.is_zero() {
                thread::sleep(latency);
            }
        }
        answer(&mut incoming.wire, request.route, stats)?;
        if request.is_last {
            break;
        }
    }
    Ok(())
}

fn answer(wire: &mut Wire, route: Route, stats: &Stats) -> io::Result<()> {
    let counts = match route {
        Route::Stats { is_reset: true } => serde_json::to_string(&stats.take())?,
        Route::Stats { is_reset: false } => serde_json::to_string(&stats.counts())?,
        _ => String::new(),
    };
    let (status, body) = match route {
        Route::Upload => ("201 Created", UPLOADED),
        Route::CallData => ("201 Created", STORED),
        Route::Question => ("200 OK", NONE_THERE),
        Route::Stats { .. } => ("200 OK", counts.as_str()),
        Route::Other => ("404 Not Found", NOT_FOUND),
    };
    // In one piece: two would be two packets.
    let whole = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    wire.write_all(whole.as_bytes())?;
    wire.flush()
}

/// What comes from the client, through a buffer.
struct Incoming {
    wire: Wire,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    /// The next head; `None` when the client is done.
    fn head(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some((request, length)) = Request::parse(self.unread())? {
                self.start += length;
                return Ok(Some(request));
            }
            let had = self.end - self.start;
            if self.fill()? == 0 {
                let is_between = had == 0;
                return is_between
                    .then_some(None)
                    .ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Throws away that many bytes.
    fn discard(&mut self, mut length: u64) -> io::Result<()> {
        let buffered = u64::try_from(self.end - self.start).unwrap_or(u64::MAX);
        if length < buffered {
            self.start += usize::try_from(length).map_err(io::Error::other)?;
            return Ok(());
        }
        length -= buffered;
        (self.start, self.end) = (0, 0);
        while length > 0 {
            let most = usize::try_from(length).unwrap_or(CHUNK).min(CHUNK);
            match self.wire.read(&mut self.buffer[..most])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => length -= read as u64,
            }
        }
        Ok(())
    }

    /// Throws away a chunked body; how long it was without its frame.
    fn discard_chunks(&mut self) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
            if size == 0 {
                break;
            }
            self.discard(size)?;
            total += size;
            self.line()?;
        }
        while !self.line()?.is_empty() {}
        Ok(total)
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            let unread = self.unread();
            if let Some(length) = unread.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&unread[..length])
                    .trim_end()
                    .to_owned();
                self.start += length + 1;
                return Ok(line);
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads more behind what is there.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            return Err(io::Error::other("a head or line is too long"));
        }
        let read = self.wire.read(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read)
    }
}
