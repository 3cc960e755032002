//! Which of several hindrances decides: failing before skipping, settling, waiting and retrying.

use super::situation::*;
use crate::outcome::Part;
use crate::plan::Action;
use crate::session::Lookup;

/// What can be in the way, in the order in which one goes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hindrance {
    Fail,
    Skip,
    Settle,
    Wait,
    Retry,
    Nothing,
}

use Hindrance::{Fail, Nothing, Retry, Settle, Skip, Wait};

fn hindrance(action: &Action) -> Hindrance {
    match action {
        Action::Fail { .. } => Fail,
        Action::Skip { .. } => Skip,
        Action::Settle { .. } => Settle,
        Action::Wait { .. } => Wait,
        Action::Retry { .. } => Retry,
        Action::Deliver(_) => Nothing,
        Action::File => panic!("filed"),
    }
}

fn with_recording(situation: Situation, hindrance: Hindrance) -> Situation {
    match hindrance {
        Fail => situation.named(Lookup::Unsafe("no regular file".to_owned())),
        Skip => situation.named(Lookup::Unreadable("denied".to_owned())),
        Settle => situation.named(Lookup::Here(aged_file("a.ogg", 0))),
        Wait => situation.named(Lookup::Missing),
        Nothing => situation.named(Lookup::Here(file("a.ogg"))),
        Retry => panic!("a recording is never the reason to try again"),
    }
}

fn with_transcript(situation: Situation, hindrance: Hindrance) -> Situation {
    situation.transcript(match hindrance {
        Fail => Lookup::Unsafe("no regular file".to_owned()),
        Skip => Lookup::Unreadable("denied".to_owned()),
        Settle => transcript_of("{", 0),
        Retry => Lookup::Missing,
        Nothing => whole_transcript(),
        Wait => panic!("a transcript is never awaited"),
    })
}

fn with_lead(situation: Situation, hindrance: Hindrance) -> Situation {
    situation.lead(match hindrance {
        Fail => Lookup::Unsafe("no regular file".to_owned()),
        Skip => Lookup::Unreadable("denied".to_owned()),
        Settle => lead_of("{", 0),
        Nothing => lead_of("{}", 0),
        Wait | Retry => panic!("a lead is neither awaited nor a reason to try again"),
    })
}

#[test]
fn the_gravest_of_three_decides() {
    for recording in [Fail, Skip, Settle, Wait, Nothing] {
        for transcript in [Fail, Skip, Settle, Retry, Nothing] {
            for lead in [Fail, Skip, Settle, Nothing] {
                let situation = with_recording(session(), recording);
                let situation = with_lead(with_transcript(situation, transcript), lead);
                let expected = recording.min(transcript).min(lead);
                assert_eq!(
                    hindrance(&situation.action()),
                    expected,
                    "{recording:?} {transcript:?} {lead:?}"
                );
            }
        }
    }
}

#[test]
fn missing_ids_go_before_everything_that_may_pass() {
    for recording in [Skip, Settle, Wait, Nothing] {
        for transcript in [Skip, Settle, Retry, Nothing] {
            let situation = with_transcript(with_recording(session(), recording), transcript);
            let (part, ..) = situation.campaign("{}").failure();
            assert_eq!(part, Part::CallData, "{recording:?} {transcript:?}");
        }
    }
}

#[test]
fn of_two_as_grave_the_recording_is_told() {
    let situation = with_transcript(with_recording(session(), Fail), Fail);
    assert_eq!(situation.failure().0, Part::Recording);
    let situation = with_transcript(with_recording(session(), Settle), Settle);
    assert_eq!(situation.action(), Action::Settle { what: "recording" });
    let situation = with_lead(with_transcript(session(), Settle), Settle);
    assert_eq!(situation.action(), Action::Settle { what: "transcript" });
}
