//! Files that are too large, or legal and very large, in little memory.

use std::fs::{self, File};
use std::io::Write;

use reference_api::Target;
use serde_json::json;
use test_support::{Dir, Session};

use crate::OLD;
use crate::disk::{TEBIBYTE, sparse, within};
use crate::guarded::Guarded;

/// How much address space a run over a large transcript gets, in MiB: the bytes, what is made of
/// them and what is sent of them are there at the same time.
const LARGE: u64 = 1024;

#[test]
fn a_tebibyte_in_any_place_is_not_read() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let ids = ["transcript", "lead", "manifest"];
    Session::new("transcript").write(site);
    Session::new("lead").lead("{}").write(site);
    Session::new("manifest").write(site);
    for (dir, name) in [
        (Dir::Pending, "metadata_document.json"),
        (Dir::Conversations, "transcript_transcript.json"),
        (Dir::Leads, "lead_lead.json"),
        (Dir::Recordings, "EG_manifest.json"),
    ] {
        sparse(&site.dir(dir).join(name), TEBIBYTE);
    }
    guarded.look(&[]);
    let counts = [("corrupt", 1), ("failed", 2), ("partial", 1)];
    let outcome = guarded.run(4, &counts);
    let kinds: Vec<_> = outcome.report()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in ["invalid_transcript", "invalid_lead", "missing"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}: {kinds:?}");
    }
    let quarantined = site.dir(Dir::Corrupt).join("metadata_document.json");
    assert_eq!(fs::metadata(quarantined).unwrap().len(), TEBIBYTE);
    guarded.look(&ids);
}

#[test]
fn a_recording_of_a_tebibyte_is_streamed_and_its_refusal_is_heard() {
    let guarded = Guarded::with(&["upload@large:all:early-close=413"]);
    Session::new("large").write(&guarded.site);
    sparse(
        &guarded.site.dir(Dir::Recordings).join("large.ogg"),
        TEBIBYTE,
    );
    guarded.look(&[]);
    // Whether the refusal or the end of the connection is seen first is up to the network.
    let arguments = ["run", "--format", "json"];
    let outcome = within(&guarded.site, 256, &arguments);
    let sessions = &outcome.report()["sessions"];
    assert_eq!(sessions["uploaded"], 2, "{outcome:?}");
    let error = &outcome.report()["errors"][0];
    let kind = error["kind"].as_str().unwrap();
    assert!(["rejected", "network"].contains(&kind), "{error}");
    let is_heard = kind == "rejected";
    let fate = if is_heard { "partial" } else { "deferred" };
    assert_eq!(sessions[fate], 1, "{outcome:?}");
    assert_eq!(guarded.site.api().hits(Target::Upload), 3);
}

