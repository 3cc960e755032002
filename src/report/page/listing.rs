//! The table of sessions, and their case files.

use std::collections::HashSet;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use super::super::session_line::StateWord;
use super::super::style::Style;
use super::super::timeline::Event;
use super::super::wording::{age, span};
use super::case::PageSession;
use super::html::Html;

/// How much of an id stands in the table, in characters; its case file has all of it.
const SHOWN_ID_CHARS: usize = 80;

/// Names in the page's address, one for each session: its id where that can stand there, else a hash.
pub(super) fn anchors(sessions: &[PageSession]) -> Vec<String> {
    let mut taken = HashSet::new();
    sessions
        .iter()
        .map(|session| {
            let name = anchor(&session.line.session_id);
            let mut anchor = name.clone();
            // Copies of a session have one id.
            for copy in 2_u32.. {
                if taken.insert(anchor.clone()) {
                    break;
                }
                anchor = format!("{name}.{copy}");
            }
            anchor
        })
        .collect()
}

fn anchor(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    // The page's own names begin so.
    if (1..=100).contains(&id.len()) && id.chars().all(is_plain) && !id.starts_with("page-") {
        return id.to_owned();
    }
    let mut name = "id-".to_owned();
    for byte in Sha256::digest(id.as_bytes()).iter().take(8) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The buttons above the table, one for each state that is in it.
pub(super) fn chips(html: &mut Html, sessions: &[PageSession]) {
    for state in ORDER {
        let count = sessions
            .iter()
            .filter(|session| session.line.state == state)
            .count();
        if count > 0 {
            html.raw("<button type=\"button\" class=\"chip\" aria-pressed=\"false\" data-state=\"")
                .text(state.as_str())
                .raw("\"><span class=\"dot ")
                .text(state.as_str())
                .raw("\"></span>")
                .text(word(state))
                .raw(" <span class=\"number\">")
                .count(count as u64)
                .raw("</span></button>");
        }
    }
}

/// The order of states on the page: what needs a person, what is pending, what is done.
const ORDER: [StateWord; 9] = [
    StateWord::Failed,
    StateWord::Corrupt,
    StateWord::Skipped,
    StateWord::Backoff,
    StateWord::Due,
    StateWord::Waiting,
    StateWord::Settling,
    StateWord::Partial,
    StateWord::Processed,
];

/// The place of a state in the page's order.
pub(super) fn rank(state: StateWord) -> usize {
    ORDER.iter().take_while(|other| **other != state).count()
}

/// What people call a state.
pub(super) fn word(state: StateWord) -> &'static str {
    match state {
        StateWord::Due => "due",
        StateWord::Waiting => "waiting for its recording",
        StateWord::Settling => "settling",
        StateWord::Backoff => "backing off",
        StateWord::Skipped => "skipped",
        StateWord::Failed => "failed",
        StateWord::Corrupt => "corrupt",
        StateWord::Processed => "delivered",
        StateWord::Partial => "delivered in part",
    }
}

const COLUMNS: [(&str, &str, &str); 6] = [
    ("session", "text", "Session"),
    ("state", "number", "State"),
    ("age", "number", "Age"),
    ("attempts", "number", "Attempts"),
    ("next", "number", "Next"),
    ("error", "text", "Last error"),
];

/// The table.
pub(super) fn table(html: &mut Html, sessions: &[PageSession], now: DateTime<Utc>) {
    html.raw("<table id=\"page-sessions\" class=\"sessions\"><caption class=\"unseen\">Sessions</caption><thead><tr>");
    for (key, kind, title) in COLUMNS {
        html.raw("<th scope=\"col\" data-key=\"")
            .raw(key)
            .raw("\" data-kind=\"")
            .raw(kind)
            .element("\">", title, "</th>");
    }
    html.raw("</tr></thead><tbody>");
    for (session, anchor) in sessions.iter().zip(anchors(sessions)) {
        row(html, session, &anchor, now);
    }
    html.raw("</tbody></table>");
}

