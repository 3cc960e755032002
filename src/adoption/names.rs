//! What file names tell: the key that the old system made them from, numbers, what may be shown.

use super::estate::CallFacts;
use crate::redact::mask_phone;

/// How much of campaign, voice agent and session id stands in a file name, in characters.
const PART_LIMITS: [usize; 3] = [12, 12, 16];

/// What stands in a name for an id that was not known.
const UNKNOWN: &str = "unknown";

/// What audio and video files end in.
const AUDIO_EXTENSIONS: [&str; 12] = [
    "ogg", "oga", "opus", "mp3", "wav", "m4a", "aac", "flac", "mp4", "webm", "mkv", "mov",
];

/// The fewest digits that are taken for a number in a name.
const MIN_NUMBER_DIGITS: usize = 5;

/// From so many digits in a row on, they are taken for a phone number wherever they stand.
const LONG_NUMBER_DIGITS: usize = 11;

/// Whether a file in recordings/ is a recording by its name.
pub fn is_audio_name(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        let extension = extension.to_ascii_lowercase();
        AUDIO_EXTENSIONS.contains(&extension.as_str())
    })
}

/// A file name as it may be shown: with the middle of phone numbers hidden.
pub fn shown_name(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        let prefix = before.trim_end_matches(['_', '-', '+', ' ']);
        let is_marked = before.ends_with('+') || prefix.to_ascii_lowercase().ends_with("number");
        if digits.len() >= LONG_NUMBER_DIGITS || is_marked && digits.len() >= MIN_NUMBER_DIGITS {
            shown.push_str(&mask_phone(digits));
        } else {
            shown.push_str(digits);
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// The digits of a number, when there are enough to tell one from another.
pub fn number_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= MIN_NUMBER_DIGITS).then_some(digits)
}

/// A file name without its ending.
pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The number and the second in a recording's name `number-_<digits>-<unix seconds>.ogg`.
pub(super) fn number_and_second(name: &str) -> Option<(String, i64)> {
    let (number, second) = stem(name).strip_prefix("number-_")?.rsplit_once('-')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(second) || !is_digits(number.trim_start_matches('+')) {
        return None;
    }
    Some((number_digits(number)?, second.parse().ok()?))
}

/// The names of one transcript's files may end in any of these, behind `recording_` or `lead_`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Endings {
    /// The key, and whole ids.
    pub(super) session: Vec<String>,
    /// The time stamp of a `transcript_session_<time stamp>.json`.
    pub(super) stamp: Option<String>,
}

impl Endings {
    /// The endings of a transcript's files.
    pub(super) fn of(name: &str, facts: &CallFacts) -> Self {
        let ids = [&facts.session_id, &facts.campaign_session_id].map(|id| id.as_deref());
        let own = stem(name).strip_prefix("transcript_");
        let is_whole_id = own.is_some_and(|own| ids.contains(&Some(own)));
        let mut endings = Self::default();
        let mut own_key = None;
        if let Some(rest) = own
            .filter(|_| !is_whole_id)
            .and_then(|own| own.strip_prefix("session_"))
        {
            own_key = parse_key(rest);
            if own_key.is_none() && rest.contains('T') && !rest.contains('_') {
                endings.stamp = Some(rest.to_owned());
            }
        }
        match own_key {
            Some(key) => endings.session.push(key),
            None => {
                let computed = ids.iter().flatten().filter_map(|id| computed(facts, id));
                endings.session.extend(computed);
            }
        }
        let whole = ids.into_iter().flatten().map(str::to_owned);
        endings.session.extend(whole);
        if endings.session.is_empty() {
            endings.session.extend(own.map(str::to_owned));
        }
        endings.session.sort();
        endings.session.dedup();
        endings
    }
}

/// A key in a file name, when all three parts are there and known.
fn parse_key(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('_').collect();
    let is_key = parts.len() == PART_LIMITS.len()
        && parts
            .iter()
            .zip(PART_LIMITS)
            .all(|(part, limit)| is_part(part, limit));
    is_key.then(|| text.to_owned())
}

