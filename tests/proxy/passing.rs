//! Ways in which nginx passes requests and answers on that change nothing for the program.

use test_support::{Session, sha256};

use crate::nginx::Settings;
use crate::{demand_delivered, hits, noted, one_session, put_nginx_before, site};

#[test]
fn a_backlog_arrives_whole_over_tls_and_over_one_connection() {
    for tls in ["", "ssl_protocols TLSv1.2;", "ssl_protocols TLSv1.3;"] {
        let mut site = site().in_sequence();
        let sound: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        Session::new("a").recording(sound.clone()).write(&site);
        Session::new("b").write(&site);
        Session::new("c").write(&site);
        let _nginx = put_nginx_before(&mut site, &Settings::default().server(tls));
        site.run(&[]).expect(0).counts(&[("uploaded", 3)]);
        demand_delivered(&site, &["a", "b", "c"]);
        assert_eq!(hits(&site), [3, 3, 0]);
        let hashes: Vec<String> = site
            .api()
            .recordings()
            .into_iter()
            .map(|recording| recording.sha256)
            .collect();
        assert!(hashes.contains(&sha256(&sound)), "{hashes:?}");
        let connections = noted(&site, "x-front-connection");
        assert!(
            connections.iter().all(|number| *number == connections[0]),
            "{connections:?}"
        );
        assert_eq!(noted(&site, "x-front-scheme"), ["https"; 6]);
    }
}

#[test]
fn buffers_and_versions_of_the_protocol_behind_nginx_make_no_difference() {
    for settings in [
        "proxy_http_version 1.0;",
        "proxy_http_version 1.1; proxy_set_header Connection '';",
        "proxy_buffering off;",
        "proxy_request_buffering off;",
        "proxy_request_buffering off; proxy_http_version 1.1; proxy_set_header Connection '';",
        "client_body_in_file_only clean;",
        "proxy_buffering off; proxy_request_buffering off; proxy_ignore_client_abort on;",
    ] {
        let (site, _nginx) = one_session(&Settings::default().location(settings));
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        demand_delivered(&site, &["s1"]);
        assert_eq!(hits(&site), [1, 1, 0], "{settings}");
    }
}

/// Lines by which nginx rewrites the text of answers: their length is not known beforehand then.
const REWRITING: &str =
    "sub_filter_types application/json; sub_filter nowhere-to-be-found nothing;";

#[test]
fn an_answer_in_chunks_or_until_the_end_of_the_connection_is_read_whole() {
    for settings in [
        REWRITING.to_owned(),
        format!("{REWRITING} chunked_transfer_encoding off;"),
    ] {
        let (site, _nginx) = one_session(&Settings::default().location(&settings));
        site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
        demand_delivered(&site, &["s1"]);
        assert_eq!(hits(&site), [1, 1, 0], "{settings}");
    }
}

#[test]
fn an_nginx_that_compresses_answers_leaves_those_alone_that_nobody_asked_it_to() {
    let gzip = "gzip on; gzip_min_length 1; gzip_proxied any; gzip_types application/json;";
    let (site, _nginx) = one_session(&Settings::default().http(gzip));
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    demand_delivered(&site, &["s1"]);
    for value in noted(&site, "accept-encoding") {
        assert!(value.is_empty() || value == "identity", "{value}");
    }
}
