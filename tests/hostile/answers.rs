//! Answers that never end, are too large, or are no HTTP: they harm the session that they answer,
//! and no other.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::Value;
use test_support::{Dir, Outcome, Session};

use crate::disk::within;
use crate::guarded::Guarded;

/// How much address space a run gets, in MiB: far less than an endless answer would fill.
const LIMIT: u64 = 512;

/// What is said to a request; the writing ends with the client's patience at the latest.
type Script = fn(&mut dyn Write) -> io::Result<()>;

/// Stands in front of a site's API: requests that name the session `bad` get the script's answer,
/// the others are passed on. Ends with the test's process.
fn stand_in_front(guarded: &mut Guarded, script: Script) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (api, front) = (guarded.site.api().addr(), listener.local_addr().unwrap());
    let url = guarded.site.api().base_url();
    guarded
        .site
        .set_api_url(url.replace(&api.to_string(), &front.to_string()));
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || serve(client.unwrap(), api, script));
        }
    });
}

/// Deals with one request, and closes. What breaks is the client's end.
fn serve(mut client: TcpStream, api: SocketAddr, script: Script) {
    let request = read_message(&mut BufReader::new(&client));
    let names_bad = |bytes: &[u8]| bytes.windows(8).any(|bytes| bytes == b"CALL-bad");
    if names_bad(&request) {
        let _ = script(&mut client);
    } else {
        let mut server = TcpStream::connect(api).unwrap();
        server.write_all(&request).unwrap();
        let answer = read_message(&mut BufReader::new(&server));
        let _ = client.write_all(&closing(&answer));
    }
}

/// The answer, saying that the connection ends with it: whoever used it again would race its end.
fn closing(answer: &[u8]) -> Vec<u8> {
    let mut lines = answer.splitn(2, |byte| *byte == b'\n');
    let (status, rest) = (lines.next().unwrap(), lines.next().unwrap_or_default());
    [status, b"\nConnection: close\r\n", rest].concat()
}

/// A head with the body that its Content-Length announces.
fn read_message(from: &mut impl BufRead) -> Vec<u8> {
    let mut message = Vec::new();
    let mut len = 0;
    loop {
        let start = message.len();
        if from.read_until(b'\n', &mut message).unwrap_or(0) == 0 {
            return message;
        }
        let line = String::from_utf8_lossy(&message[start..]).to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let _ = from.take(len).read_to_end(&mut message);
    message
}

fn for_ever(to: &mut dyn Write, piece: &[u8]) -> io::Result<()> {
    loop {
        to.write_all(piece)?;
    }
}

/// An answer in one piece.
fn whole(to: &mut dyn Write, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let len = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {len}\r\n\r\n");
    to.write_all(head.as_bytes())?;
    to.write_all(body)
}

const SUCCESS: &[u8] = br#"{"success":true,"data":{"url":"http://crm.example/1.ogg"}}"#;

/// Runs against the script with a session that has no recording, so that the answer is one to its
/// call data; demands that the good sessions are delivered, what became of the bad one, and that
/// it is delivered once the API is itself again.
#[track_caller]
fn demand(what: &str, script: Script, kind: &str) -> Outcome {
    let mut guarded = Guarded::new();
    Session::new("bad").never_recorded().write(&guarded.site);
    stand_in_front(&mut guarded, script);
    let arguments = ["run", "--format", "json", "--response-timeout", "30s"];
    let outcome = within(&guarded.site, LIMIT, &arguments).expect(3);
    assert_eq!(outcome.sessions("uploaded"), 2, "{what}");
    let error = &outcome.report()["errors"][0];
    assert_eq!(error["session_id"], "bad", "{what}");
    assert_eq!(error["kind"], kind, "{what}: {error}");
    assert!(error["message"].as_str().unwrap().len() < 500, "{what}");
    let document = guarded.site.dir(Dir::Pending).join("metadata_bad.json");
    let len = std::fs::metadata(document).unwrap().len();
    assert!(len < 10_000, "{what}: a document of {len} bytes");

    let url = guarded.site.api().base_url();
    guarded.site.set_api_url(url);
    guarded.site.lift_backoffs();
    guarded.site.run(&[]).expect(0);
    assert_eq!(guarded.site.place("bad"), Dir::Processed, "{what}");
    outcome
}

#[test]
fn heads_that_never_end() {
    demand(
        "lines",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\n")?;
            for_ever(to, b"X-More: and more\r\n")
        },
        "ambiguous",
    );
    demand(
        "one line",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ")?;
            for_ever(to, &[b'x'; 4096])
        },
        "ambiguous",
    );
    demand(
        "a reason",
        |to| {
            to.write_all(b"HTTP/1.1 200 ")?;
            for_ever(to, &[b'x'; 4096])
        },
        "ambiguous",
    );
}

