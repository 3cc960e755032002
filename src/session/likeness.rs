//! When two documents of a session are the same: what a crash leaves in two directories.

use serde_json::value::RawValue;

use super::document::Document;
use crate::json::Members;

/// The members that a run changes.
const CHANGED: [&str; 5] = [
    "status",
    "upload_attempts",
    "last_upload_attempt",
    "files",
    "upload",
];

/// Whether a filed document is a later state of a pending one: of the same session, saved by the
/// agent at the same time, and not of an earlier generation. Those of older agents do not say when
/// they were saved; they must agree in all that no run changes.
pub fn is_same_document(filed: &Document, pending: &Document) -> bool {
    let is_same_save = match (filed.metadata_saved(), pending.metadata_saved()) {
        (Some(filed), Some(pending)) => filed == pending,
        (None, None) => is_same_content(filed.members(), pending.members()),
        (_, _) => false,
    };
    is_same_save
        && filed.session_id() == pending.session_id()
        // A recording that changed in the last try made a new one.
        && filed.record.generation >= pending.record.generation
}

/// What tells the savings of a session's documents apart, as [`is_same_document`] does.
pub(super) fn saving_of(document: &Document) -> String {
    document.metadata_saved().unwrap_or_else(|| {
        let members = document.members();
        let files = members.object("files").unwrap_or_default();
        let unchanged = without(members, &CHANGED).chain(without(&files, &["recording"]));
        unchanged
            .map(|(name, value)| format!("{name}\0{value}\0"))
            .collect()
    })
}

fn is_same_content(first: &Members<'_>, second: &Members<'_>) -> bool {
    let first_files = first.object("files").unwrap_or_default();
    let second_files = second.object("files").unwrap_or_default();
    without(first, &CHANGED).eq(without(second, &CHANGED))
        && without(&first_files, &["recording"]).eq(without(&second_files, &["recording"]))
}

fn without<'a>(
    object: &'a Members<'_>,
    names: &'a [&str],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    object
        .iter()
        .filter(|(name, _)| !names.contains(name))
        .map(|(name, value): (&str, &RawValue)| (name, value.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Status;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_time_of_saving_decides_where_there_is_one() {
        let saved = |time: &str, note: u8| {
            document(&format!(
                r#"{{"session_id":"s","note":{note},"timestamps":{{"metadata_saved":{time}}}}}"#
            ))
        };
        assert!(is_same_document(&saved("\"a\"", 1), &saved("\"a\"", 2)));
        assert!(!is_same_document(&saved("\"a\"", 1), &saved("\"b\"", 1)));
        assert!(!is_same_document(&saved("\"a\"", 1), &saved("null", 1)));
        assert!(is_same_document(&saved("null", 1), &saved("null", 1)));
        assert!(!is_same_document(&saved("null", 1), &saved("null", 2)));
        let mut newer = saved("\"a\"", 1);
        newer.record.generation = 1;
        assert!(!is_same_document(&saved("\"a\"", 1), &newer));
        assert!(is_same_document(&newer, &saved("\"a\"", 1)));
        let other = document(r#"{"session_id":"t","timestamps":{"metadata_saved":"a"}}"#);
        assert!(!is_same_document(&saved("\"a\"", 1), &other));
    }

    #[test]
    fn what_a_run_changes_makes_no_other_document() {
        for text in [
            r#"{"session_id":"s","files":{ "lead" : null,"recording":null},"n":1E+2}"#,
            r#"{"files":null,"session_id":"s","upload_attempts":0,"status":"ready_for_upload"}"#,
        ] {
            let before = document(text);
            let mut after = before.clone();
            after.set_recording_path("recordings/a.ogg").unwrap();
            after.set_status(&Status::Uploaded).unwrap();
            after.set_upload_attempts(2).unwrap();
            let after = Document::parse(&after.to_bytes().unwrap()).unwrap();
            assert!(is_same_document(&before, &after), "{text}");
        }
        let first = document(r#"{"session_id":"s","files":{"lead":"a"}}"#);
        let second = document(r#"{"session_id":"s","files":{"lead":"b"}}"#);
        assert!(!is_same_document(&first, &second));
    }
}
