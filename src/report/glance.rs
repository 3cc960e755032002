//! The whole spool at a glance, for `inspect`: what needs a person, how old it all is, what runs do.

use std::cmp::Reverse;

use super::advice::Program;
use super::ages::ages;
use super::overview::Overview;
use super::paragraph::Shape;
use super::session_line::{SessionLine, StateWord, session_table};
use super::style::Style;
use super::view::View;
use super::wording::{age, bytes, counted, printable};
use crate::spool::{Activity, Holder};
use crate::timestamp;

/// From how many sessions on their ages are worth a histogram beside the list.
const MANY: usize = 10;

/// The counts, and the age of everything in `lines`.
pub fn summary_text(overview: &Overview, lines: &[SessionLine], view: &View) -> String {
    let mut text = head(overview, lines, view);
    if !lines.is_empty() {
        text.push_str(&format!("\n{}", ages(lines, view)));
    }
    text
}

/// The counts, and a table of the sessions: what needs a person first, then the oldest.
pub fn overview_text(
    overview: &Overview,
    mut lines: Vec<SessionLine>,
    view: &View,
    program: &Program,
) -> String {
    let mut text = head(overview, &lines, view);
    if lines.is_empty() {
        text.push_str(&format!("\n{}", nothing_to_show(overview, view, program)));
        return text;
    }
    if lines.len() > MANY {
        text.push_str(&format!("\n{}", ages(&lines, view)));
    }
    lines.sort_by_key(|line| (Reverse(line.state.needs_person()), line.modified()));
    text.push_str(&format!("\n{}", session_table(&lines, view)));
    text.push_str(&format!("\n{}", what_to_type(&lines, view, program)));
    text
}

/// How the counts are set.
const COUNTS: Shape = Shape {
    indent: 0,
    title: 11,
};

/// The sessions in one state, in the order of the spool.
pub fn state_text(lines: &[SessionLine], view: &View, program: &Program) -> String {
    if lines.is_empty() {
        return "no sessions\n".to_owned();
    }
    format!(
        "{}\n{}",
        session_table(lines, view),
        what_to_type(lines, view, program)
    )
}

fn head(overview: &Overview, lines: &[SessionLine], view: &View) -> String {
    let mut text = String::new();
    let mut say = |title: &str, what: &str| text.push_str(&COUNTS.entry(title, what, view));
    say("pending", &pending(overview));
    let grave = |count: u64| match count {
        0 => "0".to_owned(),
        count => Style::Bad.paint(&count.to_string()),
    };
    say("failed", &grave(overview.failed));
    say("corrupt", &grave(overview.corrupt));
    say("processed", &overview.processed.to_string());
    let oldest = |what: &str, is_one: &dyn Fn(&&SessionLine) -> bool| {
        let line = lines
            .iter()
            .filter(is_one)
            .min_by_key(|line| line.modified())?;
        let age = age(line.modified()?, view.now);
        Some(format!("{what} for {age}: {}", printable(&line.session_id)))
    };
    let oldest = [
        oldest("pending", &|line| line.is_in_pending),
        oldest("waiting", &|line| line.state == StateWord::Waiting),
    ];
    for (title, oldest) in ["oldest", ""].iter().zip(oldest.into_iter().flatten()) {
        say(title, &oldest);
    }
    if let Some(until) = &overview.not_before {
        let text = format!(
            "the API asked to be left alone until {}",
            view.written_time(until)
        );
        say("API", &Style::Warning.paint(&text));
    }
    say("runs", &runs(&overview.activity, view));
    text
}

fn pending(overview: &Overview) -> String {
    let due = match overview.bytes_due {
        0 => "due".to_owned(),
        count => format!("due with {} of recordings", bytes(count)),
    };
    let kinds = [
        (overview.due, due.as_str(), None),
        (overview.waiting, "waiting for a recording", None),
        (overview.settling, "settling", None),
        (overview.backoff, "backing off", Some(Style::Warning)),
        (overview.skipped, "skipped", Some(Style::Bad)),
        (
            overview.unparsable,
            "corrupt, not moved yet",
            Some(Style::Bad),
        ),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, name, style)| {
            let text = format!("{count} {name}");
            style.map_or(text.clone(), |style: Style| style.paint(&text))
        })
        .collect();
    match kinds.as_slice() {
        [] => overview.pending.to_string(),
        kinds => format!("{}  ({})", overview.pending, kinds.join(", ")),
    }
}

