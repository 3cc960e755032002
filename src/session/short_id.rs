//! Short forms of ids, for people who type them.
//!
//! Agents name sessions `session_<date>_<time>_<random>`. People remember, or copy, the beginning,
//! the date, or the random end; all three will do, as a beginning of a commit's name does for git.

/// The head that ids have in common.
const HEAD: &str = "session_";

/// The shortest form that is taken for an id, in characters; git has the same.
const MIN_CHARS: usize = 4;

/// Whether a text is long enough to stand for an id that it only begins.
pub fn may_be_short(text: &str) -> bool {
    let telling = text.strip_prefix(HEAD).unwrap_or(text);
    telling.chars().count() >= MIN_CHARS
        // Of the common head a part tells nothing either.
        && !HEAD.starts_with(text)
}

/// Whether a text is a short form of an id: how it begins, how it goes on behind the head that all
/// have in common, or how its last part begins.
pub fn is_short_for(text: &str, id: &str) -> bool {
    let behind_head = id.strip_prefix(HEAD);
    let last_part = id.rsplit_once('_').map(|(_, last)| last);
    may_be_short(text)
        && [Some(id), behind_head, last_part]
            .into_iter()
            .flatten()
            .any(|form| form.starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "session_20251029_135057_99509edf";

    #[test]
    fn an_id_goes_by_its_beginning_its_date_and_its_end() {
        for text in [
            ID,
            "session_2025",
            "session_20251029_135057_99",
            "2025",
            "20251029_135057",
            "9950",
            "99509edf",
        ] {
            assert!(is_short_for(text, ID), "{text}");
        }
        assert!(is_short_for("call", "call 7"));
    }

    #[test]
    fn what_tells_too_little_stands_for_nothing() {
        for text in [
            "",
            "s",
            "sess",
            "session",
            "session_",
            "session_2",
            "session_202",
            "202",
            "995",
            "135057",
            "9edf",
            "99509edf0",
            "Session_2025",
        ] {
            assert!(!is_short_for(text, ID), "{text}");
        }
        assert!(!is_short_for("cal", "call 7"));
        assert!(!is_short_for("sess", "sessile"));
    }
}
