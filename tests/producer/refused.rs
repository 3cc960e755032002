//! What cannot be recorded: every problem by the name of its field, and nothing written.

use test_support::{Dir, Site};

use crate::{feed, site, tree};

/// What is told of an input, without the times.
fn told(site: &Site, arguments: &[&str], input: &[u8]) -> String {
    let mut command = site.command(arguments);
    let outcome = feed(&mut command, input).expect(2);
    assert_eq!(outcome.stdout, "");
    let lines = outcome.stderr.lines().map(|line| {
        let (_, event) = line.split_once("event=").unwrap();
        format!("  {event}\n")
    });
    lines.collect()
}

#[test]
fn every_problem_of_an_input_is_told() {
    let site = site();
    let inputs: [(&[&str], &str); 18] = [
        (&["record"], ""),
        (&["record"], "[]"),
        (&["record"], "{\"session_id\": \"x\""),
        (&["record"], "{} {}"),
        (&["record"], "{}"),
        (
            &["record"],
            r#"{"session_id": "x", "items": [], "transcript_file": "t.json"}"#,
        ),
        (
            &["record"],
            r#"{"session_id": "x", "items": {}, "lead": [], "campaign_metadata": "secret"}"#,
        ),
        (
            &["record"],
            r#"{"session_id": 7, "items": [{}, 1, "secret", [], null], "dialed_number": 15550100}"#,
        ),
        (
            &["record"],
            r#"{"sesion_id": "x", "item": [], "callId": 1, "started_at": "secret", "ended_at": true}"#,
        ),
        (
            &["record"],
            r#"{"session_id": "x", "items": [], "egress_id": "../secret", "metadata": []}"#,
        ),
        (
            &["record"],
            r#"{"session_id": "x", "transcript_file": "", "metadata": {}, "lead_file": 5}"#,
        ),
        (
            &["record"],
            r#"{"session_id": "x", "items": [], "lead": {"name": "", "email": "secret", "company": 5, "e_mail": "x"}}"#,
        ),
        (
            &["record"],
            r#"{"session_id": "x", "items": [], "lead": {"name": "a", "email": "a@b.c", "company": "c", "interest": "d"}, "lead_file": "l.json"}"#,
        ),
        (&["record", "lead"], "{}"),
        (
            &["record", "lead"],
            r#"{"session_id": "x", "name": "a", "email": "two@at@example.com", "company": " ", "interest": "d", "jobtitle": "e"}"#,
        ),
        (
            &["record", "lead"],
            r#"{"session_id": "x", "name": "a", "email": "a@b.c", "company": "c", "interest": "d", "phone": 1, "campaign_metadata": 2}"#,
        ),
        (&["record", "lead"], "null"),
        (
            &["record", "lead"],
            r#"{"session_id": "x", "\u001b[2J": 1, "name": "\u001b", "email": "a@b.c", "company": "c", "interest": "d"}"#,
        ),
    ];
    let mut all = String::new();
    for (arguments, input) in inputs {
        all += &format!("{} <<< {input:?}\n", arguments.join(" "));
        all += &told(&site, arguments, input.as_bytes());
    }
    assert!(
        !all.replace("<<<", "\n")
            .lines()
            .any(|line| { line.starts_with("  ") && line.contains("secret") })
    );
    assert!(tree(&site).is_empty(), "{:?}", tree(&site));
    insta::assert_snapshot!(all);
}

#[test]
fn many_problems_are_not_all_told() {
    let site = site();
    let items = vec!["1"; 500].join(",");
    let input = format!(r#"{{"session_id": "x", "items": [{items}]}}"#);
    let told = told(&site, &["record"], input.as_bytes());
    assert_eq!(told.lines().count(), 22);
    assert!(told.contains("and 480 more problems"), "{told}");
}

#[test]
fn an_input_beyond_size_is_refused() {
    let site = site();
    let input = vec![b' '; (64 << 20) + 1];
    let told = told(&site, &["record"], &input);
    assert!(told.contains("the input is larger than 64 MiB"), "{told}");
}

#[test]
fn what_a_run_would_not_read_is_not_written() {
    let site = site();
    let large = "x".repeat(16 << 20);
    let input =
        format!(r#"{{"session_id": "x", "campaign_metadata": {{"n": "{large}"}}, "items": []}}"#);
    let told_of_it = told(&site, &["record"], input.as_bytes());
    assert!(
        told_of_it.contains("campaign_metadata is too large"),
        "{told_of_it}"
    );
    // As large as an input may be, and larger with what is written around it.
    let frame = r#"{"session_id": "y", "items": [{"n": ""}]}"#;
    let text = "x".repeat((64 << 20) - frame.len());
    let input = frame.replace(r#""""#, &format!("\"{text}\""));
    let told_of_it = told(&site, &["record"], input.as_bytes());
    assert!(told_of_it.contains("items is too large"), "{told_of_it}");
    // A lead that comes with it is not written either.
    let lead =
        r#""lead": {"name": "a", "email": "a@b.c", "company": "c", "interest": "d"}, "items""#;
    let input = input
        .replacen("x", "", lead.len())
        .replacen("\"items\"", lead, 1);
    let told_of_it = told(&site, &["record"], input.as_bytes());
    assert!(told_of_it.contains("items is too large"), "{told_of_it}");
    let input = format!(
        r#"{{"session_id": "z", "name": "{}", "email": "a@b.c", "company": "c", "interest": "d"}}"#,
        "x".repeat(5 << 20)
    );
    let told_of_it = told(&site, &["record", "lead"], input.as_bytes());
    assert!(told_of_it.contains("lead is too large"), "{told_of_it}");
    assert!(tree(&site).is_empty(), "{:?}", tree(&site));
}

#[test]
fn half_of_a_character_is_no_id_and_a_year_of_five_digits_no_time() {
    for (input, expected) in [
        (
            r#"{"session_id": "a\ud800", "items": []}"#,
            "session_id is not a text",
        ),
        (
            r#"{"session_id": "a", "items": [], "started_at": 1761732980600}"#,
            "started_at is not a time",
        ),
    ] {
        let site = site();
        let refused = feed(&mut site.command(["record"]), input.as_bytes()).expect(2);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
        assert!(site.names(Dir::Pending).is_empty());
    }
}
