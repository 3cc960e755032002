//! Decides for all transcripts at once.

use super::decision::{Choice, Decision, Outcome};
use super::estate::{Estate, Micros, Patience, Reading, TranscriptFile, micros};
use super::field::{Field, Place};
use super::index::Takes;
use super::leads;
use super::recordings::Matcher;
use super::standing::{self, Standing, standings};

/// All decisions, and what is left over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// One for each transcript, in their order.
    pub decisions: Vec<Decision>,
    /// Recordings that no transcript and no document claims.
    pub unclaimed_recordings: usize,
    /// Leads that no transcript and no document claims.
    pub unclaimed_leads: usize,
}

/// Decides for each transcript what is to be done with it.
pub fn decide(estate: &Estate, patience: Patience, now: Micros) -> Judged {
    let judge = Judge::of(estate, patience, now);
    judge.judged()
}

/// Everything that is known before the single decisions are made.
pub(super) struct Judge<'a> {
    pub(super) estate: &'a Estate,
    pub(super) takes: Takes,
    pub(super) standings: Vec<Standing>,
    pub(super) recordings: Field,
    pub(super) leads: Field,
    patience: Patience,
    now: Micros,
}

impl<'a> Judge<'a> {
    pub(super) fn of(estate: &'a Estate, patience: Patience, now: Micros) -> Self {
        let takes = Takes::of(estate);
        let standings = standings(estate);
        let calls = estate.transcripts.len();
        let mut recordings = Field::new(calls, takes.all.len());
        let mut leads = Field::new(calls, estate.leads.len());
        let has = claim(estate, &takes, &mut recordings, &mut leads);
        // Who has nothing yet competes, whatever became of it: what might be its own is not
        // another's without a doubt.
        let competing = |has: &[bool]| -> Vec<usize> {
            let competes = |call: &usize| match standings.get(*call) {
                None | Some(Standing::NoCall | Standing::CopyOf(_)) => false,
                Some(Standing::Named(document)) => !has.get(*document).is_some_and(|has| *has),
                Some(_) => true,
            };
            (0..calls).filter(competes).collect()
        };
        let matcher = Matcher {
            estate,
            takes: &takes,
            patience,
        };
        matcher.match_all(&competing(&has.recording), &mut recordings);
        leads::match_all(estate, &competing(&has.lead), &mut leads);
        Self {
            estate,
            takes,
            standings,
            recordings,
            leads,
            patience,
            now,
        }
    }

    fn judged(&self) -> Judged {
        let numbered = self.estate.transcripts.iter().enumerate();
        let decisions = numbered
            .map(|(call, transcript)| self.decide(call, transcript))
            .collect();
        let takes = self.takes.all.iter().enumerate();
        let unclaimed_recordings = takes
            .filter(|(thing, take)| !take.audio.is_empty() && !self.recordings.is_claimed(*thing));
        let leads = self.estate.leads.iter().enumerate();
        let unclaimed_leads = leads.filter(|(thing, lead)| {
            leads::is_lead_name(&lead.name) && !self.leads.is_claimed(*thing)
        });
        Judged {
            decisions,
            unclaimed_recordings: unclaimed_recordings.count(),
            unclaimed_leads: unclaimed_leads.count(),
        }
    }

    fn decide(&self, call: usize, transcript: &TranscriptFile) -> Decision {
        let is_call = standing::facts(transcript).is_some();
        Decision {
            transcript: transcript.name.clone(),
            session_id: is_call.then(|| standing::session_id(transcript)),
            outcome: self.outcome(call, transcript),
            recording: self.recording(call),
            lead: self.lead(call, transcript),
        }
    }

