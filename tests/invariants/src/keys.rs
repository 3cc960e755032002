//! The same content goes under one key.

use std::collections::{BTreeMap, BTreeSet};

use crate::request::Part;
use crate::run::Event;
use crate::violation::Violation;
use crate::world::World;

const CHECK: &str = "keys";

/// The same recording, or the same body, of a session goes under one idempotency key, unless an
/// operator has forced it or the recording has changed: each such act allows one more. No two
/// bodies go under one key.
pub fn keys(world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for session in world.sessions() {
        let acts = world.events.iter();
        let allowed = 1 + acts.filter(|act| act.reopens_recording_of(session)).count();
        for part in [Part::Recording, Part::CallData] {
            let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            let mut contents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for (_, request) in world.requests(session, part) {
                let Some(key) = request.key.as_deref() else {
                    let message = format!("a {} went without a key", part.record());
                    violations.push(Violation::new(CHECK, session, message));
                    continue;
                };
                if let Some(content) = request.content.as_deref() {
                    keys.entry(content).or_default().insert(key);
                    contents.entry(key).or_default().insert(content);
                }
            }
            for keys in keys.values().filter(|keys| keys.len() > allowed) {
                let message = format!(
                    "the same {} went under {} keys, and {allowed} may be",
                    part.record(),
                    keys.len()
                );
                violations.push(Violation::new(CHECK, session, message));
            }
            let has_changed = world.events.iter().any(|event| {
                matches!(event, Event::RecordingChanged { session_id } if session_id == session)
            });
            let is_reused = contents.values().any(|contents| contents.len() > 1);
            if is_reused && !(part == Part::Recording && has_changed) {
                let message = format!("two different {} went under one key", part.record());
                violations.push(Violation::new(CHECK, session, message));
            }
        }
    }
    violations
}
