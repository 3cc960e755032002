//! Prints a store as tables. Reads only, and shows no phone number and no word of a transcript.

use std::io::{self, Write};
use std::path::Path;

use reference_api::{Received, StoredCall, StoredRecording, read_store};
use serde_json::Value;

use crate::mask::phone_numbers;

/// Hex digits of a hash that are shown.
const HASH_DIGITS: usize = 12;

/// Prints recordings and calls.
///
/// # Errors
/// When there is no store, or standard output is closed.
pub(crate) fn print(store: &Path) -> io::Result<()> {
    let received = read_store(store)?;
    let mut out = io::stdout().lock();
    write_tables(&mut out, &received)
}

fn write_tables(out: &mut impl Write, received: &Received) -> io::Result<()> {
    writeln!(out, "{} recordings", received.recordings.len())?;
    let rows = received.recordings.iter().map(recording_row).collect();
    write_table(out, ["name", "stored as", "bytes", "sha256", "at"], rows)?;
    writeln!(out, "\n{} calls", received.calls.len())?;
    let rows = received.calls.iter().map(call_row).collect();
    write_table(out, ["call", "caller", "turns", "lead", "recording"], rows)
}

fn recording_row(recording: &StoredRecording) -> [String; 5] {
    [
        printable(&recording.original_name),
        recording.stored_name.clone(),
        recording.size.to_string(),
        recording.sha256.chars().take(HASH_DIGITS).collect(),
        recording.received_at.clone(),
    ]
}

fn call_row(call: &StoredCall) -> [String; 5] {
    let at = |pointer: &str| call.body.pointer(pointer);
    let turns = at("/transcription/conversation_items").and_then(Value::as_array);
    let has_lead = at("/transcription/lead_generated") == Some(&Value::Bool(true))
        || at("/lead")
            .and_then(Value::as_object)
            .is_some_and(|lead| !lead.is_empty());
    let caller = at("/caller/phoneNumber").and_then(Value::as_str);
    [
        printable(&call.call_id),
        caller.map_or_else(|| "-".to_owned(), printable),
        turns.map_or(0, Vec::len).to_string(),
        if has_lead { "yes" } else { "no" }.to_owned(),
        call.recording_url
            .as_deref()
            .map_or_else(|| "-".to_owned(), printable),
    ]
}

/// Foreign text, fit for a terminal.
fn printable(text: &str) -> String {
    phone_numbers(text)
        .chars()
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect()
}

fn write_table<const N: usize>(
    out: &mut impl Write,
    head: [&str; N],
    rows: Vec<[String; N]>,
) -> io::Result<()> {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows);
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_show_what_matters_and_no_number() {
        let body = serde_json::json!({
            "caller": {"phoneNumber": "+15550100123"},
            "transcription": {"conversation_items": [{"content": "secret"}, {}], "lead_generated": false},
            "lead": {"name": "A"},
        });
        let call = StoredCall {
            seq: 1,
            call_id: "CALL-session_20251029_1".to_owned(),
            raw_body: body.to_string(),
            body,
            recording_url: Some("http://crm.example/1.ogg".to_owned()),
            idempotency_key: None,
            request_id: None,
            received_at: "2025-10-29T10:16:19.574Z".to_owned(),
        };
        let received = Received {
            calls: vec![call],
            ..Received::default()
        };
        let mut out = Vec::new();
        write_tables(&mut out, &received).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "0 recordings\n  name  stored as  bytes  sha256  at\n\n1 calls\n\
             \x20 call                     caller        turns  lead  recording\n\
             \x20 CALL-session_20251029_1  +•••••••••23  2      yes   http://crm.example/1.ogg\n"
        );
    }
}
