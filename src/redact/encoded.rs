//! The same text in another dress: percent-encoded, base64, hexadecimal.

use std::fmt::Write;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What a secret looks like in base64 (wherever in the encoded text it begins, in both alphabets)
/// and in hexadecimal: the part of it that does not depend on what stands around it.
pub(super) fn of_secret(secret: &str) -> Vec<String> {
    let mut all = Vec::new();
    for offset in 0..3 {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(secret.as_bytes());
        // Characters that hold bits of the bytes in front, and of those behind.
        let (start, end) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        let text = base64(&bytes);
        let inner = text.get(start..end).unwrap_or_default().to_owned();
        all.push(inner.replace('+', "-").replace('/', "_"));
        all.push(inner);
    }
    let mut hex = String::new();
    for byte in secret.bytes() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    all.push(hex.to_uppercase());
    all.push(hex);
    all
}

/// Base64 without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let index = bits >> (18 - 6 * place) & 63;
            text.extend(BASE64.get(index).map(|byte| char::from(*byte)));
        }
    }
    text
}

/// The text with percent-encoding resolved; what is none stays.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        let hex = from.get(1..3).filter(|hex| !hex.starts_with('+'));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = from.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("~~~???", "fn5+Pz8/"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn a_secret_is_known_wherever_it_begins() {
        let known = of_secret("tok_0123456789abcdef");
        for before in ["", "B", "Be", "Bearer ", "user:"] {
            for behind in ["", "\n", "x", "xyz"] {
                let text = base64(format!("{before}tok_0123456789abcdef{behind}").as_bytes());
                let found = known.iter().any(|known| text.contains(known));
                assert!(found, "{before:?} {behind:?}");
            }
        }
    }

    #[test]
    fn percent_encoding_is_resolved_and_the_rest_stays() {
        for (text, expected) in [
            ("a%20b%2Bc%2f", "a b+c/"),
            ("100%", "100%"),
            ("5%+3 %zz %4", "5%+3 %zz %4"),
            ("%C3%A9 é", "é é"),
            ("%FF", "\u{fffd}"),
            ("%é", "%é"),
        ] {
            assert_eq!(percent_decoded(text), expected);
        }
    }
}