fn is_part(part: &str, limit: usize) -> bool {
    !part.is_empty()
        && part.len() <= limit
        && part != UNKNOWN
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The key that the old system would have made from a transcript's ids.
fn computed(facts: &CallFacts, session_id: &str) -> Option<String> {
    let ids = [
        facts.campaign_id.as_deref()?,
        facts.voice_agent_id.as_deref()?,
        session_id,
    ];
    let parts: Vec<String> = ids
        .iter()
        .zip(PART_LIMITS)
        .map(|(id, limit)| {
            let cut = id.chars().take(limit);
            cut.filter(char::is_ascii_alphanumeric).collect()
        })
        .collect();
    parse_key(&parts.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(campaign: &str, agent: &str, session: &str) -> CallFacts {
        let id = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        CallFacts {
            campaign_id: id(campaign),
            voice_agent_id: id(agent),
            session_id: id(session),
            ..CallFacts::default()
        }
    }

    #[test]
    fn a_key_is_cut_first_and_stripped_then() {
        let session = "session_20251029_135057_99509edf";
        let facts = facts("68ff5c0f-015cbf44dd9f", "68ff5b90015cbf44", session);
        let endings = Endings::of("conversation_1.json", &facts);
        // Of `session_20251029` the line goes, and only the day is left.
        assert_eq!(
            endings.session,
            ["68ff5c0f015_68ff5b90015c_session20251029", session]
        );
        let own = Endings::of("transcript_session_a_b_c.json", &facts);
        assert_eq!(own.session, ["a_b_c", session]);
    }

    #[test]
    fn a_part_that_is_unknown_or_empty_makes_a_key_useless() {
        for name in [
            "transcript_session_unknown_b_c.json",
            "transcript_session_a_b_unknown.json",
            "transcript_session__b_c.json",
            "transcript_session_a_b.json",
            "transcript_session_a_b_c_d.json",
            "transcript_session_a_b_cccccccccccccccccc.json",
        ] {
            let endings = Endings::of(name, &facts("", "x", "s"));
            assert_eq!(endings.session, ["s"], "{name}");
        }
        let endings = Endings::of("conversation_1.json", &facts("unknown", "x", "s"));
        assert_eq!(endings.session, ["s"]);
    }

    #[test]
    fn a_whole_id_is_no_key_and_a_time_stamp_neither() {
        let id = "session_20251029_135057_99509edf";
        let name = format!("transcript_{id}.json");
        assert_eq!(Endings::of(&name, &facts("", "", id)).session, [id]);
        let stamp = "2025-10-29T06-49-07.351452";
        let name = format!("transcript_session_{stamp}.json");
        let endings = Endings::of(&name, &facts("", "", ""));
        assert_eq!(endings.stamp.as_deref(), Some(stamp));
    }

    #[test]
    fn numbers_are_read_from_names_and_hidden_in_them() {
        assert_eq!(
            number_and_second("number-_15550100123-1761719171.ogg"),
            Some(("15550100123".to_owned(), 1_761_719_171))
        );
        for name in [
            "number-_15550100123.ogg",
            "number-_x-1761719171.ogg",
            "number-_12-17.ogg",
        ] {
            assert_eq!(number_and_second(name), None, "{name}");
        }
        for (name, shown) in [
            (
                "number-_15550100123-1761719171.ogg",
                "number-_1555•••0123-1761719171.ogg",
            ),
            ("lead_20251029_135110.json", "lead_20251029_135110.json"),
            ("call +15550100.ogg", "call +1•••0100.ogg"),
            (
                "recording_a_b_session17617191.ogg",
                "recording_a_b_session17617191.ogg",
            ),
        ] {
            assert_eq!(shown_name(name), shown);
        }
        assert!(is_audio_name("x.OGG") && !is_audio_name("x.m3u8") && !is_audio_name("ogg"));
    }
}
