//! What `prune` did with each document, or would do, and the sum of it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::style::Style;
use super::wording::{age, bytes, counted, printable};
use crate::plan::Stays;
use crate::timestamp;

/// What became of a document, or of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneResult {
    /// It was removed.
    Pruned,
    /// It would be.
    WouldBePruned,
    /// It stays.
    Kept,
    /// A person asked for it by name, and it must not go.
    Refused,
    /// It had gone before.
    Gone,
}

impl PruneResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::WouldBePruned => "would be pruned",
            Self::Kept => "kept",
            Self::Refused => "refused",
            Self::Gone => "gone",
        }
    }

    /// Whether it goes, now or when it is not only looked at.
    pub fn goes(self) -> bool {
        matches!(self, Self::Pruned | Self::WouldBePruned)
    }

    fn style(self) -> Style {
        match self {
            Self::Pruned => Style::Good,
            Self::WouldBePruned | Self::Gone => Style::Dim,
            Self::Kept => Style::Warning,
            Self::Refused => Style::Bad,
        }
    }
}

impl Serialize for PruneResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A file of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PruneFile {
    /// What it is to the document.
    pub role: &'static str,
    /// Its directory and name, the middle of phone numbers hidden.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// What became of it.
    pub result: PruneResult,
    /// Why it stays.
    pub reason: Option<String>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PruneLine {
    /// The session's id; where it cannot be read, its file's name.
    pub session_id: String,
    /// The document's file name.
    pub document: Option<String>,
    /// What became of it.
    pub result: PruneResult,
    /// Why it stays.
    pub reason: Option<String>,
    /// When it was delivered.
    #[serde(serialize_with = "time")]
    pub delivered_at: Option<DateTime<Utc>>,
    /// Its files, when they were to go with it.
    pub files: Vec<PruneFile>,
    /// What that frees, in bytes; the document included.
    pub bytes: u64,
    /// What the API still has of it, which nobody but its operators can remove: the call's id.
    pub call_id: Option<String>,
    /// And the recording.
    pub recording_url: Option<String>,
}

fn time<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&timestamp::format_millis(*time)),
        None => serializer.serialize_none(),
    }
}

impl PruneLine {
    /// A line about something of which no more is known than its name.
    pub fn about(session_id: &str) -> Self {
        Self {
            session_id: session_id.to_owned(),
            document: None,
            result: PruneResult::Kept,
            reason: None,
            delivered_at: None,
            files: Vec::new(),
            bytes: 0,
            call_id: None,
            recording_url: None,
        }
    }

    /// For people: a line, and one for each file that stays.
    pub fn text(&self, now: DateTime<Utc>) -> String {
        let id = Style::Strong.paint(&printable(&self.session_id));
        let result = self.result.style().paint(self.result.as_str());
        let mut parts = Vec::new();
        parts.extend(self.reason.as_deref().map(printable));
        if self.result.goes() {
            let at = self.delivered_at.map(|at| age(at, now));
            parts.extend(at.map(|age| format!("delivered {age} ago")));
            let roles: Vec<&str> = self
                .files
                .iter()
                .filter(|file| file.result.goes())
                .map(|file| file.role)
                .collect();
            let document = self.document.as_ref().map(|_| "document");
            let what: Vec<&str> = document.into_iter().chain(roles).collect();
            let what = what.join(", ");
            parts.push(format!("{what}: {}", bytes(self.bytes)));
        }
        let mut text = format!("{id}  {result}: {}\n", parts.join("; "));
        for file in self.files.iter().filter(|file| !file.result.goes()) {
            let reason = printable(file.reason.as_deref().unwrap_or_default());
            let (result, path) = (file.result.as_str(), printable(&file.path));
            text.push_str(&format!("    {} {result}: {path}: {reason}\n", file.role));
        }
        let call = self.call_id.as_deref();
        let call = call.map(|id| format!("the call {}", printable(id)));
        let url = self.recording_url.as_deref();
        let url = url.map(|url| format!("the recording {}", printable(url)));
        let there: Vec<String> = [call, url].into_iter().flatten().collect();
        if !there.is_empty() {
            let there = there.join(" and ");
            text.push_str(&format!(
                "    the API still has {there}; its operators can remove that\n"
            ));
        }
        text
    }
}

/// The sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneCounts {
    /// Documents that went, or would.
    pub documents: u64,
    /// Files that went with them.
    pub files: u64,
    /// What that freed, in bytes.
    pub bytes: u64,
    /// Documents that stay as the rules say.
    pub stays: BTreeMap<&'static str, u64>,
    /// Documents that stay because something needs a person.
    pub in_the_way: u64,
    /// Whether nothing was done.
    pub is_dry: bool,
}

impl PruneCounts {
    /// Counts a document that stays as the rules say.
    pub fn stays(&mut self, stays: Stays) {
        let why = match stays {
            Stays::Young => "too young",
            Stays::Latest => "among the latest",
            Stays::Partial => "in part only",
            Stays::Foreign => "another program's",
            Stays::Unsettled => "not delivered",
        };
        *self.stays.entry(why).or_default() += 1;
    }

    /// Counts a line.
    pub fn line(&mut self, line: &PruneLine) {
        match line.result {
            PruneResult::Pruned | PruneResult::WouldBePruned => {
                self.documents += u64::from(line.document.is_some());
                self.bytes += line.bytes;
                let files = line.files.iter().filter(|file| file.result.goes());
                self.files += files.count() as u64;
            }
            PruneResult::Kept => self.in_the_way += 1,
            PruneResult::Refused | PruneResult::Gone => {}
        }
    }
}

impl fmt::Display for PruneCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.is_dry {
            "would be pruned"
        } else {
            "pruned"
        };
        let documents = counted(self.documents, "document");
        let files = counted(self.files, "file");
        write!(
            formatter,
            "{documents} and {files} {done}, {}",
            bytes(self.bytes)
        )?;
        let kept: u64 = self.stays.values().sum();
        if kept > 0 {
            let reasons: Vec<String> = self
                .stays
                .iter()
                .map(|(why, count)| format!("{count} {why}"))
                .collect();
            write!(formatter, "; {kept} kept: {}", reasons.join(", "))?;
        }
        if self.in_the_way > 0 {
            write!(
                formatter,
                "; {} kept for a person to look at",
                self.in_the_way
            )?;
        }
        formatter.write_str("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_says_what_went_and_why_the_rest_stays() {
        let mut counts = PruneCounts {
            documents: 3,
            files: 1,
            bytes: 2048,
            ..PruneCounts::default()
        };
        assert_eq!(
            counts.to_string(),
            "3 documents and 1 file pruned, 2.0 KiB\n"
        );
        counts.is_dry = true;
        counts.stays(Stays::Young);
        counts.stays(Stays::Young);
        counts.stays(Stays::Partial);
        counts.in_the_way = 1;
        assert_eq!(
            counts.to_string(),
            "3 documents and 1 file would be pruned, 2.0 KiB; 3 kept: 1 in part only, 2 too young; \
             1 kept for a person to look at\n"
        );
    }
}
