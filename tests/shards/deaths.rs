//! Runs that are killed, and what the next ones make of it, whatever they take of the spool.

use reference_api::{Fault, ReferenceApi, Target};
use serde_json::Value;
use test_support::{Dir, Site, running::PATIENCE, running::Running};

use crate::{BINARY, ids_of, shard_files, shard_of, site, start, write};

/// An API that stores every call anew, however often it comes.
fn site_that_stores_twice() -> Site {
    Site::with_api(BINARY, |api: ReferenceApi| api.dedupe(false))
}

/// Starts a run whose post is stored and never answered, and kills it there.
fn kill(site: &Site, id: &str, run: impl Fn(&Site) -> Running) {
    let rule = format!("call-data@{id}:1:stored-stall");
    site.api().add_fault(Fault::parse(&rule).unwrap());
    let before = site.api().hits(Target::CallData);
    let run = run(site);
    let is_there = site.api().wait_until(PATIENCE, |requests| {
        let posts = requests
            .iter()
            .filter(|request| request.target == Some(Target::CallData));
        let mut posts = posts.skip(before);
        posts.next().is_some_and(|post| post.body_sha256.is_some())
    });
    // Dropped, it is killed.
    drop(run);
    assert!(is_there, "{:?}", site.api().requests());
}

fn crashes(document: &Value) -> usize {
    let history = document["upload"]["history"].as_array().unwrap();
    history
        .iter()
        .filter(|entry| entry["outcome"] == "crashed")
        .count()
}

/// What has been delivered after it was charged once, and asked about instead of posted again.
fn assert_charged_and_asked_about(site: &Site, id: &str, questions: usize) {
    let document = site.document(Dir::Processed, id);
    assert_eq!(crashes(&document), 1, "{document}");
    assert_eq!(document["upload_attempts"], 2);
    assert_eq!(site.api().hits(Target::Question), questions);
    let name = format!("CALL-{id}");
    let calls = site.api().calls();
    assert_eq!(calls.iter().filter(|call| call.call_id == name).count(), 1);
}

#[test]
fn a_session_that_a_shard_died_at_is_its_shards_again() {
    let site = site_that_stores_twice();
    let [id] = &ids_of(1, 2, 1)[..] else {
        unreachable!()
    };
    write(&site, std::slice::from_ref(id));
    kill(&site, id, |site| start(site, "1/2"));
    site.run(&["--shard", "0/2"]).expect(0).counts(&[]);
    assert_eq!(crashes_so_far(&site, id), 0);
    site.run(&["--shard", "1/2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_charged_and_asked_about(&site, id, 1);
}

/// How often a pending session was charged.
fn crashes_so_far(site: &Site, id: &str) -> usize {
    let document = site.document(Dir::Pending, id);
    match document["upload"]["history"].is_array() {
        true => crashes(&document),
        false => 0,
    }
}

#[test]
fn a_session_that_a_shard_died_at_is_charged_by_a_run_of_the_whole_spool() {
    let site = site_that_stores_twice();
    let id = ids_of(1, 2, 1).remove(0);
    write(&site, std::slice::from_ref(&id));
    kill(&site, &id, |site| start(site, "1/2"));
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    assert_charged_and_asked_about(&site, &id, 1);
    assert_eq!(shard_files(&site), ["start.lock"]);
}

#[test]
fn sessions_that_several_shards_died_at_are_charged_when_the_count_changes() {
    let site = site_that_stores_twice();
    let ids = [0, 1, 2].map(|index| ids_of(index, 3, 1).remove(0));
    write(&site, &ids);
    for (index, id) in ids.iter().enumerate() {
        kill(&site, id, |site| start(site, &format!("{index}/3")));
    }
    for index in 0..2 {
        let own = ids.iter().filter(|id| shard_of(id, 2) == index).count() as u64;
        let shard = format!("{index}/2");
        site.run(&["--shard", &shard])
            .expect(0)
            .counts(&[("uploaded", own)]);
    }
    for id in &ids {
        assert_charged_and_asked_about(&site, id, 3);
    }
    site.run(&[]).expect(0).counts(&[]);
}

#[test]
fn a_session_that_a_run_of_the_whole_spool_died_at_is_charged_by_its_shard() {
    let site = site_that_stores_twice();
    let id = ids_of(1, 2, 1).remove(0);
    write(&site, std::slice::from_ref(&id));
    kill(&site, &id, |site| {
        Running::start(&mut site.command(["run", "--format", "json"]))
    });
    // The other one comes first, and keeps what it finds.
    site.run(&["--shard", "0/2"]).expect(0).counts(&[]);
    site.run(&["--shard", "1/2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_charged_and_asked_about(&site, &id, 1);
}

#[test]
fn a_requeue_after_a_shard_died_keeps_what_it_was_doing() {
    let site = site_that_stores_twice();
    let id = ids_of(0, 2, 1).remove(0);
    write(&site, std::slice::from_ref(&id));
    kill(&site, &id, |site| start(site, "0/2"));
    site.call(["requeue", "--failed"]).expect(0);
    assert_eq!(shard_files(&site), ["start.lock"]);
    site.run(&["--shard", "0/2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_charged_and_asked_about(&site, &id, 1);
}

#[test]
fn a_death_is_charged_once_however_often_the_count_changes_before() {
    let site = site_that_stores_twice();
    let id = ids_of(1, 2, 1).remove(0);
    write(&site, std::slice::from_ref(&id));
    kill(&site, &id, |site| start(site, "1/2"));
    for count in [3, 5, 2, 4] {
        let other = (shard_of(&id, count) + 1) % count;
        let shard = format!("{other}/{count}");
        site.run(&["--shard", &shard]).expect(0).counts(&[]);
    }
    let shard = format!("{}/4", shard_of(&id, 4));
    site.run(&["--shard", &shard])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_charged_and_asked_about(&site, &id, 1);
}

#[test]
fn a_shard_that_was_killed_keeps_nobody_away() {
    let site = site();
    let [dead, alive] = [0, 1].map(|index| ids_of(index, 2, 1).remove(0));
    write(&site, &[dead.clone(), alive.clone()]);
    kill(&site, &dead, |site| start(site, "0/2"));
    let text = site.call(["inspect"]).expect(0).stdout;
    assert!(text.contains("the last one was killed"), "{text}");
    site.run(&["--shard", "1/2"])
        .expect(0)
        .counts(&[("uploaded", 1)]);
    assert_eq!(site.place(&alive), Dir::Processed);
}
