//! Once faults have stopped, everything ends where it belongs.

use crate::document::Document;
use crate::request::{Part, Reply};
use crate::violation::Violation;
use crate::world::{CallData, Origin, Recording, STATES, World};

const CHECK: &str = "drained";

/// After the faults have stopped and runs have gone on until nothing was due: nothing is pending
/// but what stays, and every session is archived, failed or quarantined as what it is, and what
/// the API answered, imply.
pub fn drained(world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for origin in &world.origins {
        let Some((state, document)) = find(world, origin) else {
            let message = "it is nowhere".to_owned();
            violations.push(Violation::new(CHECK, origin.label(), message));
            continue;
        };
        let wrong = match document {
            None if state == "corrupt" => None,
            None => Some(format!("it is no document, and in {state}")),
            Some(_) if origin.stays => {
                (state != "pending").then(|| format!("it was to stay, and is in {state}"))
            }
            Some(document) => misplaced(world, origin, state, &document),
        };
        violations.extend(wrong.map(|message| Violation::new(CHECK, origin.label(), message)));
    }
    violations
}

/// Where an origin is, with its document when it is one.
fn find(world: &World, origin: &Origin) -> Option<(&'static str, Option<Document>)> {
    let written = Document::parse(&origin.bytes).filter(|_| origin.session_id.is_some());
    for state in STATES {
        for (_, bytes) in world.spool.documents(state) {
            match (&written, Document::parse(bytes)) {
                (None, _) if bytes == origin.bytes => return Some((state, None)),
                (Some(written), Some(document))
                    if document.session_id == written.session_id
                        && document.changed_since(written).is_none() =>
                {
                    return Some((state, Some(document)));
                }
                _ => {}
            }
        }
    }
    None
}

/// What is wrong with where a session has ended.
fn misplaced(world: &World, origin: &Origin, state: &str, document: &Document) -> Option<String> {
    let (recording, call_data) = (document.state("recording"), document.state("call_data"));
    let place = if origin.call_data == CallData::Impossible {
        "failed"
    } else {
        place(recording, call_data, document.is_lacking())
    };
    if state != place || place == "pending" {
        return Some(format!(
            "its recording is {recording}, its call data {call_data}, so it belongs to {place}, and is in {state}"
        ));
    }
    let status = if place == "failed" {
        "failed"
    } else {
        "uploaded"
    };
    if document.status() != status {
        return Some(format!(
            "it is in {state} with the status {}",
            document.status()
        ));
    }
    if origin.call_data == CallData::Impossible {
        let mut sent = world.api.iter();
        let is_sent = sent.any(|request| request.session_id == document.session_id);
        return is_sent.then(|| "something of it was sent, and it can never be whole".to_owned());
    }
    let implied = match (&origin.recording, recording) {
        (Recording::File(_), "uploaded" | "duplicate")
        | (Recording::Remote(_), "remote")
        | (Recording::Missing, "missing")
        | (Recording::None, "absent") => true,
        // Call data that is given up before anything was sent leaves nothing to send it for.
        (_, "pending") if place == "failed" => true,
        (_, given_up) => is_given_up_rightly(world, document, Part::Recording, given_up),
    };
    if !implied {
        return Some(format!(
            "its recording is {:?}, and counts as {recording}",
            origin.recording
        ));
    }
    let implied = matches!(call_data, "uploaded" | "duplicate")
        || is_given_up_rightly(world, document, Part::CallData, call_data);
    (!implied).then(|| format!("its call data counts as {call_data}, and nothing tells why"))
}

/// The directory of a session by its parts: the contract's table.
fn place(recording: &str, call_data: &str, is_lacking: bool) -> &'static str {
    match (recording, call_data) {
        (_, "pending") => "pending",
        ("pending", "uploaded" | "duplicate") => "pending",
        (_, "uploaded" | "duplicate") => "processed",
        ("uploaded" | "duplicate", _) => "processed",
        _ if is_lacking => "processed",
        _ => "failed",
    }
}

/// Whether the log or the attempts tell why a part was given up.
fn is_given_up_rightly(world: &World, document: &Document, part: Part, state: &str) -> bool {
    match state {
        "abandoned" => document.attempts(part.record()) >= world.max_attempts,
        "rejected" => world
            .requests(&document.session_id, part)
            .any(|(_, request)| {
                matches!(request.reply, Reply::Refused(status) if (400..500).contains(&status) || status == 501)
            }),
        _ => false,
    }
}
