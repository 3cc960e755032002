//! Which delivered documents go, and which of their files. Decisions without I/O: what is decided
//! here is printed by a dry run and carried out by the other.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::session::{Document, FileFacts, Lookup, PartState, Status, Verdict, verdict};

/// How a document in processed_metadata/ stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// All of it was delivered.
    Delivered,
    /// Part of it was.
    Partial,
    /// Another program put it there: what it delivered is not known.
    Foreign,
    /// It is not done: a person put it there, or it is on its way back.
    Unsettled,
}

/// How a document in processed_metadata/ stands, by what is in it.
pub fn archived(document: &Document) -> Archived {
    match (document.status(), verdict(&document.record)) {
        (Status::Uploaded, _) if !document.has_record() => Archived::Foreign,
        (Status::Uploaded, Verdict::Delivered) => Archived::Delivered,
        (Status::Uploaded, Verdict::Partial) => Archived::Partial,
        _ => Archived::Unsettled,
    }
}

/// When a document's session was delivered: when the later of its parts was. Where the document
/// does not say, when it was tried last, else when it was last changed.
pub fn delivered_at(document: &Document, modified: DateTime<Utc>) -> DateTime<Utc> {
    let record = &document.record;
    let parts = record.recording.at.max(record.call_data.at);
    parts.or(document.last_upload_attempt()).unwrap_or(modified)
}

/// Which documents an operator wants to keep. A document goes when neither keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Those that were delivered less than that long ago.
    pub older_than: Option<Duration>,
    /// So many, the latest ones.
    pub keep: Option<u64>,
}

/// Why a document stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// It was delivered too lately.
    Young,
    /// It is one of the latest.
    Latest,
    /// Something of it was not delivered.
    Partial,
    /// Another program put it there.
    Foreign,
    /// It is not done.
    Unsettled,
}

/// Which of the documents stay, and why; in their order.
pub fn retain(
    documents: &[(Archived, DateTime<Utc>)],
    retention: Retention,
    now: DateTime<Utc>,
) -> Vec<Option<Stays>> {
    let mut by_age: Vec<usize> = (0..documents.len()).collect();
    by_age.sort_by_key(|number| std::cmp::Reverse(documents.get(*number).map(|(_, at)| *at)));
    let mut stays = vec![None; documents.len()];
    for (rank, number) in by_age.into_iter().enumerate() {
        let (Some((archived, at)), Some(stays)) = (documents.get(number), stays.get_mut(number))
        else {
            continue;
        };
        *stays = match archived {
            Archived::Partial => Some(Stays::Partial),
            Archived::Foreign => Some(Stays::Foreign),
            Archived::Unsettled => Some(Stays::Unsettled),
            Archived::Delivered if retention.is_young(*at, now) => Some(Stays::Young),
            Archived::Delivered if retention.is_latest(rank) => Some(Stays::Latest),
            Archived::Delivered => None,
        };
    }
    stays
}

impl Retention {
    fn is_young(self, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let is_young = |limit: Duration| {
            let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
            now - at < limit
        };
        self.older_than.is_some_and(is_young)
    }

    fn is_latest(self, rank: usize) -> bool {
        let rank = u64::try_from(rank).unwrap_or(u64::MAX);
        self.keep.is_some_and(|keep| rank < keep)
    }
}

