//! https: whom the program trusts, and what it says when it does not.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread;

use test_support::{Authority, Dir, Outcome, Site};

use crate::{BINARY, site, write_sessions};

/// A site whose API has a certificate for a host, valid until the end of a year.
fn tls_site(authority: &Authority, host: &str, last_year: i32) -> Site {
    let issued = authority.issue(host, 2020, last_year);
    let site = Site::with_api(BINARY, |api| {
        api.tls(issued.certificate, issued.key).host("localhost")
    });
    fs::write(ca_file(&site), authority.pem()).unwrap();
    write_sessions(&site, &["a"]);
    site
}

fn ca_file(site: &Site) -> PathBuf {
    site.home().join("authority.pem")
}

fn run_trusting(site: &Site) -> Outcome {
    let file = ca_file(site);
    site.run(&["--ca-file", file.to_str().unwrap()])
}

#[test]
fn a_private_authority_from_the_ca_file_is_trusted() {
    let authority = Authority::new();
    let site = tls_site(&authority, "localhost", 4000);
    run_trusting(&site).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_code_5_says_why_and_costs_no_attempt() {
    let authority = Authority::new();
    for (host, last_year, with_ca, why) in [
        ("localhost", 4000, false, "--ca-file"),
        ("localhost", 2021, true, "expired"),
        ("crm.example.com", 4000, true, "for another host"),
    ] {
        let site = tls_site(&authority, host, last_year);
        let outcome = if with_ca {
            run_trusting(&site)
        } else {
            site.run(&[])
        };
        let outcome = outcome.expect(5);
        assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
        for text in [why, "certificate"] {
            assert!(outcome.stderr.contains(text), "{text}: {}", outcome.stderr);
        }
        assert_eq!(site.api().requests().len(), 0);
        assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_is_code_2_and_named() {
    let site = site();
    let path = site.home().join("authority.pem");
    for content in [None, Some(""), Some("no certificate")] {
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let outcome = site.run(&["--ca-file", path.to_str().unwrap()]).expect(2);
        assert!(outcome.stderr.contains("--ca-file"), "{}", outcome.stderr);
    }
}

/// Answers whatever comes as a web server does that expected plain HTTP.
fn plain_http_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 1024]);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

#[test]
fn https_to_a_port_that_speaks_plain_http_is_code_5_says_so_and_costs_no_attempt() {
    let mut site = site();
    write_sessions(&site, &["a"]);
    site.set_api_url(format!("https://{}/api", plain_http_port()));
    let outcome = site.run(&[]).expect(5);
    assert_eq!(outcome.stopped_by().as_deref(), Some("unavailable"));
    assert!(outcome.stderr.contains("TLS"), "{}", outcome.stderr);
    assert_eq!(site.document(Dir::Pending, "a")["upload_attempts"], 0);
}

#[test]
fn a_proxy_is_not_asked_for_this_machine() {
    let authority = Authority::new();
    for (site, arguments) in [
        (tls_site(&authority, "localhost", 4000), true),
        (site(), false),
    ] {
        write_sessions(&site, &["b"]);
        let mut command = site.command(["run"]);
        if arguments {
            command.arg("--ca-file").arg(ca_file(&site));
        }
        for name in [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
        ] {
            command.env(name, "http://127.0.0.1:1");
        }
        Outcome::of(command.output().unwrap()).expect(0);
        assert_eq!(site.place("b"), Dir::Processed);
    }
}