#[test]
fn heads_that_are_too_large() {
    let outcome = demand(
        "a mebibyte",
        |to| {
            let long = format!("X-Long: {}\r\n", "x".repeat(1 << 20));
            whole(to, "200 OK", &long, SUCCESS)
        },
        "ambiguous",
    );
    assert!(outcome.stderr.lines().all(|line| line.len() < 2000));
    demand(
        "ten thousand lines",
        |to| whole(to, "200 OK", &"X-More: 1\r\n".repeat(10_000), SUCCESS),
        "ambiguous",
    );
}

#[test]
fn interim_answers_without_end() {
    demand(
        "continue",
        |to| for_ever(to, b"HTTP/1.1 100 Continue\r\n\r\n"),
        "ambiguous",
    );
    demand(
        "early hints",
        |to| for_ever(to, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        "ambiguous",
    );
}

#[test]
fn bodies_that_never_end() {
    demand(
        "to the end of the connection",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            for_ever(to, &[b' '; 4096])
        },
        "protocol",
    );
    demand(
        "in chunks",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for_ever(to, b"10\r\n{\"success\":true}\r\n")
        },
        "protocol",
    );
    demand(
        "of an announced length",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n")?;
            for_ever(to, &[b'{'; 4096])
        },
        "protocol",
    );
    demand(
        "of one chunk",
        |to| {
            to.write_all(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
            )?;
            for_ever(to, &[b'{'; 4096])
        },
        "protocol",
    );
    demand(
        "of an error",
        |to| {
            to.write_all(b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n{\"message\":\"")?;
            for_ever(to, &[b'x'; 4096])
        },
        "server",
    );
    demand(
        "of chunks' own lines",
        |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=")?;
            for_ever(to, &[b'x'; 4096])
        },
        "ambiguous",
    );
}

#[test]
fn bodies_of_odd_shapes() {
    demand(
        "deep",
        |to| whole(to, "200 OK", "", "[".repeat(500_000).as_bytes()),
        "protocol",
    );
    demand(
        "deep objects",
        |to| {
            let deep = format!(
                "{{\"success\":{}1{}}}",
                "{\"a\":".repeat(100_000),
                "}".repeat(100_000)
            );
            whole(to, "200 OK", "", deep.as_bytes())
        },
        "protocol",
    );
    demand(
        "a long number",
        |to| {
            let long = format!("{{\"success\":{}}}", "1".repeat(1_000_000));
            whole(to, "200 OK", "", long.as_bytes())
        },
        "protocol",
    );
    demand(
        "a long message",
        |to| {
            let long = format!("{{\"message\":\"{}\"}}", "\\u001b@".repeat(140_000));
            whole(to, "500 No", "", long.as_bytes())
        },
        "server",
    );
    demand(
        "many errors",
        |to| {
            let many = format!(
                "{{\"errors\":[{}0]}}",
                "{\"message\":\"x\"},".repeat(60_000)
            );
            whole(to, "500 No", "", many.as_bytes())
        },
        "server",
    );
    demand(
        "no text",
        |to| whole(to, "200 OK", "", &[0xff; 1000]),
        "protocol",
    );
    demand(
        "UTF-16",
        |to| whole(to, "200 OK", "", b"\xff\xfe{\0}\0"),
        "protocol",
    );
}

#[test]
fn what_is_no_http() {
    for (what, script) in [
        ("nothing", (|_| Ok(())) as Script),
        ("another protocol", |to| to.write_all(b"SSH-2.0-x\r\n")),
        ("zeros", |to| for_ever(to, &[0; 4096])),
        ("a status of no number", |to| {
            to.write_all(b"HTTP/1.1 abc OK\r\n\r\n")
        }),
        ("a status out of range", |to| {
            to.write_all(b"HTTP/1.1 99999 OK\r\nContent-Length: 0\r\n\r\n")
        }),
        ("two lengths", |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}")
        }),
        ("a negative length", |to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")
        }),
        ("a chunk of no length", |to| {
            to.write_all(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            )
        }),
    ] {
        demand(what, script, "ambiguous");
    }
}

#[test]
fn a_header_that_steers_a_terminal_is_not_shown() {
    demand(
        "escape sequences in the head",
        |to| whole(to, "500 \x1b[2J", "X: \x1b]0;title\x07\r\n", b"{}"),
        "ambiguous",
    );
    let outcome = demand(
        "escape sequences in the body, and those that a head may hold",
        |to| {
            let headers = "Retry-After: \u{9b}31m\r\nWarning: \u{202e}x\r\n";
            whole(
                to,
                "500 No",
                headers,
                br#"{"message":"\u001b[31m\u009b2J\u202e"}"#,
            )
        },
        "server",
    );
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        !said.contains(|c: char| c.is_control() && c != '\n'),
        "{said:?}"
    );
    let errors: Value = outcome.report()["errors"].clone();
    assert!(!errors.to_string().contains("\\u001b"), "{errors}");
}
