//! The JSON objects that `callspool record` and `callspool record lead` read.
//!
//! Read by hand from raw members: every problem is told at once and by the name of its field, and
//! what an agent gave is kept byte for byte. The JSON Schema is made from the same types.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::call::{self, Call, Conversation, LeadChoice};
use super::error::ProducerError;
use super::items::Items;
use super::new_lead::{self, NewLead};
use super::problem::{Fault, Problem, Problems};
use crate::json::{self, Members, RawObject};
use crate::transcript;

/// The largest input that is read, in bytes: as large as a transcript may be.
pub const MAX_INPUT_BYTES: u64 = 64 << 20;

/// A call as a whole.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        deny_unknown_fields,
        extend(
            "oneOf" = [
                {"required": ["items"], "properties": {"items": {"type": "array"}}},
                {"required": ["transcript_file"], "properties": {"transcript_file": {"type": "string"}}}
            ],
            "not" = {"anyOf": [
                {
                    "required": ["lead", "lead_file"],
                    "properties": {"lead": {"type": "object"}, "lead_file": {"type": "string"}}
                },
                {
                    "required": ["transcript_file", "metadata"],
                    "properties": {"transcript_file": {"type": "string"}, "metadata": {"type": "object"}}
                }
            ]}
        )
    )
)]
pub struct RecordInput {
    /// The session's id: any text that is not empty, another one for every call.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 1, max = 1024), regex(pattern = r"\S"))
    )]
    pub session_id: String,
    /// The number that was called.
    pub dialed_number: Option<String>,
    /// The campaign metadata, kept as they are. The API wants `campaignId`, `voiceAgentId` and
    /// `clientId` of every call.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::wire::Object>"))]
    pub campaign_metadata: Option<Box<RawValue>>,
    /// The id of the egress that records the call, with or without its `EG_`.
    #[cfg_attr(
        feature = "schema",
        schemars(length(max = 1024), regex(pattern = r"^[^/\\\x00]*$"))
    )]
    pub egress_id: Option<String>,
    /// What was said and done, in order. Either this or `transcript_file`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<super::wire::Object>>")
    )]
    pub items: Option<Items>,
    /// A transcript that is there already: a path from the working directory, or else from the
    /// spool's root.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>", regex(pattern = r"\S"))
    )]
    pub transcript_file: Option<PathBuf>,
    /// What was learnt about the caller. At most one of this and `lead_file`.
    pub lead: Option<NewLead>,
    /// A lead file that is there already, by a path as for `transcript_file`. With neither, the
    /// newest lead that was recorded for the session is taken.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<String>", regex(pattern = r"\S"))
    )]
    pub lead_file: Option<PathBuf>,
    /// When the call began; else the earliest time of an item.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::wire::Time>"))]
    pub started_at: Option<DateTime<Utc>>,
    /// When the call ended; else the latest time of an item.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::wire::Time>"))]
    pub ended_at: Option<DateTime<Utc>>,
    /// What the transcript's `metadata` hold besides ours.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::wire::Object>"))]
    pub metadata: Option<Box<RawValue>>,
}

/// A lead in the middle of a call.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct LeadInput {
    /// The session's id, as it will be recorded.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 1, max = 1024), regex(pattern = r"\S"))
    )]
    pub session_id: String,
    /// What was learnt about the caller.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub lead: NewLead,
    /// The campaign metadata, kept as they are.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::wire::Object>"))]
    pub campaign_metadata: Option<Box<RawValue>>,
}

/// The members of a call.
const RECORD_MEMBERS: [&str; 11] = [
    "session_id",
    "dialed_number",
    "campaign_metadata",
    "egress_id",
    "items",
    "transcript_file",
    "lead",
    "lead_file",
    "started_at",
    "ended_at",
    "metadata",
];

impl RecordInput {
    /// Reads a call.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problems> {
        let mut reader = Reader::of(bytes)?;
        reader.refuse_others(&RECORD_MEMBERS);
        let input = Self {
            session_id: reader.session_id(),
            dialed_number: reader.text("dialed_number"),
            campaign_metadata: reader.object("campaign_metadata"),
            egress_id: reader.egress_id(),
            items: reader.items("items"),
            transcript_file: reader.path("transcript_file"),
            lead: reader.lead("lead"),
            lead_file: reader.path("lead_file"),
            started_at: reader.time("started_at"),
            ended_at: reader.time("ended_at"),
            metadata: reader.object("metadata"),
        };
        reader.choose_one("items", "transcript_file");
        if reader.has("lead") && reader.has("lead_file") {
            let other = "lead_file";
            reader.refuse("lead", Fault::GivenBeside { other });
        }
        if reader.has("transcript_file") && reader.has("metadata") {
            reader.refuse("metadata", Fault::NotForFiles);
        }
        Problems::of(reader.problems)?;
        Ok(input)
    }

    /// The call that it describes.
    pub(super) fn to_call(&self) -> Result<(Call, Conversation), ProducerError> {
        let conversation = match (&self.items, &self.transcript_file) {
            (Some(items), _) => Conversation::Items(items.clone()),
            (None, Some(path)) => Conversation::File(path.clone()),
            (None, None) => {
                let other = "transcript_file";
                let problem = Problem::new("items", Fault::MissingBeside { other });
                return Err(Problems::from(problem).into());
            }
        };
        let new_lead = self.lead.clone();
        let lead_file = self.lead_file.clone();
        let metadata = self.metadata.as_deref();
        let call = Call {
            session_id: self.session_id.clone(),
            dialed_number: self.dialed_number.clone(),
            campaign_metadata: self.campaign_metadata.clone(),
            egress_id: self.egress_id.clone(),
            lead: new_lead
                .map(|lead| LeadChoice::New(Box::new(lead)))
                .or(lead_file.map(LeadChoice::File)),
            started_at: self.started_at,
            ended_at: self.ended_at,
            metadata: metadata
                .and_then(Members::from_raw)
                .unwrap_or_default()
                .into_owned(),
        };
        Ok((call, conversation))
    }
}

