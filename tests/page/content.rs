//! What the page says, as text; a browser is not needed to read it.

use std::time::Duration;

use serde_json::json;
use test_support::{Dir, Session, Site, plain_transcript};

use crate::{one_of_each, page_text, seconds_from_now, site, summary, write_page};

/// The text of the page's first element that begins so, without the markup in it.
#[track_caller]
fn words(page: &str, opening: &str, closing: &str) -> String {
    let (_, rest) = page.split_once(opening).unwrap();
    let (inside, _) = rest.split_once(closing).unwrap();
    let mut words = String::new();
    for piece in inside.split('<') {
        words.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A document of a session that was delivered, in its place.
fn put_delivered(site: &Site, id: &str, seconds_ago: i64) {
    let at = seconds_from_now(-seconds_ago);
    let document = json!({
        "session_id": id, "status": "uploaded",
        "upload": {
            "recording": {"state": "absent"},
            "call_data": {"state": "uploaded", "at": at},
            "history": [{"at": at, "part": "call_data", "outcome": "delivered", "ms": 3}],
        },
    });
    let name = format!("metadata_{id}.json");
    std::fs::create_dir_all(site.dir(Dir::Processed)).unwrap();
    let text = document.to_string();
    site.put(Dir::Processed, &name, text, Duration::from_secs(7200));
}

#[test]
fn the_verdict_says_in_words_how_the_spool_is() {
    let site = site();
    assert!(page_text(&site).contains("<h1>All well</h1><p>Nothing is pending.</p>"));
    let site = one_of_each();
    let verdict = words(&page_text(&site), "<h1>", "<p class=\"made\">");
    assert_eq!(
        verdict,
        "3 sessions need a person 1 failed, 1 corrupt, 1 skipped: see below what to do. \
         The oldest session has been pending for 2h 30m. 1 session failed and will be tried again."
    );
}

#[test]
fn the_charts_count_what_runs_have_done() {
    let site = one_of_each();
    let page = page_text(&site);
    let legend = words(&page, "<ul class=\"legend\">", "</ul>");
    assert_eq!(legend, "2 delivered 1 delivered in part 2 failed attempts");
    // Old ones count by the day alone, and older ones not at all.
    put_delivered(&site, "three-days", 3 * 86_400);
    put_delivered(&site, "forty-days", 40 * 86_400);
    let page = page_text(&site);
    let (hours, days) = page.split_once("id=\"page-days\"").unwrap();
    let legend = |page| words(page, "<ul class=\"legend\">", "</ul>");
    assert!(legend(hours).starts_with("2 delivered 1 "));
    assert!(legend(days).starts_with("3 delivered 1 "));
}

#[test]
fn errors_are_told_by_kind_and_ages_by_state() {
    let page = page_text(&one_of_each());
    let errors = words(&page, "<table class=\"errors\">", "</table>");
    for expected in [
        "missing_campaign 1 ",
        "server 1 the API failed (status 500) 10m ago",
        "corrupt 1 ",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
    let ages = words(&page, "<table class=\"ages\">", "</table>");
    assert!(
        ages.contains("1h to 4h 2 1 skipped, 1 backing off"),
        "{ages}"
    );
    assert!(ages.contains("15m to 1h 1 1 due"), "{ages}");
}

#[test]
fn the_table_has_every_session_of_a_small_spool() {
    let site = one_of_each();
    let page = page_text(&site);
    let rows = page.matches("<tr data-state=").count();
    let summary = summary(&site);
    let count = |name: &str| summary[name].as_u64().unwrap();
    let all = count("pending") + count("failed") + count("corrupt") + count("processed");
    assert_eq!(rows as u64, all);
    assert!(page.contains("All 9 sessions of the spool."));
}

#[test]
fn a_long_list_is_bounded_and_says_what_it_leaves_out() {
    let site = site();
    for number in 0..510 {
        put_delivered(&site, &format!("delivered-{number}"), number);
    }
    for number in 0..2003 {
        let document = json!({"session_id": format!("pending-{number}")}).to_string();
        let name = format!("metadata_pending-{number}.json");
        // The young ones are left out.
        let age = Duration::from_secs(90_000 - number);
        site.put(Dir::Pending, &name, document, age);
    }
    let page = page_text(&site);
    assert!(page.contains("2,500 sessions: "));
    assert!(page.contains("Not listed: 3 pending, 10 delivered."));
    assert_eq!(page.matches("<tr data-state=").count(), 2500);
    assert!(page.contains("\">pending-0</a>") && !page.contains("\">pending-2002</a>"));
    let tiles = words(&page, "<ul class=\"tiles\">", "</ul>");
    assert!(tiles.starts_with("2,003 pending 2,003 due"), "{tiles}");
    assert!(tiles.ends_with("510 delivered"), "{tiles}");
}

#[test]
fn a_wait_that_the_api_asked_for_is_told() {
    let site = site();
    let until = seconds_from_now(1200);
    let state = json!({"version": 1, "not_before": until}).to_string();
    site.put(Dir::Pending, ".callspool.state", state, Duration::ZERO);
    let page = page_text(&site);
    assert!(page.contains("<h1>The API asked to be left alone until "));
    let facts = words(&page, "<dl class=\"facts\">", "</dl>");
    assert!(
        facts.contains("The API asked to be left alone until "),
        "{facts}"
    );
}

#[test]
fn nothing_personal_is_on_the_page() {
    let site = site();
    for id in ["number-_15550100123-1761633666", "masked", "failed"] {
        let session =
            Session::new(id).lead(r#"{"name": "Test Person", "email": "person@example.com"}"#);
        let session = session.transcript(plain_transcript(id));
        let session = session.edit(|document| {
            if id == "failed" {
                document["campaign_metadata"]["campaignId"] = "".into();
                document["upload"] = json!({"call_data": {
                    "error": {"kind": "server", "message": "no call of +1 (555) 010-0123 or 15550100123", "at": seconds_from_now(-5)},
                }});
            }
        });
        session.write(&site);
    }
    for _ in 0..2 {
        let page = page_text(&site);
        for personal in [
            "5550100123",
            "555) 010",
            "Test Person",
            "person@example.com",
            "I need a demo",
        ] {
            assert!(!page.contains(personal), "{personal}");
        }
        assert!(page.contains("+1555•••0123"));
        site.run(&[]).expect(4);
    }
    // What is shown of such an id finds no session; no command is made of it.
    let page = page_text(&site);
    assert!(page.contains("number-_1555•••0123-1761633666"));
    assert!(!page.contains("requeue --part all --force number"));
}

#[test]
fn commands_can_be_typed_anywhere() {
    let site = one_of_each();
    let mut command = site.bare_command();
    command
        .current_dir(site.home())
        .env("CALLSPOOL_ROOT", "spool")
        .args(["inspect", "--html", "page.html"]);
    assert!(command.output().unwrap().status.success());
    let page = std::fs::read_to_string(site.home().join("page.html")).unwrap();
    let expected = format!(
        "<code>callspool --root {} requeue no-campaign</code>",
        site.root().display()
    );
    assert!(page.contains(&expected), "{expected}");
}

#[test]
fn writing_the_page_changes_nothing_in_the_spool() {
    let site = one_of_each();
    let all = || {
        let dirs = [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt];
        dirs.map(|dir| {
            let entries = std::fs::read_dir(site.dir(dir)).unwrap();
            let mut entries: Vec<_> = entries
                .map(|entry| {
                    let entry = entry.unwrap();
                    let modified = entry.metadata().unwrap().modified().unwrap();
                    (
                        entry.file_name(),
                        modified,
                        std::fs::read(entry.path()).unwrap(),
                    )
                })
                .collect();
            entries.sort();
            entries
        })
    };
    let before = all();
    write_page(&site, &[]);
    assert_eq!(all(), before);
}
