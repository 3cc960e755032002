//! Which recording, and which not.

use super::*;

#[test]
fn an_egress_id_decides_and_one_that_two_calls_have_decides_nothing() {
    let with_id = |id: &str, minute| CallFacts {
        egress_id: Some("e".to_owned()),
        number: None,
        ..call(id, minute)
    };
    let scene = Scene::default()
        .call(with_id("a", 10))
        .egress(egress("e", 0, 1));
    assert_eq!(scene.recordings(), ["e.ogg (egress id)"]);
    let twice = scene.clone().call(with_id("b", 20));
    assert_eq!(twice.recordings(), ["? EG_e.json", "? EG_e.json"]);
    let taken = scene.document(DocumentFacts {
        session_id: "z".to_owned(),
        egress_id: Some("e".to_owned()),
        ..DocumentFacts::default()
    });
    assert_eq!(taken.recordings(), ["? EG_e.json"]);
}

#[test]
fn rooms_match_by_time_and_only_when_nothing_else_could() {
    let at = |start: Micros, end: Micros| {
        let scene = Scene::default().call(call("a", 10));
        scene.egress(egress("e", start, end)).recordings().remove(0)
    };
    let (start, end) = (10 * MINUTE, 12 * MINUTE);
    assert_eq!(at(start, end), "e.ogg (room name and time)");
    assert_eq!(at(end, end + MINUTE), "none found");
    assert_eq!(at(start - MINUTE, start), "none found");
    let close = 30 * SECOND;
    assert_eq!(at(start - close, end + close), "e.ogg (room name and time)");
    assert_eq!(at(start - close - 1, end), "? EG_e.json");
    assert_eq!(at(start, end + close + 1), "? EG_e.json");
    let mut other = egress("e", start, end);
    other.facts.number = Some("15550100124".to_owned());
    let scene = Scene::default().call(call("a", 10));
    assert_eq!(scene.clone().egress(other).recordings(), ["none found"]);
    // Two recordings, or two calls.
    let scene = scene.egress(egress("e", start, end));
    let several = scene.clone().egress(egress("f", start, end));
    assert_eq!(several.recordings(), ["? EG_e.json EG_f.json"]);
    let shared = scene.call(call("b", 11));
    assert_eq!(shared.recordings(), ["? EG_e.json", "? EG_e.json"]);
}

#[test]
fn a_call_without_a_number_may_be_the_one_that_was_recorded() {
    let nameless = |minute| CallFacts {
        number: None,
        ..call("b", minute)
    };
    let (start, end) = (10 * MINUTE + 30_000_000, 12 * MINUTE + 30_000_000);
    for (minute, expected) in [
        (10, ["? EG_e.json", "? EG_e.json"]),
        (11, ["? EG_e.json", "? EG_e.json"]),
        (12, ["e.ogg (room name and time)", "none found"]),
        (9, ["e.ogg (room name and time)", "none found"]),
    ] {
        let scene = Scene::default().call(call("a", 10)).call(nameless(minute));
        let told = scene.egress(egress("e", start, end)).recordings();
        assert_eq!(told, expected, "{minute}");
    }
}

#[test]
fn a_call_without_a_number_does_not_go_without_what_was_recorded_meanwhile() {
    let nameless = CallFacts {
        number: None,
        ..call("a", 10)
    };
    let scene = Scene::default().call(nameless);
    let at = |start, end| scene.clone().egress(egress("e", start, end)).recordings();
    assert_eq!(at(10 * MINUTE, 12 * MINUTE), ["? EG_e.json"]);
    assert_eq!(at(10 * MINUTE, 13 * MINUTE), ["none found"]);
}

#[test]
fn a_manifest_that_holds_another_egress_id_than_its_name_decides_nothing() {
    let with_id = CallFacts {
        egress_id: Some("e".to_owned()),
        ..call("a", 10)
    };
    for (own_id, expected) in [("e", "e.ogg (egress id)"), ("f", "? EG_e.json")] {
        let mut egress = egress("e", 10 * MINUTE, 12 * MINUTE);
        egress.facts.own_id = Some(own_id.to_owned());
        let scene = Scene::default().call(with_id.clone()).egress(egress);
        assert_eq!(scene.recordings(), [expected]);
    }
}

#[test]
fn what_was_delivered_before_competes_for_its_recording() {
    let mut scene = Scene::default()
        .call(call("a", 10))
        .call(call("b", 11))
        .egress(egress("e", 10 * MINUTE, 12 * MINUTE));
    scene.0.markers.push(Marker {
        stem: "transcript_b.json".to_owned(),
        modified: 50 * MINUTE,
    });
    assert_eq!(scene.recordings()[0], "? EG_e.json");
    assert_eq!(scene.outcomes()[1], Outcome::Delivered);
    // A document that has its own recording does not.
    let scene = Scene::default()
        .call(call("a", 10))
        .call(call("b", 11))
        .egress(egress("e", 10 * MINUTE, 12 * MINUTE))
        .egress(egress("f", 11 * MINUTE, 13 * MINUTE))
        .document(DocumentFacts {
            session_id: "b".to_owned(),
            egress_id: Some("f".to_owned()),
            ..DocumentFacts::default()
        });
    assert_eq!(scene.recordings()[0], "e.ogg (room name and time)");
}

