mod redirects;

use std::time::Duration;

use super::*;

const URL: &str = "https://crm.example.com/api/upload";
const ORIGIN: &str = "https://crm.example.com";
const CONTRACT: &[u8] = br#"{"success":false,"message":"no"}"#;
const HTML: &[u8] = b"<html>no</html>";
const WAIT: Option<RetryAfter> = Some(RetryAfter::Delay(Duration::from_secs(7)));

fn reply(status: u16, body: &[u8]) -> Reply<'_> {
    Reply {
        url: URL,
        status,
        retry_after: None,
        location: None,
        body: ReplyBody::Complete(body),
    }
}

/// The failures of the three requests for the same answer.
fn failures(reply: &Reply<'_>) -> [Failure; 3] {
    [
        recording(reply, ORIGIN, 1).unwrap_err(),
        call_data(reply).unwrap_err(),
        question(reply, "CALL-1").unwrap_err(),
    ]
}

fn kinds(reply: &Reply<'_>) -> [FailureKind; 3] {
    failures(reply).map(|failure| failure.kind)
}

#[test]
fn statuses_that_mean_the_same_for_every_request() {
    use FailureKind::*;
    for (status, with_contract, with_html) in [
        (199, Protocol, Protocol),
        (300, Misdirected, Misdirected),
        (301, Misdirected, Misdirected),
        (308, Misdirected, Misdirected),
        (399, Misdirected, Misdirected),
        (400, Rejected, Rejected),
        (401, Auth, Auth),
        (402, Rejected, Rejected),
        (403, Forbidden, Forbidden),
        (406, Rejected, Rejected),
        (407, Auth, Auth),
        (408, Server, Server),
        (410, Rejected, Misdirected),
        (411, Rejected, Rejected),
        (413, Rejected, Rejected),
        (414, Rejected, Rejected),
        (415, Rejected, Rejected),
        (422, Rejected, Rejected),
        (424, Rejected, Rejected),
        (425, Server, Server),
        (426, Rejected, Rejected),
        (429, Throttled, Throttled),
        (431, Rejected, Rejected),
        (451, Rejected, Rejected),
        (499, Rejected, Rejected),
        (500, Server, Server),
        (501, Rejected, Misdirected),
        (502, Unavailable, Unavailable),
        (503, Unavailable, Unavailable),
        (504, Unavailable, Unavailable),
        (505, Server, Server),
        (507, Server, Server),
        (599, Server, Server),
        (600, Protocol, Protocol),
        (999, Protocol, Protocol),
    ] {
        for (body, expected) in [(CONTRACT, with_contract), (HTML, with_html)] {
            let reply = reply(status, body);
            assert_eq!(kinds(&reply), [expected; 3], "{status}");
            for failure in failures(&reply) {
                assert_eq!(failure.status, Some(status));
                assert!(failure.connected && !failure.claims_duplicate, "{status}");
            }
            let [recording, call_data, question] = failures(&reply);
            let unknown = status == 408 || (500..600).contains(&status);
            assert_eq!(recording.fate_unknown, unknown, "{status}");
            assert_eq!(call_data.fate_unknown, unknown, "{status}");
            assert!(question.fate_unknown, "{status}");
        }
    }
}

#[test]
fn not_found_and_not_allowed_depend_on_who_says_so() {
    for (status, body, expected) in [
        (404, CONTRACT, FailureKind::Rejected),
        (405, CONTRACT, FailureKind::Rejected),
        (404, HTML, FailureKind::Misdirected),
        (405, HTML, FailureKind::Misdirected),
        (
            404,
            &br#"{"success":"false"}"#[..],
            FailureKind::Misdirected,
        ),
        (404, b"", FailureKind::Misdirected),
    ] {
        let reply = reply(status, body);
        assert_eq!(recording(&reply, ORIGIN, 1).unwrap_err().kind, expected);
        assert_eq!(call_data(&reply).unwrap_err().kind, expected);
    }
    for (status, body, expected) in [
        (404, CONTRACT, Presence::Absent),
        (404, HTML, Presence::Unanswerable),
        (405, HTML, Presence::Unanswerable),
        (405, b"", Presence::Unanswerable),
    ] {
        assert_eq!(question(&reply(status, body), "CALL-1"), Ok(expected));
    }
    let failure = question(&reply(405, CONTRACT), "CALL-1").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(failure.fate_unknown);
}

#[test]
fn a_valid_retry_after_is_reported_with_every_failure_and_turns_503() {
    for (status, expected) in [
        (429, FailureKind::Throttled),
        (503, FailureKind::Throttled),
        (502, FailureKind::Unavailable),
        (500, FailureKind::Server),
        (403, FailureKind::Forbidden),
        (301, FailureKind::Misdirected),
        (200, FailureKind::Protocol),
    ] {
        let reply = Reply {
            retry_after: WAIT,
            ..reply(status, HTML)
        };
        for failure in failures(&reply) {
            assert_eq!(
                (failure.kind, failure.retry_after),
                (expected, WAIT),
                "{status}"
            );
        }
    }
}

