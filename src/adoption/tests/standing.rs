//! What is adopted, and when.

use super::*;

#[test]
fn nothing_is_decided_before_its_time() {
    let outcome = |minute: Micros, modified: Micros, with: bool| {
        let mut scene = Scene::default().call(call("a", minute));
        scene.0.transcripts[0].modified = modified;
        if with {
            scene = scene.egress(egress("e", minute * MINUTE, (minute + 2) * MINUTE));
        }
        scene.outcomes().remove(0)
    };
    // The call ends in minute 970: 30 before now.
    assert_eq!(outcome(968, NOW - MINUTE, false), Outcome::Adopt);
    let until = Outcome::Waiting(1_001 * MINUTE);
    assert_eq!(outcome(969, NOW - MINUTE, false), until);
    assert_eq!(outcome(969, NOW - MINUTE, true), Outcome::Adopt);
    let settling = Outcome::Settling("transcript");
    assert_eq!(outcome(969, NOW - MINUTE + 1, true), settling);
    assert_eq!(outcome(100, NOW, false), settling);
    // An end in the future is no end; the file's time counts.
    let until = Outcome::Waiting(NOW + 10 * MINUTE);
    assert_eq!(outcome(5_000, NOW - 20 * MINUTE, false), until);
    // What is ambiguous may be settled by what is still to come.
    let mut scene = Scene::default()
        .call(call("a", 990))
        .call(call("b", 990))
        .egress(egress("e", 990 * MINUTE, 992 * MINUTE));
    assert_eq!(scene.outcomes()[0], Outcome::Waiting(1_022 * MINUTE));
    scene.0.egresses[0].facts.in_progress = true;
    scene.0.transcripts.pop();
    assert_eq!(scene.outcomes()[0], Outcome::Waiting(1_022 * MINUTE));
}

#[test]
fn one_session_is_adopted_once() {
    let scene = Scene::default()
        .named("conversation_1.json", call("a", 10))
        .named("transcript_a.json", call("a", 10));
    let copy = Outcome::CopyOf("conversation_1.json".to_owned());
    assert_eq!(scene.outcomes(), [Outcome::Adopt, copy]);
    let mut other = call("a", 10);
    other.digest = "x".to_owned();
    let twins = Scene::default()
        .named("conversation_1.json", call("a", 10))
        .named("transcript_a.json", other);
    for outcome in twins.outcomes() {
        assert!(matches!(outcome, Outcome::Ambiguous(_)), "{outcome:?}");
    }
}

#[test]
fn what_a_document_names_is_not_adopted() {
    let named = |document: DocumentFacts| {
        let scene = Scene::default().named("conversation_1.json", call("a", 10));
        let outcome = scene.document(document).outcomes().remove(0);
        matches!(outcome, Outcome::Named(_))
    };
    let document = |session: &str| DocumentFacts {
        session_id: session.to_owned(),
        ..DocumentFacts::default()
    };
    assert!(named(document("a")));
    assert!(!named(document("b")));
    assert!(named(DocumentFacts {
        conversation_path: Some("x/conversation_1.json".to_owned()),
        conversation: Some("conversation_1.json".to_owned()),
        ..document("b")
    }));
    for (name, expected) in [
        ("metadata_a.json", true),
        ("metadata_a.2.json", true),
        ("metadata_%61.json", true),
        ("metadata_b.json", false),
    ] {
        let mut scene = Scene::default().named("conversation_1.json", call("a", 10));
        scene.0.documents.push(DocumentFile {
            name: name.to_owned(),
            facts: None,
        });
        let outcome = scene.outcomes().remove(0);
        assert_eq!(matches!(outcome, Outcome::Named(_)), expected, "{name}");
    }
}

#[test]
fn a_mark_counts_unless_it_is_older_than_the_call() {
    for stem in ["transcript_a.json", "transcript_a", "a"] {
        let mut scene = Scene::default().call(call("a", 10));
        let stem = stem.to_owned();
        scene.0.markers.push(Marker {
            stem,
            modified: 10 * MINUTE,
        });
        assert_eq!(scene.outcomes(), [Outcome::Delivered]);
        scene.0.markers[0].modified -= 1;
        assert!(matches!(scene.outcomes()[0], Outcome::Ambiguous(_)));
    }
}

#[test]
fn a_session_id_that_another_transcript_has_used_up_is_a_persons_to_decide() {
    let named = |file: &str| DocumentFacts {
        session_id: "a".to_owned(),
        conversation: Some(file.to_owned()),
        conversation_path: Some(format!("conversations/{file}")),
        ..DocumentFacts::default()
    };
    let other = |change: fn(&mut CallFacts)| {
        let mut facts = CallFacts {
            digest: "other".to_owned(),
            ..call("a", 10)
        };
        change(&mut facts);
        let scene = Scene::default().named("1.json", call("a", 10));
        let scene = scene.named("2.json", facts).document(named("1.json"));
        scene.outcomes().remove(1)
    };
    let is_ambiguous = |outcome: &Outcome| matches!(outcome, Outcome::Ambiguous(_));
    let is_named = |outcome: &Outcome| matches!(outcome, Outcome::Named(_));
    // Saved earlier, and once more.
    assert!(is_named(&other(|facts| facts.end = Some(11 * MINUTE))));
    assert!(is_named(&other(|facts| facts.digest = "a".to_owned())));
    // Another call.
    assert!(is_ambiguous(&other(|facts| facts.end = Some(13 * MINUTE))));
    assert!(is_ambiguous(&other(|facts| {
        (facts.start, facts.end) = (Some(20 * MINUTE), Some(21 * MINUTE));
    })));
    assert!(is_ambiguous(&other(|facts| facts.start = None)));
}
