//! The report of a run for people.

use super::adoption::RunAdoption;
use super::exit_code::ExitCode;
use super::run_report::{cause, stop_text};
use super::style::Style;
use super::summary::{RunSummary, SessionError};
use super::view::View;
use super::wording::{bytes, counted, printable};
use crate::outcome::FailureKind;

/// The report for people. What did not happen is not mentioned.
pub fn run_text(summary: &RunSummary, exit: ExitCode, max_attempts: u32, view: &View) -> String {
    let sessions = &summary.sessions;
    let mut lines = vec![format!(
        "{} pending{}: {} delivered in {:.1} s, {}",
        counted(sessions.pending, "session"),
        summary
            .shard
            .map_or_else(String::new, |shard| format!(" in shard {shard}")),
        sessions.uploaded + sessions.partial,
        summary.duration_seconds,
        exit_style(exit).paint(&format!("exit code {exit}")),
    )];
    lines.extend(listed("sessions", &fates(summary)));
    if sessions.unread > 0 {
        let text = format!("  of those left: {} not looked at yet", sessions.unread);
        lines.push(text);
    }
    lines.extend(sent(summary));
    if let Some(stop) = summary.stopped_by {
        let why = cause(summary).unwrap_or_else(|| stop_text(stop).to_owned());
        let stopped = Style::Warning.paint(&format!("stopped early ({})", stop.as_str()));
        lines.push(format!("  {stopped}: {why}"));
    }
    let attention = &summary.needs_attention;
    lines.extend(listed(
        "needs a person",
        &[
            (attention.failed, "failed", Some(Style::Bad)),
            (attention.corrupt, "corrupt", Some(Style::Bad)),
        ],
    ));
    match &summary.adoption {
        Some(RunAdoption::Done(counts)) => lines.push(format!("  adoption: {}", counts.text())),
        Some(RunAdoption::Failed(error)) => {
            let text = format!("nothing was adopted: {}", printable(error));
            lines.push(format!("  adoption: {}", Style::Bad.paint(&text)));
        }
        None => {}
    }
    for error in &summary.errors {
        lines.push(format!("  {}", error_line(error, max_attempts, view)));
    }
    lines.join("\n") + "\n"
}

fn exit_style(exit: ExitCode) -> Style {
    match exit {
        ExitCode::Ok => Style::Good,
        ExitCode::Deferred | ExitCode::Unavailable | ExitCode::Locked | ExitCode::Signal(_) => {
            Style::Warning
        }
        _ => Style::Bad,
    }
}

/// How many of something there are, its name, and how that is written.
type Count = (u64, &'static str, Option<Style>);

fn fates(summary: &RunSummary) -> [Count; 12] {
    let sessions = &summary.sessions;
    let (good, warning, bad) = (Some(Style::Good), Some(Style::Warning), Some(Style::Bad));
    [
        (sessions.uploaded, "uploaded", good),
        (sessions.partial, "partial", warning),
        (sessions.deferred, "deferred", warning),
        (sessions.failed, "failed", bad),
        (sessions.corrupt, "corrupt", bad),
        (sessions.waiting, "waiting", None),
        (sessions.settling, "settling", None),
        (sessions.backoff, "backing off", warning),
        (sessions.skipped, "skipped", bad),
        (sessions.vanished, "vanished", None),
        (sessions.left, "left for a later run", None),
        (sessions.recovered, "recovered", None),
    ]
}

/// What was sent, and what was at the API already.
fn sent(summary: &RunSummary) -> Vec<String> {
    let parts = &summary.parts;
    let mut lines = Vec::new();
    let sent = [
        (parts.recordings_uploaded, "recording"),
        (parts.call_data_uploaded, "call"),
        (parts.leads_uploaded, "lead"),
    ];
    let sent = counted_list("sent", &sent);
    lines.extend(sent.map(|line| format!("{line}, {}", bytes(summary.bytes_sent))));
    let not_sent = [
        (parts.recordings_remote, "recording"),
        (parts.duplicates, "duplicate"),
    ];
    lines.extend(counted_list("there already", &not_sent));
    lines
}

fn listed(title: &str, counts: &[Count]) -> Option<String> {
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, name, style)| {
            let text = format!("{count} {name}");
            style.map_or_else(|| text.clone(), |style| style.paint(&text))
        })
        .collect();
    (!named.is_empty()).then(|| format!("  {title}: {}", named.join(", ")))
}

fn counted_list(title: &str, counts: &[(u64, &str)]) -> Option<String> {
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(*count, noun))
        .collect();
    (!named.is_empty()).then(|| format!("  {title}: {}", named.join(", ")))
}

fn error_line(error: &SessionError, max_attempts: u32, view: &View) -> String {
    let status = error
        .status
        .map_or_else(String::new, |status| format!(" {status}"));
    let next = match error.next_attempt_at {
        Some(time) => format!(", next try after {}", view.time_and_distance(time)),
        None => String::new(),
    };
    // What cost no attempt, and what no further attempt can mend, has no use for their number.
    let attempts = if error.attempts == 0 || error.kind == FailureKind::Rejected.as_str() {
        String::new()
    } else {
        format!(", attempt {} of {max_attempts}", error.attempts)
    };
    format!(
        "{}  {} {}{attempts}{next}: {}",
        Style::Strong.paint(&printable(&error.session_id)),
        error.part,
        Style::Bad.paint(&format!("{}{status}", error.kind)),
        printable(&error.message),
    )
}