impl LeadInput {
    /// Reads a lead.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problems> {
        let mut reader = Reader::of(bytes)?;
        let mut known = vec!["session_id", "campaign_metadata"];
        known.extend(new_lead::FIELDS);
        reader.refuse_others(&known);
        let input = Self {
            session_id: reader.session_id(),
            lead: reader.lead_fields(),
            campaign_metadata: reader.object("campaign_metadata"),
        };
        Problems::of(reader.problems)?;
        Ok(input)
    }
}

/// Members of an object, with what is wrong with them. `null` counts as not given.
struct Reader {
    object: RawObject,
    /// What stands before the names of fields.
    prefix: &'static str,
    problems: Vec<Problem>,
}

impl Reader {
    fn of(bytes: &[u8]) -> Result<Self, Problems> {
        let object = RawObject::from_slice(bytes);
        let object = object.map_err(|error| Problem::new("", Fault::Input(error.to_string())))?;
        Ok(Self {
            object,
            prefix: "",
            problems: Vec::new(),
        })
    }

    fn refuse(&mut self, name: &str, fault: Fault) {
        self.problems.push(Problem::new(self.field(name), fault));
    }

    fn refuse_others(&mut self, known: &[&'static str]) {
        let names = self.object.iter().map(|(name, _)| name);
        let unknown = names.filter(|name| !known.contains(name));
        let unknown = unknown.map(|name| Problem::unknown(self.prefix, name, known));
        let mut unknown: Vec<Problem> = unknown.collect();
        self.problems.append(&mut unknown);
    }

    fn get(&self, name: &str) -> Option<&RawValue> {
        let value = self.object.get(name);
        value.filter(|value| value.get() != "null")
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn choose_one(&mut self, name: &str, other: &'static str) {
        match (self.has(name), self.has(other)) {
            (true, true) => self.refuse(name, Fault::GivenBeside { other }),
            (false, false) => self.refuse(name, Fault::MissingBeside { other }),
            _ => {}
        }
    }

    /// A text that may be left out, `null` or empty.
    fn text(&mut self, name: &str) -> Option<String> {
        let text = json::string(self.get(name)?);
        if text.is_none() {
            self.refuse(name, Fault::NotText);
        }
        text.filter(|text| !text.trim().is_empty())
    }

    fn session_id(&mut self) -> String {
        let Some(value) = self.get("session_id") else {
            self.refuse("session_id", Fault::Missing);
            return String::new();
        };
        // Half of a surrogate pair is no text, and two ids may differ in it alone.
        let Ok(id) = serde_json::from_str::<String>(value.get()) else {
            self.refuse("session_id", Fault::NotText);
            return String::new();
        };
        self.problems.extend(call::check_session_id(&id).err());
        id
    }

    fn egress_id(&mut self) -> Option<String> {
        let id = self.text("egress_id")?;
        self.problems.extend(call::check_egress_id(&id).err());
        Some(id)
    }

    fn path(&mut self, name: &str) -> Option<PathBuf> {
        if !self.has(name) {
            return None;
        }
        let before = self.problems.len();
        let path = self.text(name);
        if path.is_none() && self.problems.len() == before {
            self.refuse(name, Fault::Blank);
        }
        path.map(PathBuf::from)
    }

    fn object(&mut self, name: &str) -> Option<Box<RawValue>> {
        let value = self.get(name)?.to_owned();
        if Members::from_raw(&value).is_none() {
            self.refuse(name, Fault::NotAnObject);
            return None;
        }
        Some(value)
    }

    fn items(&mut self, name: &str) -> Option<Items> {
        let list = self.get(name)?.to_owned();
        Some(Items::read(name, &list, &mut self.problems))
    }

    fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let time = transcript::time(self.get(name)?);
        if time.is_none() {
            self.refuse(name, Fault::NotATime);
        }
        time
    }

    fn lead(&mut self, name: &str) -> Option<NewLead> {
        let object = self.object(name)?;
        let object = Members::from_raw(&object)?.into_owned();
        let mut reader = Self {
            object,
            prefix: "lead.",
            problems: Vec::new(),
        };
        reader.refuse_others(&new_lead::FIELDS);
        let lead = reader.lead_fields();
        self.problems.append(&mut reader.problems);
        Some(lead)
    }

    /// The fields of a lead, one of which is a fault only once.
    fn lead_fields(&mut self) -> NewLead {
        let mut lead = NewLead::default();
        let mut found = Vec::new();
        for name in new_lead::FIELDS {
            let value = self.get(name).map(json::string);
            match value {
                Some(Some(text)) => lead.set(name, text),
                Some(None) => found.push(Problem::new(self.field(name), Fault::NotText)),
                None => {}
            }
        }
        let mut lacks = Vec::new();
        lead.find_problems(self.prefix, &mut lacks);
        for mut problem in lacks {
            if found.iter().any(|other| other.field == problem.field) {
                continue;
            }
            let name = problem.field.strip_prefix(self.prefix);
            if problem.fault == Fault::Blank && !name.is_some_and(|name| self.has(name)) {
                problem.fault = Fault::Missing;
            }
            found.push(problem);
        }
        self.problems.append(&mut found);
        lead
    }

    fn field(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
