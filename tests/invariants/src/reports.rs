//! Reports add up, and exit codes are those of the table.

use serde_json::Value;

use crate::request::{Part, Reply};
use crate::run::{End, Event, Run};
use crate::violation::Violation;
use crate::world::World;

const CHECK: &str = "reports";

/// The fates of which the snapshot is the sum.
const FATES: [&str; 10] = [
    "uploaded", "partial", "deferred", "failed", "corrupt", "waiting", "settling", "backoff",
    "skipped", "vanished",
];

/// The report of a run: its counts add up to the snapshot, the parts are what the API acknowledged
/// in this run, and the exit code is the one that the table gives for them.
pub fn reports(world: &World, index: usize) -> Vec<Violation> {
    let Some(run) = world.events.get(index).and_then(Event::run) else {
        return Vec::new();
    };
    let (End::Exit(code), Some(report)) = (run.end, &run.report) else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    let sum: u64 =
        FATES.iter().map(|fate| count(report, fate)).sum::<u64>() + count(report, "left");
    if sum != count(report, "pending") || report["sessions"]["conserved"] != true {
        wrong.push(format!(
            "{sum} sessions have a fate: {}",
            report["sessions"]
        ));
    }
    if report["sessions"]["unread"].as_u64() > report["sessions"]["left"].as_u64() {
        wrong.push(format!("unread, and not left: {}", report["sessions"]));
    }
    let there = run.before.documents("pending").count() as u64;
    let taken = count(report, "pending") + count(report, "recovered");
    if there != taken {
        wrong.push(format!("{there} documents were pending, and {taken} count"));
    }
    if report["exit_code"].as_i64() != Some(i64::from(code)) {
        wrong.push(format!(
            "it ended with {code}, and says {}",
            report["exit_code"]
        ));
    }
    if let Err(expected) = fits(code, report, run) {
        wrong.push(format!(
            "it ended with {code}, and {expected} is due: {report}"
        ));
    }
    wrong.extend(parts(world, index, report));
    wrong
        .into_iter()
        .map(|message| Violation::new(CHECK, "", format!("run {index}: {message}")))
        .collect()
}

fn count(report: &Value, name: &str) -> u64 {
    report["sessions"][name].as_u64().unwrap_or(u64::MAX / 64)
}

/// Whether a code is the table's; else what is.
fn fits(code: i32, report: &Value, run: &Run) -> Result<(), &'static str> {
    let is = |right: bool, expected| if right { Ok(()) } else { Err(expected) };
    match report["stopped_by"].as_str() {
        Some("signal") => return is(code > 128, "128 + N"),
        Some("durability") => return is(code == 20, "20"),
        Some("auth") => return is(code == 12, "12"),
        Some("misdirected") => return is(code == 2, "2"),
        Some("unavailable" | "throttled") => return is(code == 5, "5"),
        Some("rejected") => return is(code == 4, "4"),
        _ => {}
    }
    // Those whose bytes are no document are beside them with a note.
    let standing = run.after.documents("failed").count() + run.after.documents("corrupt").count();
    let needs_person = standing > 0
        || ["partial", "failed", "corrupt", "skipped"]
            .iter()
            .any(|fate| count(report, fate) > 0);
    if needs_person {
        return is(code == 4, "4");
    }
    // A session that is left or waits may have failed before, or not.
    let may_have_failed = ["left", "waiting", "settling"]
        .iter()
        .any(|fate| count(report, fate) > 0);
    let has_failed = count(report, "deferred") + count(report, "backoff") > 0;
    if report["stopped_by"] == "rate" {
        return is(matches!(code, 0 | 3), "0 or 3");
    }
    match has_failed {
        true => is(code == 3, "3"),
        false => is(code == 0 || (may_have_failed && code == 3), "0"),
    }
}

/// Whether the parts that a report counts are what the API acknowledged.
fn parts(world: &World, index: usize, report: &Value) -> Vec<String> {
    let acknowledged = |part: Part| {
        let requests = world.api.iter();
        requests
            .filter(|request| request.event == index && request.part == part)
            .filter(|request| {
                matches!(request.reply, Reply::Acknowledged { .. }) && request.is_acknowledged()
            })
            .count() as u64
    };
    let mut wrong = Vec::new();
    for (name, part) in [
        ("recordings_uploaded", Part::Recording),
        ("call_data_uploaded", Part::CallData),
    ] {
        let (told, seen) = (
            report["parts"][name].as_u64().unwrap_or(u64::MAX),
            acknowledged(part),
        );
        if told > seen {
            wrong.push(format!("{name} is {told}, and the API acknowledged {seen}"));
        }
    }
    wrong
}
