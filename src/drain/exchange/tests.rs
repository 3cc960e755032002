//! What a run owes the API: what it waits for and how long, and whose a failure is.

mod script;

use std::time::Duration;

use self::script::*;
use super::Patience;
use crate::drain::Limit;
use crate::outcome::Failure;
use crate::outcome::FailureKind::*;
use crate::report::{RequestKind, Stop};

#[test]
fn bytes_of_recordings_count_when_read_and_those_of_call_data_when_accepted() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    for (answer, bytes) in [(Ok(()), 5), (answered(Server), 10)] {
        exchange.told(answer).send_recording("a");
        assert_eq!(exchange.dues.known().bytes_sent, bytes);
    }
    for (answer, bytes) in [(Ok(()), 17), (answered(Server), 17), (Ok(()), 24)] {
        exchange.told(answer).send_call_data("a");
        assert_eq!(exchange.dues.known().bytes_sent, bytes);
    }
}

#[test]
fn an_address_is_wrong_until_something_was_accepted_at_its_path() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    let wrong = || stopped(Stop::Misdirected, Misdirected);
    let right = || Judged::Session(Protocol);
    let mut judge_all = || {
        [
            exchange.told(answered(Misdirected)).send_recording("a"),
            exchange.told(answered(Misdirected)).send_call_data("a"),
            exchange.told(answered(Misdirected)).ask("a"),
        ]
    };
    assert_eq!(judge_all(), [wrong(), wrong(), wrong()]);
    assert_eq!(exchange.told(Ok(())).ask("a"), Judged::Fine);
    let mut judge_all = |path: &str| {
        let sent = match path {
            "recording" => exchange.told(Ok(())).send_recording("a"),
            _ => exchange.told(Ok(())).send_call_data("a"),
        };
        assert_eq!(sent, Judged::Fine);
        [
            exchange.told(answered(Misdirected)).send_recording("a"),
            exchange.told(answered(Misdirected)).send_call_data("a"),
            exchange.told(answered(Misdirected)).ask("a"),
        ]
    };
    assert_eq!(judge_all("recording"), [right(), wrong(), wrong()]);
    assert_eq!(judge_all("call data"), [right(), right(), right()]);
}

#[test]
fn a_failure_stops_the_run_where_no_other_session_would_fare_better() {
    for (kind, expected) in [
        (Auth, stopped(Stop::Auth, Auth)),
        (Certificate, stopped(Stop::Unavailable, Certificate)),
        (Misdirected, stopped(Stop::Misdirected, Misdirected)),
        (Throttled, stopped(Stop::Throttled, Throttled)),
        (Forbidden, Judged::Session(Forbidden)),
        (Server, Judged::Session(Server)),
        (Rejected, Judged::Session(Rejected)),
        (Unavailable, Judged::Session(Unavailable)),
    ] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        assert_eq!(exchange.told(answered(kind)).send_call_data("a"), expected);
    }
}

#[test]
fn credentials_are_at_fault_when_two_sessions_in_a_row_are_forbidden() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    let own = || Judged::Session(Forbidden);
    let mut forbid = |session| exchange.told(answered(Forbidden)).send_call_data(session);
    assert_eq!([forbid("a"), forbid("a")], [own(), own()]);
    assert_eq!(forbid("b"), stopped(Stop::Auth, Auth));
}

#[test]
fn anything_else_between_two_refusals_clears_the_credentials() {
    for between in [Ok(()), answered(Server)] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        exchange.told(answered(Forbidden)).send_call_data("a");
        exchange.told(between).send_call_data("a");
        let refused = exchange.told(answered(Forbidden)).send_call_data("b");
        assert_eq!(refused, Judged::Session(Forbidden));
    }
}

