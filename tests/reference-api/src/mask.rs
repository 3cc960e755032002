//! Hides phone numbers in what is shown.

/// Shortest run of digits that is taken for a phone number.
const MIN_DIGITS: usize = 7;

/// Digits at the end that stay legible.
const LEGIBLE: usize = 2;

/// The text with all but the last two digits of phone numbers as `•`.
///
/// A run of 7 to 15 digits is one, unless it is a date such as `20251029` or a time since 1970 in
/// seconds or milliseconds; after a `+` it always is.
pub(crate) fn phone_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(digits.len());
        let (run, after) = digits.split_at(end);
        masked.push_str(before);
        if run.len() >= MIN_DIGITS && (before.ends_with('+') || !is_time(run)) {
            let (hidden, legible) = run.split_at(run.len() - LEGIBLE);
            masked.extend(hidden.chars().map(|_| '•'));
            masked.push_str(legible);
        } else {
            masked.push_str(run);
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

fn is_time(digits: &str) -> bool {
    let between = |range: std::ops::Range<usize>, low: u32, high: u32| {
        digits
            .get(range)
            .and_then(|part| part.parse().ok())
            .is_some_and(|number: u32| (low..=high).contains(&number))
    };
    match digits.len() {
        8 => between(0..4, 2000, 2099) && between(4..6, 1, 12) && between(6..8, 1, 31),
        10 | 13 => digits.starts_with('1'),
        length => length > 15,
    }
}

#[cfg(test)]
mod tests {
    use super::phone_numbers;

    #[test]
    fn numbers_are_hidden_and_times_are_not() {
        for (text, expected) in [
            ("+15550100123", "+•••••••••23"),
            (
                "number-_15550100-1761633666.ogg",
                "number-_••••••00-1761633666.ogg",
            ),
            (
                "CALL-session_20251029_135057_99509edf",
                "CALL-session_20251029_135057_99509edf",
            ),
            ("/uploads/1761638707911.ogg", "/uploads/1761638707911.ogg"),
            ("+1761638707911", "+•••••••••••11"),
            ("20251329", "••••••29"),
            ("123456", "123456"),
            ("1234567", "•••••67"),
            ("", ""),
        ] {
            assert_eq!(phone_numbers(text), expected);
        }
    }
}
