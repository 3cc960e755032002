//! What happened to a session, in words: from its document and from our history in it.

use chrono::{DateTime, Utc};

use super::style::Style;
use super::table::{Cell, Column, table};
use super::view::View;
use super::wording::{printable, span};
use crate::outcome::Part;
use crate::session::{Document, HISTORY_LIMIT, HistoryEntry};

/// Something that happened.
#[derive(Debug)]
pub(super) struct Event {
    /// When, where that is known.
    pub(super) at: Option<DateTime<Utc>>,
    /// What, fit to be shown but for phone numbers.
    pub(super) what: String,
    /// How it is meant.
    pub(super) style: Option<Style>,
}

/// What happened, the oldest first.
pub(super) fn events(document: &Document) -> Vec<Event> {
    let mut events = of_the_call(document);
    let history = &document.record.history;
    if history.len() >= HISTORY_LIMIT {
        events.push(Event {
            at: history.first().and_then(|entry| entry.at),
            what: "(earlier tries are not kept)".to_owned(),
            style: Some(Style::Dim),
        });
    }
    events.extend(history.iter().map(of_history));
    events
}

/// A line for each thing that happened, the oldest first.
pub(super) fn timeline(document: &Document, view: &View) -> Vec<String> {
    let times = [Column::text(""), Column::text(""), Column::text("")];
    let rows: Vec<Vec<Cell>> = events(document)
        .into_iter()
        .map(|event| {
            let at = |text: fn(&View, DateTime<Utc>) -> String| {
                event.at.map_or(String::new(), |at| text(view, at))
            };
            let what = match event.style {
                Some(style) => Cell::styled(event.what, style),
                None => Cell::from(event.what),
            };
            vec![
                Cell::from(at(View::time)),
                Cell::styled(at(View::relative), Style::Dim),
                what,
            ]
        })
        .collect();
    let text = table(&times, &rows, None);
    // The titles are empty.
    text.lines().skip(1).map(str::to_owned).collect()
}

/// What the agent wrote down.
fn of_the_call(document: &Document) -> Vec<Event> {
    let began = document.timestamp("call_start");
    let ended = document.timestamp("call_end");
    let lasted = ended.zip(began).map(|(ended, began)| ended - began);
    let lasted = lasted.and_then(|lasted| lasted.to_std().ok());
    let ended_what = match lasted {
        Some(lasted) => format!("the call ended, after {}", span(lasted)),
        None => "the call ended".to_owned(),
    };
    [
        (began, "the call began".to_owned()),
        (ended, ended_what),
        (
            document.timestamp("metadata_saved"),
            "the agent wrote its document".to_owned(),
        ),
    ]
    .into_iter()
    .filter(|(at, _)| at.is_some())
    .map(|(at, what)| Event {
        at,
        what,
        style: None,
    })
    .collect()
}

fn of_history(entry: &HistoryEntry) -> Event {
    let is_recording = entry.part == Part::Recording.as_str();
    let part = match is_recording {
        true => "recording",
        false => "call data",
    };
    let (what, style) = match (entry.part.as_str(), entry.outcome.as_str()) {
        ("session", "requeued") => ("put back by a person".to_owned(), Style::Strong),
        (_, "delivered") if is_recording => ("recording uploaded".to_owned(), Style::Good),
        (_, "delivered") => ("call data delivered".to_owned(), Style::Good),
        (_, "duplicate") => (format!("{part}: the API had it already"), Style::Good),
        ("call_data", "not_found") => (
            "asked the API: the call is not there".to_owned(),
            Style::Dim,
        ),
        ("call_data", "not_answered") => (
            "asked the API whether the call is there: it cannot tell".to_owned(),
            Style::Dim,
        ),
        (_, kind) => (
            format!("{part} not delivered: {}", printable(kind)),
            Style::Warning,
        ),
    };
    // Of what went well it is always the same.
    let status = entry.status.filter(|_| style == Style::Warning);
    let status = status.map(|status| format!(" {status}"));
    let took = entry.ms.map(|ms| format!(", in {}", duration(ms)));
    Event {
        at: entry.at,
        what: [Some(what), status, took].into_iter().flatten().collect(),
        style: Some(style),
    }
}

/// How long a request took.
fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..10_000 => format!("{milliseconds} ms"),
        _ => span(std::time::Duration::from_millis(milliseconds)),
    }
}
