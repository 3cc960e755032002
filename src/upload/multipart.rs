//! The frame of a `multipart/form-data` body with one file (RFC 7578). Pure.
//!
//! Only what stands before and after the file is made here; the file itself is never in memory.

use super::{idempotency, media_type};

/// The frame around one file: what goes before it and after it, and how it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    boundary: String,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Frame {
    /// The frame for a file in the field `file`. The same name and idempotency key always give the
    /// same frame.
    pub fn new(file_name: &str, idempotency_key: &str) -> Self {
        let boundary = idempotency::boundary(idempotency_key);
        let head = format!(
            "--{boundary}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            escape(file_name),
            media_type::of(file_name),
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Self {
            boundary,
            head: head.into_bytes(),
            tail: tail.into_bytes(),
        }
    }

    /// The Content-Type of the request.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// What goes before the file.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// What goes after the file.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }
}

/// Escapes a file name as browsers do (WHATWG HTML, multipart/form-data encoding algorithm), and
/// every other control character as well: no header may hold one, and servers refuse the whole
/// form. Everything that is not ASCII goes out as UTF-8.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '"' || c.is_ascii_control() {
            escaped.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(file_name: &str) -> String {
        let frame = Frame::new(file_name, "k1");
        let mut bytes = frame.head().to_vec();
        bytes.extend_from_slice(b"DATA");
        bytes.extend_from_slice(frame.tail());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_body_is_one_part_named_file() {
        let boundary = idempotency::boundary("k1");
        assert_eq!(
            whole("call.ogg"),
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
                 filename=\"call.ogg\"\r\nContent-Type: audio/ogg\r\n\r\nDATA\r\n--{boundary}--\r\n"
            )
        );
        assert_eq!(
            Frame::new("call.ogg", "k1").content_type(),
            format!("multipart/form-data; boundary={boundary}")
        );
    }

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        let body = whole("a\"; x=\"\r\nX-Evil: 1.ogg");
        assert!(
            body.contains("filename=\"a%22; x=%22%0D%0AX-Evil: 1.ogg\"\r\n"),
            "{body}"
        );
        assert!(!body.contains("\r\nX-Evil"), "{body}");
        assert!(whole("a\x1b[1m\0\t\x7f.ogg").contains("filename=\"a%1B[1m%00%09%7F.ogg\"\r\n"));
        assert!(whole("Grüße 100%.ogg").contains("filename=\"Grüße 100%.ogg\""));
    }

    #[test]
    fn the_frame_depends_on_key_and_name_only() {
        assert_eq!(Frame::new("a.ogg", "k1"), Frame::new("a.ogg", "k1"));
        assert_ne!(Frame::new("a.ogg", "k1"), Frame::new("a.ogg", "k2"));
    }
}
