//! When a session is done: the table of the command line's contract, as one function.

use super::record::{PartState, UploadRecord};

/// Where a session belongs, judged by its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something is still to be delivered.
    Pending,
    /// All that there is was delivered.
    Delivered,
    /// Something was delivered, and something else never will be unless a person acts.
    Partial,
    /// Nothing was delivered and nothing will be.
    Failed,
}

/// Judges a session.
///
/// | recording | call data | verdict |
/// | --- | --- | --- |
/// | pending | any but as below | pending |
/// | any | pending | pending |
/// | uploaded, duplicate, remote, absent | delivered | delivered, unless the post lacked something |
/// | missing, rejected, abandoned | delivered | partial |
/// | uploaded, duplicate | rejected, abandoned | partial |
/// | remote, absent, missing, rejected, abandoned | rejected, abandoned | failed |
///
/// Call data that was delivered incomplete and could not be sent again complete is still delivered:
/// partial. A recording that is still pending beside call data that was given up before anything was sent
/// (an unreadable transcript, say) never will be sent: that is the last row.
pub fn verdict(record: &UploadRecord) -> Verdict {
    use PartState::{Abandoned, Duplicate, Missing, Pending, Rejected, Uploaded};
    let recording = record.recording.state;
    let was_delivered_before = !record.call_data.without.is_empty();
    let complete = record.call_data.without.is_empty()
        && !record.call_data.unlinked
        && !record.recording.size_mismatch;
    match (recording, record.call_data.state) {
        (Uploaded | Duplicate, Rejected | Abandoned | Missing) => Verdict::Partial,
        (_, Rejected | Abandoned | Missing) if was_delivered_before => Verdict::Partial,
        (_, Rejected | Abandoned | Missing) => Verdict::Failed,
        (_, Pending) | (Pending, _) => Verdict::Pending,
        (Missing | Rejected | Abandoned, _) => Verdict::Partial,
        (_, _) if complete => Verdict::Delivered,
        (_, _) => Verdict::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Lacking;
    use super::*;
    use PartState::*;

    fn judge(recording: PartState, call_data: PartState) -> Verdict {
        let mut record = UploadRecord::default();
        record.recording.state = recording;
        record.call_data.state = call_data;
        verdict(&record)
    }

    #[test]
    fn every_row_of_the_table() {
        for recording in [Uploaded, Duplicate, Remote, Absent] {
            for call_data in [Uploaded, Duplicate] {
                assert_eq!(judge(recording, call_data), Verdict::Delivered);
            }
        }
        for recording in [Missing, Rejected, Abandoned] {
            for call_data in [Uploaded, Duplicate] {
                assert_eq!(judge(recording, call_data), Verdict::Partial);
            }
        }
        for call_data in [Rejected, Abandoned] {
            assert_eq!(judge(Uploaded, call_data), Verdict::Partial);
            assert_eq!(judge(Duplicate, call_data), Verdict::Partial);
            for recording in [Pending, Remote, Absent, Missing, Rejected, Abandoned] {
                assert_eq!(judge(recording, call_data), Verdict::Failed);
            }
        }
        for recording in [
            Pending, Uploaded, Duplicate, Remote, Absent, Missing, Rejected, Abandoned,
        ] {
            assert_eq!(judge(recording, Pending), Verdict::Pending);
        }
        assert_eq!(judge(Pending, Uploaded), Verdict::Pending);
    }

    #[test]
    fn a_delivery_that_lacks_something_is_partial() {
        let mut record = UploadRecord::default();
        record.recording.state = Uploaded;
        record.call_data.state = Uploaded;
        record.call_data.without = vec![Lacking::Lead];
        assert_eq!(verdict(&record), Verdict::Partial);
        record.call_data.without.clear();
        record.recording.size_mismatch = true;
        assert_eq!(verdict(&record), Verdict::Partial);
        record.recording.size_mismatch = false;
        record.call_data.unlinked = true;
        assert_eq!(verdict(&record), Verdict::Partial);
        record.call_data.unlinked = false;
        assert_eq!(verdict(&record), Verdict::Delivered);
    }

    #[test]
    fn a_complement_that_failed_takes_nothing_back() {
        for recording in [Remote, Absent, Missing, Uploaded] {
            let mut record = UploadRecord::default();
            record.recording.state = recording;
            record.call_data.state = Rejected;
            record.call_data.without = vec![Lacking::Lead];
            assert_eq!(verdict(&record), Verdict::Partial);
        }
    }
}
