//! Marked secrets and people, and the search for them in whatever the program leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reference_api::Fault;
use serde_json::{Value, json};
use test_support::{Dir, Outcome, Session, Site};

use crate::BINARY;
use crate::disk::after;

pub(crate) const TOKEN: &str = "tok/7be1c0+MARKER~31337=";
pub(crate) const PHONE: &str = "+15550142877";
pub(crate) const SAID: &str = "my landlord Quillfeather moved to Zanzibar street";
pub(crate) const NAME: &str = "Ottoline Brackenbury";
pub(crate) const EMAIL: &str = "ottoline.marker@example.com";

/// What must be found nowhere. Pieces of marks stand for the whole.
const MARKS: [&str; 9] = [
    TOKEN,
    "7be1c0+MARKER",
    "MARKER~31337",
    "5550142877",
    SAID,
    "Quillfeather",
    "Zanzibar",
    NAME,
    EMAIL,
];

/// Base64 without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1))
        .collect();
    bits.chunks(6)
        .map(|six| {
            let value = (0..6).fold(0, |sum, at| sum << 1 | six.get(at).copied().unwrap_or(0));
            char::from(ALPHABET[usize::from(value)])
        })
        .collect()
}

/// Percent-encodes what is no letter or digit; or everything.
pub(crate) fn percent(text: &str, is_all: bool) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() && !is_all {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// As a JSON string writes it that escapes everything.
pub(crate) fn escaped(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The text with percent-encoding resolved.
fn without_percent(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text with JSON's escapes resolved.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let unit = from
            .strip_prefix("\\u")
            .and_then(|hex| u32::from_str_radix(hex.get(..4)?, 16).ok())
            .and_then(char::from_u32);
        match unit {
            Some(c) => {
                plain.push(c);
                rest = &from[6..];
            }
            None => rest = &from[1..],
        }
    }
    plain + rest
}

/// The first mark in a text, in whatever dress: as it is, in capitals, encoded, escaped, parted by
/// spaces and ends of lines.
pub(crate) fn find(text: &str) -> Option<String> {
    let mut forms = vec![text.to_owned()];
    forms.push(without_percent(text));
    forms.push(without_escapes(text));
    forms.push(without_escapes(&without_escapes(text)));
    forms.push(without_percent(&without_escapes(text)));
    let squeezed: Vec<String> = forms
        .iter()
        .map(|form| form.replace([' ', '\n', '\t', '-', '(', ')', '.'], ""))
        .collect();
    let is_in = |forms: &[String], mark: &str| {
        let mark = mark.to_lowercase();
        forms.iter().any(|form| form.to_lowercase().contains(&mark))
    };
    for mark in MARKS {
        let tight = mark.replace([' ', '.'], "");
        if is_in(&forms, mark) || is_in(&squeezed, &tight) {
            return Some(mark.to_owned());
        }
    }
    let user = format!("user:{TOKEN}");
    let bearer = format!("Bearer {TOKEN}");
    for secret in [TOKEN, &bearer, &user] {
        let known = base64(secret.as_bytes());
        // The last characters depend on what follows.
        let known = &known[..known.len() - 2];
        let for_urls = known.replace('+', "-").replace('/', "_");
        for form in [known, &for_urls, &hex(secret)] {
            if forms.iter().any(|text| text.contains(form)) {
                return Some(form.to_owned());
            }
        }
    }
    None
}

#[test]
fn marks_are_found_in_every_dress() {
    for mark in [TOKEN, PHONE, SAID, NAME, EMAIL] {
        for text in [
            mark.to_owned(),
            mark.to_uppercase(),
            percent(mark, false),
            percent(mark, true),
            escaped(mark),
            mark.replace(' ', "\n"),
        ] {
            assert!(find(&format!("<{text}>")).is_some(), "{text}");
        }
    }
    for text in ["555 014\n2877", "(555) 014-2877", "15550142877"] {
        assert!(find(text).is_some(), "{text}");
    }
    for text in [TOKEN, &format!("Bearer {TOKEN}")] {
        assert!(find(&base64(text.as_bytes())).is_some(), "{text}");
        assert!(find(&hex(text)).is_some(), "{text}");
    }
    assert_eq!(find("+1555•••2877 said [withheld]"), None);
}

/// A site whose session `s1` is full of marks, the name of its recording included.
pub(crate) struct Marked {
    pub(crate) site: Site,
    /// The customer's members of each document, which hold marks and must go on holding them.
    originals: BTreeMap<String, Value>,
}

impl Marked {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let site = Site::with_api(BINARY, |api| {
            faults
                .iter()
                .fold(api.token(TOKEN), |api, fault| api.fault(fault.clone()))
        });
        fs::write(site.home().join("token"), TOKEN).unwrap();
        let mut marked = Self {
            site,
            originals: BTreeMap::new(),
        };
        let session = marked.session("s1");
        marked.add(&session);
        marked
    }

    /// A session full of marks. The name of its recording is as LiveKit's, with the number.
    pub(crate) fn session(&self, id: &str) -> Session {
        let recording = format!("number-_{}-{id}.ogg", &PHONE[1..]);
        self.site
            .put(Dir::Recordings, &recording, "sound", crate::OLD);
        let transcript = json!({
            "session_id": id,
            "items": [{"role": "user", "content": SAID, "timestamp": "2025-10-29T10:16:31Z"}],
        });
        let lead = json!({"name": NAME, "more": [{"email": EMAIL}], "phone": PHONE});
        Session::new(id)
            .without_recording_file()
            .manifest(json!({"ended_at": 5, "files": [{"filename": recording}]}).to_string())
            .transcript(transcript.to_string())
            .lead(lead.to_string())
            .edit(|document| {
                document["dialed_number"] = json!(PHONE);
                document["campaign_metadata"]["dialedNumber"] = json!(PHONE);
                document["notes"] = json!(format!("{TOKEN} {SAID} {NAME} {EMAIL}"));
            })
    }

    /// Writes a session and remembers its document.
    pub(crate) fn add(&mut self, session: &Session) -> PathBuf {
        let path = session.write(&self.site);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let document = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        self.originals.insert(name, document);
        path
    }

    /// The program with the token and everything logged that can be.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut plain = self.site.command(arguments);
        plain
            .arg("--token-file")
            .arg(self.site.home().join("token"));
        let mut command = after("true", &plain);
        command.env("RUST_LOG", "trace");
        command
    }

    /// Runs, and searches what was said and written.
    #[track_caller]
    pub(crate) fn call(&self, arguments: &[&str]) -> Outcome {
        let outcome = Outcome::of(self.command(arguments).output().unwrap());
        self.search(&outcome);
        outcome
    }

    /// Runs in both forms and looks at what came of it.
    #[track_caller]
    pub(crate) fn work(&self) -> Outcome {
        let first = self.call(&["-vv", "run", "--format", "json", "--log-format", "json"]);
        self.site.lift_backoffs();
        self.call(&["-vv", "run", "--max-wait", "0s"]);
        self.call(&["inspect", "s1"]);
        first
    }

    /// Looks at the spool in every way.
    #[track_caller]
    pub(crate) fn look(&self) {
        for arguments in [
            &["-vv", "dry-run"][..],
            &["-vv", "dry-run", "--format", "json"],
            &["inspect"],
            &["inspect", "--format", "json"],
            &["inspect", "s1"],
            &["inspect", "s1", "--format", "json"],
            &["inspect", "--state", "processed"],
            &["requeue", "s1", "--dry-run"],
        ] {
            let mut command = self.command(arguments);
            self.search(&Outcome::of(command.output().unwrap()));
        }
    }

    #[track_caller]
    pub(crate) fn search(&self, outcome: &Outcome) {
        for (name, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            assert_eq!(find(text), None, "on {name}:\n{text}");
        }
        for dir in [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt] {
            let Ok(entries) = fs::read_dir(self.site.dir(dir)) else {
                continue;
            };
            for entry in entries {
                self.search_file(&entry.unwrap().path());
            }
        }
    }

    /// A file of the spool's: our own hold no mark at all, documents none in what is ours, and
    /// there is nothing in them that was not there but our record and what the contract adds.
    #[track_caller]
    fn search_file(&self, path: &Path) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        let is_document = name.starts_with("metadata_") && name.ends_with(".json");
        let Ok(mut document) = serde_json::from_str::<Value>(&text) else {
            // Quarantined bytes are the producer's.
            assert!(is_document || find(&text).is_none(), "{name}: {text}");
            return;
        };
        if !is_document {
            assert_eq!(find(&text), None, "{name}: {text}");
            return;
        }
        let ours = document["upload"].take().to_string();
        assert_eq!(find(&ours), None, "{name}: {ours}");
        // Bytes that were quarantined have none.
        let Some(original) = self.originals.get(name) else {
            return;
        };
        for (member, value) in document.as_object().unwrap() {
            let is_ours = [
                "upload",
                "upload_attempts",
                "last_upload_attempt",
                "status",
                "files",
            ];
            if !is_ours.contains(&member.as_str()) {
                assert_eq!(Some(value), original.get(member), "{name}: {member}");
            }
        }
    }
}
