//! Names for requests: the key that stays the same from try to try, and the id that never does.
//! Pure but for the random numbers of [`request_id`].

use sha2::{Digest, Sha256};

use crate::outcome::Part;

/// What a key stands for, beside the session, the part and the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// The body itself: call data.
    Body(&'a [u8]),
    /// The length of a recording in bytes. Its content is not read for the key: a recording is
    /// finished before it is sent, and may be gigabytes.
    Length(u64),
}

/// The Idempotency-Key of a delivery: SHA-256 as 64 lower-case hexadecimal digits.
///
/// Equal for every try of the same delivery; different when the session, the part, the generation
/// or the content differ. Each field goes in with its length before it, so that no two sets of
/// fields read the same.
pub fn key(session_id: &str, part: Part, generation: u64, content: Content<'_>) -> String {
    let mut digest = Sha256::new();
    let mut field = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    field(session_id.as_bytes());
    field(part.as_str().as_bytes());
    field(&generation.to_be_bytes());
    match content {
        Content::Body(body) => {
            field(b"body");
            field(body);
        }
        Content::Length(length) => {
            field(b"length");
            field(&length.to_be_bytes());
        }
    }
    hex(&digest.finalize())
}

/// A new X-Request-Id: 32 hexadecimal digits.
pub fn request_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The multipart boundary of a delivery: the same for every try, so that its body is too.
pub(super) fn boundary(key: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"boundary");
    digest.update(key.as_bytes());
    let digest = hex(&digest.finalize());
    format!("callspool-{}", digest.get(..40).unwrap_or(&digest))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_key_is_the_same_for_every_try() {
        let once = key("s1", Part::CallData, 0, Content::Body(b"{}"));
        assert_eq!(once, key("s1", Part::CallData, 0, Content::Body(b"{}")));
        assert_eq!(once.len(), 64);
        assert!(once.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn the_key_is_a_published_value() {
        // A key that changed with a release would deliver everything in flight twice.
        assert_eq!(
            key("s1", Part::Recording, 0, Content::Length(1)),
            "c64732f01e4961005c7e89066f59bc61cf4db8bc389046814b9557fa972ac8e0"
        );
    }

    #[test]
    fn every_field_changes_the_key() {
        let length = 2_u64.to_be_bytes();
        let keys = [
            key("s1", Part::Recording, 0, Content::Length(1)),
            key("s2", Part::Recording, 0, Content::Length(1)),
            key("s1", Part::CallData, 0, Content::Length(1)),
            key("s1", Part::Recording, 1, Content::Length(1)),
            key("s1", Part::Recording, 0, Content::Length(2)),
            key("s1", Part::Recording, 0, Content::Body(&length)),
            key("s1", Part::Recording, 0, Content::Body(b"")),
            key("s1r", Part::Recording, 0, Content::Length(1)),
            key("", Part::Recording, 0, Content::Length(1)),
        ];
        let distinct: HashSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn request_ids_differ() {
        let first = request_id();
        assert_eq!(first.len(), 32);
        assert_ne!(first, request_id());
    }

    #[test]
    fn the_boundary_is_legal_and_does_not_show_the_key() {
        let boundary = boundary("abc\r\n");
        assert!(boundary.len() <= 70 && boundary.is_ascii() && !boundary.contains("abc"));
        assert_ne!(boundary, super::boundary("abd"));
    }
}
