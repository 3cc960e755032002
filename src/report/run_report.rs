//! The report of a run for machines, and why it ended as it did.

use serde::Serialize;

use super::adoption::{AdoptionCounts, RunAdoption};
use super::exit_code::ExitCode;
use super::summary::{RunSummary, SessionError, Stop};
use super::wording::{counted, json_line, printable};
use crate::timestamp;

#[derive(Serialize)]
struct RunObject<'a> {
    version: u32,
    command: &'static str,
    started_at: String,
    duration_seconds: f64,
    exit_code: u8,
    stopped_by: Option<&'static str>,
    sessions: SessionsObject,
    parts: PartsObject,
    bytes_sent: u64,
    success_rate: Option<f64>,
    needs_attention: AttentionObject,
    errors: Vec<ErrorObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adoption: Option<AdoptionObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<ShardObject>,
}

#[derive(Serialize)]
struct ShardObject {
    index: u32,
    count: u32,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AdoptionObject<'a> {
    Done(&'a AdoptionCounts),
    Failed { error: &'a str },
}

#[derive(Serialize)]
struct SessionsObject {
    pending: u64,
    uploaded: u64,
    partial: u64,
    deferred: u64,
    failed: u64,
    corrupt: u64,
    waiting: u64,
    settling: u64,
    backoff: u64,
    skipped: u64,
    vanished: u64,
    left: u64,
    recovered: u64,
    conserved: bool,
    unread: u64,
}

#[derive(Serialize)]
struct PartsObject {
    recordings_uploaded: u64,
    recordings_remote: u64,
    call_data_uploaded: u64,
    duplicates: u64,
    leads_uploaded: u64,
}

#[derive(Serialize)]
struct AttentionObject {
    failed: u64,
    corrupt: u64,
    new: u64,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    session_id: &'a str,
    part: &'static str,
    kind: &'a str,
    status: Option<u16>,
    attempts: u32,
    next_attempt_at: Option<String>,
    message: &'a str,
}

/// The report as one JSON object on one line. `exit` is the code before `--ok-exit`.
pub fn run_json(summary: &RunSummary, exit: ExitCode) -> String {
    let (sessions, parts) = (&summary.sessions, &summary.parts);
    let object = RunObject {
        version: 1,
        command: "run",
        started_at: timestamp::format_millis(summary.started_at),
        duration_seconds: (summary.duration_seconds * 1000.0).round() / 1000.0,
        exit_code: exit.code(),
        stopped_by: summary.stopped_by.map(Stop::as_str),
        sessions: SessionsObject {
            pending: sessions.pending,
            uploaded: sessions.uploaded,
            partial: sessions.partial,
            deferred: sessions.deferred,
            failed: sessions.failed,
            corrupt: sessions.corrupt,
            waiting: sessions.waiting,
            settling: sessions.settling,
            backoff: sessions.backoff,
            skipped: sessions.skipped,
            vanished: sessions.vanished,
            left: sessions.left,
            recovered: sessions.recovered,
            conserved: sessions.is_conserved(),
            unread: sessions.unread,
        },
        parts: PartsObject {
            recordings_uploaded: parts.recordings_uploaded,
            recordings_remote: parts.recordings_remote,
            call_data_uploaded: parts.call_data_uploaded,
            duplicates: parts.duplicates,
            leads_uploaded: parts.leads_uploaded,
        },
        bytes_sent: summary.bytes_sent,
        success_rate: sessions.success_rate(),
        needs_attention: AttentionObject {
            failed: summary.needs_attention.failed,
            corrupt: summary.needs_attention.corrupt,
            new: summary.needs_attention.new,
        },
        errors: summary.errors.iter().map(error_object).collect(),
        adoption: summary.adoption.as_ref().map(|adoption| match adoption {
            RunAdoption::Done(counts) => AdoptionObject::Done(counts),
            RunAdoption::Failed(error) => AdoptionObject::Failed { error },
        }),
        shard: summary.shard.map(|shard| ShardObject {
            index: shard.index(),
            count: shard.count(),
        }),
    };
    // Plain numbers and texts always have a JSON form.
    json_line(&object).unwrap_or_default()
}

fn error_object(error: &SessionError) -> ErrorObject<'_> {
    ErrorObject {
        session_id: &error.session_id,
        part: error.part.as_str(),
        kind: &error.kind,
        status: error.status,
        attempts: error.attempts,
        next_attempt_at: error.next_attempt_at.map(timestamp::format_millis),
        message: &error.message,
    }
}

/// What made the run end early: the message of its end, else the last error where errors did.
pub(super) fn cause(summary: &RunSummary) -> Option<String> {
    let of_errors = matches!(summary.stopped_by, Some(Stop::Unavailable | Stop::Rejected));
    let last = || summary.errors.last().map(|error| &error.message);
    let message = summary.stop_message.as_ref();
    let message = message.or_else(|| of_errors.then(last).flatten());
    message.map(|message| printable(message))
}

/// What it means that a run ended early, where no message tells.
pub(super) fn stop_text(stop: Stop) -> &'static str {
    match stop {
        Stop::Deadline => "--max-duration is over",
        Stop::BatchSize => "--batch-size sessions were attempted",
        Stop::Rate => "--rate allows no more requests now",
        Stop::Unavailable => "the API does not work",
        Stop::Throttled => "the API asked to be left alone",
        Stop::Rejected => "the API rejected several sessions in a row",
        Stop::Auth => "the API refused the credentials",
        Stop::Misdirected => "the base URL is not the upload API",
        Stop::Durability => "the spool cannot be written",
        Stop::Signal(_) => "told to stop by a signal",
    }
}

