//! Spools that are written through the library alone.

use std::fs;
use std::thread;

use callspool::producer::{Items, NewLead, Producer, ProducerError, SessionManager};
use serde_json::{Value, json};
use test_support::{Dir, Site, manifest, sha256};

use crate::{campaign, site};

fn assert_handle<T: Clone + Send + Sync + 'static>() {}

fn session(site: &Site, id: &str) -> SessionManager {
    let producer = Producer::new(site.root()).unwrap();
    let session = SessionManager::new(&producer, id).unwrap();
    session
        .set_campaign_metadata(&campaign().to_string())
        .unwrap();
    session
}

fn a_lead() -> NewLead {
    NewLead {
        name: "Test Person".to_owned(),
        email: "t@example.com".to_owned(),
        company: "Example Co".to_owned(),
        interest: "a demo".to_owned(),
        ..NewLead::default()
    }
}

fn items() -> Items {
    let mut items = Items::new();
    items
        .push(&json!({"role": "user", "content": "Hello? \"Asha\"\n🙂", "created_at": 1_761_732_980.5}))
        .unwrap();
    items
        .push_json(r#"{"type":"function_call","name":"create_lead","created_at":1761732990.25}"#)
        .unwrap();
    items
}

#[test]
fn a_call_from_its_start_to_its_end_arrives_whole() {
    assert_handle::<SessionManager>();
    let site = site();
    fs::write(site.dir(Dir::Recordings).join("x.ogg"), "OggS sound").unwrap();
    fs::write(site.dir(Dir::Recordings).join("EG_x.json"), manifest("x")).unwrap();
    let session = session(&site, "x");
    session.set_dialed_number("+15550100123");
    session.set_egress_id("EG_x");
    session
        .set_transcript_metadata(r#"{"agent": "asha"}"#)
        .unwrap();
    assert_eq!(session.get_campaign_metadata(), campaign().to_string());
    assert_eq!(session.get_lead_file_path(), None);
    let tool = session.clone();
    let lead = thread::spawn(move || tool.create_lead(&a_lead()).unwrap())
        .join()
        .unwrap();
    assert_eq!(session.get_lead_file_path().as_ref(), Some(&lead));
    let saved = session.save_conversation_session(&items()).unwrap();
    assert!(saved.created && saved.lacking.is_empty());
    assert_eq!(saved.lead, Some(lead));

    site.run(&["--settle", "0s"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_eq!(site.api().recordings()[0].sha256, sha256(b"OggS sound"));
    let body = site.api().calls().remove(0).body;
    let transcription = &body["transcription"];
    assert_eq!(
        transcription["conversation_items"],
        json!([{"role": "user", "content": "Hello? \"Asha\"\n🙂", "timestamp": "2025-10-29T10:16:20.500Z",
                "source": null, "transcript_confidence": null}])
    );
    assert_eq!(transcription["end_time"], "2025-10-29T10:16:30.250Z");
    assert_eq!(transcription["duration_seconds"], 9.75);
    assert_eq!(transcription["lead_generated"], true);
    assert_eq!(transcription["metadata"]["agent"], "asha");
    assert_eq!(body["lead"]["campaign_metadata"], campaign());
    assert_eq!(body["callDetails"]["callerNumber"], "+15550100123");
}

#[test]
fn a_session_is_saved_once_from_however_many_threads_and_handles() {
    let site = site();
    let one = session(&site, "x");
    let created: usize = thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|number| {
                // Every other one knows nothing of the rest.
                let handle = if number % 2 == 0 {
                    one.clone()
                } else {
                    session(&site, "x")
                };
                scope.spawn(move || handle.save_conversation_session(&items()).unwrap().created)
            })
            .collect();
        tries
            .into_iter()
            .map(|one| usize::from(one.join().unwrap()))
            .sum()
    });
    assert_eq!(created, 1);
    assert_eq!(site.names(Dir::Pending), ["metadata_x.json"]);
    assert_eq!(site.names(Dir::Conversations), ["transcript_x.json"]);
}

#[test]
fn of_leads_in_a_call_the_last_one_counts() {
    let site = site();
    let session = session(&site, "x");
    session.create_lead(&a_lead()).unwrap();
    let better = NewLead {
        budget: "1000".to_owned(),
        ..a_lead()
    };
    let last = session.create_lead(&better).unwrap();
    session.save_conversation_session(&Items::new()).unwrap();
    assert!(last.ends_with("lead_x.1.json"));
    let document = site.document(Dir::Pending, "x");
    assert_eq!(document["files"]["lead"], "leads/lead_x.1.json");
    let after = NewLead {
        budget: "2000".to_owned(),
        ..a_lead()
    };
    let error = session.create_lead(&after).unwrap_err();
    let ProducerError::LeadTooLate { lead, .. } = &error else {
        panic!("{error}")
    };
    assert!(lead.ends_with("lead_x.2.json"));
    assert!(lead.exists());
}

#[test]
fn a_lead_that_was_set_by_its_path_is_the_calls() {
    let site = site();
    let session = session(&site, "x");
    let path = site.dir(Dir::Leads).join("own.json");
    session.set_lead_file_path(&path);
    let error = session.save_conversation_session(&items()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "lead_file names a file that is not there"
    );
    assert!(site.names(Dir::Conversations).is_empty());
    fs::write(&path, "{}").unwrap();
    session.save_conversation_session(&items()).unwrap();
    let document = site.document(Dir::Pending, "x");
    assert_eq!(document["files"]["lead"], "leads/own.json");
}

#[test]
fn a_call_that_could_not_be_saved_can_be_saved_again() {
    let site = site();
    let session = session(&site, "x");
    let conversations = site.dir(Dir::Conversations);
    fs::remove_dir(&conversations).unwrap();
    fs::write(&conversations, "in the way").unwrap();
    let error = session.save_conversation_session(&items()).unwrap_err();
    assert!(matches!(error, ProducerError::Spool(_)), "{error}");
    fs::remove_file(&conversations).unwrap();
    assert!(session.save_conversation_session(&items()).unwrap().created);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
}

#[test]
fn what_is_wrong_is_told_by_its_field() {
    let site = site();
    let producer = Producer::new(site.root()).unwrap();
    let told = |error: ProducerError| error.to_string();
    assert_eq!(
        told(SessionManager::new(&producer, " ").unwrap_err()),
        "session_id is empty"
    );
    let session = session(&site, "x");
    assert_eq!(
        told(session.set_campaign_metadata("[1]").unwrap_err()),
        "campaign_metadata is not an object"
    );
    assert_eq!(
        told(session.create_lead(&NewLead::default()).unwrap_err()),
        "name is empty; email is empty; company is empty; interest is empty"
    );
    assert_eq!(
        told(Items::parse("[{}, 1]").unwrap_err()),
        "items[1] is not an object"
    );
    assert_eq!(
        told(Items::new().push(&Value::Null).unwrap_err()),
        "items[0] is not an object"
    );
    session.set_egress_id("a/b");
    assert_eq!(
        told(session.save_conversation_session(&items()).unwrap_err()),
        "egress_id has a slash, a backslash or a NUL character in it"
    );
    let nowhere = Producer::new(site.home().join("gone")).unwrap();
    let session = SessionManager::new(&nowhere, "x").unwrap();
    let error = session.save_conversation_session(&items()).unwrap_err();
    assert!(matches!(error, ProducerError::NoSpool(_)), "{error}");
}
