//! What every request carries.

use std::collections::HashSet;

use reference_api::Target;
use test_support::{Dir, Session, Site};

use crate::{BINARY, keys, order, site};

const TOKEN: &str = "tok-4f9d2c-secret";

#[test]
fn every_request_names_the_program_and_has_an_id_of_its_own() {
    let site = Site::with_api(BINARY, |api| api.token(TOKEN));
    std::fs::write(site.home().join("token"), TOKEN).unwrap();
    let token = site.home().join("token");
    let arguments = ["--token-file", token.to_str().unwrap()];
    for id in ["a", "b", "s1"] {
        Session::new(id).write(&site);
    }
    order(
        &site,
        &["upload@s1:1:status=500", "call-data@s1:1-2:stored-reset"],
    );
    for _ in 0..4 {
        site.run(&arguments);
        site.lift_backoffs();
    }
    site.run(&arguments).expect(0).counts(&[]);
    assert_eq!(site.api().calls().len(), 3);

    let requests = site.api().requests();
    assert!(requests.len() >= 8, "{requests:?}");
    let ids: HashSet<_> = requests
        .iter()
        .map(|request| request.request_id.clone().unwrap())
        .collect();
    assert_eq!(
        ids.len(),
        requests.len(),
        "each request has an id of its own"
    );
    let name = concat!("callspool/", env!("CARGO_PKG_VERSION"));
    for request in &requests {
        assert_eq!(request.user_agent.as_deref(), Some(name), "{request:?}");
        assert_eq!(request.header("authorization"), Some("Bearer …"));
        assert!(!request.chunked, "{request:?}");
        for (header, value) in &request.headers {
            assert!(!value.contains(TOKEN), "{header}");
        }
        let is_question = request.target == Some(Target::Question);
        assert_eq!(request.idempotency_key.is_none(), is_question);
        assert_eq!(request.content_length.is_none(), is_question);
    }
}

#[test]
fn the_key_stays_the_same_for_the_same_content_and_differs_otherwise() {
    let site = site();
    Session::new("a").write(&site);
    Session::new("b").write(&site);
    order(
        &site,
        &["upload@a:1-3:status=500", "call-data@a:1-3:status=500"],
    );
    for _ in 0..7 {
        site.run(&[]);
        site.lift_backoffs();
    }
    assert!(site.names(Dir::Pending).is_empty());
    let count = |keys: &[String]| {
        let mut counts: Vec<usize> = keys
            .iter()
            .collect::<HashSet<_>>()
            .into_iter()
            .map(|key| keys.iter().filter(|other| *other == key).count())
            .collect();
        counts.sort_unstable();
        counts
    };
    let uploads = keys(&site, Target::Upload);
    let posts = keys(&site, Target::CallData);
    assert_eq!(count(&uploads), [1, 4]);
    assert_eq!(count(&posts), [1, 4]);
    assert!(
        uploads
            .iter()
            .chain(&posts)
            .all(|key| { key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()) })
    );
    assert!(uploads.iter().all(|key| !posts.contains(key)));
}

#[test]
fn without_a_token_no_credentials_are_sent() {
    let site = site();
    Session::new("s1").write(&site);
    site.run(&[]).expect(0);
    for request in site.api().requests() {
        assert_eq!(request.header("authorization"), None);
    }
}
