//! The table of sessions: sorting and filtering, by pointer and by keyboard.

use crate::browser::{Browser, Key};
use crate::{look_at, one_of_each, site};
use serde_json::json;
use std::time::Duration;
use test_support::{Dir, Session};

/// The sessions that the table shows, in its order.
fn shown(browser: &Browser) -> Vec<String> {
    browser.texts(
        "return [...document.querySelectorAll('#page-sessions tbody tr')]
             .filter((it) => it.checkVisibility()).map((it) => it.querySelector('a').textContent)",
    )
}

/// How the column says that it is sorted.
fn sorted(browser: &Browser, key: &str) -> Option<String> {
    let script = format!(
        "return document.querySelector('#page-sessions [data-key={key}]').getAttribute('aria-sort')"
    );
    browser.js(&script).as_str().map(str::to_owned)
}

fn heading(key: &str) -> String {
    format!("#page-sessions [data-key={key}] button")
}

#[test]
fn what_needs_a_person_comes_first_then_the_oldest_then_what_is_done() {
    let (browser, _server) = look_at(&one_of_each());
    let mut shown = shown(&browser);
    // Both were delivered in one run, perhaps in the same moment.
    shown.truncate(7);
    assert_eq!(
        shown,
        [
            "no-campaign",
            "metadata_torn.json",
            "on-hold",
            "backing-off",
            "due",
            "awaited",
            "in-part"
        ]
    );
}

#[test]
fn a_column_sorts_both_ways_by_pointer_and_by_keyboard() {
    let (browser, _server) = look_at(&one_of_each());
    browser.click(&heading("age"));
    assert_eq!(sorted(&browser, "age").as_deref(), Some("ascending"));
    let by_age = shown(&browser);
    assert_eq!(by_age[..2], ["awaited", "due"]);
    assert_eq!(by_age[8], "delivered-1");
    browser.press(Key::Enter);
    assert_eq!(sorted(&browser, "age").as_deref(), Some("descending"));
    let mut backwards = shown(&browser);
    backwards.reverse();
    assert_eq!(backwards, by_age);

    browser.js("document.querySelector('#page-sessions [data-key=session] button').focus()");
    browser.press(Key::Space);
    assert_eq!(sorted(&browser, "session").as_deref(), Some("ascending"));
    assert_eq!(sorted(&browser, "age"), None);
    let mut names = shown(&browser);
    assert_eq!(names[0], "awaited");
    let by_name = names.clone();
    names.sort();
    assert_eq!(names, by_name);
    let said = browser.text("return document.querySelector('#page-said').textContent");
    assert_eq!(said, "Sorted by session, ascending.");

    // Sessions for which nothing comes by itself stay behind the others.
    browser.click(&heading("next"));
    assert_eq!(shown(&browser)[..2], ["backing-off", "awaited"]);
    browser.click(&heading("next"));
    assert_eq!(shown(&browser)[..2], ["awaited", "backing-off"]);
    browser.is_content();
}

#[test]
fn numbers_sort_as_numbers() {
    let site = site();
    for (id, attempts) in [("few", 9), ("many", 100), ("some", 20)] {
        Session::new(id)
            .edit(|document| {
                document["upload"] = json!({"call_data": {"attempts": attempts}});
            })
            .write(&site);
    }
    let (browser, _server) = look_at(&site);
    browser.click(&heading("attempts"));
    assert_eq!(shown(&browser), ["few", "some", "many"]);
}

#[test]
fn words_and_states_filter_together_and_the_count_is_told() {
    let (browser, _server) = look_at(&one_of_each());
    let matches = || browser.text("return document.querySelector('#page-matches').textContent");
    assert_eq!(matches(), "9 shown");
    browser.write("#page-filter", "DELIVERED-");
    let mut found = shown(&browser);
    found.sort();
    assert_eq!(found, ["delivered-1", "delivered-2"]);
    assert_eq!(matches(), "2 matching shown");
    // Several words must all be there, be it in the error.
    browser.write("#page-filter", "500 server");
    assert_eq!(shown(&browser), ["backing-off"]);
    browser.write("#page-filter", "no such thing");
    assert_eq!(shown(&browser), [""; 0]);
    assert_eq!(matches(), "No session matches.");

    browser.js("document.querySelector('#page-filter').value = ''; document.querySelector('#page-filter').dispatchEvent(new Event('input'))");
    browser.click(".chip[data-state=failed]");
    assert_eq!(shown(&browser), ["no-campaign"]);
    browser.js("document.querySelector('.chip[data-state=due]').focus()");
    browser.press(Key::Space);
    assert_eq!(shown(&browser), ["no-campaign", "due"]);
    browser.write("#page-filter", "due");
    assert_eq!(shown(&browser), ["due"]);
    let pressed = "return [...document.querySelectorAll('.chip[aria-pressed=true]')].map((it) => it.dataset.state)";
    assert_eq!(browser.texts(pressed), ["failed", "due"]);
    browser.is_content();
}

#[test]
fn a_kind_of_error_leads_to_its_sessions() {
    let (browser, _server) = look_at(&one_of_each());
    browser.click(".chip[data-state=due]");
    let kinds = browser.texts(
        "return [...document.querySelectorAll('.errors .kind')].map((it) => it.textContent)",
    );
    let place = kinds
        .iter()
        .position(|kind| kind == "missing_campaign")
        .unwrap()
        + 1;
    browser.click(&format!(".errors tbody tr:nth-child({place}) .kind button"));
    assert_eq!(shown(&browser), ["no-campaign"]);
    let focus = "return [document.activeElement.id, document.activeElement.value]";
    assert_eq!(
        browser.js(focus),
        json!(["page-filter", "missing_campaign"])
    );
}

#[test]
fn a_long_table_shows_its_first_hundred_and_all_when_asked() {
    let site = site();
    for number in 0..130 {
        let name = format!("metadata_session-{number}.json");
        let document = json!({"session_id": format!("session-{number}")}).to_string();
        site.put(
            Dir::Pending,
            &name,
            document,
            Duration::from_secs(9000 - number),
        );
    }
    let (browser, _server) = look_at(&site);
    let matches = || browser.text("return document.querySelector('#page-matches').textContent");
    assert_eq!(
        (shown(&browser).len(), matches().as_str()),
        (100, "100 of 130 shown")
    );
    // What is found is found in all of them.
    browser.write("#page-filter", "session-129");
    assert_eq!(shown(&browser), ["session-129"]);
    browser.write("#page-filter", "session");
    browser.click("#page-more");
    assert_eq!(shown(&browser).len(), 130);
    assert_eq!(
        browser.js("return document.querySelector('.more').hidden"),
        true
    );
}
