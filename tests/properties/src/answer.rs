//! What the API's answers mean, against the contract's table written a second time.

use arbitrary::Unstructured;
use callspool::outcome::{Failure, FailureKind, RetryAfter};
use callspool::upload::classify::{self, Reply, ReplyBody};
use callspool::upload::{Acknowledgement, Presence, StoredRecording, retry_after};
use serde_json::Value;

use crate::members::{self, last};
use crate::oracle;
use crate::redaction::{assert_nothing_marked, fill_in, marked_piece, redactor};

const URL: &str = "https://crm.example/apis/api/public/upload";
const ORIGIN: &str = "https://crm.example";
const SENT_BYTES: u64 = 7;
const CALL_ID: &str = "CALL-s";

/// An answer: its status, the headers that count, and the body as far as it came.
struct Given {
    status: u16,
    retry_after: Option<RetryAfter>,
    location: Option<String>,
    body: Body,
}

enum Body {
    Complete(String),
    Cut,
    TooLarge,
}

impl Given {
    /// From bytes: status, kind of body, headers on two lines, body.
    fn read(data: &[u8]) -> Option<Self> {
        let mut u = Unstructured::new(data);
        let status = 100 + u.arbitrary::<u16>().ok()? % 900;
        let kind: u8 = u.arbitrary().ok()?;
        let rest = fill_in(u.take_rest());
        let mut lines = rest.splitn(3, '\n');
        let waits = lines.next().and_then(retry_after::parse);
        let location = lines.next().map(str::to_owned);
        Some(Self {
            status,
            retry_after: waits,
            location: location.filter(|location| !location.is_empty()),
            body: match kind {
                0 => Body::Cut,
                1 => Body::TooLarge,
                _ => Body::Complete(lines.next().unwrap_or_default().to_owned()),
            },
        })
    }

    fn reply(&self) -> Reply<'_> {
        Reply {
            url: URL,
            status: self.status,
            retry_after: self.retry_after,
            location: self.location.as_deref(),
            body: match &self.body {
                Body::Complete(body) => ReplyBody::Complete(body.as_bytes()),
                Body::Cut => ReplyBody::Cut,
                Body::TooLarge => ReplyBody::TooLarge,
            },
        }
    }

    fn body(&self) -> Option<&str> {
        match &self.body {
            Body::Complete(body) => Some(body),
            Body::Cut | Body::TooLarge => None,
        }
    }

    /// The value of `success`, as it stands; only a boolean speaks the contract.
    fn success(&self) -> Option<&str> {
        let members = members::members(self.body()?)?;
        last(&members, "success").filter(|value| ["true", "false"].contains(value))
    }

    fn is_2xx(&self) -> bool {
        (200..=299).contains(&self.status)
    }
}

/// No answer is taken for more than it says, to any of the three requests.
pub(crate) fn check(data: &[u8]) {
    let Some(given) = Given::read(data) else {
        return;
    };
    let value = given.body().and_then(|body| oracle::value(body.as_bytes()));
    let recording = classify::recording(&given.reply(), ORIGIN, SENT_BYTES);
    let call_data = classify::call_data(&given.reply());
    let question = classify::question(&given.reply(), CALL_ID);
    check_recording(&given, value.as_ref(), &recording);
    check_call_data(&given, value.as_ref(), &call_data);
    check_question(&given, value.as_ref(), &question);
    let failures = [recording.err(), call_data.err(), question.err()];
    for (asks, failure) in [false, false, true].into_iter().zip(failures) {
        if let Some(failure) = failure {
            check_failure(&given, asks, &failure);
        }
    }
}

fn check_recording(
    given: &Given,
    value: Option<&Value>,
    outcome: &Result<StoredRecording, Failure>,
) {
    if let Ok(stored) = outcome {
        let is_success = given.is_2xx() && given.success() == Some("true");
        assert!(is_success || given.status == 409, "{stored:?}");
        assert_eq!(stored.duplicate, given.status == 409);
        assert!(stored.url.contains("://") && !stored.url.chars().any(char::is_control));
    }
    let Some(value) = value else {
        return;
    };
    let data = &value["data"];
    let sizes = [
        Value::Null,
        SENT_BYTES.into(),
        SENT_BYTES.to_string().into(),
    ];
    let has_size = sizes.contains(&data["size"]);
    let url = oracle::text(data, "url").or_else(|| oracle::text(data, "relativeUrl"));
    if let Ok(stored) = outcome {
        let url = url.unwrap().trim();
        assert!(stored.url.ends_with(url.trim_start_matches('/')), "{url}");
        assert!(
            url.contains("://") || stored.url.starts_with(ORIGIN),
            "{url}"
        );
        let is_spelled_out = |text: &str| text.trim().trim_start_matches(['+', '0']) == "7";
        assert!(has_size || data["size"].as_str().is_some_and(is_spelled_out));
    }
    let is_plain = url.is_some_and(|url| {
        url.starts_with("https://h/")
            && url
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/:.".contains(c))
    });
    let speaks =
        given.is_2xx() && value["success"] == true || given.status == 409 && value.is_object();
    if speaks && has_size && is_plain {
        assert_eq!(
            outcome.as_ref().map(|stored| stored.url.as_str()),
            Ok(url.unwrap())
        );
    }
}

