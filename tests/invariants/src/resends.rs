//! What was acknowledged goes again only where the acknowledgement was lost.

use crate::request::{Part, Reply, Request};
use crate::run::Event;
use crate::violation::Violation;
use crate::world::World;

const CHECK: &str = "resends";

/// After an acknowledged upload the recording goes again only if the run ended abruptly with that
/// answer as its last, or an operator forced it, or its content changed. After an acknowledged
/// post the call data goes again only if a requeue came between, or the run ended so; and after one
/// whose fate is unknown only once the API was asked and did not find the call.
pub fn resends(world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for session in world.sessions() {
        violations.extend(recordings(world, session));
        violations.extend(calls(world, session));
        violations.extend(unasked(world, session));
    }
    violations
}

fn recordings(world: &World, session: &str) -> Vec<Violation> {
    let requests: Vec<_> = world.requests(session, Part::Recording).collect();
    let mut violations = Vec::new();
    for (place, (index, first)) in requests.iter().enumerate() {
        if !first.is_acknowledged() || world.may_be_unrecorded(*index) {
            continue;
        }
        let again = requests.iter().skip(place + 1).find(|(_, later)| {
            let mut between = world.events_between(first, later);
            !between.any(|event| event.reopens_recording_of(session))
                && !changed_since(world, session, first)
        });
        if let Some((later, _)) = again {
            let message = format!(
                "its recording was acknowledged by request {index} and sent again by request {later}"
            );
            violations.push(Violation::new(CHECK, session, message));
        }
    }
    violations
}

/// Whether the recording was changed in the run of that request or later.
fn changed_since(world: &World, session: &str, request: &Request) -> bool {
    world.events.iter().skip(request.event).any(
        |event| matches!(event, Event::RecordingChanged { session_id } if session_id == session),
    )
}

fn calls(world: &World, session: &str) -> Vec<Violation> {
    let posts = world.requests(session, Part::CallData);
    // Of a session that was requeued, an earlier call may be found that is to be replaced.
    let first_requeue = world
        .events
        .iter()
        .position(|event| event.is_requeue_of(session))
        .unwrap_or(usize::MAX);
    let questions = world
        .requests(session, Part::Question)
        .filter(|(_, question)| question.event < first_requeue);
    let mut acknowledged: Vec<_> = posts.chain(questions).collect();
    acknowledged
        .retain(|(index, request)| request.is_acknowledged() && !world.may_be_unrecorded(*index));
    let mut violations = Vec::new();
    for (index, first) in acknowledged {
        let again = world
            .requests(session, Part::CallData)
            .find(|(later, post)| {
                let mut between = world.events_between(first, post);
                *later > index && !between.any(|event| event.is_requeue_of(session))
            });
        if let Some((later, _)) = again {
            let message = format!(
                "its call data was acknowledged by request {index} and posted again by request {later}"
            );
            violations.push(Violation::new(CHECK, session, message));
        }
    }
    violations
}

fn unasked(world: &World, session: &str) -> Vec<Violation> {
    let posts: Vec<_> = world.requests(session, Part::CallData).collect();
    let mut violations = Vec::new();
    for pair in posts.windows(2) {
        let [(index, first), (later, second)] = pair else {
            continue;
        };
        // What was refused or did not arrive whole was not stored.
        let is_unrecorded = first.is_acknowledged() && world.may_be_unrecorded(*index);
        if !first.leaves_fate_unknown() && !is_unrecorded {
            continue;
        }
        let may_have_counted = first.is_acknowledged();
        let mut acts = world.events_between(first, second);
        if acts.any(|act| act.replaces_the_call_of(session, may_have_counted)) {
            continue;
        }
        let was_requeued = world
            .events
            .iter()
            .take(second.event)
            .any(|event| event.is_requeue_of(session));
        let between = *index..*later;
        let answer = world
            .requests(session, Part::Question)
            .filter(|(place, _)| between.contains(place))
            .last()
            .map(|(_, question)| &question.reply);
        let may_post = match answer {
            Some(Reply::Absent | Reply::Unanswerable) => true,
            // The call that is found may be the one that this post is to replace.
            Some(Reply::Duplicate { .. }) => was_requeued,
            _ => false,
        };
        if !may_post {
            let message = format!(
                "request {later} posts its call data although the fate of request {index} is unknown; the question between was answered {answer:?}"
            );
            violations.push(Violation::new(CHECK, session, message));
        }
    }
    violations
}
