//! Every shape of a manifest, and what lies just beside them.

use std::time::Duration;

use chrono::DateTime;

use super::*;

fn read(text: &str) -> Manifest {
    parse(text.as_bytes()).unwrap()
}

fn progress(text: &str) -> Progress {
    read(text).progress
}

fn failed(reason: &'static str, error: Option<&str>) -> Progress {
    Progress::Failed {
        reason,
        error: error.map(str::to_owned),
    }
}

fn file(filename: &str) -> ManifestFile {
    ManifestFile {
        filename: Some(filename.to_owned()),
        ..ManifestFile::default()
    }
}

#[test]
fn the_manifest_that_egress_writes() {
    let manifest = read(include_str!("../../fixtures/samples/EG_manifest.json"));
    assert_eq!(
        manifest,
        Manifest {
            progress: Progress::Ended,
            files: vec![ManifestFile {
                location: Some("/recordings/number-_15550100123-1761719171.ogg".to_owned()),
                ..file("recordings/number-_15550100123-1761719171.ogg")
            }],
            playlists: None,
            duration: Some(Duration::from_nanos(57_844_753_917)),
            room_name: Some("number-_15550100123".to_owned()),
            started_at: Some(DateTime::from_timestamp_nanos(1_761_719_171_999_656_880)),
            ended_at: Some(DateTime::from_timestamp_nanos(1_761_719_229_844_410_797)),
        }
    );
}

