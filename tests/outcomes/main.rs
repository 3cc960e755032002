//! What comes of what the API answers, or does not: the shipped binary against the reference API,
//! with a fault ordered for each row of the contract's tables.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are not state: they need not be durable"
)]

mod acknowledged;
mod backlog;
mod breaker;
mod call_data;
mod connection;
mod crashed;
mod done;
mod headers;
mod identity;
mod pace;
mod question;
mod recording;
mod secrets;
mod throttling;
mod together;
mod uplink;

use reference_api::{Fault, ReferenceApi, Target};
use test_support::{Failure, Session, Site, demand_failure, demand_recovery, let_time_pass};

/// The shipped binary.
const BINARY: &str = env!("CARGO_BIN_EXE_callspool");

/// A limit that an API which answers keeps even on a busy machine.
const SHORT_TIMEOUT: [&str; 2] = ["--response-timeout", "2s"];

fn site() -> Site {
    Site::new(BINARY)
}

/// A spool whose API knows again what it has, or not: then whatever is sent twice is there twice.
fn site_with(dedupe: bool) -> Site {
    Site::with_api(BINARY, |api: ReferenceApi| api.dedupe(dedupe))
}

/// Orders faults by their text form.
#[track_caller]
fn order(site: &Site, faults: &[&str]) {
    for fault in faults {
        site.api().add_fault(Fault::parse(fault).unwrap());
    }
}

/// How many uploads, posts of call data and questions came.
fn hits(site: &Site) -> [usize; 3] {
    [Target::Upload, Target::CallData, Target::Question].map(|target| site.api().hits(target))
}

/// The idempotency keys of the requests for a target, in their order.
fn keys(site: &Site, target: Target) -> Vec<String> {
    site.api()
        .requests()
        .into_iter()
        .filter(|request| request.target == Some(target))
        .map(|request| request.idempotency_key.unwrap_or_default())
        .collect()
}

/// The ids of the calls that the API has, in the order in which they came.
fn call_ids(site: &Site) -> Vec<String> {
    site.api()
        .calls()
        .into_iter()
        .map(|call| call.call_id)
        .collect()
}

/// A session of which only call data is to be sent.
fn only_call_data(id: &str) -> Session {
    Session::new(id).never_recorded()
}