    fn outcome(&self, call: usize, transcript: &TranscriptFile) -> Outcome {
        let is_young = self.is_young(transcript.modified);
        let name_of = |call: &usize| {
            let transcript = self.estate.transcripts.get(*call);
            transcript.map_or_else(String::new, |transcript| transcript.name.clone())
        };
        let standing = self.standings.get(call).unwrap_or(&Standing::Open);
        match standing {
            Standing::Named(document) => {
                let document = self.estate.documents.get(*document);
                let name = document.map_or_else(String::new, |document| document.name.clone());
                Outcome::Named(name)
            }
            Standing::Delivered => Outcome::Delivered,
            Standing::CopyOf(first) => Outcome::CopyOf(name_of(first)),
            Standing::NoCall => match &transcript.reading {
                Reading::Unreadable(_) if is_young => Outcome::Settling("transcript"),
                Reading::Unreadable(why) => Outcome::Unreadable(why.clone()),
                _ => Outcome::Foreign,
            },
            _ if is_young => Outcome::Settling("transcript"),
            standing => self.outcome_of_matching(call, transcript, standing),
        }
    }

    /// What the places of an open transcript mean.
    fn outcome_of_matching(
        &self,
        call: usize,
        transcript: &TranscriptFile,
        standing: &Standing,
    ) -> Outcome {
        let over_at = self.over_at(transcript);
        let is_over = over_at <= self.now;
        let reasons = self.doubts(call, standing);
        if !reasons.is_empty() {
            // What is still to come may settle it.
            return if is_over {
                Outcome::Ambiguous(reasons)
            } else {
                Outcome::Waiting(over_at)
            };
        }
        let matched = match self.recordings.places.get(call) {
            Some(Place::Matched { thing, .. }) => self.takes.all.get(*thing),
            _ => None,
        };
        match matched {
            _ if is_over => Outcome::Adopt,
            None => Outcome::Waiting(over_at),
            Some(take) if take.egresses.is_empty() => {
                let mut files = take
                    .audio
                    .iter()
                    .filter_map(|it| self.estate.audio.get(*it));
                if files.any(|file| self.is_young(file.modified)) {
                    Outcome::Settling("recording")
                } else {
                    Outcome::Adopt
                }
            }
            Some(take) => {
                let mut egresses = take.egresses.iter();
                let is_written = |it: &usize| {
                    let egress = self.estate.egresses.get(*it);
                    egress.is_some_and(|egress| egress.facts.in_progress)
                };
                if egresses.any(is_written) {
                    Outcome::Waiting(over_at)
                } else {
                    Outcome::Adopt
                }
            }
        }
    }

    /// Why a person has to decide; nothing when no one has.
    fn doubts(&self, call: usize, standing: &Standing) -> Vec<String> {
        let mut reasons = Vec::new();
        if *standing == Standing::Twin {
            reasons.push("other transcripts of this session hold something else".to_owned());
        }
        if *standing == Standing::OtherCall {
            reasons.push("a document of this session names another transcript".to_owned());
        }
        if *standing == Standing::StaleMark {
            reasons.push("a mark says that it was delivered before the call began".to_owned());
        }
        for (what, field) in [("recording", &self.recordings), ("lead", &self.leads)] {
            if let Some(Place::Ambiguous { why, .. }) = field.places.get(call) {
                reasons.push(format!("{what}: {why}"));
            }
        }
        reasons
    }

    /// From when on no recording of a call can be expected any more.
    fn over_at(&self, transcript: &TranscriptFile) -> Micros {
        let end = standing::facts(transcript)
            .and_then(|facts| facts.end)
            .filter(|end| *end <= self.now);
        let base = end.unwrap_or(transcript.modified.min(self.now));
        base.saturating_add(micros(self.patience.recording_grace))
    }

    /// Whether a file may still be written to. A little ahead of the clock counts as young.
    pub(super) fn is_young(&self, modified: Micros) -> bool {
        let settle = micros(self.patience.settle);
        let age = self.now.saturating_sub(modified);
        age < settle && age >= -settle && settle > 0
    }

    fn recording(&self, call: usize) -> Choice {
        match self.recordings.places.get(call) {
            None | Some(Place::Open) => Choice::NotFound,
            Some(Place::Matched { thing, reason }) => self.found_recording(call, *thing, reason),
            Some(Place::Ambiguous { why, things }) => Choice::Ambiguous {
                why,
                candidates: things
                    .iter()
                    .flat_map(|it| self.names_of_take(*it))
                    .collect(),
            },
        }
    }

