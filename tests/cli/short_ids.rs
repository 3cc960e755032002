//! Ids may be shortened to what people remember of them.

use test_support::{Dir, Session, Site};

use crate::{site, write_sessions};

const FIRST: &str = "session_20251029_135057_99509edf";
const SECOND: &str = "session_20251029_140000_0c5c7fd0";

fn two_sessions() -> Site {
    let site = site();
    write_sessions(&site, &[FIRST, SECOND]);
    site
}

/// The sessions that `inspect` shows for an id.
fn shown(site: &Site, id: &str) -> Vec<String> {
    let lines = site.call(["inspect", "--format", "json", id]).expect(0);
    lines
        .json_lines()
        .iter()
        .map(|line| line["session_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_beginning_a_date_and_time_or_the_random_end_will_do() {
    let site = two_sessions();
    for short in [
        FIRST,
        "session_20251029_13",
        "20251029_135057",
        "99509edf",
        "9950",
    ] {
        assert_eq!(shown(&site, short), [FIRST], "{short}");
    }
}

#[test]
fn what_is_short_for_several_is_code_2_and_names_them() {
    let site = two_sessions();
    for short in ["2025", "session_20251029", "20251029_"] {
        let outcome = site.call(["inspect", short]).expect(2);
        let expected = format!("{short} is short for 2 sessions: {FIRST}, {SECOND}");
        assert!(outcome.stderr.contains(&expected), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn what_tells_too_little_means_nothing_even_if_there_is_only_one() {
    let site = site();
    write_sessions(&site, &[FIRST]);
    for short in ["session_", "session", "995", "202", "9edf", ""] {
        let outcome = site.call(["inspect", short]).expect(2);
        assert!(
            outcome.stderr.contains("there is no session"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_whole_id_goes_before_what_it_begins() {
    let site = site();
    write_sessions(&site, &["call-1", "call-12"]);
    assert_eq!(shown(&site, "call-1"), ["call-1"]);
    // Each id is taken for itself: one short, one whole, one that is neither.
    let outcome = site
        .call(["inspect", "call", "call-12", "nobody"])
        .expect(2);
    assert!(
        outcome.stdout.starts_with("call-12  "),
        "{}",
        outcome.stdout
    );
    let expected = "there is no session nobody in the spool; see: callspool inspect; \
                    call is short for 2 sessions: call-1, call-12";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn many_candidates_are_counted() {
    let site = site();
    let ids: Vec<String> = (10..35).map(|number| format!("call-{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    write_sessions(&site, &ids);
    let outcome = site.call(["inspect", "call"]).expect(2);
    assert!(
        outcome.stderr.contains("call-19, 15 more; give more"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn all_copies_of_a_session_are_meant() {
    let site = two_sessions();
    site.run(&[]).expect(0);
    let processed = site.dir(Dir::Processed);
    std::fs::copy(
        processed.join(format!("metadata_{FIRST}.json")),
        processed.join(format!("metadata_{FIRST}.1.json")),
    )
    .unwrap();
    assert_eq!(shown(&site, "9950"), [FIRST, FIRST]);
}

#[test]
fn a_corrupt_file_goes_by_a_short_form_of_its_name() {
    let site = site();
    let hour = std::time::Duration::from_secs(3600);
    site.put(Dir::Pending, &format!("metadata_{FIRST}.json"), "{", hour);
    let text = site.call(["inspect", "9950"]).expect(0).stdout;
    assert!(
        text.starts_with(&format!("metadata_{FIRST}.json  corrupt")),
        "{text}"
    );
}

#[test]
fn requeue_says_which_session_it_took() {
    let site = two_sessions();
    site.run(&[]).expect(0);
    let again = ["requeue", "9950", "--part", "all", "--force"];
    let outcome = site.call(again).expect(0);
    let row = outcome.stdout.lines().find(|line| line.starts_with(FIRST));
    assert!(
        row.is_some_and(|row| row.contains("requeued")),
        "{outcome:?}"
    );
    assert!(
        outcome.stderr.contains("9950 is short for it"),
        "{outcome:?}"
    );
    assert_eq!(site.place(FIRST), Dir::Pending);
    assert_eq!(site.place(SECOND), Dir::Processed);
}

#[test]
fn an_ambiguous_id_puts_nothing_back_and_the_others_are_done() {
    let site = two_sessions();
    Session::new("other").write(&site);
    site.run(&[]).expect(0);
    let arguments = ["requeue", "2025", "other", "--part", "all", "--force"];
    let outcome = site.call(arguments).expect(2);
    assert!(outcome.stderr.contains("give more of"), "{outcome:?}");
    assert_eq!(site.place(FIRST), Dir::Processed);
    assert_eq!(site.place(SECOND), Dir::Processed);
    assert_eq!(site.place("other"), Dir::Pending);
}

#[test]
fn what_a_program_gives_is_taken_as_it_stands() {
    let site = two_sessions();
    let file = site.home().join("ids");
    std::fs::write(&file, format!("9950\n{SECOND}\n")).unwrap();
    let mut command = site.command(["requeue", "-"]);
    let output = command.stdin(std::fs::File::open(&file).unwrap());
    let outcome = test_support::Outcome::of(output.output().unwrap()).expect(2);
    assert!(
        outcome.stderr.contains("there is no session 9950"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stdout.contains(SECOND), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains(FIRST), "{}", outcome.stdout);
}
