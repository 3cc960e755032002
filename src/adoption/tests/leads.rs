//! Which lead, and which not.

use super::*;

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
    let (first, last) = (10 * MINUTE - 10 * SECOND, 12 * MINUTE + 10 * SECOND);
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

#[test]
fn a_path_whose_file_was_taken_by_another_lead_decides_nothing() {
    for (email, expected) in [
        ("t@example.com", "lead_1.json (path in the transcript)"),
        ("u@example.com", "? lead_1.json"),
    ] {
        let facts = CallFacts {
            lead_path: Some("leads/lead_1.json".to_owned()),
            lead_file: Some("lead_1.json".to_owned()),
            lead_emails: vec!["t@example.com".to_owned()],
            ..call("a", 10)
        };
        let scene = Scene::default().call(facts);
        let scene = scene.lead("lead_1.json", |lead| lead.email = Some(email.to_owned()));
        assert_eq!(scene.leads(), [expected]);
    }
}
