//! `multipart/form-data`, parsed by the `multer` library so that nothing here mirrors how
//! callspool writes it. Streams; holds no file in memory.

use std::io::{self, Read, Write};
use std::task::Poll;

use bytes::Bytes;
use futures_util::stream;

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// What the part with the file said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePart {
    pub(crate) file_name: String,
    pub(crate) media_type: Option<String>,
}

/// Why a form cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    /// The header names no form.
    #[error("content-type is not multipart/form-data with a boundary")]
    ContentType,
    /// The form has no file.
    #[error("the form has no field `file` with a file name")]
    NoFile,
    /// The form has several.
    #[error("the form has more than one field `file`")]
    SeveralFiles,
    /// The bytes are no form.
    #[error("the form cannot be read: {0}")]
    Malformed(multer::Error),
    /// The file cannot be kept.
    #[error("the file cannot be written: {0}")]
    Write(#[source] io::Error),
}

/// Reads a form and writes the content of its one field `file` to `sink`.
///
/// # Errors
/// When the form is malformed, has not exactly one file, or the sink fails.
pub(crate) fn read_file(
    content_type: Option<&str>,
    body: &mut (impl Read + Send),
    sink: &mut impl Write,
) -> Result<FilePart, FormError> {
    let boundary = content_type
        .and_then(|value| multer::parse_boundary(value).ok())
        .ok_or(FormError::ContentType)?;
    pollster::block_on(read_parts(boundary, body, sink))
}

async fn read_parts(
    boundary: String,
    body: &mut (impl Read + Send),
    sink: &mut impl Write,
) -> Result<FilePart, FormError> {
    let mut form = multer::Multipart::new(chunks(body), boundary);
    let mut file = None;
    while let Some(mut field) = form.next_field().await.map_err(FormError::Malformed)? {
        if field.name() != Some("file") {
            continue;
        }
        if file.is_some() {
            return Err(FormError::SeveralFiles);
        }
        let part = FilePart {
            file_name: field.file_name().ok_or(FormError::NoFile)?.to_owned(),
            media_type: field.content_type().map(ToString::to_string),
        };
        while let Some(chunk) = field.chunk().await.map_err(FormError::Malformed)? {
            sink.write_all(&chunk).map_err(FormError::Write)?;
        }
        file = Some(part);
    }
    file.ok_or(FormError::NoFile)
}

/// A blocking reader as the stream that `multer` takes.
///
/// `multer` reads on for as long as a stream is ready, into memory. So the stream is not ready
/// after each chunk, which lets the chunk be used up before the next is read.
fn chunks(body: &mut (impl Read + Send)) -> impl stream::Stream<Item = io::Result<Bytes>> + Send {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut is_pausing = false;
    stream::poll_fn(move |context| {
        is_pausing = !is_pausing;
        if !is_pausing {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match body.read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => buffer
                .get(..count)
                .map(|chunk| Ok(Bytes::copy_from_slice(chunk))),
            Err(error) => Some(Err(error)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=xx";

    fn read(content_type: &str, body: &str) -> Result<(FilePart, Vec<u8>), FormError> {
        let mut content = Vec::new();
        let part = read_file(Some(content_type), &mut body.as_bytes(), &mut content)?;
        Ok((part, content))
    }

    fn part(name: &str, content: &str) -> String {
        format!(
            "--xx\r\nContent-Disposition: form-data; {name}\r\nContent-Type: audio/ogg\r\n\r\n{content}\r\n"
        )
    }

    #[test]
    fn the_file_is_found_among_other_fields() {
        let form = part("name=\"note\"", "x")
            + &part("name=\"file\"; filename=\"a b.ogg\"", "\r\n--x")
            + "--xx--\r\n";
        let (part, content) = read(TYPE, &form).unwrap();
        assert_eq!(part.file_name, "a b.ogg");
        assert_eq!(part.media_type.as_deref(), Some("audio/ogg"));
        assert_eq!(content, b"\r\n--x");
    }

    #[test]
    fn a_form_without_one_whole_file_is_refused() {
        let file = part("name=\"file\"; filename=\"a\"", "x");
        assert!(matches!(
            read("application/json", "{}"),
            Err(FormError::ContentType)
        ));
        assert!(matches!(
            read("multipart/form-data", "{}"),
            Err(FormError::ContentType)
        ));
        assert!(matches!(read(TYPE, "--xx--\r\n"), Err(FormError::NoFile)));
        let nameless = part("name=\"file\"", "x") + "--xx--\r\n";
        assert!(matches!(read(TYPE, &nameless), Err(FormError::NoFile)));
        let twice = format!("{file}{file}--xx--\r\n");
        assert!(matches!(read(TYPE, &twice), Err(FormError::SeveralFiles)));
        assert!(matches!(read(TYPE, &file), Err(FormError::Malformed(_))));
    }

    /// A body of 64 MiB whose reader notes how far the sink is behind.
    #[test]
    fn a_large_file_is_not_gathered_in_memory() {
        use std::sync::atomic::{AtomicU64, Ordering};
        struct Counting<'a, T>(T, &'a AtomicU64);
        impl<T: Read> Read for Counting<'_, T> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.read(buffer)?;
                self.1.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
        }
        struct Lag<'a>(u64, u64, &'a AtomicU64);
        impl Write for Lag<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 = self
                    .1
                    .max(self.2.load(Ordering::Relaxed).saturating_sub(self.0));
                self.0 += bytes.len() as u64;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let length = 64 * 1024 * 1024;
        let head = b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let body = (&head[..])
            .chain(io::repeat(0).take(length))
            .chain(&b"\r\n--xx--\r\n"[..]);
        let given = AtomicU64::new(0);
        let mut sink = Lag(0, 0, &given);
        read_file(Some(TYPE), &mut Counting(body, &given), &mut sink).unwrap();
        assert_eq!(sink.0, length);
        assert!(sink.1 < 1024 * 1024, "{} bytes behind", sink.1);
    }
}
