//! A person decides what belongs to a transcript.

use std::collections::BTreeSet;

use super::decide::Judge;
use super::decision::{Choice, Decision, Outcome};
use super::estate::{DocumentFacts, Estate, Micros, Patience, TranscriptFile};
use super::field::Place;
use super::names::{shown_name, stem};
use super::standing::{self, Standing};
use crate::session::is_short_for;

/// By what a file is known to be a transcript's when a person says so.
const BY_HAND: &str = "by hand";

/// What a person says of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The session's id or a short form of it, or its transcript's name without its ending.
    pub session: String,
    /// The transcript, where several go by that id.
    pub transcript: Option<String>,
    /// Its recording.
    pub recording: Chosen,
    /// Its lead; `None` where it is to be found.
    pub lead: Option<Chosen>,
}

/// A file that a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// This one.
    File(String),
    /// None.
    Nothing,
}

/// Why a person's decision cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No transcript goes by that id.
    #[error("no transcript in conversations/ goes by {0}; see: callspool adopt --dry-run")]
    NoSession(String),
    /// Several do.
    #[error("several transcripts go by {session}: {files}; choose one with --transcript")]
    Several {
        /// The id.
        session: String,
        /// Their names.
        files: String,
    },
    /// It is short for several.
    #[error("{short} is short for several sessions: {ids}; give more of the one that is meant")]
    ShortForSeveral {
        /// What was given.
        short: String,
        /// Their ids.
        ids: String,
    },
    /// The file is no transcript that can be read.
    #[error("{0} cannot be read as a transcript")]
    NoTranscript(String),
    /// It may still be written to.
    #[error("{0} may still be in the making; try again in a minute")]
    TooYoung(String),
    /// There is no such file.
    #[error("there is no {what} {name} in {dir}/")]
    NoFile {
        /// `recording` or `lead`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// Where it would have to be.
        dir: &'static str,
    },
    /// Several files are shown by that name.
    #[error("several files are shown as {0}; give the whole name")]
    SeveralFiles(String),
    /// A document has that file.
    #[error("{name} is named by {document}; see: callspool inspect")]
    Taken {
        /// The file.
        name: String,
        /// The document's file name.
        document: String,
    },
    /// A document names the transcript, and says something else.
    #[error("{document} names this transcript already, with another recording or lead")]
    OtherDocument {
        /// The document's file name.
        document: String,
    },
    /// The old uploader has delivered it.
    #[error(
        "a mark in processed_uploads/ says that {0} was delivered; remove the mark to send it all the same"
    )]
    Delivered(String),
    /// Which lead it is cannot be told either.
    #[error("which lead is its own cannot be told: {0}; say --lead or --no-lead")]
    AmbiguousLead(String),
}

/// Makes a decision out of what a person says.
///
/// # Errors
/// When that cannot be followed.
pub fn settle_by_hand(
    estate: &Estate,
    patience: Patience,
    now: Micros,
    request: &ByHand,
) -> Result<Decision, Refusal> {
    let judge = Judge::of(estate, patience, now);
    let call = find_call(estate, request)?;
    let Some(transcript) = estate.transcripts.get(call) else {
        return Err(Refusal::NoSession(request.session.clone()));
    };
    if standing::facts(transcript).is_none() {
        return Err(Refusal::NoTranscript(transcript.name.clone()));
    }
    if judge.is_young(transcript.modified) {
        return Err(Refusal::TooYoung(transcript.name.clone()));
    }
    let own = match judge.standings.get(call) {
        Some(Standing::Named(document)) => Some(*document),
        _ => None,
    };
    let session_id = match judge.standings.get(call) {
        Some(Standing::Delivered) => return Err(Refusal::Delivered(transcript.name.clone())),
        // The session's own id belongs to another call.
        Some(Standing::OtherCall) => standing::bare_stem(&transcript.name).to_owned(),
        _ => standing::session_id(transcript),
    };
    let recording = recording(&judge, call, own, &request.recording)?;
    let lead = lead(&judge, call, own, request.lead.as_ref())?;
    let mut decision = Decision {
        transcript: transcript.name.clone(),
        session_id: Some(session_id),
        outcome: Outcome::Adopt,
        recording,
        lead,
    };
    if let Some(document) = own.and_then(|own| estate.documents.get(own)) {
        if !is_same(&judge, document.facts.as_ref(), &decision) {
            let document = document.name.clone();
            return Err(Refusal::OtherDocument { document });
        }
        decision.outcome = Outcome::Named(document.name.clone());
    }
    Ok(decision)
}

