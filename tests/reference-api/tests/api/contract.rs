//! What the API answers and stores when nothing goes wrong.

use reference_api::{Rate, ReferenceApi, Server, Target};
use serde_json::json;

use crate::client::{BASE, Client, call, call_data, key, post, question, upload};

fn start() -> Server {
    ReferenceApi::builder().start().unwrap()
}

#[test]
fn a_recording_is_stored_and_acknowledged() {
    let server = start();
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let headers = format!("{}X-Request-Id: r1\r\nUser-Agent: t/1\r\n", key("k1"));
    let answer = Client::to(&server).ask(upload("number-_15550100-1.ogg", &content, &headers));
    let stored = server.recordings().remove(0);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-request-id"), Some("r1"));
    assert_eq!(
        answer.json(),
        json!({"success": true, "data": {
            "filename": stored.stored_name, "originalName": "number-_15550100-1.ogg",
            "size": 300_000, "url": stored.url,
            "relativeUrl": format!("/uploads/recordings/{}", stored.stored_name),
        }})
    );
    let origin = server.base_url().replace(BASE, "");
    let expected = format!("{origin}/apis/uploads/recordings/{}", stored.stored_name);
    assert_eq!(stored.url, expected);
    assert_eq!(std::fs::read(&stored.path).unwrap(), content);
    assert_eq!(stored.size, 300_000);
    assert_eq!(stored.media_type.as_deref(), Some("audio/ogg"));
    assert_eq!(stored.idempotency_key.as_deref(), Some("k1"));
    let request = server.requests().remove(0);
    assert_eq!(request.target, Some(Target::Upload));
    assert_eq!((request.status, request.fault), (Some(200), None));
    assert_eq!(request.content_length, Some(request.body_bytes));
    assert_eq!(request.request_id.as_deref(), Some("r1"));
    assert_eq!(request.user_agent.as_deref(), Some("t/1"));
}

#[test]
fn hashes_are_those_of_the_bytes() {
    let server = start();
    Client::to(&server).ask(upload("a.ogg", "hello", ""));
    Client::to(&server).ask(post("/nothing", "", "hello"));
    let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(server.recordings()[0].sha256, hello);
    assert_eq!(server.requests()[1].body_sha256.as_deref(), Some(hello));
}

#[test]
fn an_upload_under_a_known_key_is_answered_and_not_stored_again() {
    let server = start();
    let mut client = Client::to(&server);
    let first = client.ask(upload("a.ogg", "one", &key("k")));
    let again = client.ask(upload("a.ogg", "one", &key("k")));
    assert_eq!((first.body, again.status), (again.body, 200));
    assert_eq!(client.ask(upload("a.ogg", "two", &key("k"))).status, 422);
    assert_eq!(client.ask(upload("a.ogg", "one", &key("l"))).status, 200);
    assert_eq!(client.ask(upload("a.ogg", "one", "")).status, 200);
    assert_eq!(server.recordings().len(), 3);
    assert_eq!(server.hits(Target::Upload), 5);
    assert_eq!(server.connections(), 1);
    let files = std::fs::read_dir(server.store().join("recordings")).unwrap();
    assert_eq!(files.count(), 3);
}

#[test]
fn a_call_is_stored_once() {
    let server = start();
    let mut client = Client::to(&server);
    let one = call("CALL-1");
    let first = client.ask(call_data(&one, &key("k")));
    assert_eq!(
        first.json(),
        json!({"success": true, "data": {"callId": "CALL-1"}})
    );
    let again = client.ask(call_data(&one, &key("k")));
    assert_eq!((again.status, again.body), (200, first.body));
    let mut other = one.clone();
    other["lead"] = json!({"name": "A"});
    for (body, key) in [(&one, key("l")), (&one, String::new()), (&other, key("k"))] {
        let answer = client.ask(call_data(body, &key));
        assert_eq!(answer.status, 409);
        assert_eq!(answer.json()["success"], false);
        assert!(answer.text().contains("already exists"));
    }
    assert_eq!(
        client.ask(call_data(&call("CALL-2"), &key("k"))).status,
        422
    );
    let calls = server.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].call_id.as_str(), &calls[0].body),
        ("CALL-1", &one)
    );
    assert_eq!(calls[0].raw_body, one.to_string());
    assert_eq!(
        calls[0].recording_url.as_deref(),
        Some("http://crm.example/1.ogg")
    );
}

#[test]
fn without_deduplication_everything_is_stored() {
    let server = ReferenceApi::builder().dedupe(false).start().unwrap();
    let mut client = Client::to(&server);
    for _ in 0..2 {
        assert_eq!(
            client.ask(call_data(&call("CALL-1"), &key("k"))).status,
            200
        );
        assert_eq!(client.ask(upload("a.ogg", "one", &key("k"))).status, 200);
    }
    assert_eq!((server.calls().len(), server.recordings().len()), (2, 2));
}

#[test]
fn a_question_finds_the_call_that_is_asked_for() {
    let server = start();
    let mut client = Client::to(&server);
    let none = client.ask(question("CALL-1"));
    assert_eq!((none.status, &none.json()["success"]), (404, &json!(false)));
    for id in ["CALL-1", "CALL-2"] {
        client.ask(call_data(&call(id), ""));
    }
    let found = client.ask(question("CALL%2D1"));
    assert_eq!(found.status, 200);
    assert_eq!(
        found.json(),
        json!({"success": true, "data": [call("CALL-1")]})
    );
    assert_eq!(client.ask(question("CALL-")).status, 404);
    let all = client.ask(format!("GET {BASE}/call-data HTTP/1.1\r\n\r\n"));
    assert_eq!(all.json()["data"], json!([call("CALL-2"), call("CALL-1")]));
    let zero = client.ask(format!("GET {BASE}/call-data?limit=0 HTTP/1.1\r\n\r\n"));
    assert_eq!(zero.status, 400);
    assert_eq!(server.hits(Target::Question), 5);
}

