//! Which documents an operator means by ids, whole ones or short forms of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use super::failure::{CommandFailure, OrExit, failure};
use crate::report::{ExitCode, printable};
use crate::session::{Document, is_short_for, may_be_short};
use crate::spool::{DocumentReading, Entry, Spool, State};

/// How many sessions are named to a person whose short form may mean any of them.
const MAX_NAMED: usize = 10;

/// The documents that are meant, and the ids that mean none or too many.
#[derive(Default)]
pub(super) struct Found {
    /// The documents, in the order of the spool.
    pub(super) documents: Vec<(State, Entry)>,
    /// The short forms, and the session that each stands for.
    pub(super) short: BTreeMap<String, String>,
    missing: BTreeSet<String>,
    ambiguous: BTreeMap<String, BTreeSet<String>>,
}

/// Finds what goes by `ids`. A short form is taken only for one of `typed`, and only where nothing
/// goes by it as it stands: what a program gives is whole.
pub(super) fn find(
    spool: &Spool,
    ids: &BTreeSet<String>,
    typed: &BTreeSet<String>,
) -> Result<Found, CommandFailure> {
    let mut found = Found {
        missing: ids.clone(),
        ..Found::default()
    };
    let mut taken = BTreeSet::new();
    each_document(spool, |state, entry, document| {
        let name = entry.name.to_string_lossy();
        let mut is_meant = false;
        for id in names_of(&name, document).filter(|id| ids.contains(*id)) {
            is_meant = true;
            found.missing.remove(id);
        }
        if is_meant {
            taken.insert((state.as_str(), entry.name.clone()));
            found.documents.push((state, entry));
        }
    })?;
    let is_short = |id: &&String| typed.contains(*id) && may_be_short(id);
    let short: Vec<String> = found.missing.iter().filter(is_short).cloned().collect();
    for (short, candidates) in candidates(spool, &short)? {
        found.missing.remove(&short);
        let sessions: BTreeSet<String> = candidates.iter().map(|(.., id)| id.clone()).collect();
        match sessions.first() {
            Some(session) if sessions.len() == 1 => {
                found.short.insert(short, session.clone());
                let new = candidates
                    .into_iter()
                    .filter(|(state, entry, _)| taken.insert((state.as_str(), entry.name.clone())));
                found
                    .documents
                    .extend(new.map(|(state, entry, _)| (state, entry)));
            }
            _ => {
                found.ambiguous.insert(short, sessions);
            }
        }
    }
    Ok(found)
}

/// A document, and the session that it is of.
type Candidate = (State, Entry, String);

/// What each of these forms is short for.
fn candidates(
    spool: &Spool,
    short: &[String],
) -> Result<BTreeMap<String, Vec<Candidate>>, CommandFailure> {
    let mut candidates: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    if short.is_empty() {
        return Ok(candidates);
    }
    each_document(spool, |state, entry, document| {
        let id = id_of(&entry.name, document);
        for short in short.iter().filter(|short| is_short_for(short, &id)) {
            let candidate = (state, entry.clone(), id.clone());
            candidates.entry(short.clone()).or_default().push(candidate);
        }
    })?;
    Ok(candidates)
}

impl Found {
    /// Documents that nobody named.
    pub(super) fn all(documents: Vec<(State, Entry)>) -> Self {
        Self {
            documents,
            ..Self::default()
        }
    }

    /// Whether every id means something.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.ambiguous.is_empty()
    }

    /// What to say of ids that mean nothing, or too much.
    pub(super) fn complaint(&self) -> Option<CommandFailure> {
        let mut complaints = Vec::new();
        if !self.missing.is_empty() {
            let missing: Vec<String> = self.missing.iter().map(|id| printable(id)).collect();
            complaints.push(format!(
                "there is no session {} in the spool; see: callspool inspect",
                missing.join(", ")
            ));
        }
        complaints.extend(self.ambiguous.iter().map(|(short, sessions)| {
            let mut named: Vec<String> = sessions
                .iter()
                .take(MAX_NAMED)
                .map(|id| printable(id))
                .collect();
            if let Some(more) = sessions.len().checked_sub(MAX_NAMED + 1) {
                named.push(format!("{} more", more + 1));
            }
            format!(
                "{} is short for {} sessions: {}; give more of the one that is meant",
                printable(short),
                sessions.len(),
                named.join(", ")
            )
        }));
        (!complaints.is_empty()).then(|| failure(ExitCode::Usage, complaints.join("; ")))
    }
}

/// Reads every document of the spool, one after the other.
fn each_document(
    spool: &Spool,
    mut visit: impl FnMut(State, Entry, Option<&Document>),
) -> Result<(), CommandFailure> {
    for state in State::ALL {
        for entry in spool.list(state).or_exit(ExitCode::NoSpool)?.iter() {
            let document = match spool.read_document(state, &entry.name) {
                DocumentReading::Document(document) => Some(document),
                _ => None,
            };
            visit(state, entry, document.as_deref());
        }
    }
    Ok(())
}

/// The session of a document; where there is none, what its file is named after.
fn id_of(name: &OsStr, document: Option<&Document>) -> String {
    if let Some(document) = document {
        return document.session_id().to_owned();
    }
    let name = name.to_string_lossy();
    let stem = without_number(name.strip_suffix(".json").unwrap_or(&name));
    stem.strip_prefix("metadata_").unwrap_or(stem).to_owned()
}

/// What a document goes by: its session's id, its file's name, and that one's stem, with or without
/// `metadata_`; numbered copies (`.1`, `.2`, …) included.
fn names_of<'a>(
    name: &'a str,
    document: Option<&'a Document>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stems = [stem, without_number(stem)].into_iter();
    let stems = stems.flat_map(|stem| [Some(stem), stem.strip_prefix("metadata_")]);
    let session = document.map(Document::session_id);
    stems.chain([session, Some(name)]).flatten()
}

fn without_number(stem: &str) -> &str {
    match stem.rsplit_once('.') {
        Some((base, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_session_or_a_stem_with_all_its_copies() {
        let document = Document::parse(br#"{"session_id":"call 7"}"#).unwrap();
        let goes = |id, name: &str| names_of(name, Some(&document)).any(|it| it == id);
        assert!(goes("call 7", "metadata_x.json"));
        for id in ["x", "metadata_x", "metadata_x.json"] {
            assert!(goes(id, "metadata_x.json"), "{id}");
        }
        assert!(goes("x", "metadata_x.1.json") && goes("x", "metadata_x.12.json"));
        assert!(goes("x.1", "metadata_x.1.json"));
        for (id, name) in [
            ("x", "metadata_x.y.json"),
            ("x.1", "metadata_x.json"),
            ("call", "metadata_x.json"),
            ("", "metadata_x.json"),
        ] {
            assert!(!goes(id, name), "{id} {name}");
        }
        assert!(names_of("metadata_x.json", None).any(|it| it == "x"));
    }
}
