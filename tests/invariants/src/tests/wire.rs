//! What was sent, and what documents say of it.

use super::*;

#[test]
fn a_claim_that_the_api_never_made_is_found() {
    let mut world = delivered();
    world.api[0].reply = Reply::Refused(500);
    speaks(&claims(&world), "the recording counts as uploaded");

    let mut world = delivered();
    world.api[0].reply = Reply::Acknowledged {
        url: Some("http://api/2.ogg".to_owned()),
    };
    speaks(&claims(&world), "the recording counts as uploaded");

    let mut world = delivered();
    world.api[0].content = Some("half of it".to_owned());
    speaks(&claims(&world), "the recording counts as uploaded");

    let mut world = delivered();
    world.api[1].read = Some(false);
    speaks(&claims(&world), "the call data counts as uploaded");

    let mut world = delivered();
    world.api[1].recording_url = None;
    speaks(&claims(&world), "no call data that the API took names");

    let mut world = delivered();
    world.api[1] = question(Reply::Absent);
    speaks(&claims(&world), "the call data counts as uploaded");
    let mut duplicate = record();
    duplicate["call_data"]["state"] = json!("duplicate");
    change_spool(&mut world, |spool| {
        let bytes = with_record("uploaded", &duplicate);
        spool.processed.insert(NAME.to_owned(), bytes);
    });
    speaks(&claims(&world), "the call data counts as duplicate");
    world.api[1].reply = Reply::Duplicate { url: None };
    silent(&claims(&world));
}

#[test]
fn an_archived_session_of_which_nothing_was_delivered_is_found() {
    let mut world = delivered();
    let mut nothing = record();
    nothing["recording"] = json!({"state": "missing"});
    nothing["call_data"] = json!({"state": "rejected", "attempts": 1});
    change_spool(&mut world, |spool| {
        let bytes = with_record("uploaded", &nothing);
        spool.processed.insert(NAME.to_owned(), bytes);
    });
    speaks(&claims(&world), "no part of it is");
}

#[test]
fn a_second_key_for_the_same_content_is_found() {
    for place in [0, 1] {
        let mut world = delivered();
        world.api[place].reply = Reply::Nothing;
        let mut again = world.api[place].clone();
        again.key = Some("k3".to_owned());
        again.event = 2;
        world.api.push(again);
        speaks(&keys(&world), "went under 2 keys, and 1 may be");
        let forced = Event::Requeue {
            session_id: "a".to_owned(),
            force: true,
        };
        world.events.push(forced);
        silent(&keys(&world));
    }
    let mut world = delivered();
    world.api[1].key = None;
    speaks(&keys(&world), "without a key");
    let mut world = delivered();
    world.api.push(Request {
        content: Some("another body".to_owned()),
        ..post()
    });
    speaks(&keys(&world), "two different call_data went under one key");
}

/// A second run that ends well, so that requests can be of it.
fn add_run(world: &mut World) {
    let now = Arc::clone(&world.spool);
    world
        .events
        .push(run(End::Exit(0), Some(report(0, &[])), &now, &now));
}

#[test]
fn a_recording_that_is_sent_again_is_found() {
    let mut world = delivered();
    add_run(&mut world);
    world.api.push(Request {
        event: 1,
        ..upload()
    });
    speaks(&resends(&world), "its recording was acknowledged");
    // Not even a kill excuses it: the post that came later shows that it was recorded.
    change_first_run(&mut world, |run| run.end = End::Killed);
    assert_eq!(resends(&world).len(), 1);
    world.api.remove(1);
    silent(&resends(&world));
    world.api.push(Request {
        event: 1,
        ..upload()
    });
    speaks(&resends(&world), "its recording was acknowledged");
}

fn change_first_run(world: &mut World, change: impl FnOnce(&mut Run)) {
    match world.events.first_mut().unwrap() {
        Event::Run(run) => change(run),
        event => panic!("{event:?}"),
    }
}

#[test]
fn a_recording_may_go_again_when_its_answer_was_not_read_or_an_operator_wants_it() {
    let mut world = delivered();
    world.api[0].read = Some(false);
    world.api.insert(1, upload());
    silent(&resends(&world));

    let mut world = delivered();
    let forced = Event::Requeue {
        session_id: "a".to_owned(),
        force: true,
    };
    world.events.push(forced);
    world.api.push(Request {
        event: 2,
        ..upload()
    });
    silent(&resends(&world));
}

#[test]
fn call_data_that_is_posted_again_or_unasked_is_found() {
    let mut world = delivered();
    world.api.push(post());
    speaks(&resends(&world), "its call data was acknowledged");

    let mut world = delivered();
    world.api[1].reply = Reply::Refused(500);
    world.api.push(post());
    speaks(&resends(&world), "although the fate");
    world.api.insert(2, question(Reply::Refused(500)));
    speaks(&resends(&world), "although the fate");
    world.api.insert(3, question(Reply::Absent));
    silent(&resends(&world));
    world.api[3].reply = Reply::Duplicate { url: None };
    assert_eq!(resends(&world).len(), 2, "it was found, and posted again");

    // What was refused needs no question.
    let mut world = delivered();
    world.api[1].reply = Reply::Refused(429);
    world.api.push(post());
    silent(&resends(&world));
    // What a run died at does.
    let mut world = delivered();
    change_run(&mut world, |run| run.end = End::Killed);
    add_run(&mut world);
    world.api.push(Request { event: 1, ..post() });
    speaks(&resends(&world), "although the fate");
    // An operator who wants it sent again wants no question.
    let forced = Event::Requeue {
        session_id: "a".to_owned(),
        force: true,
    };
    world.events.insert(1, forced);
    world.api[2].event = 2;
    silent(&resends(&world));
}
