//! What must be true of a spool, and of what an upload API has seen, after any faults and crashes.
//!
//! Shares no code with callspool: it is the judge, and works on plain data. A [`World`] holds what
//! the producer wrote, what is on disk now, every request in the order in which it came, and the
//! runs and acts of operators between. Each check looks at it and gives the [`Violation`]s that it
//! finds; [`check_all`] makes them all.
//!
//! | check | what it holds |
//! | --- | --- |
//! | [`places`] | every session in one place, complete, the customer's members untouched |
//! | [`claims`] | nothing counts as delivered that the API did not acknowledge |
//! | [`keys`] | the same content goes under one key |
//! | [`resends`] | what was acknowledged goes again only where the acknowledgement was lost |
//! | [`charges`] | attempts are spent only where the contract says so |
//! | [`drained`] | once faults have stopped, everything ends where it belongs |
//! | [`reports`] | reports add up, and exit codes are those of the table |

mod charges;
mod claims;
mod document;
mod drained;
mod keys;
mod places;
mod reports;
mod request;
mod resends;
mod run;
mod violation;
mod world;

#[cfg(test)]
mod tests;

pub use charges::charges;
pub use claims::claims;
pub use drained::drained;
pub use keys::keys;
pub use places::{Rest, places};
pub use reports::reports;
pub use request::{Part, Reply, Request};
pub use resends::resends;
pub use run::{End, Event, Run};
pub use violation::Violation;
pub use world::{CallData, Files, Origin, Recording, Spool, World};

/// Every check but [`drained`], which holds only once faults have stopped.
pub fn check_all(world: &World, rest: Rest) -> Vec<Violation> {
    let mut violations = places(world, rest);
    violations.extend(claims(world));
    violations.extend(keys(world));
    violations.extend(resends(world));
    for index in 0..world.events.len() {
        violations.extend(charges(world, index));
        violations.extend(reports(world, index));
    }
    violations
}

/// [`check_all`] for somebody who has called it after every earlier event: of the runs, only the
/// last one is looked at.
pub fn check_latest(world: &World, rest: Rest) -> Vec<Violation> {
    let mut violations = places(world, rest);
    violations.extend(claims(world));
    violations.extend(keys(world));
    violations.extend(resends(world));
    if let Some(latest) = world.events.len().checked_sub(1) {
        violations.extend(charges(world, latest));
        violations.extend(reports(world, latest));
    }
    violations
}
