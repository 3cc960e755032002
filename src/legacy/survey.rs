//! Looks at everything that lies about.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::memory::Memory;
use super::reading;
use super::resolver::Resolver;
use crate::adoption::{
    Audio, DocumentFacts, DocumentFile, EgressFile, Estate, LeadFile, Marker, Reading,
    TranscriptFile, is_audio_name,
};
use crate::session::{FileKind, Tombstones};
use crate::spool::{
    Asset, AssetPlace, DocumentReading, FileStamp, Listing, Spool, SpoolError, State,
};

/// What a mark of the old uploader ends in.
const MARK_ENDING: &str = ".uploaded";

/// Everything that lies about.
#[derive(Debug)]
pub struct Survey {
    /// What it is.
    pub estate: Estate,
    /// What to remember of it.
    pub memory: Memory,
    /// How many files had to be read.
    pub fresh: usize,
}

/// Looks at everything that lies about; `marks` is where the old uploader has left its marks.
///
/// # Errors
/// When a directory cannot be read.
pub fn survey(spool: &Spool, marks: &Path, now: DateTime<Utc>) -> Result<Survey, SpoolError> {
    let old_memory = spool
        .adoption_memory()
        .map(|bytes| Memory::from_bytes(&bytes))
        .unwrap_or_default();
    let conversations = spool.list_assets(AssetPlace::Conversations)?;
    let recordings = spool.list_assets(AssetPlace::Recordings)?;
    let leads = spool.list_assets(AssetPlace::Leads)?;
    let pruned = spool.tombstones()?;
    let mut surveyor = Surveyor {
        spool,
        now,
        new: Memory {
            told: old_memory.told.clone(),
            ..Memory::default()
        },
        old: old_memory,
        fresh: 0,
        conversations: Resolver::of(spool, AssetPlace::Conversations, &conversations),
        recordings: Resolver::of(spool, AssetPlace::Recordings, &recordings),
        leads: Resolver::of(spool, AssetPlace::Leads, &leads),
    };
    // Documents last: what is delivered or recorded meanwhile has its document then.
    let recordings = without_delivered(recordings, FileKind::Recording, &pruned);
    let leads = without_delivered(leads, FileKind::Lead, &pruned);
    let estate = Estate {
        transcripts: surveyor.transcripts(&conversations),
        egresses: surveyor.egresses(&recordings),
        audio: audio(&recordings),
        leads: surveyor.leads(&leads),
        markers: markers(&spool.list_dir(marks)?),
        documents: surveyor.documents()?,
        pruned,
    };
    Ok(Survey {
        estate,
        memory: surveyor.new,
        fresh: surveyor.fresh,
    })
}

/// What went with a call whose document was removed since is nobody else's; what was written after it
/// may be.
fn without_delivered(mut listing: Listing, kind: FileKind, pruned: &Tombstones) -> Listing {
    listing.files.retain(|stamp| {
        let delivered = stamp.name.to_str().and_then(|name| pruned.file(kind, name));
        delivered.is_none_or(|at| at < stamp.modified)
    });
    listing
}

struct Surveyor<'a> {
    spool: &'a Spool,
    now: DateTime<Utc>,
    old: Memory,
    new: Memory,
    fresh: usize,
    conversations: Resolver<'a>,
    recordings: Resolver<'a>,
    leads: Resolver<'a>,
}

