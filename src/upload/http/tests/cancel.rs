//! A signal arrives while a request is on the wire.

use super::*;
use std::thread;

/// Runs a request, cancels it once the server says so, and gives its outcome with what was in
/// flight at that moment.
fn cancelled<T: Send + 'static>(
    script: impl FnOnce(&server::Accepting, mpsc::Sender<()>, mpsc::Receiver<()>) + Send + 'static,
    request: impl FnOnce(&mut HttpClient) -> T + Send + 'static,
) -> (T, InFlight, HttpClient) {
    let (ready, wait_until_ready) = mpsc::channel();
    let (release, hold) = mpsc::channel();
    let server = serve(move |server| script(server, ready, hold));
    let mut client = client(&server.url);
    let canceller = client.canceller();
    let running = thread::spawn(move || (request(&mut client), client));
    wait_until_ready.recv().unwrap();
    let in_flight = canceller.in_flight();
    canceller.cancel();
    let (outcome, client) = running.join().unwrap();
    drop(release);
    server.join();
    assert_eq!(canceller.in_flight(), InFlight::Nothing);
    (outcome, in_flight, client)
}

/// Takes the whole request and then says nothing.
fn silent(server: &server::Accepting, ready: mpsc::Sender<()>, hold: mpsc::Receiver<()>) {
    let mut stream = server.accept();
    server::read_request(&mut stream);
    ready.send(()).unwrap();
    let _ = hold.recv();
}

#[test]
fn a_post_that_went_out_whole_is_ambiguous() {
    let (outcome, in_flight, _) = cancelled(silent, post);
    let failure = outcome.unwrap_err();
    assert_eq!(in_flight, InFlight::CallData);
    assert_eq!(failure.kind, FailureKind::Ambiguous);
    assert!(failure.fate_unknown && failure.connected);
    assert!(failure.message.ends_with("stopped by a signal"));
}

#[test]
fn a_recording_that_went_out_whole_is_ambiguous() {
    let (outcome, in_flight, _) = cancelled(silent, |client| upload(client, &mut &b"DATA"[..], 4));
    assert_eq!(in_flight, InFlight::AwaitingRecordingAnswer);
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Ambiguous);
}

#[test]
fn a_recording_in_mid_upload_is_cancelled() {
    let (outcome, in_flight, _) = cancelled(
        |server, ready, hold| {
            let mut stream = server.accept();
            server::read_head(&mut stream);
            ready.send(()).unwrap();
            let _ = hold.recv();
        },
        |client| upload(client, &mut io::repeat(0), HUGE),
    );
    let failure = outcome.unwrap_err();
    assert_eq!(in_flight, InFlight::SendingRecording);
    assert_eq!(failure.kind, FailureKind::Cancelled);
    assert_eq!(failure.message, "stopped by a signal");
    assert!(!failure.fate_unknown);
}

#[test]
fn a_question_is_cancelled_and_so_is_every_later_request() {
    let (outcome, in_flight, mut client) =
        cancelled(silent, |client| client.find_call("CALL-1", "r"));
    assert_eq!(in_flight, InFlight::Question);
    for failure in [
        outcome.unwrap_err(),
        upload(&mut client, &mut Untouched, 4).unwrap_err(),
        post(&mut client).unwrap_err(),
        client.find_call("CALL-1", "r").unwrap_err(),
    ] {
        assert_eq!(failure.kind, FailureKind::Cancelled);
    }
}

#[test]
fn an_answer_that_is_cut_off_by_the_signal_is_ambiguous() {
    let (outcome, _, _) = cancelled(
        |server, ready, hold| {
            let mut stream = server.accept();
            server::read_request(&mut stream);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
                .unwrap();
            ready.send(()).unwrap();
            let _ = hold.recv();
        },
        post,
    );
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ambiguous);
    assert!(failure.fate_unknown);
}