#[test]
fn the_service_was_reached_once_a_connection_was_made() {
    let away = || Err(Failure::local(Unavailable, "refused"));
    for (answer, expected) in [(away(), false), (answered(Server), true), (Ok(()), true)] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        assert!(!exchange.dues.known().tried);
        exchange.told(answer).send_call_data("a");
        assert!(exchange.dues.known().tried);
        assert_eq!(exchange.dues.known().connected, expected);
        exchange.told(away()).send_call_data("a");
        assert_eq!(exchange.dues.known().connected, expected);
    }
}

#[test]
fn one_request_waits_twice_and_then_the_run_stops() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    let mut patience = Patience::default();
    for _ in 0..2 {
        let sent = exchange
            .told(throttled(1))
            .send_patiently("a", &mut patience);
        assert_eq!(sent, Judged::Again);
    }
    let sent = exchange
        .told(throttled(7))
        .send_patiently("a", &mut patience);
    assert_eq!(sent, stopped(Stop::Throttled, Throttled));
    assert_eq!(clock.waits(), [1, 1]);
    assert_eq!(exchange.dues.known().not_before, at(9));
}

#[test]
fn one_wait_may_be_as_long_as_the_operator_allows() {
    for (seconds, expected) in [
        (30, Judged::Again),
        (31, stopped(Stop::Throttled, Throttled)),
    ] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        let is_short = expected == Judged::Again;
        let sent = exchange.told(throttled(seconds)).send_call_data("a");
        assert_eq!(sent, expected);
        assert_eq!(clock.waits().len(), usize::from(is_short));
        assert_eq!(exchange.dues.known().not_before.is_none(), is_short);
    }
}

#[test]
fn without_a_time_the_api_is_given_the_shortest_backoff() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    exchange.told(answered(Throttled)).send_call_data("a");
    assert_eq!(exchange.dues.known().not_before, at(5 * 60));
}

#[test]
fn a_run_waits_for_four_times_the_longest_wait_in_all() {
    for (last, expected) in [
        (29, Judged::Again),
        (30, stopped(Stop::Throttled, Throttled)),
    ] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        assert_eq!(exchange.respect(Duration::from_secs(30)), Ok(()));
        for seconds in [30, 30, 1] {
            let sent = exchange.told(throttled(seconds)).send_call_data("a");
            assert_eq!(sent, Judged::Again);
        }
        let sent = exchange.told(throttled(last)).send_call_data("a");
        assert_eq!(sent, expected);
    }
}

#[test]
fn no_wait_reaches_the_deadline() {
    let limit = Limit {
        requests: 1,
        period: Duration::from_secs(10),
    };
    for (deadline, fits) in [(9, false), (10, false), (11, true)] {
        let deadline = Duration::from_secs(deadline);
        let (clock, other, third) = (Still::new(), Still::new(), Still::new());
        let mut throttled_one = exchange(&clock, Vec::new()).with_deadline(deadline);
        let sent = throttled_one.told(throttled(10)).send_call_data("a");
        assert_eq!(sent == Judged::Again, fits);
        let mut resting = exchange(&other, Vec::new()).with_deadline(deadline);
        let rested = resting.respect(Duration::from_secs(10));
        assert_eq!(rested, if fits { Ok(()) } else { Err(Stop::Throttled) });
        let mut paced = exchange(&third, vec![limit]).with_deadline(deadline);
        assert_eq!(paced.told(Ok(())).send_call_data("a"), Judged::Fine);
        let may_send = paced.may_send();
        assert_eq!(may_send, if fits { Ok(()) } else { Err(Stop::Rate) });
    }
}

#[test]
fn what_is_left_of_an_earlier_wait_is_sat_out_when_short() {
    for (seconds, expected, waits) in [
        (0, Ok(()), vec![]),
        (30, Ok(()), vec![30]),
        (31, Err(Stop::Throttled), vec![]),
    ] {
        let clock = Still::new();
        let mut exchange = exchange(&clock, Vec::new());
        assert_eq!(exchange.respect(Duration::from_secs(seconds)), expected);
        assert_eq!(clock.waits(), waits);
    }
}

