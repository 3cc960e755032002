//! `schema`: the JSON Schemas, as they were when the program was built.

use super::failure::{CommandFailure, failure};
use super::wiring::print;
use crate::nearest::nearest;
use crate::report::{ExitCode, printable};

/// Every schema by its name.
const SCHEMAS: [(&str, &str, &str); 5] = [
    (
        "record",
        "what callspool record reads",
        include_str!("../../fixtures/schemas/record.schema.json"),
    ),
    (
        "record-lead",
        "what callspool record lead reads",
        include_str!("../../fixtures/schemas/record-lead.schema.json"),
    ),
    (
        "metadata",
        "a session's metadata document",
        include_str!("../../fixtures/schemas/metadata.schema.json"),
    ),
    (
        "transcript",
        "a transcript file",
        include_str!("../../fixtures/schemas/transcript.schema.json"),
    ),
    (
        "lead",
        "a lead file",
        include_str!("../../fixtures/schemas/lead.schema.json"),
    ),
];

/// The names of the schemas.
pub fn schema_names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.into_iter().map(|(name, ..)| name)
}

/// Prints the schema of that name, or which there are.
pub(super) fn schema(name: Option<&str>) -> Result<ExitCode, CommandFailure> {
    let Some(name) = name else {
        let lines = SCHEMAS.map(|(name, about, _)| format!("{name:<12} {about}\n"));
        print(&lines.concat());
        return Ok(ExitCode::Ok);
    };
    if let Some((_, _, text)) = SCHEMAS.iter().find(|(known, ..)| *known == name) {
        print(text);
        return Ok(ExitCode::Ok);
    }
    let hint = match nearest(name, SCHEMAS.map(|(known, ..)| known)) {
        Some(known) => format!("did you mean {known}?"),
        None => "see: callspool schema".to_owned(),
    };
    let message = format!("there is no schema {}; {hint}", printable(name));
    Err(failure(ExitCode::Usage, message))
}
