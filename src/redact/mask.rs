//! Phone numbers, e-mail addresses and secrets inside a text.

use std::collections::HashSet;
use std::ops::Range;

/// The fewest digits that are taken for a phone number.
pub(super) const MIN_PHONE_DIGITS: usize = 7;
/// From so many digits on, a number is whole: more groups of digits behind it are something else.
pub(super) const WHOLE_PHONE_DIGITS: usize = 10;
/// The most digits of a phone number (ITU-T E.164).
const MAX_PHONE_DIGITS: usize = 15;
/// The most separators between two digits of one number.
const MAX_SEPARATORS: usize = 3;
/// The shortest piece of a secret that is taken out.
const MIN_SECRET_PIECE: usize = 8;

const HIDDEN: &str = "•••";

/// A phone number with its middle hidden: `+15550100123` becomes `+1555•••0123`.
///
/// At least three digits are hidden; of fewer than seven, all.
pub fn mask_phone(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let plus = if phone.trim_start().starts_with('+') {
        "+"
    } else {
        ""
    };
    let shown_end = if digits.len() < MIN_PHONE_DIGITS {
        0
    } else {
        4
    };
    let shown_start = digits.len().saturating_sub(shown_end + 3).min(4);
    let shown_start = if shown_end == 0 { 0 } else { shown_start };
    let start = digits.get(..shown_start).unwrap_or_default();
    let end = digits.get(digits.len() - shown_end..).unwrap_or_default();
    format!("{plus}{start}{HIDDEN}{end}")
}

/// Whether a character may stand between two digits of one phone number.
pub(super) fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' | '_' | '+' | '‐' | '‑' | '–'
    )
}

/// Takes secrets out of a text, and pieces of them that are eight bytes or longer.
pub(super) fn secrets(text: &str, secrets: &[String]) -> String {
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        let piece = MIN_SECRET_PIECE.min(secret.len());
        let pieces: HashSet<&[u8]> = secret.as_bytes().windows(piece).collect();
        for (start, window) in text.as_bytes().windows(piece).enumerate() {
            if pieces.contains(window) {
                found.push(start..start + piece);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    let mut merged = Vec::new();
    for range in found {
        push_merged(&mut merged, range);
    }
    replace(text, &merged, |_| "[token]".to_owned())
}

/// Takes e-mail addresses out of a text.
pub(super) fn emails(text: &str) -> String {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + 1..).unwrap_or_default();
        let local = before
            .chars()
            .rev()
            .take_while(|c| is_local_part(*c))
            .map(char::len_utf8)
            .sum::<usize>();
        let domain = after
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
            .map(char::len_utf8)
            .sum::<usize>();
        if local > 0 && domain > 0 {
            push_merged(&mut found, at - local..at + 1 + domain);
        }
    }
    replace(text, &found, |_| "[e-mail]".to_owned())
}

fn is_local_part(c: char) -> bool {
    c.is_alphanumeric() || "%+-_~.'".contains(c)
}

/// Masks phone numbers in a text: the known ones in any spelling (seven of their digits in a row
/// are enough), and unknown ones after a `+` or in a LiveKit room name, `number-_15550100123`.
pub(super) fn phones(text: &str, known: &[String]) -> String {
    let known: HashSet<&[u8]> = known
        .iter()
        .flat_map(|digits| digits.as_bytes().windows(MIN_PHONE_DIGITS))
        .collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    for run in digit_runs(text) {
        let digits: Vec<u8> = run.iter().map(|digit| digit.value).collect();
        for (start, window) in digits.windows(MIN_PHONE_DIGITS).enumerate() {
            if known.contains(window) {
                found.extend(range_of(&run, start, MIN_PHONE_DIGITS));
            }
        }
        found.extend(announced(text, &run));
    }
    found.sort_by_key(|range| range.start);
    let mut merged = Vec::new();
    for range in found {
        push_merged(&mut merged, with_plus(text, range));
    }
    replace(text, &merged, mask_phone)
}

/// A digit and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    at: usize,
    value: u8,
}

/// The digits of the text, in runs with nothing but separators inside.
fn digit_runs(text: &str) -> Vec<Vec<Digit>> {
    let mut runs: Vec<Vec<Digit>> = Vec::new();
    let mut separators = usize::MAX;
    for (at, c) in text.char_indices() {
        if let Some(value) = u8::try_from(c).ok().filter(u8::is_ascii_digit) {
            match runs.last_mut() {
                Some(run) if separators <= MAX_SEPARATORS => run.push(Digit { at, value }),
                _ => runs.push(vec![Digit { at, value }]),
            }
            separators = 0;
        } else if is_separator(c) {
            separators = separators.saturating_add(1);
        } else {
            separators = usize::MAX;
        }
    }
    runs
}

/// The numbers of a run that a `+` or a room name announces.
fn announced(text: &str, run: &[Digit]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (index, digit) in run.iter().enumerate() {
        let before = text.get(..digit.at).unwrap_or_default();
        let rest = run.get(index..).unwrap_or_default();
        let len = if before.ends_with('+') || ends_with_encoded_plus(before) {
            spelled_len(text, rest)
        } else if before.ends_with("number-_") || before.ends_with("number_") {
            unbroken_len(rest)
        } else {
            continue;
        };
        if len >= MIN_PHONE_DIGITS
            && let Some(range) = range_of(run, index, len)
        {
            found.push(range);
        }
    }
    found
}

fn ends_with_encoded_plus(text: &str) -> bool {
    text.ends_with("%2B") || text.ends_with("%2b")
}

/// How many digits follow one another with nothing between them.
fn unbroken_len(digits: &[Digit]) -> usize {
    1 + digits
        .windows(2)
        .take_while(|pair| matches!(pair, [one, next] if next.at == one.at + 1))
        .count()
}

/// How many digits belong to the number that starts here: an unbroken stretch that is long enough
/// for a whole number; else to the end of the run, the next `+`, or the length of the longest
/// phone number.
fn spelled_len(text: &str, digits: &[Digit]) -> usize {
    let unbroken = unbroken_len(digits);
    if unbroken >= WHOLE_PHONE_DIGITS {
        return unbroken;
    }
    let spelled = 1 + digits
        .windows(2)
        .take(MAX_PHONE_DIGITS - 1)
        .take_while(|pair| match pair {
            [one, next] => !text
                .get(one.at..next.at)
                .is_some_and(|between| between.contains('+')),
            _ => false,
        })
        .count();
    spelled.max(unbroken)
}

fn range_of(run: &[Digit], start: usize, len: usize) -> Option<Range<usize>> {
    let first = run.get(start)?;
    let last = run.get(start + len - 1)?;
    Some(first.at..last.at + 1)
}

/// The range with the `+` in front, when there is one.
fn with_plus(text: &str, range: Range<usize>) -> Range<usize> {
    match text.get(..range.start) {
        Some(before) if before.ends_with('+') => range.start - 1..range.end,
        _ => range,
    }
}

/// Adds a range that starts no earlier than the last one, joined to it when they overlap or touch.
fn push_merged(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
        _ => ranges.push(range),
    }
}

fn replace(text: &str, ranges: &[Range<usize>], with: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for range in ranges {
        replaced.push_str(text.get(end..range.start).unwrap_or_default());
        replaced.push_str(&text.get(range.clone()).map_or_else(String::new, &with));
        end = range.end;
    }
    replaced.push_str(text.get(end..).unwrap_or_default());
    replaced
}
