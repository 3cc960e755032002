use std::time::Duration;

use super::super::Setting;
use super::Given;
use crate::spool::Shard;

fn given(text: &str, variables: &[(&str, &str)]) -> Given {
    let given = Given::nothing().flag(Setting::Shard, text);
    let variables = variables.iter();
    variables.fold(given, |given, (name, value)| given.variable(name, value))
}

const KUBERNETES: &str = "JOB_COMPLETION_INDEX";
const SLURM: &str = "SLURM_ARRAY_TASK_ID";
const SLURM_FIRST: &str = "SLURM_ARRAY_TASK_MIN";

#[test]
fn a_shard_is_as_written_or_by_the_number_in_a_job_array() {
    for (text, variables, expected) in [
        ("0/1", &[][..], (0, 1)),
        ("3/4", &[(KUBERNETES, "1")], (3, 4)),
        (" 0 / 4096 ", &[], (0, 4096)),
        ("auto/4", &[(KUBERNETES, "3")], (3, 4)),
        ("auto/4", &[(SLURM, "0")], (0, 4)),
        ("auto/4", &[(SLURM, "4"), (SLURM_FIRST, "1")], (3, 4)),
        ("auto/4", &[(KUBERNETES, "2"), (SLURM, "9")], (2, 4)),
    ] {
        let shard = given(text, variables).resolve().unwrap().shard().unwrap();
        assert_eq!(shard, Shard::new(expected.0, expected.1), "{text}");
    }
    assert_eq!(Given::nothing().resolve().unwrap().shard().unwrap(), None);
}

#[test]
fn a_shard_that_cannot_be_told_is_shown_with_what_to_do() {
    let given = [
        given("auto/4", &[]),
        given("auto/4", &[(KUBERNETES, "4")]),
        given("auto/4", &[(KUBERNETES, "")]),
        given("auto/4", &[(KUBERNETES, "-1")]),
        given("auto/4", &[(SLURM, "1"), (SLURM_FIRST, "2")]),
        given("auto/4", &[(SLURM, "4294967296")]),
        given("auto/4", &[(SLURM, "1"), (SLURM_FIRST, "x")]),
        given("0/4", &[]).flag(Setting::Adopt, "true"),
        given("0/4", &[]).flag(Setting::Rate, "100/min,3/h"),
    ];
    let report: Vec<String> = given
        .iter()
        .map(|given| given.resolve().unwrap().shard().unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn nobody_who_does_not_run_needs_to_know_the_shard() {
    assert!(given("auto/4", &[]).resolve().is_ok());
}

#[test]
fn the_shares_of_a_rate_are_together_the_rate() {
    let share = |index, count| {
        let settings = Given::nothing()
            .flag(Setting::Rate, "10/min,1000/h")
            .resolve();
        let rate = settings.unwrap().rate_of(Shard::new(index, count)).unwrap();
        let [(minute, a), (hour, b)] = rate.windows[..] else {
            panic!("{rate:?}");
        };
        let lengths = [60, 3600].map(Duration::from_secs);
        assert_eq!([a, b], lengths);
        (minute, hour)
    };
    assert_eq!(share(0, 1), (10, 1000));
    assert_eq!(
        [0, 1, 2].map(|index| share(index, 3)),
        [(4, 334), (3, 333), (3, 333)]
    );
    assert_eq!(share(9, 10), (1, 100));
}
