//! How the page looks: what it loads, its colours, its width.

use serde_json::json;
use test_support::Session;

use crate::browser::Browser;
use crate::{look_at, one_of_each, page_path, site, summary, write_page};

#[test]
fn the_page_loads_without_a_complaint_and_asks_for_nothing() {
    let (browser, server) = look_at(&one_of_each());
    browser.is_content();
    let loaded = browser.js("return performance.getEntriesByType('resource').map((it) => it.name)");
    assert_eq!(loaded, json!([]));
    assert_eq!(server.asked(), ["/page.html"]);
    assert_eq!(
        browser.text("return document.title").split(':').next(),
        Some("3 sessions need a person")
    );
}

#[test]
fn a_page_that_is_opened_as_a_file_works_too() {
    let site = one_of_each();
    write_page(&site, &[]);
    let browser = Browser::start();
    browser.open(&format!("file://{}", page_path(&site).display()));
    browser.click("#page-sessions tbody a");
    assert_eq!(
        browser.js("return document.querySelector('dialog').open"),
        true
    );
    browser.click("dialog .close");
    browser.is_content();
}

#[test]
fn the_tiles_count_what_inspect_counts() {
    let site = one_of_each();
    let (browser, _server) = look_at(&site);
    let summary = summary(&site);
    for (class, name) in [
        ("pending", "pending"),
        ("failed", "failed"),
        ("corrupt", "corrupt"),
        ("processed", "processed"),
    ] {
        let script = format!("return document.querySelector('.tile.{class} .count').textContent");
        assert_eq!(browser.text(&script), summary[name].to_string(), "{name}");
    }
}

/// The colour of an element's ground.
fn ground(browser: &Browser, selector: &str) -> String {
    browser.text(&format!(
        "return getComputedStyle(document.querySelector('{selector}')).backgroundColor"
    ))
}

#[test]
fn dark_is_what_the_system_prefers_until_the_reader_chooses_and_that_is_remembered() {
    let (browser, server) = look_at(&one_of_each());
    let light = ground(&browser, "body");
    browser.prefer("dark", "");
    let dark = ground(&browser, "body");
    assert_ne!(light, dark);
    browser.click("#page-theme");
    assert_eq!(
        browser.text("return document.querySelector('#page-theme').textContent"),
        "Colours: light"
    );
    assert_eq!(ground(&browser, "body"), light);
    browser.open(&server.url());
    assert_eq!(ground(&browser, "body"), light);
    browser.click("#page-theme");
    browser.prefer("light", "");
    assert_eq!(ground(&browser, "body"), dark);
    browser.click("#page-theme");
    assert_eq!(ground(&browser, "body"), light);
    browser.is_content();
}

#[test]
fn no_window_is_too_narrow_for_the_page() {
    let site = one_of_each();
    let long = "x".repeat(200);
    let long = Session::new(&long).edit(|document| document["status"] = long.as_str().into());
    long.write(&site);
    let (browser, _server) = look_at(&site);
    for width in [1280, 1250, 1030, 900, 770, 360, 320] {
        browser.resize(width, 780);
        // A page that is too wide makes a phone's window wider; elsewhere it is more than the window.
        let fits = browser.js(
            "const e = document.documentElement; return [innerWidth, e.scrollWidth <= e.clientWidth]",
        );
        assert_eq!(fits, json!([width, true]));
    }
    browser.js("document.querySelector('#page-sessions tbody a').click()");
    browser.js_later("setTimeout(() => done(null), 0)");
    let inside = browser.js(
        "const d = document.querySelector('dialog'); return d.open && d.scrollWidth <= d.clientWidth",
    );
    assert_eq!(inside, true);
}

#[test]
fn on_paper_there_is_nothing_to_press() {
    let (browser, _server) = look_at(&one_of_each());
    browser.prefer("dark", "print");
    let shown = browser.texts(
        "return [...document.querySelectorAll('input, button, summary')]
             .filter((it) => it.checkVisibility() && !it.closest('th')).map((it) => it.outerHTML)",
    );
    assert!(shown.is_empty(), "{shown:?}");
    assert_eq!(ground(&browser, "body"), "rgb(255, 255, 255)");
}

#[test]
fn an_empty_spool_says_how_sessions_come() {
    let (browser, _server) = look_at(&site());
    browser.is_content();
    let text = browser.text("return document.querySelector('.listing').innerText");
    assert!(text.contains("There are no sessions yet."), "{text}");
    assert_eq!(
        browser.js("return document.querySelector('table')"),
        json!(null)
    );
}

#[test]
fn a_page_that_nobody_renews_says_so() {
    let (browser, server) = look_at(&site());
    let hidden = "return document.querySelector('#page-stale').hidden";
    assert_eq!(browser.js(hidden), true);
    let later = "const now = Date.now; Date.now = () => now() + 3 * 3600 * 1000";
    browser.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        &json!({"source": later}),
    );
    browser.open(&server.url());
    assert_eq!(browser.js(hidden), false);
    let text = browser.text("return document.querySelector('#page-stale').textContent");
    assert!(text.starts_with("This page is 3 hours old."), "{text}");
}

#[test]
fn without_the_script_the_page_reads_and_case_files_open() {
    let site = one_of_each();
    write_page(&site, &[]);
    let server = crate::PageServer::start(&page_path(&site));
    let browser = Browser::start();
    browser.devtools(
        "Emulation.setScriptExecutionDisabled",
        &json!({"value": true}),
    );
    browser.open(&format!("{}#no-campaign", server.url()));
    let evaluate = |expression: &str| {
        let parameters = json!({"expression": expression, "returnByValue": true});
        browser.devtools("Runtime.evaluate", &parameters)["result"]["value"].clone()
    };
    assert_eq!(
        evaluate("document.documentElement.classList.contains('js')"),
        false
    );
    assert_eq!(
        evaluate(
            "[...document.querySelectorAll('#page-sessions tbody tr')].filter((it) => it.checkVisibility()).length"
        ),
        9
    );
    let open = "[...document.querySelectorAll('.case')].filter((it) => it.checkVisibility()).map((it) => it.id).join()";
    assert_eq!(evaluate(open), "no-campaign");
    assert_eq!(
        evaluate(
            "[...document.querySelectorAll('button, input')].some((it) => it.checkVisibility())"
        ),
        false
    );
}