/// What is known of a file that a document names and that is to go with it.
#[derive(Debug)]
pub struct FileCase<'a> {
    /// What was found by its name.
    pub found: &'a Lookup<FileFacts>,
    /// Whether the name stands for a link.
    pub is_link: bool,
    /// Whether a document that stays names it, or bytes that are no document speak of it.
    pub is_wanted: bool,
    /// When it was delivered, and with how many bytes where that is known; `None` when it was not.
    pub delivered: Option<(DateTime<Utc>, Option<u64>)>,
    /// A person wants it gone whether it was delivered or not.
    pub is_condemned: bool,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFate {
    /// It is removed.
    Goes,
    /// It is not there.
    Gone,
    /// It stays, and its document goes.
    Stays(&'static str),
    /// It stays, and its document with it: a person has to look.
    InTheWay(String),
}

/// What becomes of a file.
pub fn prune_file(case: &FileCase<'_>) -> FileFate {
    let file = match case.found {
        Lookup::NotNamed | Lookup::Missing => return FileFate::Gone,
        Lookup::Unsafe(reason) | Lookup::Unreadable(reason) => {
            return FileFate::InTheWay(reason.clone());
        }
        Lookup::Here(file) => file,
    };
    if case.is_link {
        return FileFate::InTheWay("a link".to_owned());
    }
    if case.is_wanted {
        return FileFate::Stays("another document names it");
    }
    if case.is_condemned {
        return FileFate::Goes;
    }
    let Some((at, bytes)) = case.delivered else {
        return FileFate::Stays("it was not delivered");
    };
    if file.modified > at || bytes.is_some_and(|bytes| bytes != file.len_bytes) {
        return FileFate::InTheWay("it was changed after it was delivered".to_owned());
    }
    FileFate::Goes
}

/// When the recording was sent by us, and how large it was.
pub fn recording_sent(document: &Document) -> Option<(DateTime<Utc>, Option<u64>)> {
    let recording = &document.record.recording;
    match recording.state {
        PartState::Uploaded | PartState::Duplicate => Some((recording.at?, recording.bytes)),
        _ => None,
    }
}

/// When the call data were sent, with all that the document names.
pub fn call_data_sent(document: &Document) -> Option<(DateTime<Utc>, Option<u64>)> {
    let call_data = &document.record.call_data;
    let is_whole = call_data.state.is_delivered() && call_data.without.is_empty();
    call_data.at.filter(|_| is_whole).map(|at| (at, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp;

    fn at(text: &str) -> DateTime<Utc> {
        timestamp::parse(text).unwrap()
    }

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn what_either_rule_keeps_stays() {
        let now = at("2026-02-01T00:00:00Z");
        let days = |days: i64| (Archived::Delivered, now - TimeDelta::days(days));
        let documents = [days(3), days(1), days(2)];
        let rule = |older_than: Option<u32>, keep| Retention {
            older_than: older_than.map(|days| days * DAY),
            keep,
        };
        let (young, latest) = (Some(Stays::Young), Some(Stays::Latest));
        for (retention, expected) in [
            (rule(Some(2), None), [None, young, None]),
            (rule(Some(0), None), [None, None, None]),
            (rule(None, Some(1)), [None, latest, None]),
            (rule(None, Some(0)), [None, None, None]),
            (rule(Some(2), Some(2)), [None, young, latest]),
            (rule(Some(9), Some(0)), [young, young, young]),
            (rule(None, Some(u64::MAX)), [latest, latest, latest]),
        ] {
            assert_eq!(
                retain(&documents, retention, now),
                expected,
                "{retention:?}"
            );
        }
        let second = now - TimeDelta::seconds(1);
        let retention = rule(Some(1), None);
        for (age, stays) in [
            (now - DAY, None),
            (second - DAY, None),
            (now - DAY + Duration::from_secs(1), young),
            (now + DAY, young),
        ] {
            let documents = [(Archived::Delivered, age)];
            assert_eq!(retain(&documents, retention, now), [stays]);
        }
    }

    #[test]
    fn what_was_not_delivered_whole_stays_whatever_its_age() {
        let now = at("2026-02-01T00:00:00Z");
        let retention = Retention {
            older_than: Some(Duration::ZERO),
            keep: Some(0),
        };
        for (archived, stays) in [
            (Archived::Partial, Stays::Partial),
            (Archived::Foreign, Stays::Foreign),
            (Archived::Unsettled, Stays::Unsettled),
        ] {
            let documents = [(archived, DateTime::UNIX_EPOCH)];
            assert_eq!(retain(&documents, retention, now), [Some(stays)]);
        }
    }

    #[test]
    fn a_document_stands_as_its_record_says() {
        let document = |status: &str, upload: &str| {
            let text = format!(r#"{{"session_id": "a", "status": "{status}"{upload}}}"#);
            archived(&Document::parse(text.as_bytes()).unwrap())
        };
        let record = |recording: &str, call_data: &str| {
            format!(
                r#", "upload": {{"recording": {{"state": "{recording}"}}, "call_data": {{"state": "{call_data}"}}}}"#
            )
        };
        for (status, upload, expected) in [
            (
                "uploaded",
                record("uploaded", "uploaded"),
                Archived::Delivered,
            ),
            (
                "uploaded",
                record("absent", "duplicate"),
                Archived::Delivered,
            ),
            ("uploaded", record("missing", "uploaded"), Archived::Partial),
            (
                "uploaded",
                record("uploaded", "rejected"),
                Archived::Partial,
            ),
            (
                "uploaded",
                record("uploaded", "pending"),
                Archived::Unsettled,
            ),
            (
                "uploaded",
                record("absent", "rejected"),
                Archived::Unsettled,
            ),
            ("uploaded", String::new(), Archived::Foreign),
            (
                "failed",
                record("uploaded", "uploaded"),
                Archived::Unsettled,
            ),
            (
                "ready_for_upload",
                record("uploaded", "uploaded"),
                Archived::Unsettled,
            ),
            (
                "archived",
                record("uploaded", "uploaded"),
                Archived::Unsettled,
            ),
        ] {
            assert_eq!(document(status, &upload), expected, "{status} {upload}");
        }
    }

    #[test]
    fn a_file_goes_only_as_it_was_delivered() {
        let sent = at("2026-01-01T00:00:00Z");
        let facts = |modified| FileFacts {
            relative: "a.ogg".into(),
            len_bytes: 7,
            modified,
        };
        let here = Lookup::Here(facts(sent));
        let newer = Lookup::Here(facts(sent + TimeDelta::milliseconds(1)));
        let fate = |found: &Lookup<FileFacts>, delivered, is_condemned| {
            prune_file(&FileCase {
                found,
                is_link: false,
                is_wanted: false,
                delivered,
                is_condemned,
            })
        };
        let changed = FileFate::InTheWay("it was changed after it was delivered".to_owned());
        assert_eq!(fate(&here, Some((sent, Some(7))), false), FileFate::Goes);
        assert_eq!(fate(&here, Some((sent, None)), false), FileFate::Goes);
        assert_eq!(fate(&here, Some((sent, Some(8))), false), changed);
        assert_eq!(fate(&newer, Some((sent, None)), false), changed);
        assert_eq!(fate(&newer, None, true), FileFate::Goes);
        let stays = FileFate::Stays("it was not delivered");
        assert_eq!(fate(&here, None, false), stays);
        assert_eq!(fate(&Lookup::Missing, None, false), FileFate::Gone);
        let odd = Lookup::Unsafe("odd".to_owned());
        assert_eq!(fate(&odd, None, true), FileFate::InTheWay("odd".to_owned()));
        for (is_link, is_wanted, expected) in [
            (true, false, FileFate::InTheWay("a link".to_owned())),
            (false, true, FileFate::Stays("another document names it")),
        ] {
            let case = FileCase {
                found: &here,
                is_link,
                is_wanted,
                delivered: Some((sent, None)),
                is_condemned: true,
            };
            assert_eq!(prune_file(&case), expected);
        }
    }
}
