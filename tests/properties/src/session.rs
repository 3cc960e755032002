//! A session as a whole: its document and files, and what a run decides about it.

use std::path::PathBuf;
use std::time::Duration;

use callspool::outcome::FailureKind;
use callspool::plan::{
    Action, Again, CallDataStep, Policy, Requeued, Standing, assess, delay, requeue, standing,
};
use callspool::report::{PlanLine, View, plain, plan_text};
use callspool::session::{Document, Dossier, FileFacts, Lookup, PartState, Reading};
use callspool::{lead, manifest, transcript};
use chrono::{DateTime, TimeDelta, Utc};

/// What parts one file of a session from the next in an input.
const BETWEEN: u8 = 0x1e;

/// The bytes as document, transcript, manifest and lead file; a missing piece is a missing file.
/// The decision is the same whenever it is asked for, and never sends what cannot be read.
pub(crate) fn check(data: &[u8]) {
    let mut pieces = data.split(|byte| *byte == BETWEEN);
    let Ok(document) = Document::parse(pieces.next().unwrap_or_default()) else {
        return;
    };
    let mut pieces = pieces.map(|piece| (!piece.is_empty()).then_some(piece));
    let mut next = || pieces.next().flatten();
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let old = now - TimeDelta::days(1);
    let transcript = read(next(), old, transcript::parse);
    let manifest = read(next(), old, manifest::parse);
    let lead = read(next(), old, lead::parse);
    let named = manifest
        .here()
        .and_then(|reading| reading.content.as_ref().ok());
    let count = named.map_or(0, |manifest| manifest.files.len());
    let dossier = Dossier {
        name: "metadata_s.json".into(),
        document,
        modified: old,
        manifest,
        manifest_files: vec![Lookup::Here(facts("x.ogg", old)); count],
        named_recording: Lookup::Missing,
        transcript,
        lead,
    };
    let policy = policy();
    // Linux' clock goes from 1970 to 2262.
    let last = DateTime::from_timestamp_nanos(i64::MAX);
    for now in [now, DateTime::UNIX_EPOCH, last] {
        check_standing(&dossier.document, &policy, now);
        check_action(&dossier, &policy, now);
    }
    check_requeue(&dossier.document);
}

fn policy() -> Policy {
    Policy {
        max_attempts: 20,
        min_backoff: Duration::from_secs(300),
        max_backoff: Duration::from_secs(21_600),
        recording_grace: Duration::from_secs(1800),
        settle: Duration::from_secs(60),
        default_campaign_id: None,
        default_voice_agent_id: None,
        default_client_id: None,
    }
}

fn facts(name: &str, modified: DateTime<Utc>) -> FileFacts {
    FileFacts {
        relative: PathBuf::from(name),
        len_bytes: 7,
        modified,
    }
}

fn read<T, E: std::error::Error>(
    piece: Option<&[u8]>,
    modified: DateTime<Utc>,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Lookup<Reading<T>> {
    piece.map_or(Lookup::Missing, |bytes| {
        Lookup::Here(Reading {
            file: facts("file.json", modified),
            content: parse(bytes).map_err(|error| error.to_string()),
        })
    })
}

fn check_standing(document: &Document, policy: &Policy, now: DateTime<Utc>) {
    if let Standing::BackOff(until) = standing(document, policy, now) {
        assert!(until > now && until - now <= TimeDelta::days(2));
    }
    let attempts = document.record.call_data.attempts;
    let pause = delay(policy, document.session_id(), attempts, None);
    assert!(pause >= policy.min_backoff.mul_f64(0.79));
    assert!(pause <= policy.max_backoff.mul_f64(1.21));
}

fn check_action(dossier: &Dossier, policy: &Policy, now: DateTime<Utc>) {
    let action = assess(dossier, policy, now);
    assert_eq!(assess(dossier, policy, now), action);
    let posts = matches!(&action, Action::Deliver(delivery)
        if matches!(delivery.call_data, CallDataStep::Post { .. }));
    let unreadable = [
        (
            is_unreadable(&dossier.transcript),
            FailureKind::InvalidTranscript,
        ),
        (is_unreadable(&dossier.lead), FailureKind::InvalidLead),
    ];
    let kinds: Vec<FailureKind> = unreadable
        .iter()
        .filter(|(is_unreadable, _)| *is_unreadable)
        .map(|(_, kind)| *kind)
        .collect();
    assert!(
        !posts || kinds.is_empty(),
        "half-read files were to be sent"
    );
    match &action {
        Action::Fail { failure, .. } => {
            assert!(failure.status.is_none() && !failure.message.is_empty());
            let is_campaigns = failure.kind == FailureKind::MissingCampaign;
            assert!(is_campaigns || kinds.contains(&failure.kind), "{failure:?}");
        }
        Action::Wait { until } => assert!(*until > now),
        _ => {}
    }
    let lines = [PlanLine::of(dossier, &action, str::to_owned)];
    for width in [None, Some(40)] {
        let view = View {
            width,
            ..View::plain(now)
        };
        let text = plain(&plan_text(&lines, &view));
        let is_odd = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(is_odd), "{text:?}");
        // A pipe gets titles, the session, an empty line, and a summary, whatever is in them.
        assert!(width.is_some() || text.lines().count() == 4, "{text:?}");
    }
}

fn is_unreadable<T>(file: &Lookup<Reading<T>>) -> bool {
    file.here().is_some_and(|reading| reading.content.is_err())
}

/// What is requeued is pending; what a requeue refuses stays as it was.
fn check_requeue(document: &Document) {
    for force in [false, true] {
        for recording in [false, true] {
            let mut record = document.record.clone();
            let again = Again {
                recording,
                call_data: force,
            };
            match requeue(&mut record, again, force) {
                Requeued::Due(parts) => {
                    for part in parts {
                        assert_eq!(record.state(part), PartState::Pending);
                        assert_eq!(record.attempts(part), 0);
                    }
                    assert!(record.generation >= document.record.generation);
                }
                Requeued::NothingLeft | Requeued::Refused => {
                    assert_eq!(record, document.record);
                }
            }
        }
    }
}
