//! Egress manifests.

use callspool::manifest::{self, Manifest, Progress};
use serde_json::Value;

use crate::oracle;

/// What is read makes sense, and does not depend on how the JSON is printed.
pub(crate) fn check(data: &[u8]) {
    let value = oracle::value(data);
    let manifest = match manifest::parse(data) {
        Ok(manifest) => manifest,
        Err(error) => {
            oracle::assert_fixed_text(&error, "the manifest is ", &["not an egress manifest"]);
            if let Some(value) = value.filter(Value::is_object) {
                assert!(manifest::parse(value.to_string().as_bytes()).is_err());
                assert!(value["egress_id"].is_null() && value["files"].is_null());
            }
            return;
        }
    };
    check_sense(&manifest);
    let Some(value) = value else {
        return;
    };
    // `-0` is printed as a float.
    if !std::str::from_utf8(data).unwrap().contains("-0") {
        let printed = serde_json::to_vec_pretty(&value).unwrap();
        assert_eq!(manifest::parse(&printed).as_ref(), Ok(&manifest));
    }
    check_status(&value, &manifest);
}

fn check_sense(manifest: &Manifest) {
    for file in &manifest.files {
        let names = [&file.filename, &file.location];
        assert!(names.iter().any(|name| name.is_some()));
        for name in names.into_iter().flatten() {
            assert!(!name.trim().is_empty());
        }
        assert_ne!(file.size_bytes, Some(0));
        assert!(file.duration.is_none_or(|duration| !duration.is_zero()));
    }
    assert!(manifest.duration.is_none_or(|duration| !duration.is_zero()));
    let url = manifest
        .playlists
        .as_ref()
        .and_then(|p| p.remote_url.as_ref());
    assert!(url.is_none_or(|url| manifest::is_remote(url)));
}

/// What the contract says outright: an egress that failed has no recording, one that goes on is
/// waited for.
fn check_status(value: &Value, manifest: &Manifest) {
    let wraps = ["egressInfo", "egress_info"];
    if wraps.iter().any(|name| value[name].is_object()) {
        return;
    }
    match value["status"].as_str() {
        Some("EGRESS_STARTING" | "EGRESS_ACTIVE" | "EGRESS_ENDING") => {
            assert_eq!(manifest.progress, Progress::InProgress);
        }
        Some("EGRESS_FAILED" | "EGRESS_ABORTED") => {
            assert!(matches!(manifest.progress, Progress::Failed { .. }));
        }
        Some("EGRESS_COMPLETE") => assert_eq!(manifest.progress, Progress::Ended),
        _ => {}
    }
    let times = (value["started_at"].as_i64(), value["ended_at"].as_i64());
    if let (Some(started), Some(ended)) = times
        && 0 < started
        && started < ended
        && manifest.files.iter().all(|file| file.duration.is_none())
    {
        let nanos = manifest.duration.map(|duration| duration.as_nanos());
        assert_eq!(nanos, u128::try_from(ended - started).ok());
    }
}
