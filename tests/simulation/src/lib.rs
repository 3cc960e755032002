//! callspool's own plan, drain and settle over a simulated disk, API and clock.
//!
//! Everything that may go wrong comes from one seed: disk operations fail, the process is killed
//! or the power goes at any of them, the API answers with everything it may answer with, the clock
//! jumps, producers are late or die, operators requeue, a second run starts while one is under way. The
//! same seed tells the same story, so a failure is replayed by its number.
//!
//! [`tell`] tells the story of one seed; [`sweep`] goes through every operation of a fixed story
//! and lets each fail, or be the last. What must hold at the end of each is said in one place, the
//! crate of the invariants.
#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a simulation that cannot be set up has failed"
)]

mod api;
mod clock;
mod dealing;
mod disk;
mod evidence;
mod faults;
mod layout;
mod producer;
mod recording;
mod run;
mod story;
mod sweep;
mod world;

pub use story::{Told, tell};
pub use sweep::{Sweep, Swept, sweep};