/// What somebody woken by the exit code should read: one line a reason, with what to do.
pub fn explanations(summary: &RunSummary, exit: ExitCode) -> Vec<String> {
    let why = |stop| cause(summary).unwrap_or_else(|| stop_text(stop).to_owned());
    let mut lines = Vec::new();
    match (exit, summary.stopped_by) {
        (ExitCode::Internal, _) => lines.push(
            "a session of the snapshot has no fate: this is a bug, please report it with the JSON report".to_owned(),
        ),
        (_, Some(stop @ Stop::Auth)) => lines.push(format!(
            "{}; no session was charged for that; the token comes from --token-file, CALLSPOOL_TOKEN or the systemd credential",
            why(stop)
        )),
        (_, Some(stop @ Stop::Misdirected)) => lines.push(format!(
            "{}; no session was charged for that; nothing is delivered until this is mended",
            why(stop)
        )),
        (_, Some(stop @ Stop::Durability)) => lines.push(format!(
            "stopped because the spool cannot be read or written as it must be: {}; what was delivered before is recorded; make room or repair the volume, the next run goes on from here",
            why(stop)
        )),
        (_, Some(stop @ Stop::Unavailable)) => lines.push(format!(
            "the service fails, so the rest was left alone: {}; no session was charged for that; the next run tries again",
            why(stop)
        )),
        (_, Some(stop @ Stop::Throttled)) => lines.push(format!(
            "{}; no session was charged for that; later runs wait as long; if this comes back, set --rate",
            why(stop)
        )),
        (_, Some(stop @ Stop::Rejected)) => lines.push(format!(
            "several sessions in a row were rejected, so the rest was left alone: {}; if the API has changed, mend that and run: callspool requeue --failed",
            why(stop)
        )),
        (_, Some(Stop::Signal(signal))) => lines.push(match cause(summary) {
            Some(why) if summary.is_unrecorded => format!(
                "stopped by signal {signal}, and the spool cannot be read or written as it must be: {why}; make room or repair the volume, the next run goes on from here"
            ),
            _ => format!("stopped by signal {signal}; the next run goes on from here"),
        }),
        (_, Some(Stop::Deadline | Stop::BatchSize | Stop::Rate) | None) => {}
    }
    let of_sessions = summary.needs_attention.failed
        + summary.needs_attention.corrupt
        + summary.needs_attention.new
        + summary.sessions.skipped;
    if exit == ExitCode::Attention && of_sessions > 0 && summary.stopped_by != Some(Stop::Rejected)
    {
        lines.push(format!(
            "a person is needed: {} failed, {} corrupt; of this run {} new, {} of them partial, and {} skipped; see: callspool inspect",
            summary.needs_attention.failed,
            summary.needs_attention.corrupt,
            summary.needs_attention.new,
            summary.sessions.partial,
            summary.sessions.skipped,
        ));
    }
    if exit == ExitCode::Attention {
        lines.extend(adoption_explanation(summary));
    }
    if exit == ExitCode::Deferred {
        lines.push(format!(
            "{} failed for a passing reason and will be tried again",
            counted(summary.retrying + summary.sessions.deferred, "session"),
        ));
    }
    lines
}