#[test]
fn the_rate_is_waited_for_as_long_as_the_operator_allows() {
    for (period, expected, waits) in [
        (30, Judged::Fine, vec![30]),
        (31, Judged::Stop(Stop::Rate, None), vec![]),
    ] {
        let clock = Still::new();
        let limit = Limit {
            requests: 1,
            period: Duration::from_secs(period),
        };
        let mut exchange = exchange(&clock, vec![limit]);
        assert_eq!(exchange.told(Ok(())).send_call_data("a"), Judged::Fine);
        assert!(clock.waits().is_empty());
        let requests = 1 + waits.len();
        assert_eq!(exchange.told(Ok(())).send_call_data("a"), expected);
        assert_eq!(clock.waits(), waits);
        assert_eq!(exchange.api.requests as usize, requests);
    }
}

#[test]
fn after_a_signal_nothing_is_sent() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    exchange.interrupt.raise(15);
    let sent = exchange.told(Ok(())).send_call_data("a");
    assert_eq!(sent, Judged::Stop(Stop::Signal(15), None));
    assert_eq!(exchange.api.requests, 0);
    assert!(!exchange.dues.known().tried);
}

#[test]
fn a_signal_ends_a_wait_which_is_kept_for_the_next_run() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    clock.signal.set(Some(2));
    let sent = exchange.told(throttled(20)).send_call_data("a");
    assert_eq!(sent, stopped(Stop::Signal(2), Throttled));
    assert_eq!(exchange.dues.known().not_before, at(20));
}

#[test]
fn a_request_that_a_signal_broke_off_is_no_fault_of_the_session() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    exchange.api.signal = Some(15);
    let sent = exchange.told(answered(Cancelled)).send_call_data("a");
    assert_eq!(sent, stopped(Stop::Signal(15), Cancelled));
}

#[test]
fn every_request_counts_once_by_what_it_was_judged_to_be() {
    let clock = Still::new();
    let mut exchange = exchange(&clock, Vec::new());
    exchange.told(Ok(())).send_recording("a");
    exchange.told(answered(Misdirected)).send_recording("a");
    exchange.told(answered(Forbidden)).send_call_data("a");
    exchange.told(answered(Forbidden)).send_call_data("b");
    exchange.told(throttled(1)).send_call_data("a");
    exchange.told(throttled(99_999)).send_call_data("a");
    let lost = || {
        let mut failure = answered(Ambiguous);
        if let Err(failure) = &mut failure {
            failure.fate_unknown = true;
        }
        failure
    };
    exchange.told(lost()).send_call_data("a");
    exchange.told(lost()).ask("a");
    let counts = &exchange.dues.known().counts;
    for (request, outcome, expected) in [
        (RequestKind::Recording, "answered", 1),
        // Where something was accepted before, the address is not what is wrong.
        (RequestKind::Recording, "protocol", 1),
        (RequestKind::Recording, "misdirected", 0),
        (RequestKind::CallData, "server", 1),
        (RequestKind::CallData, "auth", 1),
        (RequestKind::CallData, "throttled", 2),
        (RequestKind::CallData, "ambiguous", 1),
        (RequestKind::CallData, "answered", 0),
        (RequestKind::Question, "ambiguous", 1),
    ] {
        let count = counts.with_outcome(request, outcome);
        assert_eq!(count, expected, "{request:?} {outcome}");
    }
    assert_eq!(counts.ambiguous_posts, 1);
    assert_eq!(counts.durations(RequestKind::CallData).count, 5);
}

#[test]
fn a_request_that_is_not_sent_is_not_counted() {
    let limit = Limit {
        requests: 1,
        period: Duration::from_secs(3600),
    };
    let clock = Still::new();
    let mut exchange = exchange(&clock, vec![limit]);
    exchange.told(Ok(())).send_call_data("a");
    assert_eq!(exchange.send_call_data("b"), Judged::Stop(Stop::Rate, None));
    assert_eq!(
        exchange
            .dues
            .known()
            .counts
            .durations(RequestKind::CallData)
            .count,
        1
    );
}
