//! The stages at their boundaries.

use std::time::Duration;

use super::*;

const MINUTE: Micros = 60 * 1_000_000;
/// Long after every call here.
const NOW: Micros = 1_000 * MINUTE;

fn patience() -> Patience {
    Patience {
        settle: Duration::from_secs(60),
        recording_grace: Duration::from_secs(30 * 60),
    }
}

/// A call of two minutes that begins in that minute.
fn call(id: &str, minute: Micros) -> CallFacts {
    CallFacts {
        digest: id.to_owned(),
        session_id: Some(id.to_owned()),
        number: Some("15550100123".to_owned()),
        start: Some(minute * MINUTE),
        end: Some((minute + 2) * MINUTE),
        ..CallFacts::default()
    }
}

/// An egress of that time with a file of its name.
fn egress(id: &str, start: Micros, end: Micros) -> EgressFile {
    EgressFile {
        name: format!("EG_{id}.json"),
        id: id.to_owned(),
        modified: end,
        facts: EgressFacts {
            has_output: true,
            number: Some("15550100123".to_owned()),
            start: Some(start),
            end: Some(end),
            files: vec![format!("{id}.ogg")],
            ..EgressFacts::default()
        },
    }
}

#[derive(Default, Clone)]
struct Scene(Estate);

impl Scene {
    fn call(self, facts: CallFacts) -> Self {
        let name = format!("transcript_{}.json", facts.session_id.clone().unwrap());
        self.named(&name, facts)
    }

    fn named(mut self, name: &str, facts: CallFacts) -> Self {
        self.0.transcripts.push(TranscriptFile {
            name: name.to_owned(),
            modified: facts.end.unwrap_or(0),
            reading: Reading::Call(Box::new(facts)),
        });
        self
    }

    fn egress(mut self, egress: EgressFile) -> Self {
        for name in &egress.facts.files {
            if !self.0.audio.iter().any(|audio| audio.name == *name) {
                self = self.audio_of(name.clone(), egress.modified);
            }
        }
        self.0.egresses.push(egress);
        self
    }

    fn audio(self, name: &str, modified: Micros) -> Self {
        self.audio_of(name.to_owned(), modified)
    }

    fn audio_of(mut self, name: String, modified: Micros) -> Self {
        self.0.audio.push(Audio { name, modified });
        self
    }

    fn lead(mut self, name: &str, change: impl FnOnce(&mut LeadFacts)) -> Self {
        let mut facts = LeadFacts::default();
        change(&mut facts);
        let name = name.to_owned();
        self.0.leads.push(LeadFile { name, facts });
        self
    }

    fn document(mut self, facts: DocumentFacts) -> Self {
        let name = format!("metadata_{}.json", facts.session_id);
        let facts = Some(facts);
        self.0.documents.push(DocumentFile { name, facts });
        self
    }

    fn judged(&self) -> Judged {
        decide(&self.0, patience(), NOW)
    }

    /// What each transcript gets: `file (reason)`, or why nothing.
    fn recordings(&self) -> Vec<String> {
        self.told(|decision| &decision.recording)
    }

    fn leads(&self) -> Vec<String> {
        self.told(|decision| &decision.lead)
    }

