//! Transcripts: what was said in a call.
//!
//! Owns the reading of the four forms in which conversations are found on disk, the text that
//! hides in the printed Python objects of a LiveKit session history included. Bytes in, plain
//! data out: no files, no clock, and no knowledge of what is sent to the API.

mod conversation;
mod identity;
mod item;
pub mod python_literal;
mod reading;
pub mod sdk_repr;

pub use conversation::{Role, Skipped, Transcript, Turn};
pub use identity::{Identity, identity};
pub(crate) use item::time;
pub(crate) use reading::read_items;
pub use reading::{TranscriptError, parse};
