//! The words of the grammar: names, numbers, strings and opaque objects.
//!
//! The cursor only ever moves forward; the one way back is [`Cursor::rewind`], which the parser
//! uses after a single name.

use super::text::TextBuilder;
use super::{LiteralError, Value};

/// A place in a text.
#[derive(Debug, Clone)]
pub(in crate::transcript) struct Cursor<'a> {
    text: &'a str,
    /// Always on a character's boundary.
    at: usize,
}

/// What stands before a string's opening quote.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Prefix {
    raw: bool,
    bytes: bool,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub(in crate::transcript) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What is left.
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The text from `start` up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, offset: usize) {
        self.at = offset;
    }

    pub(in crate::transcript) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(in crate::transcript) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Steps over `token` when it is next.
    pub(in crate::transcript) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Steps over `token`.
    pub(in crate::transcript) fn expect(
        &mut self,
        token: &'static str,
    ) -> Result<(), LiteralError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.error(token))
        }
    }

    /// Steps over white space and says whether there was any.
    pub(in crate::transcript) fn skip_space(&mut self) -> bool {
        let start = self.at;
        self.skip_while(|next| matches!(next, ' ' | '\t' | '\n' | '\r'));
        self.at > start
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|next| !keep(next)).unwrap_or(rest.len());
    }

    pub(in crate::transcript) fn error(&self, expected: &'static str) -> LiteralError {
        LiteralError {
            offset: self.at,
            expected,
        }
    }

    /// A name without dots, when one is next.
    pub(in crate::transcript) fn identifier(&mut self) -> Option<&'a str> {
        let start = self.at;
        if !self
            .peek()
            .is_some_and(|first| first == '_' || first.is_alphabetic())
        {
            return None;
        }
        self.skip_while(|next| next == '_' || next.is_alphanumeric());
        Some(self.since(start))
    }

    /// A name, dotted or not; `expected` is what the error asks for when there is none.
    /// `<locals>` is a part too: Python names a class after the function that it was made in.
    pub(in crate::transcript) fn dotted_name(
        &mut self,
        expected: &'static str,
    ) -> Result<&'a str, LiteralError> {
        let start = self.at;
        if self.identifier().is_none() {
            return Err(self.error(expected));
        }
        while self.eat(".") {
            if !self.eat("<locals>") && self.identifier().is_none() {
                return Err(self.error("a name"));
            }
        }
        Ok(self.since(start))
    }

    /// Whether a number is next; a sign counts.
    pub(super) fn sees_number(&self) -> bool {
        let rest = self.rest();
        let unsigned = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        let digits = unsigned.strip_prefix('.').unwrap_or(unsigned);
        digits.starts_with(|first: char| first.is_ascii_digit())
            || (unsigned.len() < rest.len()
                && (unsigned.starts_with("inf") || unsigned.starts_with("nan")))
    }

    /// A number, real or complex, as it stands.
    pub(super) fn number(&mut self) -> Result<&'a str, LiteralError> {
        let start = self.at;
        self.real()?;
        if self.peek().is_some_and(|next| matches!(next, '+' | '-')) {
            self.real()?;
        }
        Ok(self.since(start))
    }

    fn real(&mut self) -> Result<(), LiteralError> {
        if !self.eat("-") {
            self.eat("+");
        }
        if !self.eat("inf") && !self.eat("nan") {
            let start = self.at;
            self.digits();
            if self.eat(".") {
                self.digits();
            }
            if !self
                .since(start)
                .contains(|digit: char| digit.is_ascii_digit())
            {
                return Err(self.error("a digit"));
            }
            if self.eat("e") || self.eat("E") {
                if !self.eat("-") {
                    self.eat("+");
                }
                let exponent = self.at;
                self.digits();
                if self.at == exponent {
                    return Err(self.error("a digit"));
                }
            }
        }
        if !self.eat("j") {
            self.eat("J");
        }
        Ok(())
    }

    fn digits(&mut self) {
        self.skip_while(|next| next.is_ascii_digit());
    }

    /// A string or bytes literal, when one is next.
    pub(super) fn string(&mut self) -> Result<Option<Value<'a>>, LiteralError> {
        let rest = self.rest();
        // A prefix has two letters at most; looking further would read the text again and again.
        let mut beginning = rest.bytes().take(3);
        let Some(quote_at) = beginning.position(|next| matches!(next, b'\'' | b'"')) else {
            return Ok(None);
        };
        let (Some(prefix), Some(quote)) = (
            rest.get(..quote_at).and_then(Prefix::read),
            rest.get(quote_at..).and_then(|from| from.chars().next()),
        ) else {
            return Ok(None);
        };
        self.at += quote_at + 1;
        let value = if prefix.bytes {
            self.skip_quoted(quote)?;
            Value::Bytes
        } else if prefix.raw {
            Value::String(self.skip_quoted(quote)?.to_owned())
        } else {
            Value::String(self.quoted(quote)?)
        };
        Ok(Some(value))
    }

    /// The inside of a string up to its closing quote, escapes untouched.
    fn skip_quoted(&mut self, quote: char) -> Result<&'a str, LiteralError> {
        let start = self.at;
        loop {
            self.skip_while(|next| next != quote && next != '\\');
            let inside = self.since(start);
            match self.bump() {
                Some('\\') => {
                    self.bump();
                }
                Some(_) => return Ok(inside),
                None => return Err(self.error("a closing quote")),
            }
        }
    }

    /// The inside of a string up to its closing quote, escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<String, LiteralError> {
        let mut text = TextBuilder::default();
        loop {
            let start = self.at;
            self.skip_while(|next| next != quote && next != '\\');
            text.push_str(self.since(start));
            match self.bump() {
                Some('\\') => self.escape(&mut text)?,
                Some(_) => return Ok(text.finish()),
                None => return Err(self.error("a closing quote")),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, text: &mut TextBuilder) -> Result<(), LiteralError> {
        let start = self.at;
        let Some(kind) = self.bump() else {
            return Err(self.error("a closing quote"));
        };
        let code = match kind {
            '\n' => return Ok(()),
            '\\' | '\'' | '"' => u32::from(kind),
            'a' => 0x07,
            'b' => 0x08,
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            '0'..='7' => self.octal(kind),
            'x' => self.hexadecimal(2)?,
            'u' => self.hexadecimal(4)?,
            'U' => self.hexadecimal(8)?,
            // Python keeps the backslash of an escape that it does not know.
            _ => {
                text.push_str("\\");
                text.push_str(self.since(start));
                return Ok(());
            }
        };
        text.push_code(code).ok_or(LiteralError {
            offset: start,
            expected: "a code point up to 10ffff",
        })
    }

    /// At most three octal digits, the first of which is already read.
    fn octal(&mut self, first: char) -> u32 {
        let mut code = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else {
                break;
            };
            self.bump();
            code = code * 8 + digit;
        }
        code
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, LiteralError> {
        let mut code: u32 = 0;
        for _ in 0..digits {
            let digit = self.peek().and_then(|next| next.to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error("a hexadecimal digit"));
            };
            self.bump();
            code = code * 16 + digit;
        }
        Ok(code)
    }

    /// An object in angle brackets, its opening one next: `<Frame object at 0x7f>`,
    /// `<Role.USER: 'user'>`. Brackets nest; those in strings and the arrow `->` do not count.
    pub(super) fn opaque(&mut self) -> Result<(), LiteralError> {
        let mut depth = 0_usize;
        let mut word = self.at;
        while let Some(next) = self.peek() {
            let start = self.at;
            match next {
                '<' => depth += 1,
                '>' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.bump();
                        return Ok(());
                    }
                }
                // A quote inside a word is an apostrophe, not the beginning of a string.
                '\'' | '"' if Prefix::read(self.since(word)).is_some() => {
                    self.bump();
                    self.skip_quoted(next)?;
                    word = self.at;
                    continue;
                }
                _ => {}
            }
            if next == '_' || next.is_alphanumeric() {
                self.skip_while(|next| next == '_' || next.is_alphanumeric());
                word = start;
            } else {
                if !self.eat("->") {
                    self.bump();
                }
                word = self.at;
            }
        }
        Err(self.error("a closing angle bracket"))
    }
}

impl Prefix {
    /// Reads the letters before a quote; `None` when they are no prefix of a string.
    fn read(letters: &str) -> Option<Self> {
        let (raw, bytes) = match letters {
            "" | "u" | "U" => (false, false),
            "r" | "R" => (true, false),
            "b" | "B" => (false, true),
            "br" | "bR" | "Br" | "BR" | "rb" | "rB" | "Rb" | "RB" => (true, true),
            _ => return None,
        };
        Some(Self { raw, bytes })
    }
}
