//! Whether everybody can read and use the page: names, order, contrast, focus.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::browser::{Browser, Key};
use crate::{look_at, one_of_each, site};

/// Texts whose contrast is less than WCAG's AA asks for.
const CONTRAST: &str = include_str!("contrast.js");

/// Opens the case file of a session.
fn open_case(browser: &Browser, id: &str) {
    browser.js(&format!("location.hash = '{id}'"));
    browser.js_later("requestAnimationFrame(() => requestAnimationFrame(() => done(null)))");
    // What moves in is half transparent on its way.
    browser.js("document.getAnimations().forEach((it) => it.finish())");
}

#[test]
fn every_text_stands_out_from_its_ground_in_light_and_dark() {
    let (browser, _server) = look_at(&one_of_each());
    browser.js("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
    browser.click(".chip[data-state=failed]");
    browser.click(".chip[data-state=failed]");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme, "");
        let weak = browser.texts(CONTRAST);
        assert!(weak.is_empty(), "{scheme}: {weak:#?}");
        browser.click(".chip[data-state=due]");
        open_case(&browser, "no-campaign");
        let weak = browser.texts(CONTRAST);
        assert!(weak.is_empty(), "{scheme}: {weak:#?}");
        browser.js("document.querySelector('dialog').close()");
    }
    // The check can tell: grey on grey does not pass.
    browser.js("document.documentElement.style.setProperty('--muted', 'rgb(128 128 128)')");
    assert!(!browser.texts(CONTRAST).is_empty());
}

#[test]
fn the_page_has_landmarks_and_headings_in_their_order() {
    let (browser, _server) = look_at(&one_of_each());
    open_case(&browser, "no-campaign");
    browser.js("document.querySelector('dialog').close()");
    for (name, count) in [
        ("main", 1),
        ("body > header", 1),
        ("body > footer", 1),
        ("h1", 1),
    ] {
        let script = format!("return document.querySelectorAll('{name}').length");
        assert_eq!(browser.js(&script), count, "{name}");
    }
    assert_eq!(browser.text("return document.documentElement.lang"), "en");
    let levels = browser.js(
        "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((it) => Number(it.tagName[1]))",
    );
    let levels: Vec<u64> = levels
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it.as_u64())
        .collect();
    assert_eq!(levels[0], 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "{levels:?}");
    }
    let nameless = browser.texts(
        "return [...document.querySelectorAll('section')]
             .filter((it) => !document.getElementById(it.getAttribute('aria-labelledby'))?.textContent)
             .map((it) => it.outerHTML.slice(0, 100))",
    );
    assert!(nameless.is_empty(), "{nameless:?}");
}

#[test]
fn every_control_has_a_name_and_every_chart_its_words() {
    let (browser, _server) = look_at(&one_of_each());
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let mut controls = 0;
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let is_control = [
            "button",
            "link",
            "searchbox",
            "image",
            "region",
            "dialog",
            "DisclosureTriangle",
        ]
        .contains(&role);
        if is_control && node["ignored"] != true {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{node}");
            controls += 1;
        }
    }
    assert!(controls > 20, "{controls}");
    let charts = browser.texts(
        "return [...document.querySelectorAll('svg[role=img]')].map((it) => it.getAttribute('aria-labelledby')
             .split(' ').map((id) => document.getElementById(id).textContent).join(': '))",
    );
    assert_eq!(charts.len(), 2);
    assert!(
        charts[0].contains("3 sessions delivered, of these 1 in part"),
        "{charts:?}"
    );
}

#[test]
fn the_focus_is_seen_and_the_way_to_the_sessions_is_short() {
    let (browser, _server) = look_at(&one_of_each());
    browser.press(Key::Tab);
    assert_eq!(
        browser.text("return document.activeElement.textContent"),
        "Skip to the sessions"
    );
    let mut seen = Vec::new();
    for _ in 0..20 {
        let focus = browser.js(
            "const it = document.activeElement; const style = getComputedStyle(it);
             return [it.tagName + ' ' + it.textContent.slice(0, 20), style.outlineStyle, it.checkVisibility()]",
        );
        assert_eq!(
            (&focus[1], &focus[2]),
            (&json!("solid"), &json!(true)),
            "{focus}"
        );
        seen.push(focus[0].as_str().unwrap().to_owned());
        browser.press(Key::Tab);
    }
    for expected in [
        "BUTTON Colours: system",
        "SUMMARY The same as a table",
        "INPUT ",
        "BUTTON Session",
    ] {
        assert!(
            seen.iter().any(|it| it.starts_with(expected)),
            "{expected}: {seen:#?}"
        );
    }
}

#[test]
fn nothing_moves_for_those_who_do_not_like_it() {
    let (browser, _server) = look_at(&one_of_each());
    let features = [json!({"name": "prefers-reduced-motion", "value": "reduce"})];
    browser.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    browser.js("location.hash = 'due'");
    browser.js_later("requestAnimationFrame(() => requestAnimationFrame(() => done(null)))");
    assert_eq!(
        browser
            .js("return [document.querySelector('dialog').open, document.getAnimations().length]"),
        json!([true, 0])
    );
}

/// axe-core's rules, which know more than the tests above. It is fetched, and never kept in here.
#[test]
#[ignore = "fetches axe-core from the npm registry"]
fn axe_finds_nothing() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/page/axe.sh");
    let fetched = Command::new("sh")
        .arg(script)
        .arg(std::env::var_os("PAGE_TESTS_CACHE").map_or(target, PathBuf::from))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(
        fetched.status.success(),
        "axe-core could not be fetched, see above"
    );
    let axe = std::fs::read_to_string(String::from_utf8(fetched.stdout).unwrap().trim()).unwrap();
    for site in [one_of_each(), site()] {
        let (browser, _server) = look_at(&site);
        for (scheme, width, case) in [
            ("light", 1280, ""),
            ("dark", 1280, "no-campaign"),
            ("dark", 360, ""),
            ("light", 360, "in-part"),
        ] {
            browser.prefer(scheme, "");
            browser.resize(width, 800);
            open_case(&browser, case);
            browser.js(&axe);
            let found = run_axe(&browser);
            assert_eq!(found, json!([]), "{scheme} {width} {case}: {found:#}");
        }
        // It can tell; of what lies behind an open dialog it says nothing.
        browser.js("document.querySelector('dialog').close(); document.documentElement.removeAttribute('lang')");
        let found = run_axe(&browser);
        assert_eq!(found[0][0], "html-has-lang", "{found:#}");
    }
}

fn run_axe(browser: &Browser) -> serde_json::Value {
    browser.js_later(
        "axe.run(document, {resultTypes: ['violations']}).then(
             (it) => done(it.violations.map((it) => [it.id, it.nodes.map((node) => node.html + ' ' + node.failureSummary)])),
             (error) => done(String(error)))",
    )
}
