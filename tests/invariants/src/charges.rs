//! Attempts are spent only where the contract says so.

use crate::document::Document;
use crate::request::{Part, Reply, Request};
use crate::run::{End, Event, Run};
use crate::violation::Violation;
use crate::world::World;

const CHECK: &str = "charges";

/// Kinds that cost an attempt although no request says so.
const LOCAL: [&str; 2] = ["missing_transcript", "changed"];

/// Why a run stopped without charging what failed last.
const FREE_STOPS: [&str; 4] = ["unavailable", "throttled", "auth", "misdirected"];

/// What one run has charged: at most one attempt for each part, and one of kind `crashed` for no
/// more sessions than earlier runs ended abruptly. A part of which nothing was sent costs
/// nothing, and neither does what failed last in a run that stopped for the service's fault.
pub fn charges(world: &World, index: usize) -> Vec<Violation> {
    let Some(run) = world.events.get(index).and_then(Event::run) else {
        return Vec::new();
    };
    let before = run.before.parsed();
    let sent: Vec<&Request> = world
        .api
        .iter()
        .filter(|request| request.event == index)
        .collect();
    let mut violations = Vec::new();
    let mut crashed = Vec::new();
    for (_, _, after) in run.after.parsed() {
        // Of two copies that a crash left, the filed one counts: it comes after the pending one.
        let earlier = before
            .iter()
            .map(|(_, _, document)| document)
            .rfind(|document| {
                document.session_id == after.session_id && after.changed_since(document).is_none()
            });
        let Some(earlier) = earlier else { continue };
        let new: Vec<&str> = after
            .new_history(Some(earlier))
            .iter()
            .filter_map(|entry| entry["outcome"].as_str())
            .collect();
        if run.end == End::PowerLost && new.is_empty() {
            // A requeue that was not synced has been undone.
            continue;
        }
        let crashes = new.iter().filter(|outcome| **outcome == "crashed").count() as u64;
        if crashes > 0 {
            crashed.push(after.session_id.clone());
        }
        let is_local = new.iter().any(|outcome| LOCAL.contains(outcome));
        for part in [Part::Recording, Part::CallData] {
            let charged = charged(earlier, &after, part.record());
            let costly = may_cost(run, &sent, &after.session_id, part) || is_local;
            let allowed = u64::from(costly) + crashes;
            if charged > allowed {
                let message = format!(
                    "run {index} charged {charged} attempts for its {}, and {allowed} at most may be: {new:?}",
                    part.record()
                );
                violations.push(Violation::new(CHECK, &after.session_id, message));
            }
        }
    }
    crashed.sort_unstable();
    crashed.dedup();
    let earlier_runs = world.events.iter().take(index).filter_map(Event::run);
    let died_before = earlier_runs.filter(|run| run.end.is_abrupt());
    // Each was working on so many sessions at most.
    let in_work: usize = died_before.clone().map(|run| run.lanes).sum();
    if crashed.len() > in_work {
        let runs = died_before.count();
        let message = format!("run {index} charged {crashed:?} for {runs} runs that died");
        violations.push(Violation::new(CHECK, "", message));
    }
    violations
}

/// Attempts that were spent; none where the count was set back.
fn charged(before: &Document, after: &Document, part: &str) -> u64 {
    after.attempts(part).saturating_sub(before.attempts(part))
}

/// Whether what was sent of a part in a run may have cost it an attempt.
fn may_cost(run: &Run, sent: &[&Request], session: &str, part: Part) -> bool {
    // One that broke off before it said whose it is may be this one's.
    let is_of_part = |request: &Request| {
        let may_be_its = request.session_id == session || request.session_id.is_empty();
        may_be_its && request.part.record() == part.record()
    };
    let Some(last) = sent.iter().rposition(|request| is_of_part(request)) else {
        return false;
    };
    let stopped_by = run.report.as_ref().map_or("", |report| {
        report["stopped_by"].as_str().unwrap_or_default()
    });
    if !FREE_STOPS.contains(&stopped_by) {
        return true;
    }
    let works = sent
        .iter()
        .rposition(|request| request.shows_that_it_works());
    // Of lanes side by side, the last request need not be the one that stopped the run, nor the first
    // to be answered.
    let is_alone = run.lanes == 1;
    let is_stopper = is_alone && last + 1 == sent.len() && stopped_by != "unavailable";
    let is_given_back = works.is_none_or(|works| is_alone && works < last);
    let is_delivered = sent.get(last).is_some_and(|request| {
        matches!(
            request.reply,
            Reply::Refused(_) | Reply::Nothing | Reply::Garbled
        )
    });
    !(is_delivered && (is_stopper || is_given_back))
}
