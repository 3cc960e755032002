//! What an agent tells of a call, and of a lead.

use callspool::producer::{Fault, LeadInput, Problems, RecordInput};
use serde_json::Value;

use crate::oracle;

/// The fields of both inputs.
const FIELDS: [&str; 19] = [
    "session_id",
    "dialed_number",
    "campaign_metadata",
    "egress_id",
    "items",
    "transcript_file",
    "lead",
    "lead_file",
    "started_at",
    "ended_at",
    "metadata",
    "name",
    "email",
    "company",
    "interest",
    "phone",
    "job_title",
    "budget",
    "timeline",
];

/// What is accepted is an object that says what was read, and no problem quotes a value.
pub(crate) fn check(data: &[u8]) {
    let value = oracle::value(data);
    match RecordInput::parse(data) {
        Ok(input) => check_call(&input, value.as_ref()),
        Err(problems) => check_problems(&problems, value.as_ref()),
    }
    match LeadInput::parse(data) {
        Ok(input) => {
            input.lead.check().unwrap();
            if let Some(value) = &value {
                assert_eq!(value["session_id"], input.session_id.as_str());
                assert_eq!(value["email"], input.lead.email.as_str());
            }
        }
        Err(problems) => check_problems(&problems, value.as_ref()),
    }
}

fn check_call(input: &RecordInput, value: Option<&Value>) {
    assert!(!input.session_id.trim().is_empty());
    assert_ne!(input.items.is_some(), input.transcript_file.is_some());
    assert!(input.lead.is_none() || input.lead_file.is_none());
    let Some(value) = value else { return };
    assert!(value.is_object());
    assert_eq!(value["session_id"], input.session_id.as_str());
    let items = value["items"].as_array().map(Vec::len);
    assert_eq!(input.items.as_ref().map(|items| items.len()), items);
    for (name, given) in [
        ("campaign_metadata", &input.campaign_metadata),
        ("metadata", &input.metadata),
    ] {
        let given = given
            .as_ref()
            .and_then(|raw| oracle::value(raw.get().as_bytes()));
        assert_eq!(given.unwrap_or_default(), value[name]);
    }
}

/// A problem names a field that is known, an item or a member that nobody knows; the texts of faults
/// hold nothing that was given.
fn check_problems(problems: &Problems, value: Option<&Value>) {
    assert!(problems.iter().count() > 0 && problems.lines().len() <= 21);
    for problem in problems.iter() {
        let field = problem
            .field
            .strip_prefix("lead.")
            .unwrap_or(&problem.field);
        let is_item = oracle::numberless(field) == "items[#]";
        match &problem.fault {
            Fault::Unknown { .. } => {}
            Fault::Input(_) => {
                assert!(!value.is_some_and(Value::is_object), "{problem}");
            }
            _ => assert!(is_item || FIELDS.contains(&field), "{problem}"),
        }
    }
}
