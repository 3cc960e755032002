//! Ids of every kind.

use serde_json::json;
use test_support::Dir;

use crate::{call, lead, record, record_lead, site, tree};

#[test]
fn every_id_gets_files_of_its_own_inside_the_spool_and_arrives_as_it_is() {
    let long = "x".repeat(300);
    let longer = "x".repeat(301);
    let ids = [
        "session_20251029_135057_99509edf",
        "../x",
        "/etc/passwd",
        "..",
        ".",
        "a.b",
        "a.1",
        "a",
        "A",
        "metadata_a",
        "metadata_a.json",
        "a b",
        " a",
        "a\nb",
        "a\\b",
        "a%2Eb",
        "नमस्ते",
        "🙂",
        "a\u{0}b",
        "\u{1b}[2J",
        "-rf",
        "~",
        "\"quoted\"",
        &long,
        &longer,
    ];
    let site = site();
    for id in ids {
        record_lead(&site, &lead(id)).expect(0);
        let line = record(&site, &call(id)).expect(0).json_lines().remove(0);
        assert_eq!(line["created"], true, "{id:?}");
        assert_eq!(line["session_id"], id);
    }
    for dir in [Dir::Pending, Dir::Conversations, Dir::Leads] {
        assert_eq!(site.names(dir).len(), ids.len(), "{dir:?}");
    }
    for id in ids {
        let line = record(&site, &call(id)).expect(0).json_lines().remove(0);
        assert_eq!(line["created"], false, "{id:?}");
    }
    assert_eq!(tree(&site).len(), 3 * ids.len());
    site.run(&[])
        .expect(0)
        .counts(&[("uploaded", ids.len() as u64)]);
    let calls = site.api().calls();
    for id in ids {
        let expected = json!(format!("CALL-{id}"));
        let own: Vec<_> = calls
            .iter()
            .filter(|call| call.body["callDetails"]["callId"] == expected)
            .collect();
        assert_eq!(own.len(), 1, "{id:?}");
        assert_eq!(own[0].body["lead"]["name"], "Test Person", "{id:?}");
        let line = record(&site, &call(id)).expect(0).json_lines().remove(0);
        assert_eq!(
            (&line["created"], &line["state"]),
            (&json!(false), &json!("processed")),
            "{id:?}"
        );
    }
}

#[test]
fn an_id_that_is_none_is_refused() {
    let site = site();
    for (id, told) in [
        (json!(""), "session_id is empty"),
        (json!(" \n"), "session_id is empty"),
        (json!(5), "session_id is not a text"),
        (json!(null), "session_id is missing"),
        (
            json!("x".repeat(1025)),
            "session_id is longer than 1024 bytes",
        ),
    ] {
        let mut input = call("x");
        input["session_id"] = id.clone();
        let outcome = record(&site, &input).expect(2);
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
        let mut input = lead("x");
        input["session_id"] = id;
        let outcome = record_lead(&site, &input).expect(2);
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    }
    assert!(tree(&site).is_empty());
}
