//! The text of a string literal, put together from code points.
//!
//! Python strings may hold halves of surrogate pairs, which Rust's cannot. `repr` prints them as
//! two escapes when a string was decoded carelessly: two that fit become the character they mean,
//! one alone becomes U+FFFD.

/// A string in the making.
#[derive(Default)]
pub(super) struct TextBuilder {
    text: String,
    /// A high surrogate that waits for its other half.
    high: Option<u32>,
}

impl TextBuilder {
    /// Appends text.
    pub(super) fn push_str(&mut self, text: &str) {
        if !text.is_empty() {
            self.flush();
            self.text.push_str(text);
        }
    }

    /// Appends a code point; `None` when there is no such code point.
    pub(super) fn push_code(&mut self, code: u32) -> Option<()> {
        match (self.high, code) {
            (Some(high), 0xDC00..=0xDFFF) => {
                self.high = None;
                let combined = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
                self.text.push(char::from_u32(combined)?);
            }
            (_, 0xD800..=0xDBFF) => {
                self.flush();
                self.high = Some(code);
            }
            (_, 0xDC00..=0xDFFF) => {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
            _ => {
                self.flush();
                self.text.push(char::from_u32(code)?);
            }
        }
        Some(())
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.flush();
        self.text
    }

    fn flush(&mut self) {
        if self.high.take().is_some() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}
