//! requeue --part: sending again what was delivered, under new keys where they must be new.

use reference_api::{ReceivedRequest, Target};
use test_support::{Dir, Session, Site};

use crate::{BINARY, site, site_with, write_sessions};

/// A site with one session, delivered in full.
fn delivered() -> Site {
    let site = site();
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    site
}

fn keys(site: &Site, target: Target) -> Vec<String> {
    let key = |request: ReceivedRequest| request.idempotency_key.unwrap();
    let requests = site.api().requests().into_iter();
    requests
        .filter(|request| request.target == Some(target))
        .map(key)
        .collect()
}

#[test]
fn a_fully_delivered_session_is_refused_without_force_and_unchanged() {
    let site = delivered();
    let before = site.document(Dir::Processed, "a");
    for part in ["recording", "call-data", "all"] {
        let outcome = site.call(["requeue", "a", "--part", part]).expect(2);
        assert!(outcome.stdout.contains("refused"), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("--force"), "{}", outcome.stderr);
    }
    assert_eq!(site.document(Dir::Processed, "a"), before);
    site.call(["requeue", "a", "--force"]).expect(0);
    assert_eq!(site.place("a"), Dir::Processed);
}

#[test]
fn the_recording_alone_is_sent_again_under_a_new_key() {
    let site = delivered();
    site.call(["requeue", "a", "--part", "recording", "--force"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let uploads = keys(&site, Target::Upload);
    assert_eq!(uploads.len(), 2);
    assert_ne!(uploads[0], uploads[1]);
    assert_eq!(site.api().recordings().len(), 2);
    assert_eq!(site.api().hits(Target::CallData), 1);
}

#[test]
fn the_call_data_alone_is_sent_again_under_a_new_key() {
    let site = Site::with_api(BINARY, |api| api.dedupe(false));
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0);
    site.call(["requeue", "a", "--part", "call-data", "--force"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let posts = keys(&site, Target::CallData);
    assert_eq!(posts.len(), 2);
    assert_ne!(posts[0], posts[1]);
    let calls = site.api().calls();
    assert_eq!(calls[0].raw_body, calls[1].raw_body);
    assert_eq!(site.api().hits(Target::Upload), 1);
}

#[test]
fn both_are_sent_again_and_linked_anew() {
    let site = Site::with_api(BINARY, |api| api.dedupe(false));
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(0);
    site.call(["requeue", "--all-processed", "--part", "all", "--force"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    for target in [Target::Upload, Target::CallData] {
        let keys = keys(&site, target);
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0], keys[1]);
    }
    let (calls, recordings) = (site.api().calls(), site.api().recordings());
    assert_eq!(calls[1].recording_url.as_ref(), Some(&recordings[1].url));
    assert_eq!(
        site.document(Dir::Processed, "a")["upload"]["generation"],
        1
    );
}

#[test]
fn what_was_not_delivered_is_sent_again_under_the_same_key() {
    // The API stored the call and lost the answers: only the same key, or the question, finds it.
    let site = site_with(&["call-data:1:stored-status=422"]);
    write_sessions(&site, &["a"]);
    site.run(&[]).expect(4).counts(&[("partial", 1)]);
    site.call(["requeue", "a"]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let posts = keys(&site, Target::CallData);
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0], posts[1]);
    assert_eq!(site.api().hits(Target::Upload), 1);
    assert_eq!(site.api().calls().len(), 1);
}

#[test]
fn a_session_that_another_program_delivered_is_sent_again_only_by_force() {
    let site = site();
    Session::new("a")
        .edit(|document| document["status"] = "uploaded".into())
        .write(&site);
    std::fs::create_dir_all(site.dir(Dir::Processed)).unwrap();
    let name = "metadata_a.json";
    std::fs::rename(
        site.dir(Dir::Pending).join(name),
        site.dir(Dir::Processed).join(name),
    )
    .unwrap();
    site.call(["requeue", "a"]).expect(0);
    site.call(["requeue", "--all-processed"]).expect(0);
    assert_eq!(site.place("a"), Dir::Processed);
    site.call(["requeue", "a", "--part", "all", "--force"])
        .expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_eq!(site.api().calls().len(), 1);
}
