//! Case files: opened by pointer, by keyboard and by address.

use crate::browser::{Browser, Key};
use crate::{look_at, one_of_each};
use serde_json::json;

/// The session whose case file is open.
fn open(browser: &Browser) -> Option<String> {
    // An address that changed is acted on in its own time.
    browser.js_later("setTimeout(() => done(null), 0)");
    let script = "const d = document.querySelector('dialog'); const a = d.querySelector('article');
        return d.open ? a.querySelector('h3').textContent : null";
    browser.js(script).as_str().map(str::to_owned)
}

fn address(browser: &Browser) -> String {
    browser.text("return location.hash")
}

#[test]
fn a_click_opens_a_case_file_that_says_what_happened_what_comes_and_what_to_do() {
    let site = one_of_each();
    let (browser, _server) = look_at(&site);
    assert_eq!(open(&browser), None);
    browser.click("#page-sessions a[href='#backing-off']");
    assert_eq!(open(&browser).as_deref(), Some("backing-off"));
    assert_eq!(address(&browser), "#backing-off");
    let text = browser.text("return document.querySelector('dialog').innerText");
    for expected in [
        "Server 500: the API failed (status 500)",
        "What comes next\n",
        "The next run: leaves it alone until ",
        "What you can do\n",
        "What happened\n",
        "Call data not delivered: server 500, in 41 ms",
        "Called\n+1555•••0123\n",
        "Recording\ndelivered; 1.3 MiB; 1 attempt; https://crm.example/1.ogg",
        "Transcript\ntranscript_backing-off.json",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let command = format!(
        "callspool --root {} requeue backing-off",
        site.root().display()
    );
    assert!(text.contains(&command), "{text}");
    browser.click("dialog .close");
    assert_eq!(open(&browser), None);
    assert_eq!(address(&browser), "");
    browser.is_content();
}

#[test]
fn the_keyboard_is_enough() {
    let (browser, _server) = look_at(&one_of_each());
    browser.js("document.querySelector(\"#page-sessions a[href='#due']\").focus()");
    browser.press(Key::Enter);
    assert_eq!(open(&browser).as_deref(), Some("due"));
    // The focus is inside, and stays there.
    for _ in 0..6 {
        let inside = "return document.activeElement === document.body
            || document.querySelector('dialog').contains(document.activeElement)";
        assert_eq!(browser.js(inside), true);
        browser.press(Key::Tab);
    }
    browser.press(Key::Escape);
    assert_eq!(open(&browser), None);
    let focus = browser.text("return document.activeElement.getAttribute('href')");
    assert_eq!(focus, "#due");
    // The same one opens again.
    browser.press(Key::Enter);
    assert_eq!(open(&browser).as_deref(), Some("due"));
}

#[test]
fn one_case_file_after_the_other_and_back() {
    let (browser, _server) = look_at(&one_of_each());
    browser.js("document.querySelector(\"#page-sessions a[href='#due']\").click()");
    assert_eq!(open(&browser).as_deref(), Some("due"));
    // Closed and the next one opened before the browser has told of either.
    browser.js("document.querySelector('dialog').close(); document.querySelector(\"#page-sessions a[href='#on-hold']\").click()");
    assert_eq!(open(&browser).as_deref(), Some("on-hold"));
    assert_eq!(address(&browser), "#on-hold");
    let articles = "return [document.querySelectorAll('dialog article').length, document.querySelectorAll('article').length]";
    assert_eq!(browser.js(articles), json!([1, 9]));
    browser.click("dialog .close");
    assert_eq!(open(&browser), None);
}

#[test]
fn an_address_leads_to_a_case_file_and_a_wrong_one_to_the_page() {
    let (browser, server) = look_at(&one_of_each());
    browser.open("about:blank");
    browser.open(&format!("{}#in-part", server.url()));
    assert_eq!(open(&browser).as_deref(), Some("in-part"));
    for wrong in ["#nobody", "#page-sessions", "#%", "#"] {
        browser.open("about:blank");
        browser.open(&format!("{}{wrong}", server.url()));
        assert_eq!(open(&browser), None, "{wrong}");
    }
    browser.is_content();
}

#[test]
fn every_state_has_a_case_file() {
    let (browser, _server) = look_at(&one_of_each());
    let ids = browser.texts(
        "return [...document.querySelectorAll('#page-sessions tbody a')].map((it) => it.hash)",
    );
    assert_eq!(ids.len(), 9);
    for id in ids {
        browser.js(&format!("location.hash = '{id}'"));
        assert!(open(&browser).is_some(), "{id}");
        let titles = browser.texts(
            "return [...document.querySelectorAll('dialog h4')].map((it) => it.textContent)",
        );
        assert_eq!(titles[..2], ["What comes next", "What you can do"], "{id}");
        browser.js("document.querySelector('dialog').close()");
    }
    browser.is_content();
}

#[test]
fn a_command_can_be_taken_along() {
    let (browser, server) = look_at(&one_of_each());
    let origin = server.url().replace("/page.html", "");
    let grant =
        json!({"origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.devtools("Browser.grantPermissions", &grant);
    browser.click("#page-sessions a[href='#no-campaign']");
    let label =
        browser.text("return document.querySelector('dialog .copy').getAttribute('aria-label')");
    browser.click("dialog .copy");
    let taken = browser.js_later(
        "const wait = () => document.querySelector('dialog .copy').textContent === 'Copy'
             ? setTimeout(wait, 5)
             : navigator.clipboard.readText().then(done, (error) => done(String(error)));
         wait()",
    );
    let taken = taken.as_str().unwrap();
    assert!(taken.ends_with(" requeue no-campaign"), "{taken}");
    assert_eq!(label, format!("Copy {taken}"));
}
