//! Progress bars: where a person looks on, and nowhere else.

use std::process::Command;

use rustix::process::Signal;
use test_support::gate::Gate;
use test_support::{Session, Site, Terminal};

use crate::{site, site_with, write_sessions};

const LARGE: usize = 32 << 20;

fn large(site: &Site) {
    Session::new("large").recording(vec![7; LARGE]).write(site);
}

fn on_terminal(command: &mut Command) -> Terminal {
    Terminal::start(command, 100)
}

#[test]
fn a_recording_in_flight_and_the_whole_run_are_shown_and_go_away() {
    let mut site = site();
    large(&site);
    write_sessions(&site, &["small"]);
    let gate = Gate::taking(&mut site, 1 << 20);
    let terminal = on_terminal(&mut site.command(["run"]));
    gate.wait_until_full();
    terminal.wait_for("/2 sessions  [");
    terminal.wait_for(" of 32.0 MiB, ");
    terminal.wait_for("/s, ");
    gate.open();
    let (code, drawn) = terminal.finish();
    assert_eq!(code, 0, "{drawn}");
    // Above the bars the log goes on, and the report has the screen to itself.
    assert!(drawn.contains("event=\"recording uploaded\" session=large"));
    let (_, report) = drawn
        .rsplit_once("2 sessions pending: 2 delivered")
        .unwrap();
    assert!(
        !report.contains("[=") && !report.contains('\r'),
        "{report:?}"
    );
}

#[test]
fn a_wait_that_the_api_asks_for_is_told() {
    let site = site_with(&["call-data:1:status=429;retry-after=2"]);
    write_sessions(&site, &["a"]);
    let terminal = on_terminal(&mut site.command(["run"]));
    terminal.wait_for("waiting 2s, as the API or --rate asks");
    let (code, drawn) = terminal.finish();
    assert_eq!(code, 0, "{drawn}");
}

#[test]
fn nobody_who_does_not_look_gets_a_bar() {
    for (arguments, environment) in [
        (&["run", "--progress", "never"][..], None),
        (&["-q", "run"], None),
        (&["run", "--log-format", "json"], None),
        (&["run"], Some(("CALLSPOOL_PROGRESS", "never"))),
    ] {
        let site = site();
        write_sessions(&site, &["a"]);
        let mut command = site.command(arguments);
        command.envs(environment);
        let (code, drawn) = on_terminal(&mut command).finish();
        assert_eq!(code, 0, "{drawn}");
        assert!(!drawn.contains("/1 sessions"), "{arguments:?}: {drawn:?}");
        assert!(!drawn.contains('\r'), "{arguments:?}: {drawn:?}");
    }
    let site = site();
    write_sessions(&site, &["a"]);
    let outcome = site.call(["run"]).expect(0);
    assert!(
        !outcome.stderr.contains("/1 sessions"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_run_that_is_told_to_stop_takes_its_bars_along() {
    let mut site = site();
    large(&site);
    let gate = Gate::taking(&mut site, 1 << 20);
    let terminal = on_terminal(&mut site.command(["run"]));
    gate.wait_until_full();
    terminal.wait_for("large  [");
    terminal.signal(Signal::TERM);
    let (code, drawn) = terminal.finish();
    assert_eq!(code, 143, "{drawn}");
    let (_, after) = drawn.rsplit_once("1 session pending").unwrap();
    // What is left of the report without its colours has no bar in it.
    let after = callspool::report::plain(after);
    assert!(!after.contains('['), "{after:?}");
}
