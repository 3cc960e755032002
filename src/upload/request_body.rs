//! A request's body as a reader: exactly as many bytes as announced, in constant memory, and an
//! account of how many were handed over.

use std::io::{self, Read};

use super::progress::{InFlight, Progress};

/// Why a recording could not be read to its announced end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SourceFailure {
    /// It ended after so many of so many bytes.
    EndedEarly {
        /// Bytes read.
        read: u64,
        /// Bytes announced.
        announced: u64,
    },
    /// Reading it failed; the system's reason.
    Unreadable(String),
}

/// Reads exactly `len_bytes` of a source: never one more, and an early end is an error. (ureq takes
/// an early end for progress and would spin until a time-out.)
struct ExactReader<'a> {
    source: &'a mut (dyn Read + Send),
    len_bytes: u64,
    read_bytes: u64,
    failure: Option<SourceFailure>,
}

impl ExactReader<'_> {
    fn fail(&mut self, failure: SourceFailure, kind: io::ErrorKind) -> io::Error {
        self.failure = Some(failure);
        io::Error::new(kind, "the source of the body failed")
    }
}

impl Read for ExactReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len_bytes.saturating_sub(self.read_bytes);
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(space) = buffer.get_mut(..most).filter(|space| !space.is_empty()) else {
            return Ok(0);
        };
        if let Some(failure) = self.failure.clone() {
            return Err(self.fail(failure, io::ErrorKind::InvalidInput));
        }
        loop {
            match self.source.read(space) {
                Ok(0) => {
                    let failure = SourceFailure::EndedEarly {
                        read: self.read_bytes,
                        announced: self.len_bytes,
                    };
                    return Err(self.fail(failure, io::ErrorKind::InvalidInput));
                }
                Ok(count) => {
                    let count = count.min(most);
                    self.read_bytes = self.read_bytes.saturating_add(count as u64);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let failure = SourceFailure::Unreadable(error.to_string());
                    return Err(self.fail(failure, io::ErrorKind::InvalidInput));
                }
            }
        }
    }
}

/// The body of one request: a head, perhaps a recording, a tail.
pub(super) struct RequestBody<'a> {
    head: &'a [u8],
    recording: Option<ExactReader<'a>>,
    tail: &'a [u8],
    handed_over_bytes: u64,
    total_bytes: u64,
    progress: Option<Progress>,
}

impl<'a> RequestBody<'a> {
    /// A body that is in memory.
    pub(super) fn of_bytes(bytes: &'a [u8]) -> Self {
        Self {
            head: bytes,
            recording: None,
            tail: &[],
            handed_over_bytes: 0,
            total_bytes: bytes.len() as u64,
            progress: None,
        }
    }

    /// A recording in its multipart frame. `progress` learns when the last byte is handed over.
    pub(super) fn of_recording(
        head: &'a [u8],
        source: &'a mut (dyn Read + Send),
        len_bytes: u64,
        tail: &'a [u8],
        progress: Progress,
    ) -> Self {
        let frame_bytes = (head.len() as u64).saturating_add(tail.len() as u64);
        Self {
            head,
            recording: Some(ExactReader {
                source,
                len_bytes,
                read_bytes: 0,
                failure: None,
            }),
            tail,
            handed_over_bytes: 0,
            total_bytes: frame_bytes.saturating_add(len_bytes),
            progress: Some(progress),
        }
    }

    /// The Content-Length, in bytes.
    pub(super) fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes that were handed over to be sent.
    pub(super) fn handed_over_bytes(&self) -> u64 {
        self.handed_over_bytes
    }

    /// What went wrong with the recording's source, if anything did.
    pub(super) fn source_failure(&self) -> Option<&SourceFailure> {
        self.recording
            .as_ref()
            .and_then(|recording| recording.failure.as_ref())
    }
}

/// Moves as much of a slice as fits into the buffer.
fn take(from: &mut &[u8], buffer: &mut [u8]) -> usize {
    let count = from.len().min(buffer.len());
    let (taken, rest) = from.split_at(count);
    if let Some(space) = buffer.get_mut(..count) {
        space.copy_from_slice(taken);
    }
    *from = rest;
    count
}

