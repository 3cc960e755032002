//! What happens again and again: figures that go on from run to run.

use super::exposition::{Exposition, Sample};
use super::{count, samples};
use crate::outcome::FailureKind;
use crate::report::exit_code::ExitCode;
use crate::report::requests::{DURATION_LIMITS, RequestCounts, RequestKind, RequestOutcome};
use crate::report::summary::{PartCounts, SessionCounts};

/// The exit codes that every file counts from the start, so that the first of each shows as an
/// increase. Others come when they happen.
pub(super) const EXIT_CODES: [ExitCode; 12] = [
    ExitCode::Ok,
    ExitCode::Internal,
    ExitCode::Usage,
    ExitCode::Deferred,
    ExitCode::Attention,
    ExitCode::Unavailable,
    ExitCode::NoSpool,
    ExitCode::Locked,
    ExitCode::Auth,
    ExitCode::Durability,
    ExitCode::Signal(2),
    ExitCode::Signal(15),
];

/// What a request that failed on the wire may have come to.
const REQUEST_FAILURES: [FailureKind; 11] = [
    FailureKind::Rejected,
    FailureKind::Misdirected,
    FailureKind::Auth,
    FailureKind::Throttled,
    FailureKind::Unavailable,
    FailureKind::Server,
    FailureKind::Network,
    FailureKind::Ambiguous,
    FailureKind::Protocol,
    FailureKind::Cancelled,
    FailureKind::Changed,
];

pub(super) fn runs(page: &mut Exposition<'_>, exit: ExitCode) {
    let mut codes: Vec<u8> = EXIT_CODES.iter().map(|code| code.code()).collect();
    if !codes.contains(&exit.code()) {
        codes.push(exit.code());
    }
    let words: Vec<String> = codes.iter().map(u8::to_string).collect();
    let counts: Vec<(&str, u64)> = codes
        .iter()
        .zip(&words)
        .map(|(code, word)| (word.as_str(), u64::from(*code == exit.code())))
        .collect();
    page.counter(
        "callspool_runs_total",
        "Runs by exit code, before --ok-exit.",
        &samples("exit_code", &counts),
    );
}

pub(super) fn outcomes(page: &mut Exposition<'_>, counts: &SessionCounts) {
    page.counter(
        "callspool_session_outcomes_total",
        "What became of sessions that runs have worked on; a session that is deferred counts each time.",
        &samples("outcome", &[
            ("uploaded", counts.uploaded),
            ("partial", counts.partial),
            ("deferred", counts.deferred),
            ("failed", counts.failed),
            ("corrupt", counts.corrupt),
            ("vanished", counts.vanished),
            ("recovered", counts.recovered),
        ]),
    );
}

pub(super) fn delivered(page: &mut Exposition<'_>, parts: &PartCounts, bytes_sent: u64) {
    page.counter(
        "callspool_parts_delivered_total",
        "Recordings, calls and leads that the API took.",
        &samples(
            "part",
            &[
                ("recording", parts.recordings_uploaded),
                ("call_data", parts.call_data_uploaded),
                ("lead", parts.leads_uploaded),
            ],
        ),
    );
    let alone = [
        (
            "callspool_recordings_remote_total",
            "Recordings that egress had put into cloud storage.",
            parts.recordings_remote,
        ),
        (
            "callspool_duplicates_total",
            "Recordings and calls that the API already had.",
            parts.duplicates,
        ),
        (
            "callspool_sent_bytes_total",
            "Bytes of recordings and call data that were sent.",
            bytes_sent,
        ),
    ];
    for (name, help, value) in alone {
        page.counter(name, help, &[(Vec::new(), count(value))]);
    }
}

pub(super) fn requests(page: &mut Exposition<'_>, requests: &RequestCounts) {
    let words = [RequestOutcome::ANSWERED]
        .into_iter()
        .chain(REQUEST_FAILURES.map(FailureKind::as_str));
    let samples: Vec<Sample<'_>> = RequestKind::ALL
        .into_iter()
        .flat_map(|kind| words.clone().map(move |word| (kind, word)))
        .map(|(kind, word)| {
            let labels = vec![("request", kind.as_str()), ("outcome", word)];
            (labels, count(requests.with_outcome(kind, word)))
        })
        .collect();
    page.counter(
        "callspool_requests_total",
        "Requests to the API by what they came to.",
        &samples,
    );
    page.counter(
        "callspool_ambiguous_posts_total",
        "Posts of call data after which it was not known whether the API has them.",
        &[(Vec::new(), count(requests.ambiguous_posts))],
    );
    durations(page, requests);
    page.counter(
        "callspool_waited_seconds_total",
        "Time that runs have waited for their own rate, or because the API asked for it.",
        &[
            (
                vec![("reason", "rate")],
                requests.waited_for_rate.as_secs_f64(),
            ),
            (
                vec![("reason", "throttled")],
                requests.waited_throttled.as_secs_f64(),
            ),
        ],
    );
}

fn durations(page: &mut Exposition<'_>, requests: &RequestCounts) {
    const BUCKET: &str = "callspool_request_duration_seconds_bucket";
    page.histogram(
        "callspool_request_duration_seconds",
        "How long requests to the API took.",
    );
    for kind in RequestKind::ALL {
        let durations = requests.durations(kind);
        let request = ("request", kind.as_str());
        let mut so_far = 0;
        for (limit, class) in DURATION_LIMITS.iter().zip(durations.classes) {
            so_far += class;
            page.part(
                BUCKET,
                &[request, ("le", &limit.to_string())],
                count(so_far),
            );
        }
        page.part(BUCKET, &[request, ("le", "+Inf")], count(durations.count));
        page.part(
            "callspool_request_duration_seconds_sum",
            &[request],
            durations.sum_seconds,
        );
        page.part(
            "callspool_request_duration_seconds_count",
            &[request],
            count(durations.count),
        );
    }
}