/// Why adopting needs a person, if it does.
fn adoption_explanation(summary: &RunSummary) -> Option<String> {
    match summary.adoption.as_ref()? {
        RunAdoption::Done(counts) if counts.needs_person() > 0 => Some(format!(
            "of what has no document {} ambiguous and {} unreadable; see: callspool adopt --dry-run",
            counts.ambiguous, counts.unreadable,
        )),
        RunAdoption::Done(_) => None,
        RunAdoption::Failed(error) => Some(format!("nothing was adopted: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::outcome::Part;
    use crate::report::{AttentionMode, View, plain, run_text};

    fn summary() -> RunSummary {
        let mut summary = RunSummary::new(DateTime::from_timestamp(1_761_732_980, 0).unwrap());
        summary.duration_seconds = 1.5204;
        summary.sessions.pending = 3;
        summary.sessions.uploaded = 1;
        summary.sessions.deferred = 1;
        summary.sessions.left = 1;
        summary.parts.recordings_uploaded = 1;
        summary.parts.call_data_uploaded = 1;
        summary.bytes_sent = 1_406_083;
        summary.errors.push(SessionError {
            session_id: "session_\u{1b}[31m1".to_owned(),
            part: Part::CallData,
            kind: "server".to_owned(),
            status: Some(500),
            attempts: 2,
            next_attempt_at: DateTime::from_timestamp(1_761_733_280, 0),
            message: "the API answered 500".to_owned(),
        });
        summary
    }

    #[test]
    fn the_json_report_has_the_contracts_members() {
        let summary = summary();
        let text = run_json(&summary, summary.exit_code(AttentionMode::Standing));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_text_report_says_what_happened_and_nothing_else() {
        let summary = summary();
        let exit = summary.exit_code(AttentionMode::Standing);
        let view = View::plain(summary.started_at);
        insta::assert_snapshot!(plain(&run_text(&summary, exit, 20, &view)));
    }

    #[test]
    fn an_empty_run_is_one_line() {
        let summary = RunSummary::new(DateTime::UNIX_EPOCH);
        let view = View::plain(summary.started_at);
        insta::assert_snapshot!(plain(&run_text(&summary, ExitCode::Ok, 20, &view)));
    }

    #[test]
    fn every_reason_to_wake_somebody_is_explained() {
        for stop in [
            Stop::Auth,
            Stop::Misdirected,
            Stop::Durability,
            Stop::Unavailable,
            Stop::Throttled,
            Stop::Rejected,
            Stop::Signal(15),
        ] {
            let mut summary = RunSummary::new(DateTime::UNIX_EPOCH);
            summary.stopped_by = Some(stop);
            let exit = summary.exit_code(AttentionMode::Standing);
            assert_eq!(explanations(&summary, exit).len(), 1, "{stop:?}");
        }
        assert!(explanations(&RunSummary::new(DateTime::UNIX_EPOCH), ExitCode::Ok).is_empty());
    }
}
