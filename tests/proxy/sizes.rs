//! nginx's limit for the size of a request.

use reference_api::ReferenceApi;
use test_support::{Dir, Failure, Session, Site, demand_failure, let_time_pass, sha256};

use crate::nginx::{Nginx, Settings};
use crate::{BINARY, LARGE, hits, put_nginx_before};

/// A spool with one recording of that size behind an nginx that takes less than that.
fn too_large(bytes: usize, settings: &str) -> (Site, Nginx, Vec<u8>) {
    // The API does not know the call again that went without its recording.
    let mut site = Site::with_api(BINARY, |api: ReferenceApi| api.dedupe(false));
    let sound = vec![7; bytes];
    Session::new("s1").recording(sound.clone()).write(&site);
    let settings = Settings::default().server(&format!("client_max_body_size 20k; {settings}"));
    let nginx = put_nginx_before(&mut site, &settings);
    (site, nginx, sound)
}

/// The session is a partial one; lifted and put back, it arrives complete.
#[track_caller]
fn arrives_once_it_is_requeued(site: &Site, nginx: &Nginx, sound: &[u8]) {
    assert_eq!(site.place("s1"), Dir::Processed);
    assert_eq!(hits(site), [0, 1, 0]);
    nginx.reload(&Settings::default());
    site.call(["requeue", "s1"]).expect(0);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);
    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(sound));
    assert_eq!(hits(site), [1, 2, 0]);
    let calls = site.api().calls();
    assert_eq!(
        calls[1].recording_url.as_deref(),
        Some(recordings[0].url.as_str())
    );
}

#[test]
fn a_refusal_for_size_is_the_recordings_and_the_call_goes_without_it() {
    // A large one is refused before it is sent; nginx reads on so that its answer arrives.
    for bytes in [40_000, LARGE] {
        let (site, nginx, sound) = too_large(bytes, "");
        let outcome = site.run(&[]).expect(4).counts(&[("partial", 1)]);
        assert_eq!(outcome.stopped_by(), None);
        let error = &outcome.report()["errors"][0];
        assert_eq!(error["part"], "recording");
        assert_eq!(error["kind"], "rejected");
        assert_eq!(error["status"], 413);
        assert_eq!(error["attempts"], 1);
        let document = site.document(Dir::Processed, "s1");
        assert_eq!(document["upload"]["recording"]["state"], "rejected");
        arrives_once_it_is_requeued(&site, &nginx, &sound);
    }
}

/// nginx reads on for thirty seconds before it hangs up on what it has refused: a large recording on
/// a slow line takes longer. Here it does not read on at all.
#[test]
fn a_refusal_that_is_lost_in_a_reset_is_said_to_be_possible_and_given_up_in_the_end() {
    let (site, nginx, sound) = too_large(LARGE, "lingering_time 0s;");
    let expected = Failure::passing("recording", "network", None);
    let outcome = demand_failure(&site, site.run(&["--max-attempts", "2"]), expected, "reset");
    let message = outcome.report()["errors"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("the other side may have refused it"),
        "{message}"
    );
    let_time_pass(&site);
    let outcome = site
        .run(&["--max-attempts", "2"])
        .expect(4)
        .counts(&[("partial", 1)]);
    assert_eq!(outcome.stopped_by(), None);
    let document = site.document(Dir::Processed, "s1");
    assert_eq!(document["upload"]["recording"]["state"], "abandoned");
    assert_eq!(document["upload"]["recording"]["attempts"], 2);
    arrives_once_it_is_requeued(&site, &nginx, &sound);
}