#[test]
fn a_recording_without_times_or_manifest_is_never_matched_by_its_number() {
    let scene = Scene::default().call(call("a", 10));
    let mut unknown = egress("e", 0, 0);
    (unknown.facts.start, unknown.facts.end) = (None, None);
    assert_eq!(scene.clone().egress(unknown).recordings(), ["? EG_e.json"]);
    for (second, expected) in [
        (5 * 60, "? number-_15550100123-300.ogg"),
        (5 * 60 - 1, "none found"),
        (12 * 60, "? number-_15550100123-720.ogg"),
        (12 * 60 + 1, "none found"),
    ] {
        let name = format!("number-_15550100123-{second}.ogg");
        let scene = scene.clone().audio(&name, 12 * MINUTE);
        assert_eq!(scene.recordings(), [expected]);
    }
    // Nor is one that came to nothing.
    let mut failed = egress("e", 10 * MINUTE, 12 * MINUTE);
    (failed.facts.failed, failed.facts.has_output) = (true, false);
    failed.facts.files.clear();
    assert_eq!(scene.egress(failed).recordings(), ["none found"]);
}

#[test]
fn names_match_unless_times_or_a_second_manifest_speak_against_them() {
    let file = "recording_c_a_s.ogg";
    let scene = Scene::default().named("transcript_session_c_a_s.json", call("x", 10));
    let with = |start: Micros, end: Micros| {
        let mut egress = egress("e", start, end);
        egress.facts.files = vec![file.to_owned()];
        egress.facts.number = None;
        scene.clone().egress(egress)
    };
    assert_eq!(
        with(10 * MINUTE, 12 * MINUTE).recordings(),
        ["recording_c_a_s.ogg (file name)"]
    );
    assert_eq!(with(12 * MINUTE, 14 * MINUTE).recordings(), ["? EG_e.json"]);
    let mut second = egress("f", 10 * MINUTE, 12 * MINUTE);
    second.facts.files = vec![file.to_owned()];
    let shared = with(10 * MINUTE, 12 * MINUTE).egress(second);
    assert_eq!(shared.recordings(), ["? EG_e.json EG_f.json"]);
    let mut rewritten = with(10 * MINUTE, 12 * MINUTE);
    rewritten.0.audio[0].modified = 13 * MINUTE;
    assert_eq!(rewritten.recordings(), ["recording_c_a_s.ogg (file name)"]);
    rewritten.0.audio[0].modified += 1;
    assert_eq!(rewritten.recordings(), ["? EG_e.json"]);
    rewritten.0.egresses[0].modified = 500 * MINUTE;
    assert_eq!(rewritten.recordings(), ["recording_c_a_s.ogg (file name)"]);
    let nameless = CallFacts {
        number: None,
        ..call("b", 10)
    };
    let until = |end| CallFacts {
        end: Some(end),
        ..nameless.clone()
    };
    let late = 12 * MINUTE + 20 * SECOND;
    let nearer = with(10 * MINUTE, late).call(until(late));
    assert_eq!(nearer.recordings()[0], "? EG_e.json");
    let farther = with(10 * MINUTE, late).call(until(late + 21 * SECOND));
    assert_eq!(farther.recordings()[0], "recording_c_a_s.ogg (file name)");
    // Without a manifest the file's own time has to fit, where it is still known.
    for (modified, expected) in [
        (12 * MINUTE, "recording_c_a_s.ogg (file name)"),
        (11 * MINUTE, "recording_c_a_s.ogg (file name)"),
        (11 * MINUTE - 1, "? recording_c_a_s.ogg"),
        (13 * MINUTE, "recording_c_a_s.ogg (file name)"),
        (13 * MINUTE + 1, "? recording_c_a_s.ogg"),
    ] {
        let scene = scene.clone().audio(file, modified);
        assert_eq!(scene.recordings(), [expected], "{modified}");
    }
    let mut copied = scene.audio(file, 500 * MINUTE);
    copied.0.transcripts[0].modified = 500 * MINUTE;
    assert_eq!(copied.recordings(), ["recording_c_a_s.ogg (file name)"]);
}

#[test]
fn a_call_without_ids_may_be_the_one_whose_file_has_the_name() {
    for (minute, expected) in [
        (11, "? recording_a.ogg"),
        (7, "recording_a.ogg (file name)"),
    ] {
        let nameless = CallFacts {
            number: None,
            ..call("b", minute)
        };
        let scene = Scene::default().call(call("a", 10)).call(nameless);
        let scene = scene.audio("recording_a.ogg", 13 * MINUTE);
        assert_eq!(scene.recordings(), [expected, "none found"], "{minute}");
    }
}

#[test]
fn another_egress_than_the_transcripts_is_no_candidate() {
    let facts = CallFacts {
        egress_id: Some("gone".to_owned()),
        ..call("a", 10)
    };
    let scene = Scene::default()
        .call(facts)
        .egress(egress("e", 10 * MINUTE, 12 * MINUTE));
    assert_eq!(scene.recordings(), ["none found"]);
    let named = scene.audio("recording_a.ogg", 12 * MINUTE);
    assert_eq!(named.recordings(), ["recording_a.ogg (file name)"]);
}