fn row(html: &mut Html, session: &PageSession, anchor: &str, now: DateTime<Utc>) {
    let line = &session.line;
    let next = line.next();
    let attempts = u64::from(line.recording.attempts) + u64::from(line.call_data.attempts);
    html.raw("<tr data-state=\"")
        .text(line.state.as_str())
        .raw("\" data-rank=\"")
        .number(rank(line.state))
        .raw("\" data-age=\"")
        .number(line.age_seconds)
        .raw("\" data-attempts=\"")
        .number(attempts)
        .raw("\" data-next=\"")
        .text(&next.map_or_else(String::new, |time| time.timestamp().to_string()))
        .raw("\"><th scope=\"row\"><a href=\"#")
        .text(anchor)
        .element("\">", &shortened(&line.session_id), "</a></th>");
    html.raw("<td data-title=\"State\">");
    badge(html, line.state);
    html.raw("</td><td data-title=\"Age\">");
    if let Some(modified) = line.modified() {
        time(html, modified, &age(modified, now));
    }
    html.raw("</td><td data-title=\"Attempts\">");
    if line.has_document() {
        html.number(attempts);
    }
    html.raw("</td><td data-title=\"Next\">");
    if let Some(next) = next {
        let away = (next - now).to_std().unwrap_or_default();
        time(
            html,
            next,
            &if away.is_zero() {
                "now".to_owned()
            } else {
                format!("in {}", span(away))
            },
        );
    }
    html.raw("</td><td data-title=\"Last error\" class=\"error\">");
    if let Some(why) = line.why() {
        html.text(&why);
    }
    html.raw("</td></tr>");
}

fn badge(html: &mut Html, state: StateWord) {
    html.raw("<span class=\"badge\"><span class=\"dot ")
        .text(state.as_str())
        .raw("\"></span>")
        .text(word(state))
        .raw("</span>");
}

/// An id that is not longer than a table bears.
fn shortened(id: &str) -> String {
    let mut chars = id.chars();
    let mut shown: String = chars.by_ref().take(SHOWN_ID_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A time, by another name.
pub(super) fn time(html: &mut Html, time: DateTime<Utc>, text: &str) {
    html.raw("<time datetime=\"")
        .text(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .element("\">", text, "</time>");
}

/// The case files, one for each session of the table.
pub(super) fn cases(html: &mut Html, sessions: &[PageSession], now: DateTime<Utc>) {
    for (session, anchor) in sessions.iter().zip(anchors(sessions)) {
        html.raw("<article class=\"case\" id=\"")
            .text(&anchor)
            .raw("\" data-session=\"")
            .text(&session.line.session_id)
            .element(
                "\"><h3>",
                &session.line.session_id,
                "</h3><p class=\"standing\">",
            );
        badge(html, session.line.state);
        if let Some(modified) = session.line.modified() {
            html.raw(", in the spool for ");
            time(html, modified, &age(modified, now));
        }
        html.raw("</p>");
        if let Some(why) = session.line.why() {
            html.element("<p class=\"why\">", &sentence(&why), "</p>");
        }
        advice(html, session);
        history(html, &session.case.history, now);
        html.raw("<h4>What is known</h4><dl>");
        for (title, fact) in &session.case.facts {
            html.element("<dt>", title, "</dt>")
                .element("<dd>", fact, "</dd>");
        }
        html.raw("</dl></article>");
    }
}

fn advice(html: &mut Html, session: &PageSession) {
    html.raw("<h4>What comes next</h4><p>The next run: ")
        .text(&session.case.next)
        .raw("</p>");
    if session.case.advice.is_empty() {
        return;
    }
    html.raw("<h4>What you can do</h4><ul class=\"advice\">");
    for advice in &session.case.advice {
        html.element("<li>", &sentence(&advice.what), "");
        if let Some(command) = &advice.command {
            html.element("<div class=\"command\"><code>", command, "</code></div>");
        }
        html.raw("</li>");
    }
    html.raw("</ul>");
}

/// A text with a capital letter in front.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

fn history(html: &mut Html, history: &[Event], now: DateTime<Utc>) {
    if history.is_empty() {
        return;
    }
    html.raw("<h4>What happened</h4><ol class=\"history\">");
    for event in history {
        html.raw(match event.style {
            Some(Style::Warning | Style::Bad) => "<li class=\"wrong\">",
            Some(Style::Good) => "<li class=\"right\">",
            _ => "<li>",
        });
        html.element("<span class=\"what\">", &sentence(&event.what), "</span>");
        if let Some(at) = event.at {
            html.raw(" <span class=\"when\">");
            time(html, at, &at.format("%-d %b, %H:%M:%S UTC").to_string());
            html.raw(", ").text(&age(at, now)).raw(" ago</span>");
        }
        html.raw("</li>");
    }
    html.raw("</ol>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_the_id_where_that_can_stand_in_an_address() {
        assert_eq!(anchor("session_2025-10.a"), "session_2025-10.a");
        for odd in ["", "a b", "<x>", "page-case", "é", &"x".repeat(101)] {
            let name = anchor(odd);
            assert!(name.starts_with("id-") && name.len() == 19, "{name}");
        }
        assert_ne!(anchor("a b"), anchor("a c"));
    }

    #[test]
    fn every_state_has_its_place() {
        for (place, state) in ORDER.into_iter().enumerate() {
            assert_eq!(rank(state), place);
        }
    }
}
