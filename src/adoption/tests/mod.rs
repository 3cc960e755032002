//! The stages at their boundaries.

mod by_hand;
mod leads;
mod recordings;
mod standing;

use std::time::Duration;

use super::*;

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
/// Long after every call here.
const NOW: Micros = 1_000 * MINUTE;

fn patience() -> Patience {
    Patience {
        settle: Duration::from_secs(60),
        recording_grace: Duration::from_secs(30 * 60),
    }
}

/// A call of two minutes that begins in that minute.
fn call(id: &str, minute: Micros) -> CallFacts {
    CallFacts {
        digest: id.to_owned(),
        session_id: Some(id.to_owned()),
        number: Some("15550100123".to_owned()),
        start: Some(minute * MINUTE),
        end: Some((minute + 2) * MINUTE),
        ..CallFacts::default()
    }
}

/// An egress of that time with a file of its name.
fn egress(id: &str, start: Micros, end: Micros) -> EgressFile {
    EgressFile {
        name: format!("EG_{id}.json"),
        id: id.to_owned(),
        modified: end,
        facts: EgressFacts {
            has_output: true,
            number: Some("15550100123".to_owned()),
            start: Some(start),
            end: Some(end),
            files: vec![format!("{id}.ogg")],
            ..EgressFacts::default()
        },
    }
}

#[derive(Default, Clone)]
struct Scene(Estate);

impl Scene {
    fn call(self, facts: CallFacts) -> Self {
        let name = format!("transcript_{}.json", facts.session_id.clone().unwrap());
        self.named(&name, facts)
    }

    fn named(mut self, name: &str, facts: CallFacts) -> Self {
        self.0.transcripts.push(TranscriptFile {
            name: name.to_owned(),
            modified: facts.end.unwrap_or(0),
            reading: Reading::Call(Box::new(facts)),
        });
        self
    }

    fn egress(mut self, egress: EgressFile) -> Self {
        for name in &egress.facts.files {
            if !self.0.audio.iter().any(|audio| audio.name == *name) {
                self = self.audio_of(name.clone(), egress.modified);
            }
        }
        self.0.egresses.push(egress);
        self
    }

    fn audio(self, name: &str, modified: Micros) -> Self {
        self.audio_of(name.to_owned(), modified)
    }

    fn audio_of(mut self, name: String, modified: Micros) -> Self {
        self.0.audio.push(Audio { name, modified });
        self
    }

    fn lead(mut self, name: &str, change: impl FnOnce(&mut LeadFacts)) -> Self {
        let mut facts = LeadFacts::default();
        change(&mut facts);
        let name = name.to_owned();
        self.0.leads.push(LeadFile { name, facts });
        self
    }

    fn document(mut self, facts: DocumentFacts) -> Self {
        let name = format!("metadata_{}.json", facts.session_id);
        let facts = Some(facts);
        self.0.documents.push(DocumentFile { name, facts });
        self
    }

    fn judged(&self) -> Judged {
        decide(&self.0, patience(), NOW)
    }

    /// What each transcript gets: `file (reason)`, or why nothing.
    fn recordings(&self) -> Vec<String> {
        self.told(|decision| &decision.recording)
    }

    fn leads(&self) -> Vec<String> {
        self.told(|decision| &decision.lead)
    }

    fn told(&self, choice: impl Fn(&Decision) -> &Choice) -> Vec<String> {
        let decisions = self.judged().decisions;
        let told = decisions.iter().map(|decision| {
            let is_adopted = decision.outcome == Outcome::Adopt;
            let choice = choice(decision);
            match choice {
                Choice::Found { reason, .. } if is_adopted => {
                    format!("{} ({reason})", choice.name().unwrap())
                }
                Choice::Ambiguous { candidates, .. } => format!("? {}", candidates.join(" ")),
                _ => choice.reason().to_owned(),
            }
        });
        told.collect()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let decisions = self.judged().decisions;
        decisions.into_iter().map(|it| it.outcome).collect()
    }
}
