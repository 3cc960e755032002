//! What a person says.

use super::*;

fn by_hand(scene: &Scene, recording: &str, lead: Option<&str>) -> Result<Decision, Refusal> {
    let chosen = |name: &str| match name {
        "" => Chosen::Nothing,
        name => Chosen::File(name.to_owned()),
    };
    let request = ByHand {
        session: "a".to_owned(),
        transcript: None,
        recording: chosen(recording),
        lead: lead.map(chosen),
    };
    settle_by_hand(&scene.0, patience(), NOW, &request)
}

#[test]
fn a_person_may_choose_what_nobody_else_has() {
    let scene = Scene::default()
        .call(call("a", 10))
        .call(call("b", 11))
        .egress(egress("e", 10 * MINUTE, 12 * MINUTE))
        .egress(egress("f", 10 * MINUTE, 12 * MINUTE))
        .audio("number-_15550100123-5.ogg", 0)
        .audio("number-_15550200123-5.ogg", 0);
    for name in ["EG_f.json", "f.ogg", "recordings/f.ogg", "C:\\rec\\f.ogg"] {
        let decision = by_hand(&scene, name, None).unwrap();
        let found = Choice::Found {
            egress_id: Some("f".to_owned()),
            file: Some("f.ogg".to_owned()),
            reason: "by hand",
        };
        assert_eq!(
            (decision.recording, decision.outcome),
            (found, Outcome::Adopt)
        );
    }
    let shown = |name| by_hand(&scene, name, None);
    let several = shown("number-_1555•••0123-5.ogg");
    assert!(matches!(several, Err(Refusal::SeveralFiles(_))));
    assert!(matches!(shown("../f.ogg"), Err(Refusal::NoFile { .. })));
    assert!(matches!(shown("g.ogg"), Err(Refusal::NoFile { .. })));
    assert_eq!(shown("").unwrap().recording, Choice::Declined);
    let taken = scene.clone().document(DocumentFacts {
        session_id: "b".to_owned(),
        egress_id: Some("f".to_owned()),
        ..DocumentFacts::default()
    });
    assert!(matches!(
        by_hand(&taken, "f.ogg", None),
        Err(Refusal::Taken { .. })
    ));
    assert!(by_hand(&taken, "e.ogg", None).is_ok());
}

#[test]
fn what_a_person_said_before_is_said_again_and_not_otherwise() {
    let scene = Scene::default()
        .call(call("a", 10))
        .egress(egress("e", 10 * MINUTE, 12 * MINUTE))
        .egress(egress("f", 10 * MINUTE, 12 * MINUTE))
        .document(DocumentFacts {
            session_id: "a".to_owned(),
            egress_id: Some("e".to_owned()),
            ..DocumentFacts::default()
        });
    let decision = by_hand(&scene, "e.ogg", None).unwrap();
    assert_eq!(
        decision.outcome,
        Outcome::Named("metadata_a.json".to_owned())
    );
    for other in ["f.ogg", ""] {
        assert!(matches!(
            by_hand(&scene, other, None),
            Err(Refusal::OtherDocument { .. })
        ));
    }
}

#[test]
fn which_transcript_is_meant_must_be_clear() {
    let mut other = call("a", 10);
    other.digest = "x".to_owned();
    let scene = Scene::default()
        .call(call("a", 10))
        .named("conversation_1.json", other);
    assert!(matches!(
        by_hand(&scene, "", None),
        Err(Refusal::Several { .. })
    ));
    let request = ByHand {
        session: "a".to_owned(),
        transcript: Some("conversations/conversation_1.json".to_owned()),
        recording: Chosen::Nothing,
        lead: Some(Chosen::Nothing),
    };
    let decision = settle_by_hand(&scene.0, patience(), NOW, &request).unwrap();
    assert_eq!(decision.transcript, "conversation_1.json");
    let nobody = ByHand {
        session: "trans".to_owned(),
        transcript: None,
        ..request
    };
    assert!(matches!(
        settle_by_hand(&scene.0, patience(), NOW, &nobody),
        Err(Refusal::NoSession(_))
    ));
}
