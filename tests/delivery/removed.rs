//! Documents that somebody takes away while a run is under way.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use test_support::{Dir, Session, Site};

use crate::BINARY;
use crate::disk::{assets, document_path};

/// What is done between the end of a request and its answer.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// An API that answers one request on each connection with that body, and does something before.
fn answer(listener: TcpListener, answers: Vec<(&'static str, Meanwhile)>) {
    for (body, meanwhile) in answers {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream);
        meanwhile();
        write!(
            &stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
}

fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

const STORED: &str = r#"{"success": true, "data": {"url": "http://crm.example.com/1.ogg"}}"#;
const POSTED: &str = r#"{"success": true, "data": {}}"#;

fn remove(path: PathBuf) -> Meanwhile {
    Box::new(move || fs::remove_file(path).unwrap())
}

fn nothing() -> Meanwhile {
    Box::new(|| {})
}

/// Runs against an API that answers so.
fn run(site: &mut Site, counts: &[(&str, u64)], answers: Vec<(&'static str, Meanwhile)>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    site.set_api_url(format!("http://{}", listener.local_addr().unwrap()));
    let api = thread::spawn(move || answer(listener, answers));
    site.run(&[]).expect(0).counts(counts);
    api.join().unwrap();
}

#[test]
fn a_document_that_is_taken_away_before_its_turn_has_vanished() {
    let mut site = Site::without_api(BINARY).in_sequence();
    Session::new("first")
        .never_recorded()
        .age(2 * crate::OLD)
        .write(&site);
    Session::new("second").never_recorded().write(&site);
    let second = document_path(&site, Dir::Pending, "second");
    run(
        &mut site,
        &[("uploaded", 1), ("vanished", 1)],
        vec![(POSTED, remove(second))],
    );
    assert_eq!(site.names(Dir::Processed), ["metadata_first.json"]);
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn a_document_that_is_taken_away_while_its_recording_is_sent_is_not_brought_back() {
    let mut site = Site::without_api(BINARY);
    Session::new("s1").write(&site);
    let files = assets(&site);
    let document = document_path(&site, Dir::Pending, "s1");
    run(
        &mut site,
        &[("vanished", 1)],
        vec![(STORED, remove(document))],
    );
    assert!(site.names(Dir::Pending).is_empty());
    assert!(site.names(Dir::Processed).is_empty());
    assert_eq!(assets(&site), files);
}

#[test]
fn a_document_that_is_taken_away_while_its_call_is_posted_is_not_brought_back() {
    let mut site = Site::without_api(BINARY);
    Session::new("s1").write(&site);
    let document = document_path(&site, Dir::Pending, "s1");
    run(
        &mut site,
        &[("vanished", 1)],
        vec![(STORED, nothing()), (POSTED, remove(document))],
    );
    assert!(site.names(Dir::Pending).is_empty());
    assert!(site.names(Dir::Processed).is_empty());
}
