//! The page from its head to its foot.

use super::super::overview::Overview;
use super::super::session_line::StateWord;
use super::super::wording::age;
use super::Page;
use super::assets;
use super::backlog::AgeGroup;
use super::case::PageSession;
use super::chart::{self, Stretch};
use super::html::{Html, grouped};
use super::listing::{self, rank};
use super::verdict::{Level, Verdict, judge, moment};
use crate::spool::Activity;
use crate::timestamp;

/// What needs a person first, then the oldest; of what was delivered, the newest.
pub(super) fn sort(sessions: &mut [PageSession]) {
    sessions.sort_by_key(|session| {
        let is_done = matches!(
            session.line.state,
            StateWord::Processed | StateWord::Partial
        );
        let time = if is_done {
            -session.filed.timestamp_millis()
        } else {
            session
                .line
                .modified()
                .map_or(0, |time| time.timestamp_millis())
        };
        let group = match rank(session.line.state) {
            0..=2 => 0,
            3..=6 => 1,
            rank => rank,
        };
        (group, time)
    });
}

/// The whole page.
pub(super) fn whole(page: &Page) -> String {
    let verdict = judge(&page.overview, page.health, page.now);
    let mut html = Html::default();
    head(&mut html, page, &verdict);
    html.raw("<body class=\"")
        .raw(class(verdict.level))
        .raw("\"><a class=\"skip\" href=\"#page-listing\">Skip to the sessions</a>");
    banner(&mut html, page, &verdict);
    html.raw("<main>");
    counts(&mut html, page);
    traffic(&mut html, page);
    html.raw("<div class=\"pair\">");
    errors(&mut html, page);
    ages(&mut html, page);
    html.raw("</div>");
    listing(&mut html, page);
    html.raw("</main>");
    foot(&mut html, page);
    html.raw("<dialog id=\"page-case\" aria-label=\"Case file\"><form method=\"dialog\"><button type=\"submit\" class=\"close\">Close</button></form><div id=\"page-open\"></div></dialog><p id=\"page-said\" class=\"unseen\" role=\"status\"></p><script>")
        .raw(assets::SCRIPT)
        .raw("</script></body></html>\n");
    html.finish()
}

fn class(level: Level) -> &'static str {
    match level {
        Level::Well => "well",
        Level::Watch => "watch",
        Level::Act => "act",
    }
}

