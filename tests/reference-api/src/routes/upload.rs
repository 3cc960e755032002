//! `POST {base}/upload`.

use std::io;

use serde::Serialize;

use super::{Api, Request, Tamper, key_reused, not_stored};
use crate::multipart::{self, FormError};
use crate::response::Response;
use crate::store::{Kept, NewRecording, StoredRecording};

#[derive(Serialize)]
struct Answer<'a> {
    success: bool,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    filename: &'a str,
    original_name: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_url: Option<String>,
}

/// Stores a recording.
///
/// # Errors
/// When the client breaks off before the end of the body.
pub(super) fn respond(api: &Api, request: &mut Request<'_, '_>) -> io::Result<Response> {
    let head = request.head;
    let recordings = &api.store.recordings;
    let mut incoming = match recordings.receive() {
        Ok(incoming) => incoming,
        Err(error) => return Ok(not_stored(&error)),
    };
    let form = multipart::read_file(head.header("content-type"), request.body, &mut incoming);
    // What stands behind the form's end belongs to the request too.
    request.body.drain()?;
    let part = match form {
        Ok(part) => part,
        Err(error) => return Ok(refusal(&error)),
    };
    let new = NewRecording {
        original_name: part.file_name,
        media_type: part.media_type,
        idempotency_key: head.idempotency_key().unwrap_or_default(),
        request_id: head.header("x-request-id").map(str::to_owned),
    };
    let kept = recordings.keep(&api.store.database, incoming, new, api.dedupe, |name| {
        let prefix = api
            .base_path
            .strip_suffix("/api/public")
            .unwrap_or(&api.base_path);
        format!("{}{prefix}{}", api.origin, relative_url(name))
    });
    Ok(match kept {
        Ok(Kept::Stored(recording) | Kept::Replayed(recording)) => {
            acknowledge(&recording, request.tamper)
        }
        Ok(Kept::KeyReused) => key_reused(),
        Err(error) => not_stored(&error),
    })
}

fn refusal(error: &FormError) -> Response {
    let status = match error {
        FormError::ContentType => 415,
        FormError::Write(_) => 500,
        FormError::NoFile | FormError::SeveralFiles | FormError::Malformed(_) => 400,
    };
    Response::refusal(status, &error.to_string())
}

fn acknowledge(recording: &StoredRecording, tamper: Option<Tamper>) -> Response {
    let has_url = !matches!(tamper, Some(Tamper::WithoutUrl | Tamper::RelativeUrlOnly));
    let has_relative_url = tamper != Some(Tamper::WithoutUrl);
    Response::json(
        200,
        &Answer {
            success: true,
            data: Data {
                filename: &recording.stored_name,
                original_name: &recording.original_name,
                size: recording.size + u64::from(tamper == Some(Tamper::WrongSize)),
                url: has_url.then_some(recording.url.as_str()),
                relative_url: has_relative_url.then(|| relative_url(&recording.stored_name)),
            },
        },
    )
}

fn relative_url(stored_name: &str) -> String {
    format!("/uploads/recordings/{stored_name}")
}
