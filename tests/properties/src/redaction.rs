//! What must not be shown is not shown, wherever it stands in a text.

use callspool::redact::Redactor;

/// A token, a number, a turn of the call and a value of a lead, all made up, with the sign that
/// stands for each in an input.
pub const MARKED: [(&str, &str); 4] = [
    ("{T}", "tok_5eCr3t0123456789"),
    ("{P}", "15550100123"),
    ("{S}", "I would like a table for two"),
    ("{L}", "Priya Example"),
];

/// The bytes as text, with what is marked in the place of the signs.
pub(crate) fn fill_in(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data).into_owned();
    MARKED
        .iter()
        .fold(text, |text, (sign, marked)| text.replace(sign, marked))
}

/// A redactor that knows all that is marked.
pub(crate) fn redactor() -> Redactor {
    let [token, phone, said, name] = MARKED.map(|(_, marked)| marked);
    Redactor::new()
        .secret(token)
        .phone(&format!("+{phone}"))
        .transcript_text(said)
        .lead_value(name)
}

/// A text comes out short, on one line, and without anything that is marked.
pub(crate) fn check(data: &[u8]) {
    let (length, text) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let text = fill_in(text);
    let redactor = redactor();
    for max_chars in [usize::from(length), 400] {
        for shown in [
            redactor.scrub(&text, max_chars),
            redactor.scrub_message(&text, max_chars),
        ] {
            assert!(shown.chars().count() <= max_chars);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert_nothing_marked(&shown);
        }
    }
}

/// Demands that a text shows nothing that is marked.
pub(crate) fn assert_nothing_marked(shown: &str) {
    assert_eq!(marked_piece(shown), None, "in {shown:?}");
}

/// A piece of the token, seven digits of the number, twelve characters of what was said, or the
/// lead's value, when a text shows one.
pub(crate) fn marked_piece(shown: &str) -> Option<&'static str> {
    let [token, phone, said, name] = MARKED.map(|(_, marked)| marked);
    let lower = shown.to_lowercase();
    for (marked, length) in [(token, 8), (phone, 7), (said, 12)] {
        let pieces = (0..=marked.len() - length).map(|start| &marked[start..start + length]);
        for piece in pieces {
            // A token of other letters is another token.
            let is_shown = match marked == said {
                true => lower.contains(&piece.to_lowercase()),
                false => shown.contains(piece),
            };
            if is_shown {
                return Some(piece);
            }
        }
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let lower_name = name.to_lowercase();
    let mut names = lower.match_indices(lower_name.as_str());
    let is_named = names.any(|(start, found)| {
        let before = lower[..start].chars().next_back();
        let after = lower[start + found.len()..].chars().next();
        // What was cut off behind it may have been the rest of a longer word.
        let is_cut = lower.ends_with('…') && lower.len() == start + found.len() + '…'.len_utf8();
        !is_word(before) && !is_word(after) && !is_cut
    });
    is_named.then_some(name)
}
