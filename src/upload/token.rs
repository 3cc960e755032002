//! The bearer token, kept from being shown by accident.

use std::fmt;

/// The longest token accepted, in bytes.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// A bearer token: visible ASCII characters, at least one. It has no `Display`, and its `Debug`
/// shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text cannot be a bearer token. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing is there.
    #[error("it is empty; put the token there, or take the setting away to send none")]
    Empty,
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("it is longer than 64 KiB, which is no token")]
    TooLong,
    /// A space, tab or line break before or inside the token.
    #[error(
        "there is white space before or inside it; write the token alone, on one line, without \
         \"Bearer\" in front"
    )]
    WhiteSpace,
    /// A control character, or one that is not ASCII.
    #[error("it holds control or non-ASCII characters; write the token alone, as plain text")]
    NotVisibleAscii,
}

impl Token {
    /// Checks a token; white space at its end is dropped.
    ///
    /// # Errors
    /// When it is empty, longer than 64 KiB, or not all visible ASCII, as a header's value has to
    /// be (RFC 9110, section 5.5).
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let text = text.trim_ascii_end();
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        if text.iter().any(u8::is_ascii_whitespace) {
            return Err(TokenError::WhiteSpace);
        }
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(TokenError::NotVisibleAscii);
        }
        let token = std::str::from_utf8(text).map_err(|_| TokenError::NotVisibleAscii)?;
        Ok(Self(token.to_owned()))
    }

    /// The token itself, for the Authorization header and for taking it out of texts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_the_end_is_dropped() {
        for text in ["s3cret", "s3cret\n", "s3cret \r\n\t "] {
            assert_eq!(Token::parse(text.as_bytes()).unwrap().expose(), "s3cret");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let token = Token::parse(b"s3cret").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn what_no_header_can_carry_is_refused_unseen() {
        for (text, expected) in [
            (&b""[..], TokenError::Empty),
            (b" \n", TokenError::Empty),
            (b"Bearer s3cret", TokenError::WhiteSpace),
            (b" s3cret", TokenError::WhiteSpace),
            (b"s3\ncret", TokenError::WhiteSpace),
            (b"s3\x00cret", TokenError::NotVisibleAscii),
            (b"s3cret\x7f", TokenError::NotVisibleAscii),
            ("s3cré".as_bytes(), TokenError::NotVisibleAscii),
            (b"\xff", TokenError::NotVisibleAscii),
        ] {
            assert_eq!(Token::parse(text), Err(expected), "{text:?}");
            assert!(!expected.to_string().contains("s3"), "{expected}");
        }
    }

    #[test]
    fn the_longest_token_is_64_kib() {
        let longest = vec![b'x'; MAX_TOKEN_BYTES];
        assert!(Token::parse(&longest).is_ok());
        assert!(Token::parse(&[&longest[..], b"\n"].concat()).is_ok());
        assert_eq!(
            Token::parse(&[&longest[..], b"x"].concat()),
            Err(TokenError::TooLong)
        );
    }
}