#[test]
fn call_data_without_what_is_required_are_refused() {
    let server = start();
    let mut client = Client::to(&server);
    for (pointer, name) in [
        ("/campaignId", "campaignId"),
        ("/voiceAgentId", "voiceAgentId"),
        ("/client", "client"),
        ("/callDetails/callId", "callDetails.callId"),
    ] {
        for value in [json!(null), json!(""), json!(1)] {
            let mut body = call("CALL-1");
            *body.pointer_mut(pointer).unwrap() = value;
            let answer = client.ask(call_data(&body, ""));
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json()["success"], false);
            assert!(answer.text().contains(name), "{}", answer.text());
        }
    }
    let json = "Content-Type: application/json\r\n";
    assert_eq!(client.ask(post("/call-data", json, "{")).status, 400);
    assert_eq!(client.ask(post("/call-data", json, b"\xff")).status, 400);
    assert_eq!(client.ask(post("/call-data", "", "{}")).status, 415);
    assert!(server.calls().is_empty());
}

#[test]
fn a_form_that_is_none_is_refused_and_leaves_no_file() {
    let server = start();
    let mut client = Client::to(&server);
    assert_eq!(client.ask(post("/upload", "", "x")).status, 415);
    let form = "Content-Type: multipart/form-data; boundary=xx\r\n";
    assert_eq!(client.ask(post("/upload", form, "--xx--\r\n")).status, 400);
    let whole = String::from_utf8(upload("a.ogg", "x", "")).unwrap();
    let (_, body) = whole.split_once("\r\n\r\n").unwrap();
    let cut = body.strip_suffix("\r\n--xx--\r\n").unwrap();
    assert_eq!(client.ask(post("/upload", form, cut)).status, 400);
    let files = std::fs::read_dir(server.store().join("recordings")).unwrap();
    assert_eq!(files.count(), 0);
    assert_eq!(
        client
            .ask(upload("a.ogg", "x", "Idempotency-Key: k\r\n"))
            .status,
        400
    );
}

#[test]
fn the_token_is_required_when_there_is_one() {
    let server = ReferenceApi::builder().token("t0ken").start().unwrap();
    let mut client = Client::to(&server);
    for header in [
        "",
        "Authorization: Bearer t0ke\r\n",
        "Authorization: Bearer t0ken2\r\n",
        "Authorization: Basic t0ken\r\n",
        "Authorization: t0ken\r\n",
    ] {
        let answer = client.ask(call_data(&call("CALL-1"), header));
        assert_eq!(
            (answer.status, &answer.json()["success"]),
            (401, &json!(false))
        );
    }
    let bearer = "Authorization: Bearer t0ken\r\n";
    assert_eq!(client.ask(call_data(&call("CALL-1"), bearer)).status, 200);
    assert_eq!(client.ask(question("CALL-1")).status, 401);
    let kept = server.requests()[5]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(kept.as_deref(), Some("Bearer …"));
}

#[test]
fn the_rate_is_counted_for_each_key() {
    let rate: Rate = "2/min".parse().unwrap();
    let server = ReferenceApi::builder().rate(rate).start().unwrap();
    let mut client = Client::to(&server);
    for id in ["CALL-1", "CALL-2"] {
        assert_eq!(client.ask(call_data(&call(id), "")).status, 200);
    }
    let answer = client.ask(call_data(&call("CALL-3"), ""));
    assert_eq!(
        (answer.status, &answer.json()["success"]),
        (429, &json!(false))
    );
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let other = "Authorization: Bearer other\r\n";
    assert_eq!(client.ask(call_data(&call("CALL-3"), other)).status, 200);
}

#[test]
fn other_paths_are_no_part_of_the_api() {
    let server = ReferenceApi::builder().base_path("v1/").start().unwrap();
    assert!(server.base_url().ends_with("/v1"));
    let mut client = Client::to(&server);
    let elsewhere = client.ask(call_data(&call("CALL-1"), ""));
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.text().starts_with("<!DOCTYPE html>"));
    let method = client.ask("GET /v1/upload HTTP/1.1\r\n\r\n");
    assert_eq!((method.status, method.header("allow")), (405, Some("POST")));
    assert_eq!(server.requests()[0].target, None);
    assert_eq!(
        (server.hits(Target::Any), server.hits(Target::CallData)),
        (2, 0)
    );
}

#[test]
fn a_body_needs_a_length() {
    let server = start();
    let answer = Client::to(&server).ask(format!(
        "POST {BASE}/upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    ));
    assert_eq!(
        (answer.status, answer.header("connection")),
        (411, Some("close"))
    );
    let answer = Client::to(&server).ask(format!("POST {BASE}/upload HTTP/1.1\r\n\r\n"));
    assert_eq!(answer.status, 411);
    let requests = server.requests();
    assert_eq!((requests[0].chunked, requests[1].chunked), (true, false));
    assert_eq!(requests[0].status, Some(411));
    assert_eq!(Client::to(&server).ask("nonsense\r\n\r\n").status, 400);
}

#[test]
fn leave_to_send_is_given_when_asked_for() {
    let server = start();
    let request = upload("a.ogg", "hello", "Expect: 100-continue\r\n");
    let text = String::from_utf8(request).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut client = Client::to(&server);
    assert_eq!(client.ask(format!("{head}\r\n\r\n")).status, 100);
    assert_eq!(client.ask(body).status, 200);
}
