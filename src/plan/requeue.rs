//! Requeueing: what a person's wish to send again changes in a record.

use crate::outcome::Part;
use crate::session::{Lacking, PartState, UploadRecord, Verdict, verdict};

/// What to send again even if it was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Again {
    /// The recording.
    pub recording: bool,
    /// The call data.
    pub call_data: bool,
}

impl Again {
    fn is_asked_for(self) -> bool {
        self.recording || self.call_data
    }
}

/// What a requeue came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeued {
    /// These are to be sent; empty when only something that was missing is looked for again.
    Due(Vec<Part>),
    /// Everything is delivered; nothing was changed.
    NothingLeft,
    /// The session is fully delivered, and sending it again was not forced; nothing was changed.
    Refused,
}

/// Makes due again what is not delivered, with attempts at zero, and what is asked for again even
/// if it is. Sending something delivered again makes a new generation, and so new idempotency keys.
pub fn requeue(record: &mut UploadRecord, again: Again, force: bool) -> Requeued {
    let is_complete = verdict(record) == Verdict::Delivered;
    if is_complete && !again.is_asked_for() {
        return Requeued::NothingLeft;
    }
    if is_complete && !force {
        return Requeued::Refused;
    }
    let repeats = again.recording && record.recording.state.is_delivered()
        || again.call_data && record.call_data.state.is_delivered();
    let mut due = Vec::new();
    if again.recording || is_open(record.recording.state) {
        let recording = &mut record.recording;
        recording.state = PartState::Pending;
        recording.attempts = 0;
        recording.error = None;
        recording.reason = None;
        recording.size_mismatch = false;
        due.push(Part::Recording);
    }
    if again.call_data || is_open(record.call_data.state) {
        record.call_data.resent |= record.call_data.state.is_delivered();
        record.call_data.state = PartState::Pending;
        record.call_data.attempts = 0;
        record.call_data.error = None;
        due.push(Part::CallData);
    }
    let may_be_there_now = record
        .call_data
        .without
        .iter()
        .any(|lacking| *lacking != Lacking::Recording);
    if due.is_empty() && !may_be_there_now {
        return Requeued::NothingLeft;
    }
    if repeats {
        record.generation = record.generation.saturating_add(1);
    }
    record.next_attempt_at = None;
    Requeued::Due(due)
}

fn is_open(state: PartState) -> bool {
    state == PartState::Pending || state.is_given_up()
}

#[cfg(test)]
mod tests {
    use super::*;
    use PartState::*;

    const NONE: Again = Again {
        recording: false,
        call_data: false,
    };
    const ALL: Again = Again {
        recording: true,
        call_data: true,
    };

    fn record(recording: PartState, call_data: PartState) -> UploadRecord {
        let mut record = UploadRecord::default();
        record.recording.state = recording;
        record.recording.attempts = 3;
        record.call_data.state = call_data;
        record.call_data.attempts = 4;
        record
    }

    #[test]
    fn only_what_is_not_delivered_becomes_due() {
        for (recording, call_data, due) in [
            (Missing, Uploaded, vec![Part::Recording]),
            (Rejected, Rejected, vec![Part::Recording, Part::CallData]),
            (Uploaded, Abandoned, vec![Part::CallData]),
            (Absent, Rejected, vec![Part::CallData]),
            (Pending, Pending, vec![Part::Recording, Part::CallData]),
        ] {
            let mut record = record(recording, call_data);
            assert_eq!(
                requeue(&mut record, NONE, false),
                Requeued::Due(due.clone())
            );
            assert_eq!(record.generation, 0);
            for part in due {
                assert_eq!((record.state(part), record.attempts(part)), (Pending, 0));
            }
        }
    }

    #[test]
    fn what_is_delivered_is_sent_again_only_by_force_and_as_a_new_generation() {
        let mut complete = record(Uploaded, Uploaded);
        assert_eq!(requeue(&mut complete, NONE, false), Requeued::NothingLeft);
        assert_eq!(requeue(&mut complete, ALL, false), Requeued::Refused);
        assert_eq!(complete, record(Uploaded, Uploaded));
        assert_eq!(
            requeue(&mut complete, ALL, true),
            Requeued::Due(vec![Part::Recording, Part::CallData])
        );
        assert_eq!(complete.generation, 1);
        let mut partial = record(Missing, Uploaded);
        let again = Again {
            recording: false,
            call_data: true,
        };
        assert_eq!(
            requeue(&mut partial, again, false),
            Requeued::Due(vec![Part::Recording, Part::CallData])
        );
        assert_eq!(partial.generation, 1);
    }

    #[test]
    fn one_part_of_a_complete_session_is_sent_again_only_by_force() {
        for (recording, part) in [(true, Part::Recording), (false, Part::CallData)] {
            let again = Again {
                recording,
                call_data: !recording,
            };
            let mut complete = record(Uploaded, Uploaded);
            assert_eq!(requeue(&mut complete, again, false), Requeued::Refused);
            assert_eq!(complete, record(Uploaded, Uploaded));
            let forced = requeue(&mut complete, again, true);
            assert_eq!(forced, Requeued::Due(vec![part]));
            assert_eq!(complete.call_data.resent, part == Part::CallData);
            assert_eq!(complete.generation, 1);
        }
    }

    #[test]
    fn that_the_api_holds_an_earlier_generation_is_never_forgotten() {
        for (state, before, after) in [
            (Abandoned, false, false),
            (Abandoned, true, true),
            (Uploaded, false, true),
            (Uploaded, true, true),
        ] {
            let mut record = record(Missing, state);
            record.call_data.resent = before;
            requeue(&mut record, ALL, false);
            assert_eq!(record.call_data.resent, after, "{state:?} {before}");
        }
    }

    #[test]
    fn a_partial_that_nothing_can_complete_stays() {
        let mut unlinked = record(Uploaded, Duplicate);
        unlinked.call_data.unlinked = true;
        assert_eq!(requeue(&mut unlinked, NONE, false), Requeued::NothingLeft);
        let mut without_lead = record(Uploaded, Uploaded);
        without_lead.call_data.without = vec![Lacking::Lead];
        assert_eq!(
            requeue(&mut without_lead, NONE, false),
            Requeued::Due(Vec::new())
        );
    }
}
