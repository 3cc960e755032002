//! Whether call data is due and can be built.

use super::situation::*;
use crate::outcome::{Failure, FailureKind, Part};
use crate::plan::{Action, CallDataStep, Campaign, RecordingStep};
use crate::session::{Lacking, Lookup};

/// What the call data goes without, the recording aside.
fn lacking(situation: Situation) -> Vec<Lacking> {
    match situation.call_data() {
        CallDataStep::Post {
            lacking,
            is_complement,
            ..
        } => {
            assert!(!is_complement);
            lacking
        }
        CallDataStep::Settled => panic!("not sent"),
    }
}

const UNPARSABLE: [&str; 4] = ["", "{\"items\": [{\"role\"", "[]", "not JSON"];

#[test]
fn a_whole_session_goes_with_everything() {
    let delivery = session().lead(lead_of("{}", 0)).delivery();
    let expected = CallDataStep::Post {
        campaign: Campaign {
            campaign_id: "c".to_owned(),
            voice_agent_id: "v".to_owned(),
            client_id: "k".to_owned(),
        },
        lacking: Vec::new(),
        is_complement: false,
    };
    assert_eq!(delivery.call_data, expected);
    assert_eq!(delivery.recording, RecordingStep::Absent);
}

#[test]
fn a_transcript_that_is_named_and_not_there_costs_an_attempt() {
    let Action::Retry { failure } = session().transcript(Lookup::Missing).action() else {
        panic!("not tried again");
    };
    assert_eq!(failure.kind, FailureKind::MissingTranscript);
    let message = failure.message.clone();
    assert_eq!(
        failure,
        Failure::local(FailureKind::MissingTranscript, message)
    );
}

#[test]
fn a_call_without_any_transcript_goes_as_it_is() {
    for age in [0, SETTLE] {
        let situation = session().transcript(Lookup::NotNamed).document_aged(age);
        assert_eq!(lacking(situation), [Lacking::Transcript]);
    }
}

#[test]
fn an_unparsable_transcript_settles_while_young_and_fails_when_old() {
    for text in UNPARSABLE {
        let of = |age| session().transcript(transcript_of(text, age));
        for age in [0, SETTLE - 1, -SETTLE] {
            let settling = Action::Settle { what: "transcript" };
            assert_eq!(of(age).action(), settling, "{text} {age}");
        }
        for age in [SETTLE, SETTLE + 1, -SETTLE - 1] {
            let (part, kind, message) = of(age).failure();
            assert_eq!(
                (part, kind),
                (Part::CallData, FailureKind::InvalidTranscript)
            );
            assert!(message.starts_with("the transcript cannot"), "{message}");
        }
    }
}

#[test]
fn a_transcript_of_no_known_form_is_not_sent() {
    let old = r#"{"messages":[{"role":"user","content":"words"}]}"#;
    let (part, kind, message) = session().transcript(transcript_of(old, SETTLE)).failure();
    assert_eq!(
        (part, kind),
        (Part::CallData, FailureKind::InvalidTranscript)
    );
    assert!(!message.contains("words"), "{message}");
}

