//! Keeps the people of a call out of logs, errors and reports.
//!
//! Pure: text in, text out. It is for text that came from elsewhere (the API's messages, file
//! names) on its way into a message of ours. The scrubber would rather withhold too much than too
//! little.

mod compare;
mod encoded;
mod mask;

pub(crate) use encoded::base64;
pub use mask::mask_phone;

/// What stands for a text that quotes a transcript or a lead.
pub const WITHHELD: &str = "[withheld: it quotes call content]";

/// The shortest value of a lead that is looked for, in characters.
const MIN_LEAD_CHARS: usize = 3;

/// The shortest turn of the call that is looked for as a whole, in characters.
const MIN_TURN_CHARS: usize = 6;

/// Of a text, at least so many characters are looked at.
const MIN_LOOKED_AT_CHARS: usize = 4096;

/// What one session's texts must not show. It has no `Debug`: it holds what it hides.
#[derive(Clone, Default)]
pub struct Redactor {
    phones: Vec<String>,
    secrets: Vec<String>,
    lead_values: Vec<String>,
    transcript_texts: Vec<String>,
}

impl Redactor {
    /// A redactor that knows no personal data yet; it already masks what looks like a phone number
    /// or an e-mail address.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a phone number, in any spelling. Fewer than seven digits are too few to tell.
    #[must_use]
    pub fn phone(mut self, phone: &str) -> Self {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= mask::MIN_PHONE_DIGITS {
            self.phones.push(digits);
        }
        self
    }

    /// Adds a secret: the bearer token. It is looked for in base64 and hexadecimal too.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.secrets.push(secret.to_owned());
            self.secrets.extend(encoded::of_secret(secret));
            // Texts are looked at decoded, and a secret may look as if it were encoded.
            let decoded = compare::unescape(&encoded::percent_decoded(secret));
            self.secrets.push(decoded);
            self.secrets.retain(|secret| !secret.is_empty());
        }
        self
    }

    /// Adds a value out of the lead; one that looks like a phone number counts as that too.
    #[must_use]
    pub fn lead_value(mut self, value: &str) -> Self {
        let folded = compare::fold(value);
        let folded = folded.trim();
        if folded.chars().count() >= MIN_LEAD_CHARS {
            self.lead_values.push(folded.to_owned());
        }
        // Fewer digits may be a date, which session ids hold too.
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let is_phone = value
            .chars()
            .all(|c| c.is_ascii_digit() || mask::is_separator(c));
        if is_phone && digits >= mask::WHOLE_PHONE_DIGITS {
            return self.phone(value);
        }
        self
    }

    /// Adds what was said in one turn of the call.
    #[must_use]
    pub fn transcript_text(mut self, text: &str) -> Self {
        self.transcript_texts.push(text.to_owned());
        self
    }

    /// Makes a text fit for a log, an error or a report: at most `max_chars` characters on one
    /// line, without control characters, secrets, whole phone numbers or e-mail addresses.
    ///
    /// The whole text is withheld when it quotes a value of the lead (three characters or more, in
    /// any case, as words of their own), a whole turn of six characters or more, or twelve characters
    /// in a row of what was said.
    pub fn scrub(&self, text: &str, max_chars: usize) -> String {
        // Far more than can be shown is looked at, yet not all of a text without end.
        let looked_at = max_chars.saturating_mul(4).max(MIN_LOOKED_AT_CHARS);
        let clean = one_line(text, looked_at);
        if self.quotes_the_call(&clean) {
            return truncate(WITHHELD, max_chars);
        }
        let decoded = encoded::percent_decoded(&clean);
        if decoded != clean && self.quotes_the_call(&decoded) {
            return truncate(WITHHELD, max_chars);
        }
        let decoded = one_line(&compare::unescape(&decoded), looked_at);
        let masked = self.mask(&decoded);
        // Shown decoded only where there is something to hide.
        let shown = if decoded != clean && masked == decoded {
            self.mask(&clean)
        } else {
            masked
        };
        // Where a secret or an address stood close by, a name may be a word of its own only now.
        if self.quotes_the_call(&shown) {
            return truncate(WITHHELD, max_chars);
        }
        truncate(&shown, max_chars)
    }

    fn mask(&self, text: &str) -> String {
        let without_secrets = mask::secrets(text, &self.secrets);
        let without_emails = mask::emails(&without_secrets);
        mask::phones(&without_emails, &self.phones)
    }

    /// [`Self::scrub`] for a message of ours that ends in a quotation of somebody else's: where the
    /// quotation must be withheld, our words in front of it stay.
    pub fn scrub_message(&self, message: &str, max_chars: usize) -> String {
        let scrubbed = self.scrub(message, max_chars);
        match message.split_once('"') {
            Some((ours, _)) if scrubbed.starts_with(WITHHELD) => {
                let ours = self.scrub(ours, max_chars);
                truncate(&format!("{ours}{WITHHELD}"), max_chars)
            }
            _ => scrubbed,
        }
    }

    /// Looks at the text as it stands, and with its escapes resolved: of either, people read words.
    fn quotes_the_call(&self, text: &str) -> bool {
        self.is_quoted_by(&compare::Message::new(text))
            || text.contains('\\')
                && self.is_quoted_by(&compare::Message::new(&compare::unescape(text)))
    }

    fn is_quoted_by(&self, message: &compare::Message) -> bool {
        self.lead_values.iter().any(|value| message.contains(value))
            || self
                .transcript_texts
                .iter()
                .any(|said| message.shares_a_window(said) || is_quoted_whole(message, said))
    }
}

/// Whether a turn that is too short for a window is in a message as words of its own. The shortest
/// turns ("yes", "hello") are words that messages use too.
fn is_quoted_whole(message: &compare::Message, said: &str) -> bool {
    let said = compare::fold(said);
    let said = said.trim();
    said.chars().count() >= MIN_TURN_CHARS && message.contains(said)
}

/// Whether a character would steer a terminal or hide text on it: control characters, line and
/// paragraph separators, direction marks and overrides, invisible characters and tags.
pub(crate) fn is_display_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text on one line: breaks and tabs become spaces, other control characters go.
fn one_line(text: &str, max_chars: usize) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
            c if is_display_control(c) => None,
            c => Some(c),
        })
        .take(max_chars)
        .collect()
}

/// At most `max_chars` characters; an ellipsis, which counts, says that something is missing.
fn truncate(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept = text.chars().take(max_chars.saturating_sub(1));
    kept.chain((max_chars > 0).then_some('…')).collect()
}

#[cfg(test)]
mod tests;
