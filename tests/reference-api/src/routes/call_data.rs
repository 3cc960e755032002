//! `POST {base}/call-data`.

use std::io::{self, Read};

use serde::Serialize;
use serde_json::Value;

use super::{Api, Request, key_reused, not_stored};
use crate::response::Response;
use crate::store::{NewCall, Posted};

/// Longest call data that is taken, in bytes.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// The fields that call data must have, as text.
const REQUIRED: [(&str, &str); 4] = [
    ("campaignId", "/campaignId"),
    ("voiceAgentId", "/voiceAgentId"),
    ("client", "/client"),
    ("callDetails.callId", "/callDetails/callId"),
];

#[derive(Serialize)]
struct Answer<'a> {
    success: bool,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    call_id: &'a str,
}

/// Stores call data.
///
/// # Errors
/// When the client breaks off before the end of the body.
pub(super) fn respond(api: &Api, request: &mut Request<'_, '_>) -> io::Result<Response> {
    let mut bytes = Vec::new();
    request.body.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Ok(Response::refusal(413, "the call data are too large"));
    }
    Ok(match read(request, bytes) {
        Ok(new) => store(api, new),
        Err(refusal) => refusal,
    })
}

fn store(api: &Api, new: NewCall) -> Response {
    let call_id = new.call_id.clone();
    match api.store.calls.post(&api.store.database, new, api.dedupe) {
        Ok(Posted::Stored | Posted::Replayed) => Response::json(
            200,
            &Answer {
                success: true,
                data: Data { call_id: &call_id },
            },
        ),
        Ok(Posted::Exists) => Response::refusal(409, &format!("call {call_id} already exists")),
        Ok(Posted::KeyReused) => key_reused(),
        Err(error) => not_stored(&error),
    }
}

/// Understands call data, or says what is wrong with them.
fn read(request: &Request<'_, '_>, bytes: Vec<u8>) -> Result<NewCall, Response> {
    let head = request.head;
    let media_type = head.header("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = "content-type is not application/json";
        return Err(Response::refusal(415, message));
    }
    let raw_body = String::from_utf8(bytes)
        .map_err(|_| Response::refusal(400, "the call data are not UTF-8"))?;
    let body: Value = serde_json::from_str(&raw_body)
        .map_err(|_| Response::refusal(400, "the call data are not JSON"))?;
    let text = |pointer: &str| {
        body.pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|(_, pointer)| text(pointer).is_none())
        .map(|(name, _)| name)
        .collect();
    let Some(call_id) = text("/callDetails/callId").filter(|_| missing.is_empty()) else {
        let message = format!("required fields are missing: {}", missing.join(", "));
        return Err(Response::refusal(400, &message));
    };
    Ok(NewCall {
        call_id: call_id.to_owned(),
        body,
        raw_body,
        idempotency_key: head.idempotency_key().unwrap_or_default(),
        request_id: head.header("x-request-id").map(str::to_owned),
    })
}