#[test]
fn a_recording_is_stored_only_with_success_a_url_and_the_right_size() {
    let stored = |status, body: &str| recording(&reply(status, body.as_bytes()), ORIGIN, 10);
    let url = |url: &str, duplicate| {
        Ok(StoredRecording {
            url: url.to_owned(),
            duplicate,
        })
    };
    for (body, expected) in [
        (
            r#"{"success":true,"data":{"url":"http://x/a","size":10}}"#,
            "http://x/a",
        ),
        (
            r#"{"success":true,"data":{"url":"http://x/a","size":"10"}}"#,
            "http://x/a",
        ),
        (
            r#"{"success":true,"data":{"url":"http://x/a"}}"#,
            "http://x/a",
        ),
        (
            r#"{"success":true,"data":{"url":"http://x/a","relativeUrl":"/b"}}"#,
            "http://x/a",
        ),
        (
            r#"{"success":true,"data":{"relativeUrl":"/u/b"}}"#,
            "https://crm.example.com/u/b",
        ),
        (
            r#"{"success":true,"data":{"url":" s3+x://bucket/a b "}}"#,
            "s3+x://bucket/a b",
        ),
        (
            r#"{"success":true,"data":{"url":"/u/a?x=http://y"}}"#,
            "https://crm.example.com/u/a?x=http://y",
        ),
        (
            r#"{"success":true,"data":{"url":null,"relativeUrl":"u/b"}}"#,
            "https://crm.example.com/u/b",
        ),
        (
            r#"{"success":true,"data":{"url":"","relativeUrl":"http://y/b"}}"#,
            "http://y/b",
        ),
    ] {
        assert_eq!(stored(200, body), url(expected, false), "{body}");
        assert_eq!(stored(201, body), url(expected, false), "{body}");
        assert_eq!(stored(299, body), url(expected, false), "{body}");
        assert_eq!(stored(409, body), url(expected, true), "{body}");
    }
    assert_eq!(
        stored(409, r#"{"success":false,"data":{"url":"http://x/a"}}"#),
        url("http://x/a", true)
    );
    for (status, body) in [
        (200, ""),
        (204, ""),
        (200, "[]"),
        (200, "<html>"),
        (200, r#"{"success":true}"#),
        (200, r#"{"success":true,"data":{}}"#),
        (200, r#"{"success":true,"data":{"url":" "}}"#),
        (200, r#"{"success":true,"data":{"url":"http://x/\u0000"}}"#),
        (200, r#"{"success":false,"data":{"url":"http://x/a"}}"#),
        (200, r#"{"success":"true","data":{"url":"http://x/a"}}"#),
        (200, r#"{"data":{"url":"http://x/a"}}"#),
        (
            200,
            r#"{"success":true,"data":{"url":"http://x/a","size":9}}"#,
        ),
        (
            200,
            r#"{"success":true,"data":{"url":"http://x/a","size":11}}"#,
        ),
        (
            200,
            r#"{"success":true,"data":{"url":"http://x/a","size":"many"}}"#,
        ),
        (409, ""),
        (409, r#"{"success":false,"message":"file already exists"}"#),
        (
            409,
            r#"{"success":true,"data":{"url":"http://x/a","size":11}}"#,
        ),
    ] {
        let failure = stored(status, body).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol, "{status} {body}");
        assert!(!failure.fate_unknown && !failure.claims_duplicate, "{body}");
    }
}

#[test]
fn a_recordings_url_that_is_no_url_is_refused() {
    for url in [
        "javascript:1",
        "foo",
        "foo/bar",
        "x?u=http://y",
        "://x",
        "1s://x",
        "http://",
        "http:/x",
        "http:x",
    ] {
        for status in [200, 409] {
            let body = format!(r#"{{"success":true,"data":{{"url":"{url}","relativeUrl":"/a"}}}}"#);
            let failure = recording(&reply(status, body.as_bytes()), ORIGIN, 1).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Protocol, "{url}");
            let why = "data.url is no URL";
            assert!(failure.message.contains(why), "{}", failure.message);
        }
    }
}

#[test]
fn call_data_is_stored_only_with_success() {
    for status in [200, 201, 202, 299] {
        assert_eq!(
            call_data(&reply(status, br#"{"success":true}"#)),
            Ok(Acknowledgement::Stored)
        );
    }
    for body in [
        "",
        "{}",
        "<html>",
        r#"{"success":false}"#,
        r#"{"success":1}"#,
    ] {
        let failure = call_data(&reply(200, body.as_bytes())).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol, "{body}");
        assert!(failure.fate_unknown && !failure.claims_duplicate, "{body}");
    }
}

#[test]
fn only_a_409_that_names_the_call_is_a_duplicate() {
    let claim = br#"{"success":false,"message":"Call already exists"}"#;
    assert_eq!(
        call_data(&reply(409, claim)),
        Ok(Acknowledgement::Duplicate)
    );
    assert_eq!(
        call_data(&reply(409, b"call already exists")),
        Ok(Acknowledgement::Duplicate)
    );
    for body in [
        &b""[..],
        CONTRACT,
        br#"{"message":"lead already exists"}"#,
        br#"{"message":"idempotency key already exists"}"#,
    ] {
        let failure = call_data(&reply(409, body)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Server);
        assert!(failure.claims_duplicate && !failure.fate_unknown);
    }
    for (status, kind) in [
        (200, FailureKind::Protocol),
        (400, FailureKind::Rejected),
        (422, FailureKind::Rejected),
        (500, FailureKind::Server),
    ] {
        let failure = call_data(&reply(status, claim)).unwrap_err();
        assert_eq!(failure.kind, kind);
        assert!(failure.claims_duplicate, "{status}");
        let failure = recording(&reply(status, claim), ORIGIN, 1).unwrap_err();
        assert!(!failure.claims_duplicate, "{status}");
    }
    assert_eq!(
        question(&reply(409, claim), "CALL-1").unwrap_err().kind,
        FailureKind::Server
    );
}

#[test]
fn a_call_is_present_only_if_an_element_has_its_id() {
    let ask = |body: &str| question(&reply(200, body.as_bytes()), "CALL-1");
    for (body, expected) in [
        (r#"{"success":true,"data":[]}"#, Presence::Absent),
        (
            r#"{"success":true,"data":[{"callDetails":{"callId":"CALL-10"}},{"callId":"CALL-1"}]}"#,
            Presence::Absent,
        ),
        (
            r#"{"success":true,"data":[{"callDetails":{"callId":"CALL-1"}}]}"#,
            Presence::Present {
                recording_url: None,
            },
        ),
        (
            r#"{"success":true,"data":[{},{"callDetails":{"callId":"CALL-1","recordingUrl":"u"}}]}"#,
            Presence::Present {
                recording_url: Some("u".to_owned()),
            },
        ),
    ] {
        assert_eq!(ask(body), Ok(expected), "{body}");
    }
    for body in [
        "",
        "[]",
        r#"{"data":[]}"#,
        r#"{"success":false,"data":[]}"#,
        r#"{"success":true}"#,
        r#"{"success":true,"data":{"callDetails":{"callId":"CALL-1"}}}"#,
    ] {
        let failure = ask(body).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol, "{body}");
        assert!(failure.fate_unknown, "{body}");
    }
}

#[test]
fn a_cut_answer_is_ambiguous_for_2xx_and_by_status_otherwise() {
    let cut = |status| Reply {
        body: ReplyBody::Cut,
        ..reply(status, b"")
    };
    assert_eq!(kinds(&cut(200)), [FailureKind::Ambiguous; 3]);
    assert!(
        failures(&cut(200))
            .iter()
            .all(|failure| failure.fate_unknown)
    );
    assert_eq!(kinds(&cut(422)), [FailureKind::Rejected; 3]);
    assert_eq!(kinds(&cut(500)), [FailureKind::Server; 3]);
    assert!(call_data(&cut(409)).unwrap_err().claims_duplicate);
    assert_eq!(
        recording(&cut(409), ORIGIN, 1).unwrap_err().kind,
        FailureKind::Ambiguous
    );
}

#[test]
fn a_compressed_answer_is_named_as_such() {
    for failure in failures(&reply(200, b"\x1f\x8b\x08\0\0")) {
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert!(
            failure.message.contains("it is compressed"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn an_endless_answer_is_protocol_for_2xx_and_by_status_otherwise() {
    let endless = |status| Reply {
        body: ReplyBody::TooLarge,
        ..reply(status, b"")
    };
    for status in [200, 299] {
        let failure = recording(&endless(status), ORIGIN, 1).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol);
        let failure = call_data(&endless(status)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert!(failure.fate_unknown);
        assert_eq!(
            question(&endless(status), "CALL-1"),
            Ok(Presence::Unanswerable)
        );
    }
    assert_eq!(kinds(&endless(500)), [FailureKind::Server; 3]);
}

#[test]
fn messages_say_what_and_quote_the_api_as_a_quote() {
    for (status, body, expected) in [
        (
            422,
            CONTRACT,
            "the API refused the call data (status 422); it says \"no\"",
        ),
        (500, HTML, "the API failed (status 500)"),
        (
            401,
            HTML,
            "the API refused the credentials, check the token (status 401)",
        ),
        (
            200,
            HTML,
            "the answer to the call data is not the contract's: it is no JSON object (status 200)",
        ),
    ] {
        assert_eq!(
            call_data(&reply(status, body)).unwrap_err().message,
            expected
        );
    }
}
