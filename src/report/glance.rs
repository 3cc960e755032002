//! The whole spool at a glance, for `inspect`: what needs a person, how old it all is, what runs do.

use std::cmp::Reverse;

use super::advice::Program;
use super::ages::ages;
use super::overview::Overview;
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
        text.push_str(&format!("\n{}", nothing_to_show(overview, program)));
        return text;
    }
    if lines.len() > MANY {
        text.push_str(&format!("\n{}", ages(&lines, view)));
    }
    lines.sort_by_key(|line| (Reverse(line.state.needs_person()), line.modified()));
    text.push_str(&format!("\n{}", session_table(&lines, view)));
    text.push_str(&format!("\n{}", what_to_type(&lines, program)));
    text
}

fn head(overview: &Overview, lines: &[SessionLine], view: &View) -> String {
    let mut text = String::new();
    let mut say = |title: &str, what: String| text.push_str(&format!("{title:<9}  {what}\n"));
    say("pending", pending(overview));
    let grave = |count: u64| match count {
        0 => "0".to_owned(),
        count => Style::Bad.paint(&count.to_string()),
    };
    say("failed", grave(overview.failed));
    say("corrupt", grave(overview.corrupt));
    say("processed", overview.processed.to_string());
    let is_pending = |line: &&SessionLine| {
        ![StateWord::Failed, StateWord::Partial, StateWord::Processed].contains(&line.state)
    };
    let oldest = |title: &str, lines: &mut dyn Iterator<Item = &SessionLine>| {
        let line = lines.min_by_key(|line| line.modified())?;
        let age = age(line.modified()?, view.now);
        Some(format!("{title}  {age}  {}\n", printable(&line.session_id)))
    };
    let mut pending = lines
        .iter()
        .filter(is_pending)
        .filter(|line| line.is_in_pending);
    let mut waiting = lines.iter().filter(|line| line.state == StateWord::Waiting);
    let all = [
        oldest("oldest pending", &mut pending),
        oldest("oldest waiting", &mut waiting),
    ];
    text.extend(all.into_iter().flatten());
    if let Some(until) = &overview.not_before {
        text.push_str(&Style::Warning.paint(&format!(
            "the API asked to be left alone until {}",
            view.written_time(until)
        )));
        text.push('\n');
    }
    text.push_str(&runs(&overview.activity, view));
    text
}

fn pending(overview: &Overview) -> String {
    let due = match overview.bytes_due {
        0 => "due".to_owned(),
        count => format!("due with {}", bytes(count)),
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
        let session = holder.session_id.as_ref().filter(|_| !holder.is_charged);
        let session = session.map(|id| format!(", at {}", printable(id)));
        since.into_iter().chain(session).collect::<String>()
    };
    match activity {
        Activity::None => "no run has been here yet\n".to_owned(),
        Activity::AtWork { pid, holder } => {
            let details = holder.as_ref().map(details).unwrap_or_default();
            format!(
                "{}: process {pid}{details}\n",
                Style::Good.paint("a run is at work")
            )
        }
        Activity::Ended(at) => format!("last run ended {}\n", view.time_and_distance(*at)),
        Activity::Unclear(holder) => {
            let details = holder.as_ref().map(details).unwrap_or_default();
            format!(
                "{} or is at work on another machine or in another container{details}\n",
                Style::Warning.paint("the last run died,")
            )
        }
    }
}

fn nothing_to_show(overview: &Overview, program: &Program) -> String {
    if overview.processed > 0 {
        let inspect = program.line(&["inspect", "--state", "processed"]);
        return format!(
            "All is delivered. What was: {}\n",
            Style::Strong.paint(&inspect.unwrap_or_default())
        );
    }
    let line = |words: &[&str]| Style::Strong.paint(&program.line(words).unwrap_or_default());
    format!(
        "The spool is empty. An agent puts calls into it with {},\n\
         or leaves documents in the metadata directory; for transcripts without one there is\n{}.\n",
        line(&["record"]),
        line(&["adopt", "--dry-run"]),
    )
}

/// How many there are, and what to type next.
fn what_to_type(lines: &[SessionLine], program: &Program) -> String {
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
    text.push('\n');
    let mut hint = |words: &[&str], what: &str| {
        if let Some(line) = program.line(words) {
            text.push_str(&format!("  {}  {what}\n", Style::Strong.paint(&line)));
        }
    };
    // The first of the table is the one to look at.
    let first = lines
        .iter()
        .find(|line| program.line(&[&line.session_id]).is_some());
    if let Some(first) = first {
        hint(&["inspect", &first.session_id], "one in full");
    }
    if lines.iter().any(|line| line.state == StateWord::Failed) {
        hint(
            &["requeue", "--failed", "--dry-run"],
            "what would be put back",
        );
    }
    text
}
