//! Everything that can be ordered to go wrong.

use std::io::ErrorKind;
use std::time::Duration;

use reference_api::{Action, Canned, Fault, ReferenceApi, Server, Target};
use serde_json::json;

use crate::client::{Client, PATIENCE, call, call_data, key, question, upload};

fn start(rule: &str) -> Server {
    let fault = Fault::parse(rule).unwrap();
    ReferenceApi::builder().fault(fault).start().unwrap()
}

fn one() -> Vec<u8> {
    call_data(&call("CALL-1"), "")
}

#[test]
fn a_status_is_answered_and_nothing_stored() {
    let server = start("call-data:1:status=503;Retry-After=7;body=busy");
    let mut client = Client::to(&server);
    let answer = client.ask(one());
    assert_eq!((answer.status, answer.text()), (503, "busy".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert!(server.calls().is_empty());
    let request = server.requests().remove(0);
    assert_eq!(request.status, Some(503));
    assert_eq!(
        request.fault.as_deref(),
        Some("call-data:1:status=503;retry-after=7;body=busy")
    );
    assert!(request.body_sha256.is_some());
    assert_eq!(client.ask(one()).status, 200);
}

#[test]
fn canned_answers_are_what_they_are_called() {
    for (action, status, media, text) in [
        ("html=200", 200, "text/html", "<!DOCTYPE html>"),
        (
            "not-success",
            200,
            "application/json",
            "{\"success\": false",
        ),
        ("not-json", 200, "text/plain", "stored"),
        ("conflict", 409, "text/plain", ""),
        (
            "exists=500",
            500,
            "application/json",
            "{\"success\": false, \"message\": \"Call already exists\"",
        ),
        ("unanswerable", 404, "text/html", "<!DOCTYPE html>"),
        (
            "status=302;location=https://example.com/",
            302,
            "application/json",
            "{\"success\":false",
        ),
    ] {
        let server = start(&format!("any:all:{action}"));
        let answer = Client::to(&server).ask(one());
        assert_eq!(answer.status, status, "{action}");
        assert!(
            answer.header("content-type").unwrap().starts_with(media),
            "{action}"
        );
        assert!(
            answer.text().starts_with(text),
            "{action}: {}",
            answer.text()
        );
        assert_eq!(answer.text().is_empty(), text.is_empty(), "{action}");
        assert_eq!(answer.header("location").is_some(), status == 302);
        assert!(server.calls().is_empty());
    }
}

#[test]
fn after_serving_it_is_stored_whatever_the_answer() {
    for action in [
        "stored-status=500",
        "stored-html=200",
        "stored-reset",
        "stored-cut",
    ] {
        let server = start(&format!("any:all:{action}"));
        let mut client = Client::to(&server);
        let answer = client.send(one()).answer();
        match action {
            "stored-status=500" => assert_eq!(answer.unwrap().status, 500),
            "stored-html=200" => assert!(answer.unwrap().text().starts_with('<')),
            "stored-reset" => assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionReset),
            _ => assert_eq!(answer.unwrap_err().kind(), ErrorKind::UnexpectedEof),
        }
        assert_eq!(server.calls().len(), 1, "{action}");
    }
}

#[test]
fn a_cut_answer_has_its_head_and_half_its_body() {
    let server = start("call-data:1:stored-cut");
    let one = call_data(&call("CALL-1"), &key("k"));
    let text = String::from_utf8(Client::to(&server).send(&one).rest().unwrap()).unwrap();
    let whole = Client::to(&server).ask(&one).text();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(head.contains(&format!("content-length: {}", whole.len())));
    assert_eq!(body, &whole[..whole.len() / 2]);
}

#[test]
fn resets_come_before_in_and_after_the_body() {
    let request = upload("a.ogg", vec![7; 200_000], "");
    for (action, least, most) in [
        ("reset", 0, 0),
        ("reset-after=100000", 100_000, 100_000),
        ("stored-reset", 200_000, 201_000),
    ] {
        let server = start(&format!("upload:1:{action}"));
        let mut client = Client::to(&server);
        // Only as much as is read, so that nothing but the fault can reset the connection.
        let head = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let sent = if most > 200_000 {
            request.len()
        } else {
            head + most
        };
        client.send(&request[..sent]);
        assert!(client.is_reset(), "{action}");
        let seen = server.requests().remove(0);
        let range = least as u64..=most as u64;
        assert!(
            range.contains(&seen.body_bytes),
            "{action}: {}",
            seen.body_bytes
        );
        assert_eq!(seen.status, None);
        assert_eq!(server.recordings().len(), usize::from(most > 200_000));
    }
}

#[test]
fn a_close_in_mid_body_is_a_fin() {
    let server = start("upload:1:close-after=1000");
    let request = upload("a.ogg", vec![7; 200_000], "");
    let head = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let mut client = Client::to(&server);
    client.send(&request[..head + 1000]);
    assert_eq!(client.rest().unwrap(), b"");
    assert_eq!(server.requests()[0].body_bytes, 1000);
}

#[test]
fn early_answers_come_while_the_body_is_still_coming() {
    let request = upload("a.ogg", vec![7; 200_000], "");
    let (first, second) = request.split_at(1000);

    let server = start("upload:1:early=413");
    let mut client = Client::to(&server);
    assert_eq!(client.ask(first).status, 413);
    client.send(second);
    assert_eq!(client.ask(one()).status, 200);
    assert_eq!(
        server.requests()[0].content_length,
        Some(server.requests()[0].body_bytes)
    );
    assert!(server.recordings().is_empty());

    let server = start("upload:1:early-close=413");
    let mut client = Client::to(&server);
    let head = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let answer = client.ask(&request[..head]);
    assert_eq!(
        (answer.status, answer.header("connection")),
        (413, Some("close"))
    );
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn an_uploads_answer_can_lack_what_the_contract_wants() {
    for (action, has_url, has_relative, size) in [
        ("without-url", false, false, 5),
        ("relative-url", false, true, 5),
        ("wrong-size", true, true, 6),
    ] {
        let server = start(&format!("upload:1:{action}"));
        let data = Client::to(&server).ask(upload("a.ogg", "hello", "")).json()["data"].clone();
        assert_eq!(data.get("url").is_some(), has_url, "{action}");
        assert_eq!(data.get("relativeUrl").is_some(), has_relative, "{action}");
        assert_eq!(data["size"], json!(size));
        assert_eq!(server.recordings()[0].size, 5);
    }
}

#[test]
fn a_question_can_be_answered_with_other_calls() {
    let server = start("question:all:ignore-call-id");
    let mut client = Client::to(&server);
    client.ask(one());
    let id = |client: &mut Client| {
        let answer = client.ask(question("CALL-1"));
        assert_eq!(answer.status, 200);
        answer.json()["data"][0]["callDetails"]["callId"].clone()
    };
    assert_eq!(id(&mut client), "CALL-somebody-elses");
    client.ask(call_data(&call("CALL-2"), ""));
    assert_eq!(id(&mut client), "CALL-2");
}

#[test]
fn a_stalled_request_is_seen_and_never_answered() {
    for (action, stored) in [("stall", 0), ("stored-stall", 1)] {
        let server = start(&format!("call-data:1:{action}"));
        let mut client = Client::to(&server);
        client.send(one());
        assert!(server.wait_until(PATIENCE, |r| {
            r.first().is_some_and(|r| r.body_sha256.is_some())
        }));
        assert_eq!(server.requests()[0].status, None);
        assert_eq!(server.calls().len(), stored);
        server.shutdown();
        assert_eq!(client.rest().unwrap(), b"", "{action}");
    }
}

#[test]
fn a_delay_comes_after_storing_and_before_the_answer() {
    let long = Fault::call_data(Action::Delay(Duration::from_secs(3600))).nth(1);
    let short = Fault::call_data(Action::Delay(Duration::from_millis(1))).nth(2);
    let server = ReferenceApi::builder()
        .fault(long)
        .fault(short)
        .start()
        .unwrap();
    let mut waiting = Client::to(&server);
    waiting.send(call_data(&call("CALL-1"), ""));
    assert!(server.wait_until(PATIENCE, |r| r.first().is_some_and(|r| r.fault.is_some())));
    assert_eq!(
        Client::to(&server)
            .ask(call_data(&call("CALL-2"), ""))
            .status,
        200
    );
    assert_eq!(server.requests()[0].status, None);
    server.shutdown();
    assert_eq!(waiting.rest().unwrap(), b"");
}

#[test]
fn a_trickled_answer_is_whole() {
    let server = start("call-data:1:trickle=100us");
    let mut client = Client::to(&server);
    assert_eq!(client.ask(one()).json()["success"], true);
    assert_eq!(client.ask(question("CALL-1")).status, 200);
}

#[test]
fn a_connection_can_end_unannounced() {
    let server = start("call-data:1:close-unannounced");
    let mut client = Client::to(&server);
    let answer = client.ask(one());
    assert_eq!((answer.status, answer.header("connection")), (200, None));
    assert_eq!(client.rest().unwrap(), b"");

    let server = start("call-data:1:reset-next");
    let mut client = Client::to(&server);
    assert_eq!(client.ask(one()).status, 200);
    assert!(client.send(call_data(&call("CALL-2"), "")).is_reset());
    assert_eq!(server.calls().len(), 1);
    let second = server.requests().remove(1);
    assert_eq!(
        (second.status, second.fault.as_deref()),
        (None, Some("reset-next"))
    );
    assert_eq!(
        Client::to(&server)
            .ask(call_data(&call("CALL-2"), ""))
            .status,
        200
    );
}

#[test]
fn a_reset_that_nobody_comes_for_is_forgotten() {
    let server = start("call-data:1:reset-next");
    let mut client = Client::to(&server);
    assert_eq!(client.ask(one()).status, 200);
    drop(client);
    // Hangs when the connection's thread does not end with its client.
    server.shutdown();
}

#[test]
fn an_echo_quotes_body_and_credentials() {
    let server = start("call-data:all:echo=422");
    let headers = "Authorization: Bearer t0ken\r\n";
    let answer = Client::to(&server).ask(call_data(&call("CALL-1"), headers));
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(answer.status, 422);
    assert!(message.contains("Bearer t0ken") && message.contains("\"callId\":\"CALL-1\""));
}

#[test]
fn a_fault_can_be_for_one_session_only() {
    let server = start("any@session_2:all:status=500");
    let mut client = Client::to(&server);
    let statuses = [
        client.ask(upload("session_1.ogg", "a", "")).status,
        client.ask(upload("session_2.ogg", "b", "")).status,
        client.ask(call_data(&call("CALL-session_1"), "")).status,
        client.ask(call_data(&call("CALL-session_2"), "")).status,
        client.ask(question("CALL-session_1")).status,
        client.ask(question("CALL-session_2")).status,
    ];
    assert_eq!(statuses, [200, 500, 200, 500, 200, 500]);
    assert_eq!(server.recordings()[0].original_name, "session_1.ogg");
    let whole = server.requests()[2].body_sha256.clone();
    assert!(whole.is_some());
}

#[test]
fn faults_can_be_added_and_cleared_while_it_runs() {
    let server = ReferenceApi::builder().start().unwrap();
    let mut client = Client::to(&server);
    server.add_fault(Fault::any(Action::Answer(Canned::status(204))));
    let empty = client.ask(one());
    assert_eq!((empty.status, empty.header("content-length")), (204, None));
    server.clear_faults();
    assert_eq!(client.ask(one()).status, 200);
    assert_eq!(server.hits(Target::CallData), 2);
}