fn check_call_data(
    given: &Given,
    value: Option<&Value>,
    outcome: &Result<Acknowledgement, Failure>,
) {
    let is_success = given.is_2xx() && given.success() == Some("true");
    assert_eq!(*outcome == Ok(Acknowledgement::Stored), is_success);
    if *outcome == Ok(Acknowledgement::Duplicate) {
        let body = given.body().unwrap_or_default().to_lowercase();
        assert_eq!(given.status, 409);
        assert!(
            body.contains("exist") || body.contains("dup") || body.contains("\\u"),
            "{body}"
        );
    }
    if let Err(failure) = outcome {
        let may_be_there =
            given.is_2xx() || given.status == 408 || (500..600).contains(&given.status);
        assert_eq!(failure.fate_unknown, may_be_there, "{failure:?}");
        assert!(failure.claims_duplicate || given.status != 409);
    }
    let says_so = value.is_some_and(|value| value["message"] == "Call already exists");
    if given.status == 409 && says_so {
        assert_eq!(*outcome, Ok(Acknowledgement::Duplicate));
    }
}

fn check_question(given: &Given, value: Option<&Value>, outcome: &Result<Presence, Failure>) {
    match outcome {
        Ok(Presence::Present { .. }) => {
            assert!(given.is_2xx() && given.success() == Some("true"));
        }
        Ok(Presence::Absent) => {
            let is_empty_answer = given.status == 404 && given.success().is_some();
            assert!(is_empty_answer || given.is_2xx() && given.success() == Some("true"));
        }
        Ok(Presence::Unanswerable) => {
            let knows_it_not = matches!(given.status, 404 | 405) && given.success().is_none();
            assert!(knows_it_not || given.is_2xx() && matches!(given.body, Body::TooLarge));
        }
        Err(failure) => assert!(failure.fate_unknown && !failure.claims_duplicate),
    }
    let Some(value) = value.filter(|_| given.is_2xx()) else {
        return;
    };
    let calls = value["data"]
        .as_array()
        .filter(|_| value["success"] == true);
    let is_ours = |call: &&Value| call["callDetails"]["callId"] == CALL_ID;
    let expected = calls.map(|calls| match calls.iter().find(is_ours) {
        Some(call) => Presence::Present {
            recording_url: oracle::text(&call["callDetails"], "recordingUrl").map(str::to_owned),
        },
        None => Presence::Absent,
    });
    assert_eq!(outcome.as_ref().ok(), expected.as_ref());
}

/// The kind is the contract's for that status, and the message fit to be shown.
fn check_failure(given: &Given, asks: bool, failure: &Failure) {
    let speaks = given.success().is_some();
    let is_cut = matches!(given.body, Body::Cut);
    let expected: &[FailureKind] = match given.status {
        200..=299 if is_cut => &[FailureKind::Ambiguous],
        200..=299 => &[FailureKind::Protocol],
        300..=399 => &[FailureKind::Misdirected],
        401 | 407 => &[FailureKind::Auth],
        403 => &[FailureKind::Forbidden],
        404 | 405 | 410 | 501 if speaks => &[FailureKind::Rejected],
        404 | 405 | 410 | 501 => &[FailureKind::Misdirected],
        408 | 425 => &[FailureKind::Server],
        // Of a recording it is the contract's only with a URL; cut off it may have had one.
        409 if asks => &[FailureKind::Server],
        409 => &[
            FailureKind::Server,
            FailureKind::Protocol,
            FailureKind::Ambiguous,
        ],
        429 => &[FailureKind::Throttled],
        503 if given.retry_after.is_some() => &[FailureKind::Throttled],
        502..=504 => &[FailureKind::Unavailable],
        400..=499 => &[FailureKind::Rejected],
        500..=599 => &[FailureKind::Server],
        _ => &[FailureKind::Protocol],
    };
    assert!(expected.contains(&failure.kind), "{failure:?}");
    assert_eq!(failure.status, Some(given.status));
    assert_eq!(failure.retry_after, given.retry_after);
    assert!(failure.connected);
    assert!(
        !failure.message.chars().any(char::is_control),
        "{failure:?}"
    );
    // Scrubbing takes longer than all the rest; it is for messages that need it.
    if marked_piece(&failure.message).is_some() {
        assert_nothing_marked(&redactor().scrub_message(&failure.message, 400));
    }
    let location = given.location.as_deref().unwrap_or_default();
    if failure.kind == FailureKind::Misdirected && location.contains("?q=hidden") {
        assert!(!failure.message.contains("?q="), "{failure:?}");
    }
}
