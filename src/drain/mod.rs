//! The drain: sessions one after the other, or several at a time, until all that is due is tried or
//! something stops it.
//!
//! It knows the spool, the wire and the plan, and holds what belongs to a run and not to a session:
//! the deadline, the breaker, the rate, the waiting that the API asks for.

mod agenda;
mod attempt;
mod body;
mod breaker;
mod conclusion;
mod dues;
mod exchange;
mod intake;
mod judgement;
mod lane;
mod ledger;
mod onlooker;
mod pacing;
mod run;
mod together;
mod turn;
mod walk;

pub use judgement::{Candidate, Judgement, enqueue, judge};
pub use onlooker::Onlooker;
pub use pacing::Limit;
pub use run::{Drain, Limits};
pub use walk::Walk;
