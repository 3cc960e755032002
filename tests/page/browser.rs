//! A real browser: Chromium through ChromeDriver, by the WebDriver protocol
//! (<https://www.w3.org/TR/webdriver2/>).

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser with an empty profile and one window. Ended when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    _profile: TempDir,
}

/// The member of a WebDriver answer that stands for an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A key as WebDriver names it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Tab,
    Enter,
    Escape,
    Space,
}

impl Key {
    fn code(self) -> &'static str {
        match self {
            Self::Tab => "\u{e004}",
            Self::Enter => "\u{e007}",
            Self::Escape => "\u{e00c}",
            Self::Space => " ",
        }
    }
}

impl Browser {
    /// Starts one.
    ///
    /// Root may not have a sandbox; and Chromium's own errands into the network are switched off, so
    /// that whatever is asked for is the page's doing.
    pub(crate) fn start() -> Self {
        let chromium = find(&["chromium", "chromium-browser", "google-chrome"]);
        let mut driver = Command::new(find(&["chromedriver"]))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .unwrap();
        // Whoever prints into a closed pipe dies.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = TempDir::new().unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(120)));
        let mut browser = Self {
            driver,
            agent: config.build().into(),
            session: format!("http://127.0.0.1:{port}"),
            _profile: profile,
        };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--window-size=1280,900",
        ];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        let profile = browser._profile.path().display();
        arguments.push(format!("--user-data-dir={profile}"));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
        }}});
        let answer = browser.post("/session", &wanted);
        let id = answer["sessionId"].as_str().unwrap();
        browser.session = format!("{}/session/{id}", browser.session);
        browser
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut answer = self
            .agent
            .post(url)
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        let limit = 64 << 20;
        let text = answer
            .body_mut()
            .with_config()
            .limit(limit)
            .read_to_string();
        let answer: Value = serde_json::from_str(&text.unwrap()).unwrap();
        let value = &answer["value"];
        assert!(value["error"].is_null(), "{path}: {value}");
        value.clone()
    }

    /// Opens an address and waits until the page is loaded.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Carries out the body of a function in the page, and gives what it returns.
    #[track_caller]
    pub(crate) fn js(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The same, for a body that calls `done` with its result later.
    #[track_caller]
    pub(crate) fn js_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// The same as [`Self::js`], for a text.
    #[track_caller]
    pub(crate) fn text(&self, script: &str) -> String {
        let value = self.js(script);
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("no text but {value}: {script}"))
            .to_owned()
    }

    /// The same as [`Self::js`], for a list of texts.
    #[track_caller]
    pub(crate) fn texts(&self, script: &str) -> Vec<String> {
        let value = self.js(script);
        let texts = serde_json::from_value(value.clone());
        texts.unwrap_or_else(|_| panic!("no texts but {value}: {script}"))
    }

    /// A command of the DevTools protocol.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", &body)
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let body = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", &body);
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Clicks as a person would: where the element is, if nothing is over it.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types a text into a field.
    #[track_caller]
    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses a key, wherever the focus is.
    #[track_caller]
    pub(crate) fn press(&self, key: Key) {
        let actions = [
            json!({"type": "keyDown", "value": key.code()}),
            json!({"type": "keyUp", "value": key.code()}),
        ];
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("/actions", &json!({"actions": [keyboard]}));
    }

    /// A window of that size; a narrow one is a phone's.
    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What the reader's system prefers: `light` or `dark`; and whether a sheet of paper is meant.
    #[track_caller]
    pub(crate) fn prefer(&self, scheme: &str, media: &str) {
        let features = [json!({"name": "prefers-color-scheme", "value": scheme})];
        let media = json!({"media": media, "features": features});
        self.devtools("Emulation.setEmulatedMedia", &media);
    }

    /// Everything that the browser has complained of since the last time.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().clone()
    }

    /// Demands that the browser has nothing to complain of.
    #[track_caller]
    pub(crate) fn is_content(&self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The first of these programs that is installed.
fn find(names: &[&str]) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| dirs.iter().map(move |dir| dir.join(name)))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "no {} in PATH: the tests of the HTML page need a browser; install it, as with \
                 \"apt-get install chromium chromium-driver\", and run the tests again",
                names[0]
            )
        })
}
