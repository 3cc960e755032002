//! JSON of odd shapes: deep, long, doubled, in other encodings.

use serde_json::json;
use test_support::{Dir, Session, Site};

use crate::OLD;
use crate::disk::within;
use crate::guarded::Guarded;

/// So deep that a reader which calls itself for each level has no stack left.
const DEPTH: usize = 100_000;

/// How much address space a run gets, in MiB.
const LIMIT: u64 = 512;

fn nested(open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(DEPTH), close.repeat(DEPTH))
}

/// Writes a good session whose document is this text around its members.
fn write_document(site: &Site, id: &str, extra: &str) {
    let document = Session::new(id).write(site);
    let text = std::fs::read_to_string(&document).unwrap();
    let text = text.trim_end().trim_end_matches('}');
    let name = format!("metadata_{id}.json");
    site.put(Dir::Pending, &name, format!("{text},{extra}}}"), OLD);
}

#[test]
fn depth_is_harmless_where_it_is_only_passed_on_and_refused_elsewhere() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let (list, object) = (nested("[", "", "]"), nested("{\"a\":", "1", "}"));
    for (id, deep) in [("doc-list", &list), ("doc-object", &object)] {
        write_document(site, id, &format!("\"notes\":{deep}"));
    }
    for (name, text) in [
        ("metadata_is-list.json", list.clone()),
        ("metadata_open.json", "[".repeat(DEPTH)),
        ("metadata_open-object.json", "{\"a\":".repeat(DEPTH)),
        ("metadata_id.json", format!("{{\"session_id\":{list}}}")),
        (
            "metadata_record.json",
            format!("{{\"session_id\":\"record\",\"upload\":{{\"history\":{list}}}}}"),
        ),
    ] {
        site.put(Dir::Pending, name, text, OLD);
    }
    for (id, transcript) in [
        (
            "item",
            format!(r#"{{"items":[{list},{{"role":"user","content":"hi"}}]}}"#),
        ),
        (
            "content",
            format!(r#"{{"items":[{{"role":"user","content":{list}}}]}}"#),
        ),
        (
            "printed",
            format!(r#"{{"items":[{{"raw":"role='user' content={list}"}}]}}"#),
        ),
        (
            "times",
            format!(r#"{{"start_time":{object},"items":[{{"role":"user","content":"hi"}}]}}"#),
        ),
    ] {
        Session::new(id).transcript(transcript).write(site);
    }
    Session::new("manifest-files")
        .manifest(format!(r#"{{"ended_at":5,"files":{list}}}"#))
        .write(site);
    Session::new("manifest-object")
        .manifest(object.clone())
        .write(site);
    guarded.look(&[]);
    let outcome = guarded.run(4, &[("uploaded", 7), ("corrupt", 5), ("partial", 3)]);
    assert_eq!(outcome.sessions("pending"), 15);
    let document = site.dir(Dir::Processed).join("metadata_doc-list.json");
    assert!(std::fs::read_to_string(document).unwrap().contains(&list));
}

#[test]
fn a_lead_is_passed_on_however_deep_it_is_and_its_people_are_still_protected() {
    // An API whose reader has no stack for it must be able to say what it likes.
    let fault =
        r#"call-data:all:status=500;body={"success":false,"message":"no lead for Quillfeather"}"#;
    let guarded = crate::site_with(&[fault]);
    for (id, lead) in [
        (
            "object",
            format!("{{\"a\":{}}}", nested("{\"a\":", "\"Quillfeather\"", "}")),
        ),
        (
            "list",
            format!("{{\"a\":{}}}", nested("[", "\"Quillfeather\"", "]")),
        ),
    ] {
        Session::new(id).lead(lead).write(&guarded);
    }
    let outcome = within(&guarded, LIMIT, &["run", "--format", "json"]).expect(3);
    assert_eq!(outcome.sessions("deferred"), 2);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!said.contains("Quillfeather"), "{said}");
    assert!(said.contains("withheld"), "{said}");
}

#[test]
fn numbers_of_a_million_digits_are_kept_and_never_reckoned_with() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let number = "7".repeat(1_000_000);
    let exponent = format!("1e{number}");
    write_document(
        site,
        "doc",
        &format!("\"n\":{number},\"upload_attempts\":{number}"),
    );
    write_document(site, "doc-exponent", &format!("\"n\":{exponent}"));
    for (id, number) in [("plain", &number), ("exponent", &exponent)] {
        Session::new(&format!("transcript-{id}"))
            .transcript(format!(
                r#"{{"start_time":{number},"duration_seconds":{number},"items":[
                    {{"role":"user","content":"hi","timestamp":{number},"transcript_confidence":0.5}}]}}"#
            ))
            .write(site);
        Session::new(&format!("manifest-{id}"))
            .manifest(format!(
                r#"{{"started_at":{number},"ended_at":{number},
                    "files":[{{"filename":"manifest-{id}.ogg","size":{number},"duration":{number}}}]}}"#
            ))
            .write(site);
    }
    site.put(
        Dir::Pending,
        "metadata_record.json",
        format!(r#"{{"session_id":"record","upload":{{"recording":{{"attempts":{number}}}}}}}"#),
        OLD,
    );
    guarded.look(&[]);
    guarded.run(4, &[("uploaded", 8), ("corrupt", 1)]);
    for id in ["doc", "doc-exponent"] {
        let path = site.dir(Dir::Processed).join(format!("metadata_{id}.json"));
        assert!(std::fs::read_to_string(path).unwrap().contains(&number));
    }
}

