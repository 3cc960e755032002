//! A person settles what cannot be told.

use serde_json::json;
use test_support::{Dir, Outcome, Site};

use crate::matching::{adopt, lines};
use crate::running::{put_call, put_recording};
use crate::site;

/// Two calls of a number and two recordings without times: nothing can be told.
fn two_of_each() -> Site {
    let site = site();
    for id in ["a", "b"] {
        put_call(&site, id, |_| {});
        put_recording(&site, &format!("rec-{id}"));
    }
    let lead = json!({"email": "t@example.com"}).to_string();
    let hour = std::time::Duration::from_secs(3600);
    site.put(Dir::Leads, "lead_1.json", lead, hour);
    site
}

fn settle(site: &Site, arguments: &str) -> Outcome {
    site.call(["adopt"].into_iter().chain(arguments.split_whitespace()))
}

/// What a command begins with that is typed for a site's spool.
fn typed(site: &Site) -> String {
    format!("callspool --root {} adopt ", site.root().display())
}

#[test]
fn what_is_ambiguous_names_its_candidates_and_the_command() {
    let site = two_of_each();
    let (lines, _) = lines(&adopt(&site, &["--dry-run"]).expect(4));
    let line = &lines["transcript_a.json"];
    let candidates = &line["recording"]["candidates"];
    assert_eq!(*candidates, json!(["EG_rec-a.json", "EG_rec-b.json"]));
    // Every command that is offered is understood, and does what it says.
    for command in line["commands"].as_array().unwrap() {
        let command = command.as_str().unwrap();
        let arguments = command.strip_prefix(&typed(&site)).unwrap();
        settle(&site, &format!("{arguments} --dry-run")).expect(0);
    }
    assert_eq!(line["commands"].as_array().unwrap().len(), 3);
    let text = settle(&site, "--dry-run").expect(4).stdout;
    assert!(
        text.contains("    may be recording EG_rec-b.json\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("    $ {}--session a ", typed(&site))),
        "{text}"
    );
}

#[test]
fn a_session_may_be_named_by_a_short_form() {
    let site = site();
    for id in [
        "session_20251029_135057_99509edf",
        "session_20251029_140000_0c5c7fd0",
    ] {
        put_call(&site, id, |_| {});
    }
    let ambiguous = settle(&site, "--session 20251029 --no-recording --no-lead").expect(2);
    let expected = "20251029 is short for several sessions: session_20251029_135057_99509edf, \
                    session_20251029_140000_0c5c7fd0";
    assert!(ambiguous.stderr.contains(expected), "{}", ambiguous.stderr);
    let taken = settle(&site, "--session 9950 --no-recording --no-lead").expect(0);
    let expected = "session_20251029_135057_99509edf  adopted";
    assert!(taken.stdout.starts_with(expected), "{}", taken.stdout);
}

#[test]
fn what_a_person_says_is_done_and_settles_the_rest() {
    let site = two_of_each();
    let first = settle(
        &site,
        "--session a --recording EG_rec-b.json --lead lead_1.json",
    );
    let first = first.expect(0).stdout;
    assert!(first.contains("by hand"), "{first}");
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["campaign_metadata"]["egressId"], "EG_rec-b");
    assert_eq!(document["files"]["lead"], "leads/lead_1.json");
    assert_eq!(document["adopted"]["recording"], "by hand");
    // Again is no mistake; something else is.
    settle(
        &site,
        "--session a --recording rec-b.ogg --lead lead_1.json",
    )
    .expect(0);
    settle(&site, "--session a --recording rec-a.ogg").expect(2);
    settle(&site, "--session a --no-recording").expect(2);
    settle(&site, "--session b --recording rec-b.ogg").expect(2);
    settle(&site, "--session b --no-recording --lead lead_1.json").expect(2);
    settle(&site, "--session transcript_b --no-recording").expect(0);
    adopt(&site, &[]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].original_name, "rec-b.ogg");
}

#[test]
fn a_person_goes_before_what_the_transcript_says() {
    let site = site();
    for id in ["a", "b"] {
        put_call(&site, id, |transcript| {
            transcript["metadata"]["campaign_metadata"]["egressId"] = json!("EG_rec");
        });
    }
    put_recording(&site, "rec");
    adopt(&site, &[]).expect(4);
    settle(&site, "--session a --recording rec.ogg").expect(0);
    // The other one's transcript names it as well, so that nobody but a person can tell.
    adopt(&site, &[]).expect(4);
    settle(&site, "--session b --no-recording").expect(0);
    adopt(&site, &[]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 2)]);
    assert_eq!(site.api().recordings().len(), 1);
    let document = site.document(Dir::Processed, "b");
    assert_eq!(document["campaign_metadata"]["egressId"], json!(null));
}