#[test]
fn the_same_without_files_has_ended_with_nothing() {
    for files in ["", r#","files":[]"#, r#","files":null"#] {
        let text = format!(r#"{{"egress_id":"EG_x","started_at":1,"ended_at":3{files}}}"#);
        let manifest = read(&text);
        assert_eq!(manifest.progress, Progress::Ended, "{text}");
        assert_eq!(
            (manifest.files, manifest.playlists),
            (vec![], None),
            "{text}"
        );
        assert_eq!(manifest.duration, Some(Duration::from_nanos(2)), "{text}");
    }
}

#[test]
fn playlists_are_counted() {
    let manifest = read(include_str!("../../fixtures/samples/EG_manifest_hls.json"));
    assert_eq!(manifest.progress, Progress::Ended);
    assert_eq!(manifest.files, vec![]);
    assert_eq!(
        manifest.playlists,
        Some(Playlists {
            segments: 1,
            remote_url: None
        })
    );
    assert_eq!(
        manifest.duration,
        Some(Duration::from_nanos(57_844_753_917))
    );
}

#[test]
fn playlists_in_every_spelling() {
    for (text, segments, remote_url) in [
        (
            r#"{"playlists":[{"segments":[{},{}]},{"segments":[{}],"location":"S3://b/x.m3u8"}]}"#,
            3,
            Some("S3://b/x.m3u8"),
        ),
        (
            r#"{"segmentResults":[{"segmentCount":"12","playlistLocation":"https://h/x.m3u8"}]}"#,
            12,
            Some("https://h/x.m3u8"),
        ),
        (
            r#"{"segment_results":[{"segment_count":12,"playlist_location":"/x.m3u8"}]}"#,
            12,
            None,
        ),
        (
            r#"{"segments":{"segmentCount":"2","livePlaylistLocation":"https://h/live.m3u8"}}"#,
            2,
            None,
        ),
        (r#"{"playlists":[{}]}"#, 0, None),
    ] {
        let expected = Playlists {
            segments,
            remote_url: remote_url.map(str::to_owned),
        };
        assert_eq!(read(text).playlists, Some(expected), "{text}");
    }
    assert_eq!(read(r#"{"playlists":[]}"#).playlists, None);
}

#[test]
fn egress_info_in_either_spelling() {
    let expected = Manifest {
        progress: Progress::Ended,
        files: vec![ManifestFile {
            filename: Some("recordings/number-_15550100-1.ogg".to_owned()),
            location: Some("/recordings/number-_15550100-1.ogg".to_owned()),
            size_bytes: Some(1_406_083),
            duration: Some(Duration::from_nanos(57_844_753_917)),
        }],
        playlists: None,
        duration: Some(Duration::from_nanos(57_844_753_917)),
        room_name: Some("number-_15550100".to_owned()),
        started_at: Some(DateTime::from_timestamp_nanos(1_761_719_171_999_656_880)),
        ended_at: Some(DateTime::from_timestamp_nanos(1_761_719_229_844_410_797)),
    };
    let camel = include_str!("../../fixtures/samples/EG_egressinfo_camel.json");
    let snake = camel
        .replace("egressId", "egress_id")
        .replace("fileResults", "file_results")
        .replace("startedAt", "started_at")
        .replace("endedAt", "ended_at")
        .replace("roomName", "room_name")
        .replace("\"1406083\"", "1406083")
        .replace("\"EGRESS_COMPLETE\"", "3");
    let single = camel
        .replace("fileResults\": [", "file\": ")
        .replace("}\n  ]", "}");
    let webhook = format!(r#"{{"event":"egress_ended","egressInfo":{camel},"id":"EV_x"}}"#);
    let both = camel.replace(
        "\"egressId\"",
        r#""file": {"filename": "x.ogg"}, "egressId""#,
    );
    for text in [
        camel.to_owned(),
        snake,
        single,
        webhook,
        both,
        format!("\u{feff}{camel}"),
    ] {
        assert_eq!(read(&text), expected, "{text}");
    }
}

#[test]
fn the_older_forms_are_the_file_itself() {
    for text in [r#"{"file_path":"a/x.ogg"}"#, r#"{"filename":"a/x.ogg"}"#] {
        let manifest = read(text);
        assert_eq!(manifest.progress, Progress::Ended, "{text}");
        assert_eq!(manifest.files, vec![file("a/x.ogg")], "{text}");
        assert_eq!(manifest.duration, None, "{text}");
    }
    let manifest = read(r#"{"filename":"x.ogg","location":"gs://b/x.ogg","size":"7"}"#);
    assert_eq!(
        manifest.files,
        vec![ManifestFile {
            location: Some("gs://b/x.ogg".to_owned()),
            size_bytes: Some(7),
            ..file("x.ogg")
        }]
    );
}

#[test]
fn every_status_by_name_and_number() {
    let with = |status: &str, files: &str| {
        progress(&format!(
            r#"{{"egressId":"EG_x","status":{status},"fileResults":[{files}]}}"#
        ))
    };
    let one = r#"{"filename":"x.ogg","location":"x.ogg"}"#;
    for (number, name) in ["STARTING", "ACTIVE", "ENDING"].iter().enumerate() {
        for status in [
            format!("\"EGRESS_{name}\""),
            number.to_string(),
            format!("\"{number}\""),
        ] {
            assert_eq!(with(&status, one), Progress::InProgress, "{status}");
        }
    }
    for status in ["\"EGRESS_COMPLETE\"", "\"complete\"", "3"] {
        assert_eq!(with(status, one), Progress::Ended, "{status}");
        assert_eq!(with(status, ""), Progress::Ended, "{status}");
    }
    for (status, reason) in [
        ("\"EGRESS_FAILED\"", "EGRESS_FAILED"),
        ("4", "EGRESS_FAILED"),
        ("\"EGRESS_ABORTED\"", "EGRESS_ABORTED"),
        ("5", "EGRESS_ABORTED"),
    ] {
        assert_eq!(with(status, one), failed(reason, None), "{status}");
    }
    for status in ["\"EGRESS_LIMIT_REACHED\"", "6"] {
        assert_eq!(with(status, one), Progress::Ended, "{status}");
        assert_eq!(
            with(status, ""),
            failed("EGRESS_LIMIT_REACHED", None),
            "{status}"
        );
    }
    assert_eq!(
        progress(r#"{"status":6,"segmentResults":[{"segmentCount":"1"}]}"#),
        Progress::Ended
    );
}

#[test]
fn a_failure_tells_what_livekit_says() {
    assert_eq!(
        progress(include_str!(
            "../../fixtures/samples/EG_egressinfo_failed.json"
        )),
        failed("EGRESS_FAILED", Some("Start signal not received"))
    );
    assert_eq!(
        progress(r#"{"egress_id":"EG_x","ended_at":1,"error":"no room"}"#),
        failed("EGRESS_FAILED", Some("no room"))
    );
    assert_eq!(
        progress(r#"{"egress_id":"EG_x","error":"odd","filename":"x.ogg"}"#),
        Progress::Ended
    );
}

#[test]
fn without_a_status_something_must_say_that_it_is_over() {
    for text in [
        r#"{"egressId":"EG_x"}"#,
        r#"{"egressId":"EG_x","startedAt":"5"}"#,
        r#"{"egressId":"EG_x","startedAt":"5","endedAt":"0"}"#,
        r#"{"egressId":"EG_x","fileResults":[{"filename":"x.ogg","size":"0"}]}"#,
        r#"{"egressId":"EG_x","files":null}"#,
        r#"{"egressId":"EG_x","status":"EGRESS_NEW"}"#,
        r#"{"egressId":"EG_x","status":7}"#,
        r#"{"egressId":"EG_x","status":-1}"#,
    ] {
        assert_eq!(progress(text), Progress::InProgress, "{text}");
    }
    for text in [
        r#"{"endedAt":"1"}"#,
        r#"{"ended_at":1}"#,
        r#"{"files":[]}"#,
        r#"{"playlists":[]}"#,
        r#"{"status":"EGRESS_NEW","endedAt":"1"}"#,
        r#"{"fileResults":[{"filename":"x.ogg","size":"1"}]}"#,
        r#"{"fileResults":[{"location":"x.ogg"}]}"#,
    ] {
        assert_eq!(progress(text), Progress::Ended, "{text}");
    }
}

#[test]
fn a_duration_is_positive_or_unknown() {
    for (text, expected) in [
        (r#"{"started_at":1,"ended_at":2}"#, Some(1)),
        (r#"{"started_at":2,"ended_at":2}"#, None),
        (r#"{"started_at":3,"ended_at":2}"#, None),
        (r#"{"started_at":0,"ended_at":2}"#, None),
        (r#"{"ended_at":2}"#, None),
        (
            r#"{"started_at":-9223372036854775808,"ended_at":9223372036854775807}"#,
            None,
        ),
        (
            r#"{"started_at":1,"ended_at":9223372036854775807}"#,
            Some(i64::MAX as u64 - 1),
        ),
        (r#"{"started_at":1,"ended_at":9223372036854775808}"#, None),
        (
            r#"{"started_at":1,"ended_at":4,"files":[{"filename":"x","duration":0}]}"#,
            Some(3),
        ),
        (
            r#"{"started_at":1,"ended_at":4,"files":[{"filename":"x","duration":-1}]}"#,
            Some(3),
        ),
        (
            r#"{"started_at":1,"ended_at":4,"files":[{"filename":"x"},{"filename":"y","duration":"2"}]}"#,
            Some(2),
        ),
        (r#"{"started_at":1.5,"ended_at":4}"#, None),
    ] {
        assert_eq!(
            read(text).duration,
            expected.map(Duration::from_nanos),
            "{text}"
        );
    }
}

#[test]
fn files_that_name_nothing_are_left_out() {
    let manifest = read(
        r#"{"files":[{},{"filename":" "},3,null,{"filename":"x","size":-1},{"location":"y"}]}"#,
    );
    assert_eq!(
        manifest.files,
        vec![
            file("x"),
            ManifestFile {
                location: Some("y".to_owned()),
                ..ManifestFile::default()
            }
        ]
    );
}

#[test]
fn other_objects_are_no_manifests() {
    for text in [
        "{}",
        r#"{"error":"not found"}"#,
        r#"{"status":"ok"}"#,
        r#"{"egressInfo":{}}"#,
        r#"{"event":"room_started"}"#,
        r#"{"file":"x.ogg"}"#,
    ] {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "not an egress manifest", "{text}");
    }
    assert_eq!(
        parse(b"[{}]").unwrap_err().to_string(),
        "the manifest is not a JSON object"
    );
}

#[test]
fn remote_locations() {
    for location in [
        "http://h/x",
        "https://h/x.ogg",
        "HTTPS://h/x",
        "s3://b/k",
        "S3://b",
        "gs://b/k",
    ] {
        assert!(is_remote(location), "{location}");
    }
    for location in [
        "",
        "s3://",
        "s3:/b",
        "/recordings/x.ogg",
        "recordings/http://x",
        "ftp://h/x",
        "file:///x",
        "https:",
        "httpé://x",
        "xs3://b/k",
    ] {
        assert!(!is_remote(location), "{location}");
    }
}

#[test]
fn an_end_before_the_start_is_no_end() {
    let times = |text: &str| {
        let manifest = read(text);
        let nanos = |time: Option<DateTime<_>>| time.and_then(|time| time.timestamp_nanos_opt());
        (nanos(manifest.started_at), nanos(manifest.ended_at))
    };
    for (text, expected) in [
        (r#"{"started_at":5,"ended_at":5}"#, (Some(5), Some(5))),
        (r#"{"started_at":5,"ended_at":4}"#, (Some(5), None)),
        (r#"{"startedAt":"0","endedAt":"4"}"#, (None, Some(4))),
        (r#"{"started_at":-5,"files":[]}"#, (None, None)),
    ] {
        assert_eq!(times(text), expected, "{text}");
    }
}