#[test]
fn of_a_doubled_member_the_last_counts_everywhere() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let document = r#"{"session_id":"no","session_id":"doubled",
        "campaign_metadata":{"campaignId":"x","campaignId":"c","voiceAgentId":"v","clientId":"k"},
        "files":{"conversation":"../x","conversation":"d.json"},
        "status":"foreign","status":"ready_for_upload","kept":1,"kept":2}"#;
    site.put(Dir::Pending, "metadata_doubled.json", document, OLD);
    site.put(
        Dir::Conversations,
        "d.json",
        r#"{"items":[],"items":[{"role":"system","role":"user","content":"a","content":"b"}]}"#,
        OLD,
    );
    guarded.run(0, &[("uploaded", 3)]);
    let calls = site.api().calls();
    let call = calls.iter().find(|call| call.call_id == "CALL-doubled");
    let body = &call.unwrap().body;
    assert_eq!(body["campaignId"], "c");
    assert_eq!(
        body["transcription"]["conversation_items"][0]["content"],
        "b"
    );
    let filed = site.dir(Dir::Processed).join("metadata_doubled.json");
    let filed = std::fs::read_to_string(filed).unwrap();
    assert!(
        filed.contains(r#""kept": 1"#) && filed.contains(r#""kept": 2"#),
        "{filed}"
    );
}

/// A text in UTF-16 with a byte order mark.
fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
    marked.flat_map(to_bytes).collect()
}

#[test]
fn a_byte_order_mark_is_no_harm_and_other_encodings_are_corrupt() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    for id in ["bom", "be", "le", "latin"] {
        let document = Session::new(id).lead("{}").write(site);
        let text = std::fs::read_to_string(&document).unwrap();
        let bytes = match id {
            "bom" => format!("\u{feff}{text}").into_bytes(),
            "be" => utf16(&text, u16::to_be_bytes),
            "le" => utf16(&text, u16::to_le_bytes),
            _ => text
                .replace("\"session_id\"", "\"n\":\"caf\u{1}\",\"session_id\"")
                .into_bytes()
                .into_iter()
                .map(|byte| if byte == 1 { 0xe9 } else { byte })
                .collect(),
        };
        site.put(Dir::Pending, &format!("metadata_{id}.json"), bytes, OLD);
    }
    for (dir, name, text) in [
        (
            Dir::Conversations,
            "transcript_bom.json",
            test_support::plain_transcript("bom"),
        ),
        (Dir::Leads, "lead_bom.json", "{}".to_owned()),
        (
            Dir::Recordings,
            "EG_bom.json",
            test_support::manifest("bom"),
        ),
    ] {
        site.put(dir, name, format!("\u{feff}{text}"), OLD);
    }
    Session::new("transcript").write(site);
    let text = test_support::plain_transcript("transcript");
    let bytes = utf16(&text, u16::to_le_bytes);
    site.put(Dir::Conversations, "transcript_transcript.json", bytes, OLD);
    guarded.run(4, &[("uploaded", 3), ("corrupt", 3), ("failed", 1)]);
    for id in ["be", "le", "latin"] {
        assert_eq!(site.place(id), Dir::Corrupt);
    }
}

#[test]
fn a_lone_surrogate_goes_out_as_the_sign_for_what_cannot_be_read() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    site.put(
        Dir::Pending,
        "metadata_lone.json",
        r#"{"session_id":"lone\ud800","campaign_metadata":{"campaignId":"c","voiceAgentId":"v","clientId":"k"},
            "files":{"conversation":"l.json"},"kept":"\udc00"}"#,
        OLD,
    );
    site.put(
        Dir::Conversations,
        "l.json",
        r#"{"items":[{"role":"user","content":"a\ud83db"}]}"#,
        OLD,
    );
    guarded.run(0, &[("uploaded", 3)]);
    let calls = site.api().calls();
    let call = calls
        .iter()
        .find(|call| call.call_id.starts_with("CALL-lone"));
    let said = &call.unwrap().body["transcription"]["conversation_items"][0]["content"];
    assert!(said.as_str().unwrap().contains('\u{fffd}'), "{said}");
    let filed = site.dir(Dir::Processed).join("metadata_lone.json");
    let filed = std::fs::read_to_string(filed).unwrap();
    assert!(
        filed.contains(r#""lone\ud800""#) && filed.contains(r#""\udc00""#),
        "{filed}"
    );
}

#[test]
fn ids_of_any_kind_are_no_more_than_ids() {
    let guarded = Guarded::new();
    let site = &guarded.site;
    let long = "x".repeat(1_000_000);
    let ids = [
        "../../etc/passwd",
        "/",
        "..",
        "a\0b",
        "a/../../b",
        " x ",
        &long,
    ];
    for (number, id) in ids.iter().enumerate() {
        Session::new(&format!("id-{number}"))
            .edit(|document| document["session_id"] = json!(id))
            .write(site);
    }
    for (name, id) in [("empty", ""), ("blank", " \n")] {
        Session::new(name)
            .edit(|document| document["session_id"] = json!(id))
            .write(site);
    }
    guarded.look(&["id-0", "../../etc/passwd"]);
    for arguments in [&["inspect"][..], &["dry-run"], &["inspect", "id-6"]] {
        let shown = site.call(arguments).stdout;
        assert!(shown.len() < 50_000, "{arguments:?}: {}", shown.len());
    }
    let outcome = guarded.run(4, &[("uploaded", 9), ("corrupt", 2)]);
    let longest = outcome.stderr.lines().map(str::len).max();
    assert!(longest.unwrap() < 10_000, "{longest:?}");
    let calls = site.api().calls();
    for id in ids {
        let call_id = format!("CALL-{id}");
        assert!(calls.iter().any(|call| call.call_id == call_id));
    }
}
