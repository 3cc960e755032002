//! A thousand sessions.

use std::collections::BTreeSet;

use test_support::{Dir, Session};

use crate::site;

#[test]
fn a_thousand_sessions_are_each_delivered_once_over_runs_of_any_batch_size() {
    let site = site();
    let ids: BTreeSet<String> = (0..1000).map(|number| format!("s{number:04}")).collect();
    for id in &ids {
        Session::new(id).write(&site);
    }
    site.run(&[])
        .expect(0)
        .counts(&[("uploaded", 100), ("left", 900)]);
    site.run(&["--batch-size", "0"])
        .expect(0)
        .counts(&[("uploaded", 900)]);
    let (calls, recordings) = (site.api().calls(), site.api().recordings());
    let sent: BTreeSet<String> = calls
        .iter()
        .map(|call| call.call_id.trim_start_matches("CALL-").to_owned())
        .collect();
    assert_eq!((calls.len(), recordings.len()), (1000, 1000));
    assert_eq!(sent, ids);
    assert_eq!(site.names(Dir::Processed).len(), 1000);
    assert!(site.names(Dir::Pending).is_empty());

    let summary = site.call(["inspect", "--summary", "--format", "json"]);
    assert_eq!(summary.expect(0).report()["processed"], 1000);
    let listed = site.call(["inspect", "--state", "processed", "--format", "json"]);
    assert_eq!(listed.expect(0).json_lines().len(), 1000);
}