fn head(html: &mut Html, page: &Page, verdict: &Verdict) {
    html.raw("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
        .text(&assets::policy())
        .raw("\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"robots\" content=\"noindex\"><meta name=\"generator\" content=\"callspool ")
        .raw(env!("CARGO_PKG_VERSION"))
        .raw("\"><title>")
        .text(&format!("{}: callspool on {}", verdict.headline, page.host))
        .raw("</title>")
        .raw(match verdict.level {
            Level::Well => "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23157f3c'/%3E%3C/svg%3E\">",
            Level::Watch => "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 1 15 15H1z' fill='%23b45309'/%3E%3C/svg%3E\">",
            Level::Act => "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='1' width='14' height='14' fill='%23b91c1c'/%3E%3C/svg%3E\">",
        })
        .raw("<style>")
        .raw(assets::STYLE)
        .raw("</style></head>");
}

fn banner(html: &mut Html, page: &Page, verdict: &Verdict) {
    html.raw("<header><div class=\"bar\"><p class=\"name\">callspool on <b>")
        .text(&page.host)
        .element("</b>, <code>", &page.root, "</code></p>")
        .raw("<button type=\"button\" id=\"page-theme\" class=\"plain\" hidden>Colours: system</button></div><div class=\"verdict\"><span class=\"sign\" aria-hidden=\"true\">")
        .raw(match verdict.level {
            Level::Well => "✓",
            Level::Watch => "!",
            Level::Act => "×",
        })
        .element("</span><div><h1>", &verdict.headline, "</h1>");
    for detail in &verdict.details {
        html.element("<p>", detail, "</p>");
    }
    html.raw("</div></div><p class=\"made\">Made ");
    listing::time(html, page.now, &moment(page.now));
    html.raw(" <span id=\"page-age\"></span></p><p id=\"page-stale\" class=\"stale\" role=\"alert\" hidden></p></header>");
}

/// The counts of all states.
fn counts(html: &mut Html, page: &Page) {
    let overview = &page.overview;
    html.raw("<section aria-labelledby=\"page-counts\"><h2 id=\"page-counts\">Sessions by state</h2><ul class=\"tiles\">");
    let partial = page
        .traffic
        .days
        .iter()
        .map(|tally| tally.partial)
        .sum::<u64>();
    let delivered = format!("{} in part in the last 30 days", grouped(partial));
    let delivered = if partial == 0 { "" } else { &delivered };
    tile(
        html,
        "pending",
        overview.pending,
        "pending",
        &pending_kinds(overview),
    );
    tile(
        html,
        "failed",
        overview.failed,
        "failed",
        "given up; a person puts them back",
    );
    tile(
        html,
        "corrupt",
        overview.corrupt,
        "corrupt",
        "files that are no documents",
    );
    tile(
        html,
        "processed",
        overview.processed,
        "delivered",
        delivered,
    );
    html.raw("</ul>");
    facts(html, page);
    html.raw("</section>");
}

/// What the pending sessions wait for.
fn pending_kinds(overview: &Overview) -> String {
    let kinds = [
        (overview.due, "due"),
        (overview.waiting, "waiting"),
        (overview.settling, "settling"),
        (overview.backoff, "backing off"),
        (overview.skipped, "skipped"),
        (overview.unparsable, "corrupt"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(*count)))
        .collect();
    kinds.join(", ")
}

/// What the counts do not say: since when, until when.
fn facts(html: &mut Html, page: &Page) {
    let overview = &page.overview;
    html.raw("<dl class=\"facts\">");
    for (title, since) in [
        ("Oldest pending", &overview.oldest_pending_at),
        (
            "Oldest waiting for a recording",
            &overview.oldest_waiting_at,
        ),
    ] {
        html.element("<div><dt>", title, "</dt><dd>");
        match since.as_deref().and_then(timestamp::parse) {
            None => {
                html.raw("none");
            }
            Some(since) => {
                listing::time(html, since, &age(since, page.now));
                html.raw(", since ").text(&moment(since));
            }
        }
        html.raw("</dd></div>");
    }
    runs(html, page);
    html.raw("<div><dt>The API asked to be left alone</dt><dd>");
    match overview.not_before.as_deref().and_then(timestamp::parse) {
        None => {
            html.raw("no");
        }
        Some(until) => {
            listing::time(html.raw("until "), until, &moment(until));
        }
    }
    html.raw("</dd></div></dl>");
}

fn runs(html: &mut Html, page: &Page) {
    html.raw("<div><dt>Runs</dt><dd>");
    match &page.overview.activity {
        Activity::None => {
            html.raw("none has been here yet");
        }
        Activity::AtWork { pid, .. } => {
            html.raw("one is at work, process ").number(pid);
        }
        Activity::Idle(since) => {
            html.raw("none at work for ");
            listing::time(html, *since, &age(*since, page.now));
        }
        Activity::Unclear(_) => {
            html.raw("the last one was killed, or is at work where it cannot be seen from here");
        }
    }
    html.raw("</dd></div>");
}

fn tile(html: &mut Html, class: &'static str, count: u64, word: &str, below: &str) {
    html.raw("<li class=\"tile ")
        .raw(class)
        .raw(if count == 0 { " zero" } else { "" })
        .raw("\"><span class=\"count\">")
        .count(count)
        .element("</span> <span class=\"word\">", word, "</span>")
        .element(
            "<span class=\"below\">",
            if count == 0 { "" } else { below },
            "</span></li>",
        );
}

fn traffic(html: &mut Html, page: &Page) {
    html.raw("<div class=\"pair\"><section aria-labelledby=\"page-hours\"><h2 id=\"page-hours\">The last 48 hours</h2>");
    chart::write(html, "page-by-hour", Stretch::Hour, &page.traffic.hours);
    html.raw("</section><section aria-labelledby=\"page-days\"><h2 id=\"page-days\">The last 30 days</h2>");
    chart::write(html, "page-by-day", Stretch::Day, &page.traffic.days);
    html.raw("</section></div>");
}

fn errors(html: &mut Html, page: &Page) {
    html.raw("<section aria-labelledby=\"page-errors\"><h2 id=\"page-errors\">Why sessions are not delivered in full</h2>");
    let lines = page.sessions.iter().map(|session| &session.line);
    let groups = page.backlog.errors(lines);
    if groups.is_empty() {
        html.raw("<p class=\"none\">No session has an error.</p></section>");
        return;
    }
    html.raw("<table class=\"errors\"><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">Sessions</th><th scope=\"col\">Newest message</th></tr></thead><tbody>");
    for group in groups {
        html.element(
            "<tr><th scope=\"row\" class=\"kind\">",
            group.kind,
            "</th><td>",
        )
        .count(group.count)
        .element("</td><td class=\"message\">", group.message, "");
        if let Some(at) = group.at {
            html.raw(" <span class=\"when\">");
            listing::time(html, at, &format!("{} ago", age(at, page.now)));
            html.raw("</span>");
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></section>");
}

fn ages(html: &mut Html, page: &Page) {
    html.raw("<section aria-labelledby=\"page-ages\"><h2 id=\"page-ages\">How long pending sessions wait</h2>");
    let groups = &page.backlog.ages;
    let most = groups.iter().map(AgeGroup::count).max().unwrap_or(0);
    if most == 0 {
        html.raw("<p class=\"none\">Nothing is pending.</p></section>");
        return;
    }
    html.raw("<table class=\"ages\"><thead><tr><th scope=\"col\">Age</th><th scope=\"col\">Sessions</th><th scope=\"col\"><span class=\"unseen\">Share</span></th></tr></thead><tbody>");
    for group in groups {
        let states: Vec<String> = group
            .states
            .iter()
            .map(|(state, count)| format!("{} {}", grouped(*count), listing::word(*state)))
            .collect();
        // At least a sliver, so that one of thousands is seen.
        let width = (group.count() * 100 / most).max(u64::from(group.count() > 0));
        html.element("<tr><th scope=\"row\">", group.name, "</th><td class=\"number\">")
            .count(group.count())
            .raw("</td><td class=\"share\"><svg aria-hidden=\"true\" height=\"12\"><rect class=\"age\" height=\"12\" width=\"")
            .number(width)
            .element("%\"/></svg><span class=\"below\">", &states.join(", "), "</span></td></tr>");
    }
    html.raw("</tbody></table></section>");
}

fn listing(html: &mut Html, page: &Page) {
    html.raw("<section aria-labelledby=\"page-listing\" class=\"listing\"><h2 id=\"page-listing\" tabindex=\"-1\">Sessions</h2>");
    html.element("<p class=\"note\">", &shown(page), "</p>");
    if page.sessions.is_empty() {
        html.raw("<p class=\"none\">There are no sessions yet. They come when an agent writes a document into call_metadata/, or tells callspool record of a call.</p></section>");
        return;
    }
    html.raw("<div class=\"controls\" hidden><label for=\"page-filter\">Find</label><input id=\"page-filter\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"id or error\"><div class=\"chips\" role=\"group\" aria-label=\"States to show\">");
    listing::chips(html, &page.sessions);
    html.raw("</div><p id=\"page-matches\" role=\"status\"></p></div>");
    listing::table(html, &page.sessions, page.now);
    html.raw("<p class=\"more\" hidden><button type=\"button\" id=\"page-more\"></button></p></section><section class=\"cases\" aria-labelledby=\"page-cases\"><h2 id=\"page-cases\">Case files</h2><p class=\"note\">Follow a session in the table to its case file.</p>");
    listing::cases(html, &page.sessions, page.now);
    html.raw("</section>");
}

/// What is in the table, and what is not.
fn shown(page: &Page) -> String {
    let left_out = [
        (page.attention_left_out, "that need a person"),
        (page.pending_left_out, "pending"),
        (page.delivered_left_out, "delivered"),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(*count)))
        .collect();
    let all = page.sessions.len() as u64;
    if left_out.is_empty() {
        return match all {
            0 => "The spool is empty.".to_owned(),
            1 => "The one session of the spool.".to_owned(),
            _ => format!("All {} sessions of the spool.", grouped(all)),
        };
    }
    format!(
        "{} sessions: those that need a person, then the oldest pending and the newest delivered. Not listed: {}.",
        grouped(all),
        left_out.join(", ")
    )
}

fn foot(html: &mut Html, page: &Page) {
    html.raw("<footer><p>Spool ")
        .element("<code>", &page.root, "</code>")
        .raw(" on ")
        .text(&page.host)
        .raw(". Written by callspool ")
        .raw(env!("CARGO_PKG_VERSION"))
        .raw(", as the spool was at ")
        .text(&moment(page.now))
        .raw(". All times are UTC.</p></footer>");
}
