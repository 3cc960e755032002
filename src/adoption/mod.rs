//! Which recording and which lead belong to a transcript that no document names.
//!
//! Pure: no file, no clock. What lies in the directories comes in as an [`Estate`], and for every
//! transcript a [`Decision`] with its reasons comes out. Nothing is ever guessed: a match counts
//! only when neither side has another candidate, and everything else is left to a person.

mod by_hand;
mod decide;
mod decision;
mod estate;
mod field;
mod index;
mod leads;
mod nameless;
mod names;
mod recordings;
mod rooms;
mod standing;
#[cfg(test)]
mod tests;

pub use by_hand::{ByHand, Chosen, Refusal, settle_by_hand};
pub use decide::{Judged, decide};
pub use decision::{Choice, Decision, Outcome};
pub use estate::{
    Audio, CallFacts, DocumentFacts, DocumentFile, EgressFacts, EgressFile, Estate, LeadFacts,
    LeadFile, Marker, Micros, Patience, Reading, TranscriptFile,
};
pub use names::{is_audio_name, number_digits, shown_name};