impl Surveyor<'_> {
    fn transcripts(&mut self, listing: &Listing) -> Vec<TranscriptFile> {
        let mut files = Vec::new();
        for stamp in &listing.files {
            let name = stamp.name.to_string_lossy();
            if !name.ends_with(".json") {
                continue;
            }
            let remembered = self.old.transcripts.take(&name, stamp);
            self.fresh += usize::from(remembered.is_none());
            let reading = match (stamp.name.to_str(), remembered) {
                (None, _) => Ok(Reading::Unreadable("its name is no text".to_owned())),
                (Some(_), Some(reading)) => Ok(reading),
                (Some(name), None) => self.read_transcript(name),
            };
            let reading = match reading {
                Ok(reading) => {
                    let kept = reading.clone();
                    self.new.transcripts.keep(&name, stamp, kept, self.now);
                    reading
                }
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // It may be there again at the next look.
                Err(error) => Reading::Unreadable(error.to_string()),
            };
            let mut file = TranscriptFile {
                name: name.into_owned(),
                modified: reading::micros(stamp.modified),
                reading,
            };
            if let Reading::Call(facts) = &mut file.reading {
                let path = facts.lead_path.as_deref();
                facts.lead_file = path.and_then(|path| self.leads.name(path));
            }
            files.push(file);
        }
        files
    }

    fn read_transcript(&self, name: &str) -> io::Result<Reading> {
        let bytes = self.spool.read_asset(
            AssetPlace::Conversations,
            name,
            Asset::Transcript.limit_bytes(),
        )?;
        Ok(match bytes {
            Some(bytes) => reading::transcript(&bytes),
            None => Reading::Unreadable(format!(
                "larger than {} MiB",
                Asset::Transcript.limit_bytes() >> 20
            )),
        })
    }

    fn egresses(&mut self, listing: &Listing) -> Vec<EgressFile> {
        let mut files = Vec::new();
        for stamp in &listing.files {
            let Some((name, id)) = egress_name(&stamp.name) else {
                continue;
            };
            let remembered = self.old.egresses.take(name, stamp);
            self.fresh += usize::from(remembered.is_none());
            let Some(facts) = remembered.or_else(|| {
                let bytes = self.read_small(AssetPlace::Recordings, name)?;
                Some(reading::egress(&bytes))
            }) else {
                continue;
            };
            let kept = facts.clone();
            self.new.egresses.keep(name, stamp, kept, self.now);
            let Some(mut facts) = facts else {
                continue;
            };
            let names = facts
                .paths
                .iter()
                .filter_map(|path| self.recordings.name(path));
            facts.files = names.collect();
            files.push(EgressFile {
                name: name.to_owned(),
                id: id.to_owned(),
                modified: reading::micros(stamp.modified),
                facts,
            });
        }
        files
    }

    fn leads(&mut self, listing: &Listing) -> Vec<LeadFile> {
        let mut files = Vec::new();
        for stamp in &listing.files {
            let Some(name) = stamp.name.to_str().filter(|name| name.ends_with(".json")) else {
                continue;
            };
            let remembered = self.old.leads.take(name, stamp);
            self.fresh += usize::from(remembered.is_none());
            let Some(facts) = remembered.or_else(|| {
                let bytes = self.read_small(AssetPlace::Leads, name)?;
                Some(reading::lead(&bytes))
            }) else {
                continue;
            };
            let kept = facts.clone();
            self.new.leads.keep(name, stamp, kept, self.now);
            if let Some(facts) = facts {
                let name = name.to_owned();
                files.push(LeadFile { name, facts });
            }
        }
        files
    }

    /// A small file's bytes; `None` when it is too large, gone or cannot be read.
    fn read_small(&self, place: AssetPlace, name: &str) -> Option<Vec<u8>> {
        match self
            .spool
            .read_asset(place, name, Asset::Lead.limit_bytes())
        {
            Ok(bytes) => bytes,
            Err(error) => {
                log::debug!(reason:% = error; "passed over a file that cannot be read");
                None
            }
        }
    }

    fn documents(&mut self) -> Result<Vec<DocumentFile>, SpoolError> {
        let mut files = Vec::new();
        let mut seen = BTreeSet::new();
        // A run may move them meanwhile: out of call_metadata/, or back into it by a requeue.
        for state in State::ALL.into_iter().chain([State::Pending]) {
            for stamp in self.spool.list_documents(state)? {
                if !seen.insert((state.as_str(), stamp.name.clone())) {
                    continue;
                }
                let facts = self.document(state, &stamp);
                files.push(DocumentFile {
                    name: stamp.name.to_string_lossy().into_owned(),
                    facts,
                });
            }
        }
        Ok(files)
    }

    /// What a document names; `None` when only its file name speaks.
    fn document(&mut self, state: State, stamp: &FileStamp) -> Option<DocumentFacts> {
        let name = stamp.name.to_string_lossy();
        let remembered = self.old.documents(state).take(&name, stamp);
        self.fresh += usize::from(remembered.is_none());
        let facts = match remembered {
            Some(facts) => facts,
            None => match self.spool.read_document(state, &stamp.name) {
                DocumentReading::Document(document) => Some(reading::document(&document)),
                DocumentReading::Unparsable(_) => None,
                DocumentReading::Vanished | DocumentReading::Unreadable(_) => return None,
            },
        };
        let kept = facts.clone();
        self.new.documents(state).keep(&name, stamp, kept, self.now);
        let mut facts = facts?;
        let resolve = |resolver: &Resolver<'_>, path: &Option<String>| {
            path.as_deref().and_then(|path| resolver.name(path))
        };
        let conversation = facts.conversation_path.as_deref();
        facts.conversation = conversation.and_then(|path| self.conversations.name_loosely(path));
        facts.recording = resolve(&self.recordings, &facts.recording_path);
        facts.lead = resolve(&self.leads, &facts.lead_path);
        Some(facts)
    }
}

/// A manifest's name, and the id in it.
fn egress_name(name: &OsStr) -> Option<(&str, &str)> {
    let name = name.to_str()?;
    let id = name.strip_prefix("EG_")?.strip_suffix(".json")?;
    (!id.is_empty()).then_some((name, id))
}

fn audio(listing: &Listing) -> Vec<Audio> {
    let named = listing
        .files
        .iter()
        .filter_map(|stamp| Some((stamp.name.to_str()?, stamp)));
    named
        .filter(|(name, _)| is_audio_name(name))
        .map(|(name, stamp)| Audio {
            name: name.to_owned(),
            modified: reading::micros(stamp.modified),
        })
        .collect()
}

fn markers(listing: &Listing) -> Vec<Marker> {
    let named = listing.files.iter().filter_map(|stamp| {
        let stem = stamp.name.to_str()?.strip_suffix(MARK_ENDING)?;
        Some((stem, stamp))
    });
    named
        .map(|(stem, stamp)| Marker {
            stem: stem.to_owned(),
            modified: reading::micros(stamp.modified),
        })
        .collect()
}