    /// A recording with the egress that it came of.
    pub(super) fn found_recording(
        &self,
        call: usize,
        thing: usize,
        reason: &'static str,
    ) -> Choice {
        let transcript = self.estate.transcripts.get(call);
        let own = transcript
            .and_then(standing::facts)
            .and_then(|facts| facts.egress_id.clone());
        let take = self.takes.all.get(thing);
        let egresses = take.map_or(&[][..], |take| take.egresses.as_slice());
        let mut ids = egresses
            .iter()
            .filter_map(|it| self.estate.egresses.get(*it))
            .map(|egress| egress.id.clone());
        let egress_id = match own {
            Some(own) if ids.clone().any(|id| id == own) => Some(own),
            _ => ids.next(),
        };
        let mut files = take.map_or(&[][..], |take| take.audio.as_slice()).iter();
        let file = files.find_map(|it| self.estate.audio.get(*it));
        Choice::Found {
            egress_id,
            file: file.map(|file| file.name.clone()),
            reason,
        }
    }

    /// What to call a recording by: its manifests, else its files.
    fn names_of_take(&self, thing: usize) -> Vec<String> {
        let Some(take) = self.takes.all.get(thing) else {
            return Vec::new();
        };
        let manifests = take
            .egresses
            .iter()
            .filter_map(|it| self.estate.egresses.get(*it));
        let manifests: Vec<String> = manifests.map(|egress| egress.name.clone()).collect();
        if !manifests.is_empty() {
            return manifests;
        }
        let files = take
            .audio
            .iter()
            .filter_map(|it| self.estate.audio.get(*it));
        files.map(|file| file.name.clone()).collect()
    }

    fn lead(&self, call: usize, transcript: &TranscriptFile) -> Choice {
        let name = |thing: &usize| Some(self.estate.leads.get(*thing)?.name.clone());
        match self.leads.places.get(call) {
            Some(Place::Matched { thing, reason }) => Choice::Found {
                egress_id: None,
                file: name(thing),
                reason,
            },
            Some(Place::Ambiguous { why, things }) => Choice::Ambiguous {
                why,
                candidates: things.iter().filter_map(name).collect(),
            },
            None | Some(Place::Open) if leads::names_missing(self.estate, call) => Choice::Missing,
            None | Some(Place::Open) => {
                let facts = standing::facts(transcript);
                match facts.is_some_and(|facts| facts.lead_generated) {
                    true => Choice::NotFound,
                    false => Choice::None,
                }
            }
        }
    }
}

/// Which documents have a recording, and which a lead.
struct Has {
    recording: Vec<bool>,
    lead: Vec<bool>,
}

/// Takes out what documents have.
fn claim(estate: &Estate, takes: &Takes, recordings: &mut Field, leads: &mut Field) -> Has {
    let count = estate.documents.len();
    let mut has = Has {
        recording: vec![false; count],
        lead: vec![false; count],
    };
    for (number, document) in estate.documents.iter().enumerate() {
        let Some(facts) = &document.facts else {
            continue;
        };
        let by_egress = facts.egress_id.as_ref().and_then(|id| takes.of_egress(id));
        let by_file = facts
            .recording
            .as_ref()
            .and_then(|name| takes.of_audio(name));
        for thing in [by_egress, by_file].into_iter().flatten() {
            // A file that another manifest names too may have been written anew since.
            let own = usize::from(by_egress == Some(thing));
            match takes.all.get(thing) {
                Some(take) if take.egresses.len() > own => recordings.contest(thing),
                _ => recordings.claim(thing),
            }
            if let Some(has) = has.recording.get_mut(number) {
                *has = true;
            }
        }
        let lead = facts.lead.as_ref().and_then(|name| {
            let found = estate.leads.binary_search_by(|lead| lead.name.cmp(name));
            found.ok()
        });
        if let Some(lead) = lead {
            leads.claim(lead);
            if let Some(has) = has.lead.get_mut(number) {
                *has = true;
            }
        }
    }
    has
}