#[test]
fn a_transcript_that_can_be_read_is_sent_however_young() {
    let young = transcript_of(r#"{"items":[]}"#, 0);
    assert_eq!(lacking(session().transcript(young)), []);
}

#[test]
fn a_lead_that_is_not_there_is_given_until_the_document_is_old_enough() {
    let of = |age| session().lead(Lookup::Missing).document_aged(age);
    for age in [0, SETTLE - 1, -1, -SETTLE] {
        let settling = Action::Settle { what: "lead file" };
        assert_eq!(of(age).action(), settling, "{age}");
    }
    for age in [SETTLE, SETTLE + 1, -SETTLE - 1] {
        assert_eq!(lacking(of(age)), [Lacking::Lead], "{age}");
    }
    let neither = of(SETTLE).transcript(Lookup::NotNamed);
    assert_eq!(lacking(neither), [Lacking::Transcript, Lacking::Lead]);
}

#[test]
fn a_session_without_a_lead_lacks_none() {
    assert_eq!(lacking(session().document_aged(0)), []);
}

#[test]
fn an_unparsable_lead_settles_while_young_and_fails_when_old() {
    for text in UNPARSABLE {
        let of = |age| session().lead(lead_of(text, age));
        for age in [0, SETTLE - 1, -SETTLE] {
            let settling = Action::Settle { what: "lead file" };
            assert_eq!(of(age).action(), settling, "{text} {age}");
        }
        for age in [SETTLE, SETTLE + 1, -SETTLE - 1] {
            let (part, kind, message) = of(age).failure();
            assert_eq!((part, kind), (Part::CallData, FailureKind::InvalidLead));
            assert!(message.starts_with("the lead file cannot"), "{message}");
        }
    }
}

#[test]
fn an_unsafe_path_fails_the_session_and_an_unreadable_file_skips_it() {
    let reason = || "a path with ..".to_owned();
    for (situation, what) in [
        (
            session().transcript(Lookup::Unsafe(reason())),
            "the transcript ",
        ),
        (session().lead(Lookup::Unsafe(reason())), "the lead file "),
    ] {
        let (part, kind, message) = situation.failure();
        assert_eq!((part, kind), (Part::CallData, FailureKind::UnsafePath));
        assert!(message.starts_with(what), "{message}");
        assert!(message.contains("a path with .."), "{message}");
    }
    let denied = || "denied".to_owned();
    let situation = session().transcript(Lookup::Unreadable(denied()));
    assert_eq!(situation.skipped(), "the transcript cannot be read: denied");
    let situation = session().lead(Lookup::Unreadable(denied()));
    assert_eq!(situation.skipped(), "the lead file cannot be read: denied");
}

const IDS: [&str; 3] = ["campaignId", "voiceAgentId", "clientId"];

/// `campaign_metadata` with the ids that are asked for, each its own name in lower case.
fn campaign(has: impl Fn(&str) -> bool) -> String {
    let members: Vec<String> = IDS
        .iter()
        .filter(|name| has(name))
        .map(|name| format!(r#""{name}":"{}""#, name.to_lowercase()))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn a_missing_id_fails_the_session_and_is_named() {
    for present in 0..7_usize {
        let is_present = |name: &str| {
            let index = IDS.iter().position(|id| *id == name).unwrap();
            present & (1 << index) != 0
        };
        let (part, kind, message) = session().campaign(&campaign(is_present)).failure();
        assert_eq!((part, kind), (Part::CallData, FailureKind::MissingCampaign));
        for name in IDS {
            assert_eq!(
                message.contains(name),
                !is_present(name),
                "{name}: {message}"
            );
        }
    }
    for campaign in ["null", "[]", r#"{"campaignId":" ","clientId":null}"#] {
        let (_, kind, message) = session().campaign(campaign).failure();
        assert_eq!(kind, FailureKind::MissingCampaign);
        assert!(
            IDS.iter().all(|name| message.contains(name)),
            "{campaign}: {message}"
        );
    }
}

fn posted_campaign(situation: Situation) -> Campaign {
    match situation.call_data() {
        CallDataStep::Post { campaign, .. } => campaign,
        CallDataStep::Settled => panic!("not sent"),
    }
}

#[test]
fn defaults_fill_in_what_the_document_lacks_and_nothing_else() {
    let with_defaults = |campaign: &str| {
        let mut situation = session().campaign(campaign);
        let default = |name: &str| Some(format!("default-{name}"));
        situation.policy.default_campaign_id = default("campaign");
        situation.policy.default_voice_agent_id = default("agent");
        situation.policy.default_client_id = default("client");
        posted_campaign(situation)
    };
    let of = |campaign: &str, agent: &str, client: &str| Campaign {
        campaign_id: campaign.to_owned(),
        voice_agent_id: agent.to_owned(),
        client_id: client.to_owned(),
    };
    assert_eq!(
        with_defaults("{}"),
        of("default-campaign", "default-agent", "default-client")
    );
    assert_eq!(
        with_defaults(&campaign(|name| name == "voiceAgentId")),
        of("default-campaign", "voiceagentid", "default-client")
    );
    assert_eq!(
        with_defaults(&campaign(|_| true)),
        of("campaignid", "voiceagentid", "clientid")
    );
    let mut one = session().campaign("{}");
    one.policy.default_client_id = Some("k".to_owned());
    let (_, _, message) = one.failure();
    assert!(message.contains("campaignId, voiceAgentId;"), "{message}");
}

#[test]
fn an_id_that_is_a_number_counts_as_its_digits() {
    let text = r#"{"campaignId":7,"voiceAgentId":"v","clientId":"k"}"#;
    assert_eq!(posted_campaign(session().campaign(text)).campaign_id, "7");
}

#[test]
fn call_data_that_cannot_be_built_keeps_the_recording_back() {
    let situation = session()
        .named(Lookup::Here(file("named.ogg")))
        .campaign("{}");
    let (part, kind, _) = situation.failure();
    assert_eq!((part, kind), (Part::CallData, FailureKind::MissingCampaign));
}