impl RequestBody<'_> {
    fn read_once(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = take(&mut self.head, buffer);
        if count == 0
            && let Some(recording) = &mut self.recording
        {
            count = recording.read(buffer)?;
        }
        if count == 0 {
            count = take(&mut self.tail, buffer);
        }
        Ok(count)
    }
}

impl Read for RequestBody<'_> {
    /// Fills the buffer as far as there is something to fill it with: what is read at once is sent
    /// at once.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_once(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                // It is told when what came before it is sent.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        self.handed_over_bytes = self.handed_over_bytes.saturating_add(filled as u64);
        if self.handed_over_bytes >= self.total_bytes
            && let Some(progress) = &self.progress
        {
            progress.set(InFlight::AwaitingRecordingAnswer);
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads everything in steps of `step` bytes.
    fn drain(body: &mut RequestBody<'_>, step: usize) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut buffer = vec![0; step];
        loop {
            match body.read(&mut buffer)? {
                0 => return Ok(all),
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    fn framed<'a>(source: &'a mut (dyn Read + Send), len_bytes: u64) -> RequestBody<'a> {
        RequestBody::of_recording(b"<head>", source, len_bytes, b"<tail>", Progress::default())
    }

    #[test]
    fn exactly_the_announced_bytes_are_sent_even_when_the_source_holds_more() {
        for step in [1, 3, 100] {
            let mut source: &[u8] = b"0123456789";
            let mut body = framed(&mut source, 9);
            assert_eq!(body.total_bytes(), 21);
            assert_eq!(drain(&mut body, step).unwrap(), b"<head>012345678<tail>");
            assert_eq!(body.handed_over_bytes(), 21);
            assert_eq!(body.source_failure(), None);
            assert_eq!(source, b"9", "nothing past the end may be read");
        }
    }

    #[test]
    fn a_source_that_ends_early_is_an_error_not_a_short_body() {
        let mut source: &[u8] = b"0123456789";
        let mut body = framed(&mut source, 11);
        assert!(drain(&mut body, 4).is_err());
        assert_eq!(
            body.source_failure(),
            Some(&SourceFailure::EndedEarly {
                read: 10,
                announced: 11
            })
        );
        assert_eq!(body.handed_over_bytes(), 16);
    }

    #[test]
    fn an_empty_recording_is_sent_as_such() {
        let mut source: &[u8] = b"";
        let mut body = framed(&mut source, 0);
        assert_eq!(drain(&mut body, 5).unwrap(), b"<head><tail>");
    }

    #[test]
    fn a_source_that_fails_is_told_apart_and_interruptions_are_not_failures() {
        struct Flaky(Vec<io::Result<&'static [u8]>>);
        impl Read for Flaky {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let mut bytes = self.0.remove(0)?;
                bytes.read(buffer)
            }
        }
        let mut source = Flaky(vec![
            Err(io::ErrorKind::Interrupted.into()),
            Ok(b"01"),
            Err(io::Error::other("stale file handle")),
        ]);
        let mut body = framed(&mut source, 3);
        assert!(drain(&mut body, 100).is_err());
        assert_eq!(
            body.source_failure(),
            Some(&SourceFailure::Unreadable("stale file handle".to_owned()))
        );
        assert_eq!(body.handed_over_bytes(), 8);
    }

    #[test]
    fn progress_turns_with_the_last_byte() {
        let progress = Progress::default();
        progress.set(InFlight::SendingRecording);
        let mut source: &[u8] = b"0";
        let mut body = RequestBody::of_recording(b"h", &mut source, 1, b"tt", progress.clone());
        let mut byte = [0; 1];
        for expected in [
            InFlight::SendingRecording,
            InFlight::SendingRecording,
            InFlight::SendingRecording,
            InFlight::AwaitingRecordingAnswer,
        ] {
            assert_eq!(body.read(&mut byte).unwrap(), 1);
            assert_eq!(progress.get(), expected);
        }
        assert_eq!(body.read(&mut byte).unwrap(), 0);
    }

    #[test]
    fn bytes_in_memory_need_no_source() {
        let mut body = RequestBody::of_bytes(b"{}");
        assert_eq!((body.total_bytes(), body.handed_over_bytes()), (2, 0));
        assert_eq!(drain(&mut body, 1).unwrap(), b"{}");
        assert_eq!(body.handed_over_bytes(), 2);
    }
}