#[test]
fn a_long_call_is_delivered_whole() {
    let guarded = Guarded::new();
    let (turns, turn) = (20_000, r#"{"role":"user","content":"I need a demo"}"#);
    let items = vec![turn; turns].join(",");
    Session::new("long")
        .transcript(format!(r#"{{"items":[{items}]}}"#))
        .write(&guarded.site);
    let outcome = guarded.site.run(&[]).expect(0);
    assert_eq!(outcome.sessions("uploaded"), 3);
    let calls = guarded.site.api().calls();
    let call = calls.iter().find(|call| call.call_id == "CALL-long");
    assert_eq!(call.unwrap().body["transcription"]["total_items"], turns);
}

/// Shapes whose pieces are small and many: what a reader makes of each is much larger than itself.
fn many_small_pieces(len: usize) -> Vec<(&'static str, String)> {
    let repeated =
        |piece: &str, room: usize| vec![piece; (len - room) / (piece.len() + 1)].join(",");
    vec![
        ("numbers", format!(r#"{{"items":[{}]}}"#, repeated("0", 20))),
        (
            "members",
            format!(r#"{{"items":[],{}}}"#, repeated("\"\":0", 40)),
        ),
        (
            "texts",
            format!(
                r#"{{"items":[{{"role":"user","content":[{}]}}]}}"#,
                repeated("\"\"", 80)
            ),
        ),
        (
            "printed",
            format!(
                r#"{{"items":[{{"role":"unknown","content":"","raw":"role='user' content=[{}]"}}]}}"#,
                repeated("0", 120)
            ),
        ),
    ]
}

/// Sessions with such transcripts run in so many MiB. The one whose items are none goes as a
/// partial, the one that has too many members fails; in the others nobody says anything, unless
/// the printed item is too long to be read.
fn run_many_small_pieces(len: usize, limit: u64, unreadable: u64) {
    let guarded = Guarded::new();
    for (id, transcript) in many_small_pieces(len) {
        Session::new(id).transcript(transcript).write(&guarded.site);
    }
    let counts = [
        ("uploaded", 5 - unreadable),
        ("partial", unreadable),
        ("failed", 1),
    ];
    guarded.run_within(limit, 4, &counts);
    assert_eq!(guarded.site.place("members"), Dir::Failed);
}

#[test]
fn a_transcript_of_many_small_pieces_takes_little_memory() {
    run_many_small_pieces(4 << 20, 128, 1);
}

#[test]
#[ignore = "takes minutes; make soak"]
fn the_largest_transcripts_that_are_read_take_bounded_memory() {
    run_many_small_pieces(64 << 20, LARGE, 2);
}

#[test]
#[ignore = "takes minutes; make soak"]
fn a_call_of_a_million_turns_is_delivered_whole() {
    let guarded = Guarded::new();
    let (turns, turn) = (
        1_000_000,
        r#"{"role":"user","content":"I need a demonstration"}"#,
    );
    let items = vec![turn; turns].join(",");
    Session::new("long")
        .transcript(format!(r#"{{"items":[{items}]}}"#))
        .write(&guarded.site);
    let arguments = ["run", "--format", "json", "--response-timeout", "10m"];
    let outcome = within(&guarded.site, LARGE, &arguments).expect(0);
    assert_eq!(outcome.sessions("uploaded"), 3);
    let calls = guarded.site.api().calls();
    let call = calls.iter().find(|call| call.call_id == "CALL-long");
    assert_eq!(call.unwrap().body["transcription"]["total_items"], turns);
}

#[test]
#[ignore = "writes a gibibyte; make soak"]
fn a_gibibyte_that_is_really_there_is_not_read_either() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let document = site.dir(Dir::Pending).join("metadata_full.json");
    let mut file = File::create(&document).unwrap();
    file.write_all(br#"{"session_id": ""#).unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..1024 {
        file.write_all(&piece).unwrap();
    }
    file.write_all(br#""}"#).unwrap();
    let modified = std::time::SystemTime::now() - OLD;
    file.set_times(fs::FileTimes::new().set_modified(modified))
        .unwrap();
    for (id, dir, name) in [
        (
            "transcript",
            Dir::Conversations,
            "transcript_transcript.json",
        ),
        ("lead", Dir::Leads, "lead_lead.json"),
    ] {
        Session::new(id).lead("{}").write(site);
        fs::remove_file(site.dir(dir).join(name)).unwrap();
        fs::hard_link(&document, site.dir(dir).join(name)).unwrap();
    }
    guarded.look(&[]);
    guarded.run_within(256, 4, &[("corrupt", 1), ("failed", 2)]);
}

#[test]
fn a_manifest_of_many_files_costs_no_more_than_their_looking_up() {
    let guarded = Guarded::new();
    let mut files: Vec<_> = (0..20_000)
        .map(|number| json!({"filename": format!("recordings/none-{number}.ogg")}))
        .collect();
    files.push(json!({"filename": "recordings/many.ogg"}));
    Session::new("many")
        .manifest(json!({"ended_at": 5, "files": files}).to_string())
        .write(&guarded.site);
    let outcome = guarded.site.run(&[]).expect(0);
    assert_eq!(outcome.sessions("uploaded"), 3);
    let warned = outcome
        .stderr
        .lines()
        .find(|line| line.contains("other files"));
    assert!(warned.unwrap().len() < 1000);
}
