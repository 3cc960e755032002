//! Whether a message quotes something, however it is spelled.

use std::collections::HashSet;

/// How many characters in a row make a quotation.
const WINDOW: usize = 12;

/// A message, made ready for comparison.
pub(super) struct Message {
    folded: String,
    windows: HashSet<Vec<char>>,
    squeezed_windows: HashSet<Vec<char>>,
}

impl Message {
    pub(super) fn new(text: &str) -> Self {
        let folded = fold(text);
        let windows = windows(folded.chars().collect());
        let squeezed_windows = windows_of_squeezed(&folded);
        Self {
            folded,
            windows,
            squeezed_windows,
        }
    }

    /// Whether a folded value is in the message; a short one not as a piece of a longer word.
    pub(super) fn contains(&self, folded: &str) -> bool {
        if folded.chars().count() >= WINDOW {
            return self.folded.contains(folded);
        }
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        self.folded.match_indices(folded).any(|(start, found)| {
            let before = self
                .folded
                .get(..start)
                .and_then(|text| text.chars().next_back());
            let after = self
                .folded
                .get(start + found.len()..)
                .and_then(|text| text.chars().next());
            let (first, last) = (found.chars().next(), found.chars().next_back());
            !(is_word(before) && is_word(first) || is_word(last) && is_word(after))
        })
    }

    /// Whether twelve characters in a row of a text are in the message; also whether twelve
    /// letters and digits are, with other spaces or punctuation between them.
    pub(super) fn shares_a_window(&self, text: &str) -> bool {
        if self.windows.is_empty() {
            return false;
        }
        let folded = fold(text);
        let chars: Vec<char> = folded.chars().collect();
        if chars
            .windows(WINDOW)
            .any(|window| self.windows.contains(window))
        {
            return true;
        }
        let squeezed: Vec<char> = squeeze(&folded);
        squeezed
            .windows(WINDOW)
            .any(|window| self.squeezed_windows.contains(window))
    }
}

fn windows(chars: Vec<char>) -> HashSet<Vec<char>> {
    chars.windows(WINDOW).map(<[char]>::to_vec).collect()
}

fn windows_of_squeezed(folded: &str) -> HashSet<Vec<char>> {
    windows(squeeze(folded))
}

fn squeeze(folded: &str) -> Vec<char> {
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The text in lower case, each run of white space one space, what is invisible left out.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut after_space = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            if !after_space {
                folded.push(' ');
            }
            after_space = true;
        } else if !super::is_display_control(c) {
            folded.push(c);
            after_space = false;
        }
    }
    folded
}

/// Resolves the escapes of JSON, in which an API may quote a body inside a message.
pub(super) fn unescape(text: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (unit, len) = match (c, rest.get(1..2), rest.get(2..6)) {
            ('\\', Some("u"), Some(hex)) => match u16::from_str_radix(hex, 16) {
                Ok(unit) => (Some(unit), 6),
                Err(_) => (None, 1),
            },
            ('\\', Some("n" | "r" | "t"), _) => (Some(u16::from(b' ')), 2),
            ('\\', Some("\\"), _) => (Some(u16::from(b'\\')), 2),
            ('\\', Some("\"" | "/" | "'"), _) => (None, 1),
            _ => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                (None, c.len_utf8())
            }
        };
        units.extend(unit);
        rest = rest.get(len..).unwrap_or_default();
    }
    String::from_utf16_lossy(&units)
}
