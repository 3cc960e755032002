//! Real shapes of transcripts, manifests and leads, from disk to the API.

use test_support::{Dir, Session, sha256};

use crate::site;

#[test]
fn a_complete_session_arrives_whole() {
    let site = site();
    let session = Session::new("s1")
        .recording("OggS sound")
        .lead(r#"{"name": "Test Person"}"#);
    session.write(&site);
    site.run(&[]).expect(0).counts(&[("uploaded", 1)]);

    let recordings = site.api().recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].sha256, sha256(b"OggS sound"));
    assert_eq!(recordings[0].original_name, "s1.ogg");
    let calls = site.api().calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        calls[0].body["callDetails"]["recordingUrl"],
        recordings[0].url.as_str()
    );
    assert_eq!(calls[0].body["lead"]["name"], "Test Person");
    assert_eq!(site.names(Dir::Processed), ["metadata_s1.json"]);
    assert!(site.names(Dir::Pending).is_empty());

    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(site.api().requests().len(), 2);
}
