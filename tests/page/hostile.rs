//! Documents and file names that want to be more than text.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use serde_json::json;
use test_support::{Dir, Site};

use crate::{look_at, one_of_each, seconds_from_now, site};

const HOSTILE: [&str; 12] = [
    "</script><img src=x onerror=\"window.harm=1\">",
    "\"><svg onload=window.harm=1>",
    "' onmouseover='window.harm=1",
    "</style><script>window.harm=1</script>",
    "<!--",
    "line\u{2028}sep\u{202e}bidi\u{0}nul",
    "javascript:window.harm=1",
    "page-sessions",
    "__proto__",
    "constructor",
    "{{7*7}}${7*7}",
    "é 🙂 नमस्ते",
];

/// A spool in which everything that can be named is named so.
fn hostile() -> Site {
    let site = site();
    fs::create_dir_all(site.dir(Dir::Failed)).unwrap();
    for (number, text) in HOSTILE.iter().enumerate() {
        let document = json!({
            "session_id": text,
            "status": "failed",
            "campaign_metadata": {"egressId": text},
            "files": {"conversation": text, "recording": text},
            "upload": {
                "recording": {"state": "missing", "reason": text, "url": format!("javascript:{text}")},
                "call_data": {"state": "rejected", "error": {"kind": text, "message": text, "at": seconds_from_now(-60)}},
                "history": [{"at": seconds_from_now(-60), "part": text, "outcome": text, "status": 1}],
            },
        });
        let name = format!("metadata_{number}.json");
        let age = Duration::from_secs(600);
        site.put(Dir::Failed, &name, document.to_string(), age);
    }
    fs::create_dir_all(site.dir(Dir::Corrupt)).unwrap();
    let long = format!("metadata_{}.json", "<b>".repeat(70));
    for name in [
        b"metadata_<img src=x onerror=window.harm=1>.json".to_vec(),
        b"metadata_\xff\xfe\n\x1b[31m.json".to_vec(),
        long.into_bytes(),
    ] {
        fs::write(
            site.dir(Dir::Corrupt).join(OsString::from_vec(name)),
            b"\xff{<b>",
        )
        .unwrap();
    }
    let endless = json!({"session_id": "y".repeat(1 << 20), "status": "failed"}).to_string();
    site.put(
        Dir::Failed,
        "metadata_endless.json",
        endless,
        Duration::from_secs(600),
    );
    site
}

#[test]
fn what_is_foreign_stays_a_text() {
    let site = hostile();
    let (browser, server) = look_at(&site);
    browser.is_content();
    let made = browser.js(
        "return ['img', 'script', 'style', 'iframe', 'b', 'form', 'link', 'article svg', 'table.sessions svg']
             .map((name) => document.querySelectorAll(name).length)",
    );
    // The machine's name is bold; the rest is the page's own.
    assert_eq!(made, json!([0, 1, 1, 0, 1, 1, 1, 0, 0]));
    let handlers =
        "return [...document.querySelectorAll('*')].flatMap((it) => it.getAttributeNames())
        .filter((name) => name.startsWith('on') || name === 'style' || name === 'src')";
    assert_eq!(browser.js(handlers), json!([]));
    let links = "return [...document.querySelectorAll('a')].every((it) => it.getAttribute('href').startsWith('#'))";
    assert_eq!(browser.js(links), true);

    let ids = browser.texts("return [...document.querySelectorAll('#page-sessions tbody a')].map((it) => it.getAttribute('href'))");
    assert_eq!(ids.len(), HOSTILE.len() + 4);
    for id in ids {
        browser.js(&format!("location.hash = {}", json!(id)));
        browser.js_later("setTimeout(() => done(null), 0)");
        let open = "const d = document.querySelector('dialog'); return d.open && d.querySelectorAll('article').length === 1";
        assert_eq!(browser.js(open), true, "{id}");
    }
    let shown = browser
        .texts("return [...document.querySelectorAll('article')].map((it) => it.dataset.session)");
    for text in HOSTILE.iter().filter(|text| !text.contains('\u{2028}')) {
        assert!(shown.iter().any(|id| id == text), "{text}");
    }
    assert_eq!(browser.js("return window.harm === undefined"), true);
    assert_eq!(server.asked(), ["/page.html"]);
    browser.is_content();
}

#[test]
fn every_name_in_the_page_is_there_once() {
    let (browser, _server) = look_at(&hostile());
    let twice = browser.texts(
        "const ids = [...document.querySelectorAll('[id]')].map((it) => it.id);
         return ids.filter((id, at) => ids.indexOf(id) !== at)",
    );
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn nothing_that_comes_into_the_page_could_run_or_load() {
    let (browser, server) = look_at(&one_of_each());
    browser.js(
        "const add = (name, set) => { const it = document.createElement(name); set(it); document.body.append(it); };
         window.stopped = [];
         document.addEventListener('securitypolicyviolation', (it) => window.stopped.push(it.effectiveDirective));
         add('style', (it) => { it.textContent = 'body { display: none }'; });
         add('img', (it) => { it.src = '/loaded.png'; });
         add('iframe', (it) => { it.src = '/frame.html'; });
         add('link', (it) => { it.rel = 'stylesheet'; it.href = '/style.css'; });
         try { add('script', (it) => { it.textContent = 'window.harm = 1'; }); } catch { window.stopped.push('typed'); }
         try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.harm=1\">'); } catch { window.stopped.push('markup'); }
         fetch('/fetched').catch(() => {});",
    );
    let stopped = browser.js_later(
        "const wait = () => window.stopped.length < 6 ? setTimeout(wait, 5) : done(window.stopped); wait()",
    );
    let stopped: Vec<&str> = stopped
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it.as_str())
        .collect();
    for directive in ["style-src-elem", "img-src", "frame-src", "connect-src"] {
        assert!(stopped.contains(&directive), "{directive}: {stopped:?}");
    }
    assert_eq!(
        browser.js("return [window.harm === undefined, getComputedStyle(document.body).display]"),
        json!([true, "block"])
    );
    assert_eq!(server.asked(), ["/page.html"]);
}
