//! The bearer token. Pure.

use std::fmt;

/// A bearer token that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text cannot be a bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is plain visible text")]
pub struct TokenError;

impl Token {
    /// Checks a token.
    ///
    /// # Errors
    /// When it is not all visible ASCII.
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        match std::str::from_utf8(text) {
            Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(TokenError),
        }
    }

    /// The token itself, for the Authorization header and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}