    fn told(&self, choice: impl Fn(&Decision) -> &Choice) -> Vec<String> {
        let decisions = self.judged().decisions;
        let told = decisions.iter().map(|decision| {
            let is_adopted = decision.outcome == Outcome::Adopt;
            let choice = choice(decision);
            match choice {
                Choice::Found { reason, .. } if is_adopted => {
                    format!("{} ({reason})", choice.name().unwrap())
                }
                Choice::Ambiguous { candidates, .. } => format!("? {}", candidates.join(" ")),
                _ => choice.reason().to_owned(),
            }
        });
        told.collect()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let decisions = self.judged().decisions;
        decisions.into_iter().map(|it| it.outcome).collect()
    }
}

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
    assert_eq!(
        at(end - MINUTE, end + 9 * MINUTE),
        "e.ogg (room name and time)"
    );
    assert_eq!(at(end - MINUTE + 1, end + 9 * MINUTE), "? EG_e.json");
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
        (10, "? EG_e.json"),
        (11, "? EG_e.json"),
        (12, "e.ogg (room name and time)"),
        (9, "e.ogg (room name and time)"),
    ] {
        let scene = Scene::default().call(call("a", 10)).call(nameless(minute));
        let told = scene.egress(egress("e", start, end)).recordings();
        assert_eq!(told, [expected, "none found"], "{minute}");
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
    let nearer = with(10 * MINUTE, 13 * MINUTE).call(nameless.clone());
    assert_eq!(nearer.recordings()[0], "? EG_e.json");
    let farther = with(9 * MINUTE, 12 * MINUTE).call(CallFacts {
        end: Some(11 * MINUTE),
        ..nameless
    });
    assert_eq!(farther.recordings()[0], "recording_c_a_s.ogg (file name)");
    // Without a manifest the file's own time has to fit, where it is still known.
    for (modified, expected) in [
        (12 * MINUTE, "recording_c_a_s.ogg (file name)"),
        (10 * MINUTE - 1, "? recording_c_a_s.ogg"),
        (22 * MINUTE, "recording_c_a_s.ogg (file name)"),
        (22 * MINUTE + 1, "? recording_c_a_s.ogg"),
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
fn leads_match_by_path_then_by_session_then_by_name() {
    let facts = |change: fn(&mut CallFacts)| {
        let mut facts = call("a", 10);
        facts.campaign_session_id = Some("session_1".to_owned());
        facts.lead_generated = true;
        change(&mut facts);
        Scene::default().named("transcript_session_c_a_s.json", facts)
    };
    let own = |lead: &mut LeadFacts| lead.session_ids = vec!["session_1".to_owned()];
    let path = facts(|facts| {
        facts.lead_path = Some("x".to_owned());
        facts.lead_file = Some("lead_1.json".to_owned());
    });
    let both = path.lead("lead_1.json", |_| {}).lead("lead_2.json", own);
    assert_eq!(both.leads(), ["lead_1.json (path in the transcript)"]);
    let session = facts(|_| {}).lead("lead_2.json", own);
    assert_eq!(session.leads(), ["lead_2.json (session id in the lead)"]);
    let two = session.lead("lead_3.json", own);
    assert_eq!(two.leads(), ["? lead_2.json lead_3.json"]);
    let name = facts(|_| {}).lead("lead_c_a_s.json", |_| {});
    assert_eq!(name.leads(), ["lead_c_a_s.json (file name)"]);
    let other = facts(|_| {}).lead("lead_c_a_s.json", |lead| {
        lead.session_ids = vec!["session_2".to_owned()];
    });
    assert_eq!(other.leads(), ["? lead_c_a_s.json"]);
    let denied = facts(|facts| facts.denies_lead = true);
    let denied = denied.lead("lead_c_a_s.json", |_| {});
    assert_eq!(denied.leads(), ["? lead_c_a_s.json"]);
    let email = facts(|facts| facts.lead_emails = vec!["t@example.com".to_owned()]);
    for (address, expected) in [
        ("t@example.com", "lead_c_a_s.json (file name)"),
        ("u@example.com", "? lead_c_a_s.json"),
    ] {
        let address = address.to_owned();
        let scene = email.clone();
        let scene = scene.lead("lead_c_a_s.json", |lead| lead.email = Some(address));
        assert_eq!(scene.leads(), [expected]);
    }
    let missing = facts(|facts| facts.lead_path = Some("gone".to_owned()));
    let missing = missing.lead("lead_c_a_s.json", |_| {});
    assert_eq!(missing.leads(), ["the one that is named is not there"]);
}

#[test]
fn a_lead_of_the_calls_time_needs_the_same_address() {
    let facts = CallFacts {
        lead_generated: true,
        lead_emails: vec!["t@example.com".to_owned()],
        ..call("a", 10)
    };
    let lead = |email: &str, time: Micros| {
        let email = email.to_owned();
        move |lead: &mut LeadFacts| {
            (lead.email, lead.time) = (Some(email), Some(time));
        }
    };
    let with = |email, time| {
        let scene = Scene::default().call(facts.clone());
        scene
            .lead("lead_1.json", lead(email, time))
            .leads()
            .remove(0)
    };
    let (first, last) = (5 * MINUTE, 17 * MINUTE);
    for time in [first, last] {
        assert_eq!(with("t@example.com", time), "lead_1.json (create_lead)");
        assert_eq!(with("u@example.com", time), "? lead_1.json");
    }
    for time in [first - 1, last + 1] {
        assert_eq!(with("t@example.com", time), "none found");
    }
    let two = Scene::default()
        .call(facts.clone())
        .lead("lead_1.json", lead("t@example.com", 10 * MINUTE))
        .lead("lead_2.json", lead("t@example.com", 11 * MINUTE));
    assert_eq!(two.leads(), ["? lead_1.json lead_2.json"]);
    let none = CallFacts {
        lead_generated: false,
        ..facts
    };
    let none = Scene::default()
        .call(none)
        .lead("lead_1.json", lead("t@example.com", 10 * MINUTE));
    assert_eq!(none.leads(), ["no lead came of the call"]);
}

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