/// Whether a run is at work, and when the last one was.
fn runs(activity: &Activity, view: &View) -> String {
    let details = |holder: &Holder| {
        let since = timestamp::parse(&holder.started_at);
        let since = since.map(|since| format!(", since {}", view.time_and_distance(since)));
        let at_work = holder.in_work.iter().filter(|session| !session.is_charged);
        let ids: Vec<String> = at_work
            .filter_map(|session| session.session_id.as_deref().map(printable))
            .collect();
        let sessions = (!ids.is_empty()).then(|| format!(", at {}", ids.join(", ")));
        since.into_iter().chain(sessions).collect::<String>()
    };
    match activity {
        Activity::None => "none has been here yet".to_owned(),
        Activity::AtWork {
            pid,
            holder,
            shards,
        } => {
            let details = holder.as_ref().map(details).unwrap_or_default();
            let on = shards.first().map(|shard| format!(" on shard {shard}"));
            let others = match shards.len() {
                0 | 1 => String::new(),
                count => format!("; {} besides", counted(count as u64 - 1, "shard")),
            };
            let text = format!("process {pid} is at work{}", on.unwrap_or_default());
            format!("{}{details}{others}", Style::Good.paint(&text))
        }
        Activity::Idle(since) => format!("none at work since {}", view.time_and_distance(*since)),
        Activity::Unclear(holder) => {
            let details = holder.as_ref().map(details).unwrap_or_default();
            let text = "the last one was killed, or is at work where it cannot be seen from here";
            format!("{}{details}", Style::Warning.paint(text))
        }
    }
}

/// What a spool without anything to list is told to be, and what to type next.
fn nothing_to_show(overview: &Overview, view: &View, program: &Program) -> String {
    let (text, commands): (_, &[Hint<'_>]) = if overview.processed > 0 {
        (
            "nothing is pending, and nothing needs a person",
            &[("what was delivered", &["inspect", "--state", "processed"])],
        )
    } else {
        (
            "the spool is empty: no call was put into it yet",
            &[
                ("put one in, as JSON on stdin", &["record", "--help"]),
                (
                    "look for transcripts without a document",
                    &["adopt", "--dry-run"],
                ),
            ],
        )
    };
    format!("{text}\n{}", hints(commands, view, program))
}

/// What a command is for, and its words.
type Hint<'a> = (&'a str, &'a [&'a str]);

/// Commands to type, below each other.
fn hints(hints: &[Hint<'_>], view: &View, program: &Program) -> String {
    let title = hints.iter().map(|(what, _)| what.len()).max();
    let shape = Shape {
        indent: 2,
        title: title.unwrap_or_default() + 2,
    };
    // In one piece each, to be copied.
    let whole = View {
        width: None,
        ..*view
    };
    hints
        .iter()
        .filter_map(|(what, words)| Some((what, program.line(words)?)))
        .map(|(what, line)| {
            let line = Style::Strong.paint(&format!("$ {line}"));
            shape.entry(what, &line, &whole)
        })
        .collect()
}

/// What puts all sessions in a state back, seen before it is done.
const PUT_BACK: [(StateWord, &str, &[&str]); 4] = [
    (
        StateWord::Failed,
        "put back what failed",
        &["requeue", "--failed", "--dry-run"],
    ),
    (
        StateWord::Corrupt,
        "give back what is mended",
        &["requeue", "--corrupt", "--dry-run"],
    ),
    (
        StateWord::Partial,
        "send what is missing",
        &["requeue", "--partial", "--dry-run"],
    ),
    (
        StateWord::Backoff,
        "try at once what backs off",
        &["requeue", "--pending", "--dry-run"],
    ),
];

/// How many there are, and what to type next.
fn what_to_type(lines: &[SessionLine], view: &View, program: &Program) -> String {
    let needy = lines
        .iter()
        .filter(|line| line.state.needs_person())
        .count();
    let mut text = counted(lines.len() as u64, "session");
    if needy > 0 {
        let needy = match needy {
            1 => "1 needs a person".to_owned(),
            needy => format!("{needy} need a person"),
        };
        text.push_str(&format!(", {}", Style::Bad.paint(&needy)));
    }
    // The first of the table is the one to look at.
    let first = lines
        .iter()
        .map(|line| line.session_id.as_str())
        .find(|id| program.line(&[id]).is_some());
    let first = first.map(|id| ["inspect", id]);
    let mut all: Vec<Hint<'_>> = Vec::new();
    all.extend(first.iter().map(|words| ("one in full", words.as_slice())));
    let is_there = |state: StateWord, is_in_pending: bool| {
        let mut lines = lines.iter().filter(|line| line.state == state);
        lines.any(|line| line.is_in_pending == is_in_pending)
    };
    all.extend(
        PUT_BACK
            .into_iter()
            .filter(|(state, ..)| is_there(*state, *state == StateWord::Backoff))
            .map(|(_, what, words)| (what, words)),
    );
    format!("{text}\n{}", hints(&all, view, program))
}
