//! Nothing counts as delivered that the API did not acknowledge.

use crate::document::Document;
use crate::request::{Part, Reply, Request};
use crate::violation::Violation;
use crate::world::{Origin, Recording, World};

const CHECK: &str = "claims";

/// A document says of a part that it is `uploaded` or `duplicate` only if the API has said so for
/// that session, with the URL that stands in the document; one that is archived as `uploaded` says
/// so of a part at least. What stood in a document when the producer left it is believed.
pub fn claims(world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (state, name, document) in world.spool.parsed() {
        let mut claim = |message: String| {
            let message = format!("{state}/{name}: {message}");
            violations.push(Violation::new(CHECK, &document.session_id, message));
        };
        let origin = world
            .origins
            .iter()
            .find(|origin| origin.session_id.as_deref() == Some(&document.session_id));
        let Some(origin) = origin else {
            continue;
        };
        let written = Document::parse(&origin.bytes);
        let was = |part| {
            written
                .as_ref()
                .map_or("pending", |written| written.state(part))
        };
        let recording = document.state("recording");
        if was("recording") != recording
            && let Some(message) = recording_claim(world, origin, &document)
        {
            claim(message);
        }
        let call_data = document.state("call_data");
        if was("call_data") != call_data
            && let Some(message) = call_data_claim(world, &document)
        {
            claim(message);
        }
        let is_delivered = |state| matches!(state, "uploaded" | "duplicate");
        let was_uploaded = written.is_some_and(|written| written.status() == "uploaded");
        if document.status() == "uploaded"
            && !was_uploaded
            && !is_delivered(recording)
            && !is_delivered(call_data)
            && !document.is_lacking()
        {
            claim("it counts as uploaded, and no part of it is".to_owned());
        }
    }
    violations
}

fn recording_claim(world: &World, origin: &Origin, document: &Document) -> Option<String> {
    let state = document.state("recording");
    let url = document.url();
    let says_so = |request: &Request| {
        let told = match (&request.reply, state) {
            (Reply::Acknowledged { url }, "uploaded") | (Reply::Duplicate { url }, "duplicate") => {
                url.as_deref()
            }
            _ => return false,
        };
        let is_whole = match &origin.recording {
            Recording::File(hash) => request.content.as_ref() == Some(hash),
            _ => true,
        };
        request.is_acknowledged() && told.is_some() && told == url && is_whole
    };
    let mut requests = world.requests(&document.session_id, Part::Recording);
    match state {
        "uploaded" | "duplicate" => (!requests.any(|(_, request)| says_so(request))).then(|| {
            format!("the recording counts as {state} at {url:?}, and the API never said so")
        }),
        "remote" => {
            let is_so = matches!(&origin.recording, Recording::Remote(there) if Some(there.as_str()) == url);
            (!is_so).then(|| format!("the recording counts as remote at {url:?}, and is not"))
        }
        _ => None,
    }
}

fn call_data_claim(world: &World, document: &Document) -> Option<String> {
    let state = document.state("call_data");
    let session = &document.session_id;
    let mut posts = world.requests(session, Part::CallData);
    let mut questions = world.requests(session, Part::Question);
    let is_true = match state {
        "uploaded" => posts.any(|(_, post)| {
            let is_stored = matches!(post.reply, Reply::Acknowledged { .. });
            is_stored && post.is_acknowledged()
        }),
        "duplicate" => {
            let found = |request: &Request| {
                matches!(request.reply, Reply::Duplicate { .. }) && request.is_acknowledged()
            };
            posts.any(|(_, post)| found(post)) || questions.any(|(_, question)| found(question))
        }
        _ => true,
    };
    if !is_true {
        return Some(format!(
            "the call data counts as {state}, and the API never said so"
        ));
    }
    // What the API has must lead to the recording that the document names.
    let url = document.url();
    let is_complete = state == "uploaded"
        && matches!(
            document.state("recording"),
            "uploaded" | "duplicate" | "remote"
        )
        && !document.is_lacking()
        // Whoever had the recording alone sent again knows that the call names the old one.
        && !world
            .events
            .iter()
            .any(|event| event.reopens_recording_of(session));
    let mut posts = world.requests(session, Part::CallData);
    let is_linked = posts.any(|(_, post)| {
        matches!(post.reply, Reply::Acknowledged { .. }) && post.recording_url.as_deref() == url
    });
    (is_complete && !is_linked)
        .then(|| format!("no call data that the API took names the recording at {url:?}"))
}
