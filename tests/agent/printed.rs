//! Items as seven versions of the SDK print them, in fixtures/sdk; `print_items.py` made these.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use test_support::{Outcome, Site};

use crate::BINARY;
use crate::said::demand_said;

/// A conversation as one version of the SDK prints it.
struct Fixture {
    version: String,
    lead_generated: Value,
    items: Vec<Value>,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sdk");
        let mut paths: Vec<PathBuf> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let mut text: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let Value::Array(items) = text["items"].take() else {
            unreachable!("a fixture without items: {}", path.display())
        };
        Self {
            version: text["sdk"].as_str().unwrap().to_owned(),
            lead_generated: text["lead_generated"].take(),
            items,
        }
    }

    /// What was said.
    fn turns(&self) -> Vec<Value> {
        let said = self.items.iter().map(|item| item["said"].clone());
        said.filter(|said| !said.is_null()).collect()
    }

    /// The items as one of the forms that an agent may save them in; `None` when this version
    /// has no such form.
    fn items_as(&self, form: &str) -> Option<Vec<Value>> {
        let items = self.items.iter().map(|item| match &item[form] {
            Value::Null => None,
            Value::String(printed) => Some(json!({
                "role": "unknown",
                "content": "",
                "source": "session_history",
                "raw": printed,
            })),
            dict => Some(dict.clone()),
        });
        items.collect()
    }
}

#[test]
fn what_any_version_of_the_sdk_prints_arrives_to_the_letter() {
    let site = Site::new(BINARY);
    let mut expected = Vec::new();
    for fixture in Fixture::all() {
        for form in ["dict", "str", "repr"] {
            let Some(items) = fixture.items_as(form) else {
                continue;
            };
            let id = format!("{form}-of-{}", fixture.version);
            enter(&site, &id, &items);
            expected.push((id, fixture.turns(), fixture.lead_generated.clone()));
        }
    }
    // Before 1.0 there is no dict.
    assert_eq!(expected.len(), 7 * 3 - 1);
    site.run(&[])
        .expect(0)
        .counts(&[("uploaded", expected.len() as u64)]);
    let calls = site.api().calls();
    for (id, turns, lead_generated) in expected {
        let call = calls
            .iter()
            .find(|call| call.call_id == format!("CALL-{id}"));
        let body = &call.unwrap().body;
        demand_said(body, &turns, &id);
        assert_eq!(
            body["transcription"]["lead_generated"], lead_generated,
            "{id}"
        );
    }
}

fn enter(site: &Site, id: &str, items: &[Value]) {
    let call = json!({
        "session_id": id,
        "campaign_metadata": {"campaignId": "c", "voiceAgentId": "v", "clientId": "k"},
        "items": items,
    });
    let mut program = site
        .bare_command()
        .arg("--root")
        .arg(site.root())
        .args(["record", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = program.stdin.take().unwrap();
    stdin.write_all(call.to_string().as_bytes()).unwrap();
    drop(stdin);
    let outcome = Outcome::of(program.wait_with_output().unwrap()).expect(0);
    let report = outcome.report();
    assert_eq!(report["created"], true, "{report}");
    assert_eq!(report["unreadable_items"], 0, "{report}");
    assert_eq!(report["warnings"], json!([]), "{report}");
}
