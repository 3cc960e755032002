//! A backlog of which not all is read before the first request.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use test_support::{Dir, Session, Site};

use crate::crashed::{history, kill_at_request};
use crate::{call_ids, order, site_with};

const HOUR: Duration = Duration::from_secs(3600);

/// More sessions than are judged ahead, all as old; by name they come one after the other.
const MANY: u64 = 10_050;

fn put_many(site: &Site) {
    let transcript = r#"{"items":[{"role":"user","content":"hi"}]}"#;
    site.put(Dir::Conversations, "t.json", transcript, 9 * HOUR);
    for number in 0..MANY {
        let text = format!(
            r#"{{"session_id":"s{number:05}","campaign_metadata":{{"campaignId":"c","voiceAgentId":"v","clientId":"k"}},"files":{{"conversation":"t.json"}},"status":"ready_for_upload"}}"#
        );
        let name = format!("metadata_s{number:05}.json");
        site.put(Dir::Pending, &name, text, 8 * HOUR);
    }
}

#[test]
fn of_a_large_backlog_a_batch_is_sent_and_the_rest_is_not_read() {
    let site = site_with(true);
    Session::new("died-at").age(HOUR).write(&site);
    order(&site, &["call-data:1:stall"]);
    kill_at_request(&site, 2);
    put_many(&site);
    let torn = fs::write(
        site.dir(Dir::Pending).join("metadata_torn.json"),
        r#"{"session_id":"#,
    );
    torn.unwrap();

    let outcome = site.run(&["--batch-size", "1"]).expect(3).counts(&[
        ("pending", MANY + 2),
        ("uploaded", 1),
        ("left", MANY + 1),
        // One more than is judged ahead was read: a session that failed before would have come next.
        ("unread", MANY + 1 - 10_001),
    ]);
    assert_eq!(outcome.stopped_by().as_deref(), Some("batch_size"));
    assert_eq!(call_ids(&site), ["CALL-s00000"], "the oldest");
    // What is far back was charged for the run that died, all the same.
    let document: Value = site.document(Dir::Pending, "died-at");
    assert_eq!(history(&document, "crashed"), 1);
    assert!(site.names(Dir::Corrupt).is_empty());
}