fn find_call(estate: &Estate, request: &ByHand) -> Result<usize, Refusal> {
    let goes_by = |transcript: &TranscriptFile| {
        let names = [transcript.name.as_str(), stem(&transcript.name)];
        names.contains(&request.session.as_str())
            || standing::session_id(transcript) == request.session
    };
    let wanted = request.transcript.as_deref().map(last_component);
    let find = |goes_by: &dyn Fn(&TranscriptFile) -> bool| -> Vec<usize> {
        let is_meant = |transcript: &TranscriptFile| {
            goes_by(transcript) && wanted.is_none_or(|wanted| wanted == transcript.name)
        };
        let calls = 0..estate.transcripts.len();
        calls
            .filter(|call| estate.transcripts.get(*call).is_some_and(is_meant))
            .collect()
    };
    let mut found = find(&goes_by);
    if found.is_empty() {
        let short = request.session.as_str();
        found = find(&|transcript| is_short_for(short, &standing::session_id(transcript)));
        refuse_several(estate, &found, short)?;
    }
    let transcripts = || {
        found
            .iter()
            .filter_map(|call| estate.transcripts.get(*call))
    };
    let mut digests: Vec<&str> = transcripts()
        .filter_map(standing::facts)
        .map(|facts| facts.digest.as_str())
        .collect();
    digests.dedup();
    match found.as_slice() {
        [] => Err(Refusal::NoSession(request.session.clone())),
        [call] => Ok(*call),
        // Copies are as good as the first.
        [call, ..] if digests.len() == 1 => Ok(*call),
        _ => Err(Refusal::Several {
            session: request.session.clone(),
            files: transcripts()
                .map(|transcript| transcript.name.clone())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Refuses a short form that may mean any of several sessions.
fn refuse_several(estate: &Estate, found: &[usize], short: &str) -> Result<(), Refusal> {
    let transcripts = found
        .iter()
        .filter_map(|call| estate.transcripts.get(*call));
    let ids: BTreeSet<String> = transcripts.map(standing::session_id).collect();
    if ids.len() < 2 {
        return Ok(());
    }
    Err(Refusal::ShortForSeveral {
        short: short.to_owned(),
        ids: ids.into_iter().collect::<Vec<_>>().join(", "),
    })
}

fn recording(
    judge: &Judge<'_>,
    call: usize,
    own: Option<usize>,
    chosen: &Chosen,
) -> Result<Choice, Refusal> {
    let Chosen::File(raw) = chosen else {
        return Ok(Choice::Declined);
    };
    let estate = judge.estate;
    let audio = estate.audio.iter().map(|audio| audio.name.as_str());
    let egresses = estate.egresses.iter().map(|egress| egress.name.as_str());
    let names: Vec<&str> = audio.chain(egresses).collect();
    let name = pick("recording", "recordings", raw, &names)?;
    let egress = estate.egresses.iter().find(|egress| egress.name == name);
    let thing = match egress {
        Some(egress) => judge.takes.of_egress(&egress.id),
        None => judge.takes.of_audio(name),
    };
    let Some(thing) = thing else {
        return Err(Refusal::NoFile {
            what: "recording",
            name: shown_name(name),
            dir: "recordings",
        });
    };
    refuse_taken(estate, own, name, |facts| {
        let by_egress = facts
            .egress_id
            .as_ref()
            .and_then(|id| judge.takes.of_egress(id));
        let by_file = facts
            .recording
            .as_ref()
            .and_then(|name| judge.takes.of_audio(name));
        by_egress == Some(thing) || by_file == Some(thing)
    })?;
    Ok(
        match (egress, judge.found_recording(call, thing, BY_HAND)) {
            // The manifest that was named, whatever others name its file too.
            (Some(egress), Choice::Found { file, reason, .. }) => Choice::Found {
                egress_id: Some(egress.id.clone()),
                file,
                reason,
            },
            // Of a file that several manifests name, none is to be believed.
            (None, Choice::Found { reason, .. }) if is_shared(judge, thing) => Choice::Found {
                egress_id: None,
                file: Some(name.to_owned()),
                reason,
            },
            (_, found) => found,
        },
    )
}

/// Refuses a file that a document has, unless it is the session's own.
fn refuse_taken(
    estate: &Estate,
    own: Option<usize>,
    name: &str,
    has_it: impl Fn(&DocumentFacts) -> bool,
) -> Result<(), Refusal> {
    let mut documents = estate.documents.iter().enumerate();
    let owner = documents.find(|(number, document)| {
        Some(*number) != own && document.facts.as_ref().is_some_and(&has_it)
    });
    match owner {
        None => Ok(()),
        Some((_, document)) => Err(Refusal::Taken {
            name: shown_name(name),
            document: document.name.clone(),
        }),
    }
}

fn is_shared(judge: &Judge<'_>, thing: usize) -> bool {
    let take = judge.takes.all.get(thing);
    take.is_some_and(|take| take.egresses.len() > 1)
}

fn lead(
    judge: &Judge<'_>,
    call: usize,
    own: Option<usize>,
    chosen: Option<&Chosen>,
) -> Result<Choice, Refusal> {
    let estate = judge.estate;
    let name_of = |thing: usize| estate.leads.get(thing).map(|lead| lead.name.clone());
    let raw = match chosen {
        Some(Chosen::Nothing) => return Ok(Choice::Declined),
        Some(Chosen::File(raw)) => raw,
        None => {
            return match judge.leads.places.get(call) {
                Some(Place::Matched { thing, reason }) => Ok(Choice::Found {
                    egress_id: None,
                    file: name_of(*thing),
                    reason,
                }),
                Some(Place::Ambiguous { why, .. }) => {
                    Err(Refusal::AmbiguousLead((*why).to_owned()))
                }
                // A document's own lead was claimed by it and matched to nobody.
                None | Some(Place::Open) => Ok(own_lead(estate, own)),
            };
        }
    };
    let names: Vec<&str> = estate.leads.iter().map(|lead| lead.name.as_str()).collect();
    let name = pick("lead", "leads", raw, &names)?;
    refuse_taken(estate, own, name, |facts| {
        facts.lead.as_deref() == Some(name)
    })?;
    Ok(Choice::Found {
        egress_id: None,
        file: Some(name.to_owned()),
        reason: BY_HAND,
    })
}

fn own_lead(estate: &Estate, own: Option<usize>) -> Choice {
    let document = own.and_then(|own| estate.documents.get(own));
    let facts = document.and_then(|document| document.facts.as_ref());
    match facts.and_then(|facts| facts.lead.clone()) {
        Some(file) => Choice::Found {
            egress_id: None,
            file: Some(file),
            reason: BY_HAND,
        },
        None => Choice::None,
    }
}

/// The file that is meant: by its name, else by what it is shown as.
fn pick<'a>(
    what: &'static str,
    dir: &'static str,
    raw: &str,
    names: &[&'a str],
) -> Result<&'a str, Refusal> {
    let wanted = last_component(raw);
    let is_outside = raw.split(['/', '\\']).any(|part| part == "..");
    let exact = names.iter().find(|name| **name == wanted);
    if let Some(name) = exact.filter(|_| !is_outside) {
        return Ok(name);
    }
    let mut shown = names.iter().filter(|name| shown_name(name) == wanted);
    match (shown.next().filter(|_| !is_outside), shown.next()) {
        (Some(name), None) => Ok(name),
        (Some(_), Some(_)) => Err(Refusal::SeveralFiles(shown_name(wanted))),
        (None, _) => Err(Refusal::NoFile {
            what,
            name: shown_name(raw),
            dir,
        }),
    }
}

fn last_component(raw: &str) -> &str {
    raw.rsplit(['/', '\\']).next().unwrap_or(raw)
}

/// Whether a document says what was decided.
fn is_same(judge: &Judge<'_>, facts: Option<&DocumentFacts>, decision: &Decision) -> bool {
    let Some(facts) = facts else {
        return false;
    };
    let take = |egress: Option<&String>, file: Option<&String>| {
        let by_egress = egress.and_then(|id| judge.takes.of_egress(id));
        by_egress.or_else(|| file.and_then(|name| judge.takes.of_audio(name)))
    };
    let theirs = take(facts.egress_id.as_ref(), facts.recording.as_ref());
    let (recording, lead) = (&decision.recording, &decision.lead);
    let own = match recording {
        Choice::Found {
            egress_id, file, ..
        } => take(egress_id.as_ref(), file.as_ref()),
        _ => None,
    };
    theirs == own && facts.lead == lead.name()
}
