//! Every session is in one place, complete.

use crate::document::Document;
use crate::violation::Violation;
use crate::world::{Origin, STATES, Spool, World};

/// Whether a run has ended since the last crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It has: nothing may be half done.
    Here,
    /// It has not: a document may be in two places, the filed one counting.
    NotYet,
}

const CHECK: &str = "places";

/// Every session is in exactly one state directory, as a complete document with the customer's
/// members as they were; corrupt bytes are unchanged, and so are all assets. No document has come
/// from nowhere.
pub fn places(world: &World, rest: Rest) -> Vec<Violation> {
    let spool = &world.spool;
    let mut violations = Vec::new();
    let mut known: Vec<(&str, &str)> = Vec::new();
    for origin in &world.origins {
        let places = places_of(origin, spool, &mut violations);
        let states: Vec<&str> = places.iter().map(|(state, _)| *state).collect();
        let is_residue = rest == Rest::NotYet
            && matches!(states[..], ["pending", "processed" | "failed" | "corrupt"]);
        if states.len() != 1 && !is_residue {
            let message = format!("it is in {states:?}, not in one place");
            violations.push(Violation::new(CHECK, origin.label(), message));
        }
        known.extend(places);
    }
    for state in STATES {
        for (name, _) in spool.documents(state) {
            if !known.contains(&(state, name)) {
                let message = format!("{state}/{name} has come from nowhere, or was changed");
                violations.push(Violation::new(CHECK, name, message));
            }
        }
    }
    if spool.assets != world.assets {
        let odd = world
            .assets
            .iter()
            .find(|(path, hash)| spool.assets.get(*path) != Some(*hash))
            .or_else(|| {
                let mut new = spool.assets.iter();
                new.find(|(path, _)| !world.assets.contains_key(*path))
            });
        let path = odd.map_or("", |(path, _)| path);
        let message = "a file of the producer's is gone, new or changed";
        violations.push(Violation::new(CHECK, path, message));
    }
    violations
}

/// Where an origin is now.
fn places_of<'a>(
    origin: &Origin,
    spool: &'a Spool,
    violations: &mut Vec<Violation>,
) -> Vec<(&'static str, &'a str)> {
    let mut places = Vec::new();
    let written = Document::parse(&origin.bytes).filter(|_| origin.session_id.is_some());
    for state in STATES {
        for (name, bytes) in spool.documents(state) {
            let Some(written) = &written else {
                if bytes == origin.bytes {
                    places.push((state, name));
                }
                continue;
            };
            let Some(document) = Document::parse(bytes) else {
                continue;
            };
            if document.session_id != written.session_id {
                continue;
            }
            match document.changed_since(written) {
                None => places.push((state, name)),
                // It may be another document of the same session.
                Some(_) if name != origin.name => {}
                Some(what) => violations.push(Violation::new(
                    CHECK,
                    origin.label(),
                    format!("{state}/{name}: {what}"),
                )),
            }
        }
    }
    places
}
