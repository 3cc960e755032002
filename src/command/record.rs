//! `record`: what an agent says of a call becomes a session of the spool. Adds only, under no lease.

use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;

use super::failure::{CommandFailure, OrExit, failure};
use super::request::Record;
use super::wiring::{layout, print, print_json_lines};
use crate::config::{Format, Settings};
use crate::producer::{
    LeadInput, MAX_INPUT_BYTES, Problems, Producer, ProducerError, RecordInput, RecordedLead, Saved,
};
use crate::report::{ExitCode, printable};

/// The version of the JSON that is printed.
const VERSION: u32 = 1;

/// Records what stdin describes.
pub(super) fn record(settings: &Settings, request: Record) -> Result<ExitCode, CommandFailure> {
    let input = read_stdin().or_exit(ExitCode::Usage)?;
    let producer = Producer::with_layout(layout(settings));
    match request {
        Record::Session => record_session(settings, &producer, &input),
        Record::Lead => record_lead(settings, &producer, &input),
    }
}

fn record_session(
    settings: &Settings,
    producer: &Producer,
    input: &[u8],
) -> Result<ExitCode, CommandFailure> {
    let input = RecordInput::parse(input).map_err(|problems| refuse(&problems))?;
    let saved = producer.record(&input).map_err(fail)?;
    let warnings = warnings(settings, &saved);
    for warning in &warnings {
        log::warn!("{warning}");
    }
    match settings.format {
        Format::Text => print(&format!("{}\n", saved.document.display())),
        Format::Json => print_json_lines(&[SessionLine {
            version: VERSION,
            command: "record",
            session_id: &input.session_id,
            created: saved.created,
            document: text(&saved.document),
            state: saved.state.as_str(),
            transcript: saved.transcript.as_deref().map(text),
            lead: saved.lead.as_deref().map(text),
            unreadable_items: saved.unreadable_items,
            warnings,
        }])?,
    }
    Ok(ExitCode::Ok)
}

fn record_lead(
    settings: &Settings,
    producer: &Producer,
    input: &[u8],
) -> Result<ExitCode, CommandFailure> {
    let input = LeadInput::parse(input).map_err(|problems| refuse(&problems))?;
    let recorded = producer.record_lead(&input).map_err(fail)?;
    let too_late_for = recorded.too_late_for.as_ref();
    match settings.format {
        Format::Text => print(&format!("{}\n", recorded.lead.display())),
        Format::Json => print_json_lines(&[LeadLine {
            version: VERSION,
            command: "record lead",
            session_id: &input.session_id,
            created: recorded.created,
            lead: text(&recorded.lead),
            too_late_for: too_late_for.map(|(document, _)| text(document)),
        }])?,
    }
    match too_late(&recorded, &input.session_id) {
        Some(message) => Err(failure(ExitCode::Attention, message)),
        None => Ok(ExitCode::Ok),
    }
}

/// A session that was recorded, for programs.
#[derive(Debug, Serialize)]
struct SessionLine<'a> {
    version: u32,
    command: &'static str,
    session_id: &'a str,
    created: bool,
    document: String,
    state: &'static str,
    transcript: Option<String>,
    lead: Option<String>,
    unreadable_items: usize,
    warnings: Vec<String>,
}

/// A lead that was recorded, for programs.
#[derive(Debug, Serialize)]
struct LeadLine<'a> {
    version: u32,
    command: &'static str,
    session_id: &'a str,
    created: bool,
    lead: String,
    too_late_for: Option<String>,
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Reads all of stdin, as much as an input may have.
fn read_stdin() -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    let mut stdin = io::stdin().lock().take(MAX_INPUT_BYTES + 1);
    let read = stdin.read_to_end(&mut input);
    read.map_err(|error| anyhow::Error::new(error).context("cannot read stdin"))?;
    if input.len() as u64 > MAX_INPUT_BYTES {
        let limit = MAX_INPUT_BYTES >> 20;
        anyhow::bail!("the input is larger than {limit} MiB; nothing was written");
    }
    if input.is_empty() {
        anyhow::bail!("there is no input; give a JSON object on stdin, see: callspool schema");
    }
    Ok(input)
}

/// Tells every problem on a line of its own.
fn refuse(problems: &Problems) -> CommandFailure {
    for line in problems.lines() {
        log::error!("{line}");
    }
    failure(
        ExitCode::Usage,
        "the input cannot be recorded, for the reasons above; nothing was written",
    )
}

fn fail(error: ProducerError) -> CommandFailure {
    let exit = match &error {
        ProducerError::Invalid(problems) => return refuse(problems),
        ProducerError::NoSpool(_) => ExitCode::NoSpool,
        ProducerError::Spool(_) => ExitCode::Durability,
        ProducerError::LeadTooLate { .. } => ExitCode::Attention,
        _ => ExitCode::Internal,
    };
    CommandFailure::new(exit, error)
}

/// What is odd about a session, though it was recorded.
fn warnings(settings: &Settings, saved: &Saved) -> Vec<String> {
    let mut warnings = Vec::new();
    if !saved.created {
        warnings.push(format!(
            "the session was recorded before and is {}; nothing was changed",
            saved.state.as_str()
        ));
    }
    if saved.unreadable_items > 0 {
        warnings.push(format!(
            "{} of the items cannot be read and are kept as they are; what was said in them will \
             not be delivered",
            saved.unreadable_items
        ));
    }
    if saved.ends_before_start {
        warnings.push("the call ends before it starts".to_owned());
    }
    let has_default = |name: &str| match name {
        "campaignId" => settings.default_campaign_id.is_some(),
        "voiceAgentId" => settings.default_voice_agent_id.is_some(),
        _ => settings.default_client_id.is_some(),
    };
    let lacking = saved.lacking.iter().copied();
    let lacking: Vec<&str> = lacking.filter(|name| !has_default(name)).collect();
    if !lacking.is_empty() {
        warnings.push(format!(
            "campaign_metadata lacks {}; without it in there, or a default in the settings of the \
             run, the session cannot be delivered",
            lacking.join(", ")
        ));
    }
    warnings
}

/// What a person can do for a lead that came after its session was saved.
fn too_late(recorded: &RecordedLead, session_id: &str) -> Option<String> {
    let (document, state) = recorded.too_late_for.as_ref()?;
    let id = printable(session_id);
    Some(format!(
        "the session was recorded before this lead and is {}, so the lead will not be delivered by \
         itself: write its path into files.lead of {}, and if the session is delivered by then, \
         run: callspool requeue --part call-data --force {id}",
        state.as_str(),
        document.display(),
    ))
}