#[test]
fn what_cannot_be_followed_is_explained() {
    let site = two_of_each();
    put_call(&site, "c", |transcript| {
        transcript["session_id"] = json!("a");
        transcript["auto_saved"] = json!(true);
    });
    for (arguments, expected) in [
        (
            "--session z --no-recording",
            "no transcript in conversations/ goes by z",
        ),
        ("--session transcript --no-recording", "no transcript"),
        ("--session a --no-recording", "several transcripts go by a"),
        (
            "--session b --recording gone.ogg",
            "there is no recording gone.ogg in recordings/",
        ),
        (
            "--session b --recording ../leads/lead_1.json",
            "there is no recording",
        ),
        (
            "--session b --recording /etc/passwd",
            "there is no recording",
        ),
        ("--session b", "--recording"),
        (
            "--session b --recording x --no-recording",
            "cannot be used with",
        ),
        ("--lead lead_1.json", "--session"),
        ("--recording rec-a.ogg", "--session"),
    ] {
        let outcome = settle(&site, arguments).expect(2);
        assert!(
            outcome.stderr.contains(expected),
            "{arguments}: {}",
            outcome.stderr
        );
    }
    assert!(site.names(Dir::Pending).is_empty());
    let one = "--session a --transcript transcript_c.json --no-recording --no-lead";
    settle(&site, one).expect(0);
    let document = site.document(Dir::Pending, "a");
    assert_eq!(
        document["files"]["conversation"],
        "conversations/transcript_c.json"
    );
}

#[test]
fn a_file_is_meant_by_the_name_that_is_shown() {
    let site = site();
    put_call(&site, "a", |_| {});
    let hour = std::time::Duration::from_secs(3600);
    // Of the call's time: 2025-10-29 10:16:19.
    let name = "number-_15550100123-1761732979.ogg";
    site.put(Dir::Recordings, name, "sound", hour);
    let (lines, _) = lines(&adopt(&site, &["--dry-run"]).expect(4));
    let shown = &lines["transcript_a.json"]["recording"]["candidates"][0];
    assert_eq!(*shown, json!("number-_1555•••0123-1761732979.ogg"));
    let shown = shown.as_str().unwrap();
    settle(&site, &format!("--session a --recording {shown}")).expect(0);
    let document = site.document(Dir::Pending, "a");
    assert_eq!(document["files"]["recording"], format!("recordings/{name}"));
}

#[test]
fn another_call_under_a_session_id_that_is_used_up_gets_the_name_of_its_file() {
    let site = site();
    put_call(&site, "s1", |_| {});
    adopt(&site, &[]).expect(0);
    // Of the same session by what it says, in a file of its own, and of another time.
    put_call(&site, "s2", |transcript| {
        transcript["session_id"] = "s1".into();
        transcript["start_time"] = "2025-11-29T10:00:00Z".into();
        transcript["end_time"] = "2025-11-29T10:01:00Z".into();
    });
    adopt(&site, &[]).expect(4);
    assert_eq!(site.names(Dir::Pending), ["metadata_s1.json"]);
    settle(
        &site,
        "--session s1 --transcript transcript_s2.json --no-recording",
    )
    .expect(0);
    assert_eq!(site.document(Dir::Pending, "s2")["session_id"], "s2");
    adopt(&site, &[]).expect(0);
}

#[test]
fn what_a_mark_says_was_delivered_is_not_sent_again_by_mistake() {
    let site = site();
    put_call(&site, "s1", |_| {});
    let marks = site.root().join("processed_uploads");
    std::fs::create_dir(&marks).unwrap();
    std::fs::File::create_new(marks.join("transcript_s1.json.uploaded")).unwrap();
    let refused = settle(&site, "--session s1 --no-recording").expect(2);
    assert!(
        refused.stderr.contains("was delivered"),
        "{}",
        refused.stderr
    );
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn a_crowd_of_candidates_is_counted_and_not_listed() {
    let site = site();
    put_call(&site, "a", |_| {});
    for number in 0..25 {
        put_recording(&site, &format!("rec-{number}"));
    }
    let told = adopt(&site, &["--dry-run"]).expect(4);
    let (lines, _) = lines(&told);
    assert_eq!(
        lines["transcript_a.json"]["recording"]["candidates"]
            .as_array()
            .unwrap()
            .len(),
        25
    );
    assert_eq!(
        lines["transcript_a.json"]["commands"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    let text = site.call(["adopt", "--dry-run"]).expect(4).stdout;
    assert_eq!(text.matches("may be recording").count(), 20);
    assert!(text.contains("or one of 5 more"), "{text}");
}
