//! Decisions: what is to be done with each session, and in which order.
//!
//! Pure: no file, no request, no clock. What is on disk comes in as a [`crate::session::Dossier`],
//! the time as `now`. `dry-run` prints the very values that `run` acts on.

mod action;
mod backoff;
mod call_data;
mod policy;
mod prune;
mod recording;
mod requeue;
mod settling;
mod standing;
#[cfg(test)]
mod tests;
mod turns;

pub use action::{Action, Delivery, assess};
pub use backoff::{RETRY_AFTER_LIMIT, delay, rest_of_wait, retry_after_delay};
pub use call_data::{CallDataStep, Campaign};
pub use policy::Policy;
pub use prune::{
    Archived, FileCase, FileFate, Retention, Stays, archived, call_data_sent, delivered_at,
    prune_file, recording_sent, retain,
};
pub use recording::{RecordingStep, RecordingToSend};
pub use requeue::{Again, Requeued, requeue};
pub use settling::{is_far_ahead, is_young, wrong_clock};
pub use standing::{Standing, standing};
pub use turns::Turns;
