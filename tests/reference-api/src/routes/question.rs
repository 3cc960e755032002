//! `GET {base}/call-data?callId=…&limit=…`.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Api, Tamper};
use crate::head::Head;
use crate::response::Response;

/// Calls in an answer when no limit is given.
const DEFAULT_LIMIT: usize = 20;

/// A call that nobody posted.
const SOMEBODY_ELSES: &str = r#"{"callDetails":{"callId":"CALL-somebody-elses"}}"#;

#[derive(Serialize)]
struct Answer {
    success: bool,
    data: Vec<Box<RawValue>>,
}

/// Finds the calls that were asked for; without a `callId` the latest of all.
pub(super) fn respond(api: &Api, head: &Head, tamper: Option<Tamper>) -> Response {
    let Some(limit) = head
        .parameter("limit")
        .map_or(Some(DEFAULT_LIMIT), |limit| limit.parse().ok())
        .filter(|limit| *limit > 0)
    else {
        return Response::refusal(400, "limit is no number above 0");
    };
    let call_id = head.parameter("callId");
    let mut bodies = match (&call_id, tamper) {
        (Some(call_id), Some(Tamper::IgnoreCallId)) => api.store.calls.others(call_id, limit),
        (call_id, _) => api.store.calls.latest(call_id.as_deref(), limit),
    };
    if tamper == Some(Tamper::IgnoreCallId) && bodies.is_empty() {
        bodies.push(SOMEBODY_ELSES.to_owned());
    }
    if bodies.is_empty() && call_id.is_some() {
        return Response::refusal(404, "there is no such call");
    }
    let data = bodies
        .into_iter()
        .filter_map(|body| RawValue::from_string(body).ok())
        .collect();
    Response::json(
        200,
        &Answer {
            success: true,
            data,
        },
    )
}
