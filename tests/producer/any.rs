//! Whatever the items are, they are written as they were given.

use std::fs;

use callspool::producer::{Items, Producer, SessionManager};
use callspool::transcript;
use proptest::prelude::*;
use serde_json::value::RawValue;

/// JSON with odd numbers, escapes and white space.
fn json(depth: u32) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        "\\PC{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\ud800 \/ \u00e9""#.to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(depth, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|parts| format!("[{}]", parts.join(" , "))),
            object(inner),
        ]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("role".to_owned()),
        Just("content".to_owned()),
        Just("type".to_owned()),
        Just("raw".to_owned()),
        Just("timestamp".to_owned()),
        Just("created_at".to_owned()),
        "[a-z_ ]{0,6}",
    ];
    let said = prop_oneof![
        3 => value,
        1 => Just("\"user\"".to_owned()),
        1 => (0_u32..2_000_000_000).prop_map(|seconds| format!("{seconds}.25")),
    ];
    prop::collection::vec((name, said), 0..6).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("{name:?} :{value}"))
            .collect();
        format!("{{{}}}", members.join(",\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn items_are_written_as_they_were_given_and_read_as_they_would_be_alone(
        given in prop::collection::vec(object(json(3)), 0..8),
    ) {
        let root = tempfile::tempdir().unwrap();
        let producer = Producer::new(root.path()).unwrap();
        let session = SessionManager::new(&producer, "x").unwrap();
        let list = format!("[{}]", given.join(", "));
        let items = Items::parse(&list).unwrap();
        let saved = session.save_conversation_session(&items).unwrap();

        let file = fs::read(saved.transcript.unwrap()).unwrap();
        let object: std::collections::BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(&file).unwrap();
        let written: Vec<Box<RawValue>> = serde_json::from_str(object["items"].get()).unwrap();
        let written: Vec<&str> = written.iter().map(|item| item.get()).collect();
        prop_assert_eq!(written, given);
        let alone = transcript::parse(format!("{{\"items\": {list}}}").as_bytes()).unwrap();
        let read = transcript::parse(&file).unwrap();
        prop_assert_eq!(read.skipped, alone.skipped);
        prop_assert_eq!(saved.unreadable_items, alone.skipped.unreadable);
        prop_assert_eq!(read.span, alone.span);
        prop_assert_eq!(read.start_time.zip(read.end_time), alone.span);
        prop_assert_eq!(read.turns.len(), alone.turns.len());
    }
}
