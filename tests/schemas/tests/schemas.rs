//! The schemas are those of the types, say what the parsers say, and hold for real documents.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use callspool::producer::{LeadInput, RecordInput};
use jsonschema::Validator;
use reference_api::{Fault, ReferenceApi};
use serde_json::{Value, json};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator(name: &str) -> Validator {
    let all = schemas::all().unwrap();
    let schema = all.iter().find(|schema| schema.name == name).unwrap();
    let schema: Value = serde_json::from_str(&schema.text).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn demand_valid(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?}\n{document:#}");
}

/// The JSON files in a folder whose names begin with that; there are some.
fn fixtures(folder: &str, beginning: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository().join("fixtures").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        // A document that was cut off in the middle is a fixture too.
        if name.starts_with(beginning) && !name.contains("torn") {
            found.push((name, serde_json::from_str(&text).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{folder}/{beginning}");
    found
}

#[test]
fn the_files_are_those_that_the_types_make() {
    let folder = repository().join("fixtures/schemas");
    let mut made = BTreeSet::new();
    for schema in schemas::all().unwrap() {
        let there = fs::read_to_string(folder.join(schema.file_name())).unwrap();
        assert!(
            there == schema.text,
            "{} is out of date: make schemas",
            schema.file_name()
        );
        made.insert(schema.file_name());
    }
    let there: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, made);
}

/// An object with some members set to other values; `null` for `-`.
fn with(base: &Value, changes: Value) -> Value {
    let mut object = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value == "-" {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name.as_str()] = value.clone();
        }
    }
    object
}

fn lead() -> Value {
    json!({"name": "Test Person", "email": "t@example.com", "company": "Example Co", "interest": "a demo"})
}

/// Inputs of `record`: whether they are good is for parser and schema to agree on.
fn record_inputs() -> Vec<Value> {
    let base = json!({"session_id": "x", "items": [{}]});
    let from_file = json!({"session_id": "x", "transcript_file": "t.json"});
    let mut all = vec![
        base.clone(),
        from_file.clone(),
        json!([]),
        json!("x"),
        json!({}),
    ];
    let values = [
        json!(null),
        json!("text"),
        json!(""),
        json!(" \n"),
        json!("a/b"),
        json!("a\\b"),
        json!("EG_x"),
        json!("2025-10-29 10:16:19.574407+00:00"),
        json!("2025-10-29T10:16:19"),
        json!("now"),
        json!(5),
        json!(-5),
        json!(1.5),
        json!(true),
        json!([]),
        json!([{}, {"role": "user"}]),
        json!([{}, 1]),
        json!([null]),
        json!({}),
        json!({"campaignId": 1}),
        json!("x".repeat(1024)),
        json!("x".repeat(1025)),
        lead(),
        with(
            &lead(),
            json!({"phone": null, "budget": "", "timeline": "soon"}),
        ),
        with(&lead(), json!({"phone": 5})),
        with(&lead(), json!({"name": "-"})),
        with(&lead(), json!({"name": null})),
        with(&lead(), json!({"company": " "})),
        with(&lead(), json!({"unknown": ""})),
    ];
    let names = [
        "session_id",
        "dialed_number",
        "campaign_metadata",
        "egress_id",
        "items",
        "transcript_file",
        "lead",
        "lead_file",
        "started_at",
        "ended_at",
        "metadata",
        "unknown",
    ];
    for base in [&base, &from_file] {
        for name in names {
            all.push(with(base, json!({name: "-"})));
            all.extend(values.iter().map(|value| with(base, json!({name: value}))));
        }
        all.push(with(base, json!({"lead": lead(), "lead_file": "l.json"})));
        all.push(with(base, json!({"lead": null, "lead_file": "l.json"})));
        all.push(with(base, json!({"lead": lead(), "lead_file": null})));
    }
    all
}

fn lead_inputs() -> Vec<Value> {
    let base = with(&lead(), json!({"session_id": "x"}));
    let mut all = vec![base.clone(), json!([]), json!({})];
    for email in [
        "a@b.c",
        " A@B.C\n",
        "a@b",
        "a@.b",
        "a@b.",
        "a@b..c",
        "@b.c",
        "a@b@c.d",
        "a b@c.d",
        "a@",
        "a@b .c",
        "a@b\u{1}.c",
        "ä@ü.example",
        "a@mail.example.com",
        "a@..",
    ] {
        all.push(with(&base, json!({"email": email})));
    }
    let names = [
        "session_id",
        "name",
        "email",
        "company",
        "interest",
        "phone",
        "job_title",
        "budget",
        "timeline",
        "campaign_metadata",
        "source",
    ];
    for name in names {
        for value in [
            json!("-"),
            json!(null),
            json!(" "),
            json!(5),
            json!("x"),
            json!({}),
            json!([]),
        ] {
            all.push(with(&base, json!({name: value})));
        }
    }
    all
}

#[test]
fn parser_and_schema_accept_and_refuse_the_same() {
    let mut accepted = 0;
    let mut refused = 0;
    let mut compare = |validator: &Validator, inputs: Vec<Value>, parse: &dyn Fn(&[u8]) -> bool| {
        for input in inputs {
            let parsed = parse(input.to_string().as_bytes());
            assert_eq!(validator.is_valid(&input), parsed, "{input}");
            if parsed {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
    };
    compare(&validator("record"), record_inputs(), &|bytes| {
        RecordInput::parse(bytes).is_ok()
    });
    compare(&validator("record-lead"), lead_inputs(), &|bytes| {
        LeadInput::parse(bytes).is_ok()
    });
    assert!(accepted > 100 && refused > 300, "{accepted} {refused}");
}

#[test]
fn the_customers_files_are_valid() {
    let demo = "demo/spool";
    for (name, folder, beginning) in [
        ("transcript", "samples", "transcript_"),
        ("lead", "samples", "lead"),
        ("metadata", &format!("{demo}/call_metadata"), "metadata_"),
        (
            "transcript",
            &format!("{demo}/conversations"),
            "transcript_",
        ),
        ("lead", &format!("{demo}/leads"), "lead_"),
    ] {
        let validator = validator(name);
        for (file, document) in fixtures(folder, beginning) {
            demand_valid(&validator, &document, &file);
        }
    }
}

#[test]
fn what_is_no_such_file_is_not_valid() {
    for (name, documents) in [
        (
            "metadata",
            vec![
                json!([]),
                json!({}),
                json!({"session_id": 5}),
                json!({"session_id": "x", "status": "on_hold"}),
                json!({"session_id": "x", "campaign_metadata": "c"}),
                json!({"session_id": "x", "files": {"lead": 5}}),
                json!({"session_id": "x", "upload_attempts": -1}),
                json!({"session_id": "x", "upload": {"recording": {"state": "odd"}}}),
            ],
        ),
        (
            "transcript",
            vec![
                json!([]),
                json!({}),
                json!({"messages": []}),
                json!({"items": {}}),
                json!({"items": null}),
                json!({"items": ["hello"]}),
            ],
        ),
        ("lead", vec![json!([]), json!({"name": 5}), json!("x")]),
    ] {
        let validator = validator(name);
        for document in documents {
            assert!(!validator.is_valid(&document), "{name}: {document}");
        }
    }
}

/// The program's own command line, in this process.
fn call(root: &Path, arguments: &[&str]) {
    let line = ["callspool", "-q", "--root", root.to_str().unwrap()];
    let none = callspool::config::Environment::default();
    let invocation = callspool::cli::parse_in(
        line.iter().chain(arguments),
        &none,
        Path::new("/nonexistent/config.toml"),
    );
    let invocation = invocation.unwrap();
    // Which code it ends with is not what is looked at here.
    let log = callspool::logging::init(&callspool::logging::LogOptions::new(&invocation.settings));
    let _ = callspool::command::execute(&invocation.settings, &invocation.command, &log);
}

/// Every JSON file in a directory of a spool.
fn written(root: &Path, dir: &str) -> Vec<Value> {
    let Ok(entries) = fs::read_dir(root.join(dir)) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

#[test]
fn what_is_written_is_valid_in_every_state() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let producer = callspool::producer::Producer::new(root).unwrap();
    let campaign = json!({"campaignId": "c", "voiceAgentId": "v", "clientId": "k"});
    for id in ["good", "refused", "later", "lacking", "lead"] {
        let mut input = json!({
            "session_id": id,
            "dialed_number": "+15550100123",
            "items": [{"role": "user", "content": ["Hello?", "it's me"], "created_at": 1_761_732_980.5}],
            "lead": lead(),
        });
        if id != "lacking" {
            input["campaign_metadata"] = campaign.clone();
        }
        let input = RecordInput::parse(input.to_string().as_bytes()).unwrap();
        assert!(producer.record(&input).unwrap().created);
    }
    let input = with(
        &lead(),
        json!({"session_id": "lead", "budget": "1", "campaign_metadata": campaign}),
    );
    let input = LeadInput::parse(input.to_string().as_bytes()).unwrap();
    assert!(producer.record_lead(&input).unwrap().created);

    let document = validator("metadata");
    let check = |dir: &str, count: usize| {
        let all = written(root, dir);
        assert_eq!(all.len(), count, "{dir}");
        for one in &all {
            demand_valid(&document, one, dir);
        }
    };
    check("call_metadata", 5);
    let api = ReferenceApi::builder().start().unwrap();
    for fault in [
        "call-data@refused:all:status=422",
        "call-data@later:all:status=500",
    ] {
        api.add_fault(Fault::parse(fault).unwrap());
    }
    call(root, &["--api-url", &api.base_url(), "run"]);
    check("call_metadata", 1);
    check("processed_metadata", 2);
    check("failed_metadata", 2);
    let transcript = validator("transcript");
    for one in written(root, "conversations") {
        demand_valid(&transcript, &one, "conversations");
    }
    let lead = validator("lead");
    let leads = written(root, "leads");
    assert_eq!(leads.len(), 6);
    for one in &leads {
        demand_valid(&lead, one, "leads");
    }
}

#[test]
fn the_customers_document_is_valid() {
    let document = json!({
        "session_id": "session_20251029_135057_99509edf",
        "dialed_number": "+15550100123",
        "campaign_metadata": {
            "campaignId": "68ff5c0f015cbf44dd9f336c",
            "egressId": "EG_KfWxAFCAvH79",
            "lead_file": "leads/lead_20251029_135110.json",
        },
        "files": {
            "recording": null,
            "conversation": "/home/agent/conversations/transcript_session_x.json",
            "lead": null,
        },
        "timestamps": {
            "call_start": "2025-10-29T13:50:57.987953+00:00Z",
            "call_end": "2025-10-29T13:51:29.544211+00:00Z",
            "metadata_saved": "2025-10-29T13:51:31.540340Z",
        },
        "status": "ready_for_upload",
        "upload_attempts": 0,
        "last_upload_attempt": null,
    });
    demand_valid(&validator("metadata"), &document, "the customer's");
}
