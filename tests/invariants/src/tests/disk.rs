//! Where documents are, and what is in them.

use super::*;

#[test]
fn a_session_in_no_place_or_in_two_is_found() {
    let mut world = delivered();
    change_spool(&mut world, |spool| spool.processed.clear());
    speaks(&places(&world, Rest::NotYet), "it is in []");
    speaks(&drained(&world), "nowhere");

    let mut world = delivered();
    change_spool(&mut world, |spool| {
        spool.pending.insert(NAME.to_owned(), pending_bytes());
    });
    speaks(&places(&world, Rest::Here), r#"["pending", "processed"]"#);
    silent(&places(&world, Rest::NotYet));
    change_spool(&mut world, |spool| {
        spool.failed.insert(NAME.to_owned(), pending_bytes());
    });
    assert_eq!(places(&world, Rest::NotYet).len(), 1);
}

#[test]
fn a_torn_or_altered_document_is_found() {
    for (from, to) in [
        ("1E+2", "100"),
        ("5.697564", "5.7"),
        ("\"n\": 1E+2, ", ""),
        (", \"x\": 5.697564", ""),
    ] {
        let mut world = delivered();
        change_spool(&mut world, |spool| {
            let bytes = spool.processed.get_mut(NAME).unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            *bytes = text.replace(from, to).into_bytes();
        });
        let violations = places(&world, Rest::Here);
        let text = format!("{violations:?}");
        assert!(text.contains("not as the producer wrote it"), "{text}");
    }
    let mut world = delivered();
    change_spool(&mut world, |spool| {
        spool.processed.get_mut(NAME).unwrap().truncate(80);
    });
    assert_eq!(places(&world, Rest::Here).len(), 2, "gone, and a stranger");
}

#[test]
fn members_in_another_order_are_found() {
    let mut world = delivered();
    let mut other = pending_bytes();
    other.pop();
    other.extend_from_slice(br#", "m": 1}"#);
    world.origins[0].bytes = String::from_utf8(other)
        .unwrap()
        .replace("\"n\": 1E+2", "\"m\": 1, \"n\": 1E+2")
        .replace(", \"m\": 1}", "}")
        .into_bytes();
    change_spool(&mut world, |spool| {
        let bytes = spool.processed.get_mut(NAME).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text
            .replace("\"n\": 1E+2", "\"n\": 1E+2, \"m\": 1")
            .into_bytes();
    });
    let text = format!("{:?}", places(&world, Rest::Here));
    assert!(text.contains("not as the producer wrote it"), "{text}");
}

#[test]
fn corrupt_bytes_and_assets_must_stay_as_they_are() {
    let mut world = delivered();
    let name = "metadata_b.json";
    world.origins.push(Origin::corrupt(name, b"{torn"));
    change_spool(&mut world, |spool| {
        spool.corrupt.insert(name.to_owned(), b"{torn".to_vec());
        spool
            .corrupt
            .insert(format!("{name}.error.txt"), b"why".to_vec());
    });
    silent(&places(&world, Rest::Here));
    silent(&drained(&world));
    change_spool(&mut world, |spool| {
        spool.corrupt.insert(name.to_owned(), b"{tor".to_vec());
    });
    assert_eq!(places(&world, Rest::Here).len(), 2, "gone, and a stranger");

    let mut world = delivered();
    change_spool(&mut world, |spool| spool.assets.clear());
    speaks(&places(&world, Rest::Here), "recordings/a.ogg");
    change_spool(&mut world, |spool| {
        spool
            .assets
            .insert("recordings/a.ogg".to_owned(), "sound".to_owned());
        spool.assets.insert("leads/new".to_owned(), String::new());
    });
    speaks(&places(&world, Rest::Here), "leads/new");
}

#[test]
fn a_session_that_ended_in_the_wrong_place_is_found() {
    let mut world = delivered();
    change_spool(&mut world, |spool| {
        let bytes = spool.processed.remove(NAME).unwrap();
        spool.failed.insert(NAME.to_owned(), bytes);
    });
    speaks(&drained(&world), "belongs to processed");

    let world = failed_run("recording", 1, Value::Null, vec![]);
    speaks(&drained(&world), "belongs to pending, and is in pending");

    for (part, state, why) in [
        ("recording", "absent", "counts as absent"),
        ("recording", "abandoned", "counts as abandoned"),
        ("recording", "rejected", "counts as rejected"),
        ("call_data", "rejected", "nothing tells why"),
    ] {
        let mut world = delivered();
        let mut odd = record();
        odd[part]["state"] = json!(state);
        change_spool(&mut world, |spool| {
            let bytes = with_record("uploaded", &odd);
            spool.processed.insert(NAME.to_owned(), bytes);
        });
        speaks(&drained(&world), why);
        if state == "rejected" {
            let place = usize::from(part == "call_data");
            world.api[place].reply = Reply::Refused(422);
            silent(&drained(&world));
        }
    }

    let mut world = delivered();
    world.origins[0].stays = true;
    speaks(&drained(&world), "was to stay");
    world.origins[0].stays = false;
    world.origins[0].call_data = CallData::Impossible;
    speaks(&drained(&world), "belongs to failed");
    change_spool(&mut world, |spool| {
        spool.processed.clear();
        let bytes = with_record("failed", &json!({}));
        spool.failed.insert(NAME.to_owned(), bytes);
    });
    speaks(&drained(&world), "something of it was sent");
    world.api.clear();
    silent(&drained(&world));
    let mut world = delivered();
    world.origins.push(Origin::corrupt("metadata_b.json", b"{"));
    change_spool(&mut world, |spool| {
        spool
            .pending
            .insert("metadata_b.json".to_owned(), b"{".to_vec());
    });
    speaks(&drained(&world), "it is no document, and in pending");
}
