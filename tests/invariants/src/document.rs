//! A metadata document, read without rounding or reordering anything.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The members that a run may change, beside `recording` in `files`.
const OURS: [&str; 4] = [
    "\"status\"",
    "\"upload_attempts\"",
    "\"last_upload_attempt\"",
    "\"upload\"",
];

/// The members of a JSON object as they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Box<RawValue>, Box<RawValue>>()? {
                    members.push((name.get().to_owned(), value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl Members {
    fn get(&self, raw_name: &str) -> Option<&str> {
        let mut members = self.0.iter().rev();
        members
            .find(|(name, _)| name == raw_name)
            .map(|(_, value)| value.as_str())
    }

    fn without(&self, names: &[&str]) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// A document.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    members: Members,
    pub(crate) session_id: String,
    /// The member `upload`; null when there is none.
    pub(crate) record: Value,
}

impl Document {
    /// Reads a document; none when the bytes are no object with a session id, or the record is no
    /// object.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let members: Members = serde_json::from_slice(bytes).ok()?;
        let session_id = members.get("\"session_id\"")?;
        let session_id: String = serde_json::from_str(session_id).ok()?;
        let record = match members.get("\"upload\"") {
            None => Value::Null,
            Some(raw) => serde_json::from_str(raw).ok()?,
        };
        let is_ours = record.is_null() || record.is_object();
        (is_ours && !session_id.trim().is_empty()).then_some(Self {
            members,
            session_id,
            record,
        })
    }

    /// The word of `status`.
    pub(crate) fn status(&self) -> String {
        self.members
            .get("\"status\"")
            .and_then(|raw| serde_json::from_str::<Option<String>>(raw).ok().flatten())
            .unwrap_or_else(|| "ready_for_upload".to_owned())
    }

    /// The state of a part.
    pub(crate) fn state(&self, part: &str) -> &str {
        self.record[part]["state"].as_str().unwrap_or("pending")
    }

    /// Attempts spent on a part.
    pub(crate) fn attempts(&self, part: &str) -> u64 {
        self.record[part]["attempts"].as_u64().unwrap_or(0)
    }

    /// Where the recording is.
    pub(crate) fn url(&self) -> Option<&str> {
        self.record["recording"]["url"].as_str()
    }

    /// Whether the call data went without something.
    pub(crate) fn is_lacking(&self) -> bool {
        let without = self.record["call_data"]["without"].as_array();
        without.is_some_and(|without| !without.is_empty())
    }

    /// The entries of the history.
    pub(crate) fn history(&self) -> &[Value] {
        self.record["history"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The entries that this document's history has and an earlier one has not.
    pub(crate) fn new_history(&self, before: Option<&Self>) -> Vec<&Value> {
        let mut known: Vec<&Value> = before.map_or(&[][..], Self::history).iter().collect();
        let mut new = Vec::new();
        for entry in self.history() {
            match known.iter().position(|old| *old == entry) {
                Some(place) => drop(known.swap_remove(place)),
                None => new.push(entry),
            }
        }
        new
    }

    /// Says what of the customer's is not as it was; none when all is.
    pub(crate) fn changed_since(&self, origin: &Self) -> Option<String> {
        let mut ignored = OURS.to_vec();
        // Looked at below, member by member.
        ignored.push("\"files\"");
        let (now, was) = (
            self.members.without(&ignored),
            origin.members.without(&ignored),
        );
        if now != was {
            let odd = was.iter().zip(&now).find(|(was, now)| was != now);
            let name = odd.map_or("a member", |((name, _), _)| name);
            return Some(format!("{name} is not as the producer wrote it"));
        }
        let files = |document: &Self| -> Members {
            let raw = document.members.get("\"files\"").unwrap_or("{}");
            serde_json::from_str(raw).unwrap_or_default()
        };
        let (now, was) = (files(self), files(origin));
        let recording = ["\"recording\""];
        (now.without(&recording) != was.without(&recording))
            .then(|| "\"files\" is not as the producer wrote it".to_owned())
    }
}
