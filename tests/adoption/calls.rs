//! Calls with a truth: what was said, recorded and learnt in each, and under which names an old
//! system has put that away. In every file stands the number of its call.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

/// A file of an old system.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    /// Its directory.
    pub(crate) dir: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
    /// When it was written.
    pub(crate) at: DateTime<Utc>,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Its number, which stands in all of its files.
    pub(crate) number: usize,
    /// When it began.
    pub(crate) start: DateTime<Utc>,
    /// When it ended.
    pub(crate) end: DateTime<Utc>,
    /// The session's id, in the transcript.
    pub(crate) session_id: String,
    /// The session's id, in the campaign metadata.
    pub(crate) campaign_session: String,
    /// Who was called.
    pub(crate) phone: String,
    /// The campaign.
    pub(crate) campaign: &'static str,
    /// The voice agent.
    pub(crate) agent: &'static str,
    /// The egress.
    pub(crate) egress: String,
    /// Whether the transcript names the egress.
    pub(crate) names_egress: bool,
    /// How the transcript is written.
    pub(crate) form: Form,
    /// What the transcript is called.
    pub(crate) transcript: String,
    /// What became of the recording.
    pub(crate) sound: Sound,
    /// Where the lead went, if there is one.
    pub(crate) lead: Option<LeadKind>,
}

/// How a transcript is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// With ids, turns with texts.
    Plain,
    /// With ids, turns as Python printed them.
    Printed,
    /// LiveKit's history: no ids at all.
    History,
    /// The oldest: no ids at all.
    Oldest,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sound {
    /// Never recorded.
    None,
    /// By number and second, with a manifest.
    Number,
    /// The same without its manifest.
    NumberAlone,
    /// By key, with a manifest.
    Key,
    /// By key, without a manifest.
    KeyAlone,
    /// By the whole id, without a manifest.
    WholeId,
    /// A manifest that came to nothing.
    Failed,
    /// A manifest whose file is gone.
    Gone,
    /// Playlists.
    Playlists,
}

/// Where a lead went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeadKind {
    /// The transcript has its path.
    Path,
    /// It has the session's id.
    Session,
    /// By key.
    Key,
    /// By its second; the call to `create_lead` has the address.
    Email,
    /// By the time stamp of the transcript.
    Stamp,
}

const CAMPAIGNS: [&str; 3] = [
    "68ff5c0f015cbf44dd9f336c",
    "camp-2025-north",
    "68ff5c0f015cff44dd9f336c",
];
const AGENTS: [&str; 3] = ["68ff5b90015cbf44dd9f3269", "asha-v2", "agent 7"];

impl Call {
    /// A call that begins then.
    pub(crate) fn draw(rng: &mut Rng, number: usize, start: DateTime<Utc>) -> Self {
        let seconds = rng.i64(20..400);
        let stamp = start.format("%Y%m%d_%H%M%S");
        let session_id = format!("session_{stamp}_{:08x}", rng.u32(..));
        let campaign_session = match rng.u8(..3) {
            0 => session_id.clone(),
            _ => format!("session_{}", start.timestamp()),
        };
        let form = match rng.u8(..10) {
            0 => Form::History,
            1 => Form::Oldest,
            2..=5 => Form::Printed,
            _ => Form::Plain,
        };
        let sound = match rng.u8(..20) {
            0 | 1 => Sound::None,
            2..=9 => Sound::Number,
            10 => Sound::NumberAlone,
            11..=13 => Sound::Key,
            14 | 15 => Sound::KeyAlone,
            16 => Sound::WholeId,
            17 => Sound::Failed,
            18 => Sound::Gone,
            _ => Sound::Playlists,
        };
        let lead = match rng.u8(..12) {
            0 => Some(LeadKind::Path),
            1 => Some(LeadKind::Session),
            2 => Some(LeadKind::Key),
            3 => Some(LeadKind::Email),
            4 => Some(LeadKind::Stamp),
            _ => None,
        };
        let mut call = Self {
            number,
            start,
            end: start + TimeDelta::seconds(seconds),
            session_id,
            campaign_session,
            phone: format!("+155501{:05}", rng.u32(..40)),
            campaign: CAMPAIGNS[rng.usize(..3)],
            agent: AGENTS[rng.usize(..3)],
            egress: format!("{:06x}{number}", rng.u32(..0x0100_0000)),
            names_egress: rng.u8(..3) == 0,
            form,
            transcript: String::new(),
            sound,
            lead,
        };
        call.transcript = call.draw_name(rng);
        call
    }

    fn draw_name(&self, rng: &mut Rng) -> String {
        let has_ids = matches!(self.form, Form::Plain | Form::Printed);
        match rng.u8(..10) {
            0..=3 if has_ids => format!("transcript_session_{}.json", self.key()),
            4..=6 => format!("transcript_{}.json", self.session_id),
            7 | 8 => format!("transcript_session_{}.json", self.stamp()),
            _ => self
                .start
                .format("conversation_%Y%m%d_%H%M%S.json")
                .to_string(),
        }
    }

    /// The key of the old system: cut, then stripped.
    pub(crate) fn key(&self) -> String {
        let part = |id: &str, limit: usize| -> String {
            let cut: String = id.chars().take(limit).collect();
            cut.chars().filter(char::is_ascii_alphanumeric).collect()
        };
        let (campaign, agent) = (part(self.campaign, 12), part(self.agent, 12));
        format!("{campaign}_{agent}_{}", part(&self.campaign_session, 16))
    }

    /// The time stamp that some of its files have.
    pub(crate) fn stamp(&self) -> String {
        self.start.format("%Y-%m-%dT%H-%M-%S.%6f").to_string()
    }

    /// The digits of the number.
    pub(crate) fn digits(&self) -> &str {
        self.phone.trim_start_matches('+')
    }

    /// What the recording holds.
    pub(crate) fn sound_bytes(&self) -> Vec<u8> {
        format!("sound of call {}", self.number).into_bytes()
    }

    /// The recording's name.
    pub(crate) fn sound_name(&self) -> String {
        match self.sound {
            Sound::Key | Sound::KeyAlone => format!("recording_{}.ogg", self.key()),
            Sound::WholeId => format!("recording_{}.ogg", self.session_id),
            _ => format!("number-_{}-{}.ogg", self.digits(), self.start.timestamp()),
        }
    }

    /// The lead's name.
    pub(crate) fn lead_name(&self) -> String {
        let made = self.lead_time();
        match self.lead {
            Some(LeadKind::Key) => format!("lead_{}.json", self.key()),
            Some(LeadKind::Stamp) => format!("leads_session_{}.json", self.stamp()),
            _ => made.format("lead_%Y%m%d_%H%M%S.json").to_string(),
        }
    }

    /// The address of its lead.
    fn email(&self) -> String {
        format!("caller{}@example.com", self.number)
    }

    fn lead_time(&self) -> DateTime<Utc> {
        self.start + (self.end - self.start) / 2
    }

    /// All files of the call.
    pub(crate) fn files(&self, rng: &mut Rng) -> Vec<Put> {
        let put = |dir, name: String, bytes: Vec<u8>, after: i64| Put {
            dir,
            name,
            bytes,
            at: self.end + TimeDelta::seconds(after),
        };
        let transcript = self.transcript_text().into_bytes();
        let mut files = vec![put("conversations", self.transcript.clone(), transcript, 3)];
        let has_file = !matches!(
            self.sound,
            Sound::None | Sound::Failed | Sound::Gone | Sound::Playlists
        );
        if has_file {
            files.push(put("recordings", self.sound_name(), self.sound_bytes(), 2));
        }
        if let Some(manifest) = self.manifest(rng) {
            let name = format!("EG_{}.json", self.egress);
            files.push(put(
                "recordings",
                name,
                manifest.to_string().into_bytes(),
                4,
            ));
        }
        if self.lead.is_some() {
            let mut lead = put("leads", self.lead_name(), self.lead_text().into_bytes(), 0);
            lead.at = self.lead_time();
            files.push(lead);
        }
        files
    }

    fn manifest(&self, rng: &mut Rng) -> Option<Value> {
        let nanos = |time: DateTime<Utc>| time.timestamp_nanos_opt().unwrap();
        let (start, end) = (
            nanos(self.start + TimeDelta::seconds(1)),
            nanos(self.end + TimeDelta::seconds(1)),
        );
        let (id, room) = (
            format!("EG_{}", self.egress),
            format!("number-_{}", self.digits()),
        );
        let name = self.sound_name();
        let path = match rng.u8(..4) {
            0 => name.clone(),
            1 => format!("/recordings/{name}"),
            2 => format!("C:\\agent\\recordings\\{name}"),
            _ => format!("recordings/{name}"),
        };
        let is_camel = rng.u8(..3) == 0;
        match self.sound {
            Sound::None | Sound::NumberAlone | Sound::KeyAlone | Sound::WholeId => None,
            Sound::Failed => Some(json!({
                "egressId": id, "roomName": room, "status": "EGRESS_FAILED",
                "startedAt": start.to_string(), "endedAt": end.to_string(),
                "error": "Start signal not received",
            })),
            Sound::Playlists => Some(json!({
                "egress_id": id, "room_name": room, "started_at": start, "ended_at": end,
                "playlists": [{"location": "/recordings/x.m3u8", "segments": [{"filename": "x_0.ts"}]}],
            })),
            Sound::Number | Sound::Key | Sound::Gone if is_camel => Some(json!({
                "egressId": id, "roomName": room, "status": "EGRESS_COMPLETE",
                "startedAt": start.to_string(), "endedAt": end.to_string(),
                "fileResults": [{"filename": path, "size": self.sound_bytes().len().to_string()}],
            })),
            Sound::Number | Sound::Key | Sound::Gone => Some(json!({
                "egress_id": id, "room_name": room, "started_at": start, "ended_at": end,
                "files": [{"filename": path, "location": path}],
            })),
        }
    }

    fn campaign_metadata(&self) -> Value {
        let mut campaign = json!({
            "campaignId": self.campaign,
            "voiceAgentId": self.agent,
            "clientId": "client-1",
            "sessionId": self.campaign_session,
            "dialedNumber": self.phone,
        });
        if self.names_egress && self.sound != Sound::None {
            let prefix = if self.number.is_multiple_of(2) {
                "EG_"
            } else {
                ""
            };
            campaign["egressId"] = json!(format!("{prefix}{}", self.egress));
        }
        if self.lead == Some(LeadKind::Path) {
            campaign["lead_file"] = json!(format!("C:\\agent\\leads\\{}", self.lead_name()));
        }
        campaign
    }

    /// What the transcript holds.
    pub(crate) fn transcript_text(&self) -> String {
        let words = format!("This is call {}.", self.number);
        let time = |time: DateTime<Utc>| time.to_rfc3339();
        let call = self.lead.map(|_| {
            let arguments = json!({"name": "Test Person", "email": self.email()}).to_string();
            (arguments, time(self.lead_time()))
        });
        match self.form {
            Form::Oldest => json!({"conversation": [
                {"role": "agent", "content": words, "timestamp": time(self.start), "source": "tts"},
                {"role": "user", "content": "Yes.", "timestamp": time(self.end), "source": "stt"},
            ]}),
            Form::History => {
                let seconds = |time: DateTime<Utc>| time.timestamp();
                let mut items = vec![
                    json!({"type": "message", "role": "assistant", "content": [words], "created_at": seconds(self.start)}),
                    json!({"type": "message", "role": "user", "content": ["Yes."], "created_at": seconds(self.end)}),
                ];
                items.extend(call.map(|(arguments, _)| json!({
                    "type": "function_call", "name": "create_lead", "arguments": arguments,
                })));
                json!({"items": items})
            }
            Form::Plain | Form::Printed => {
                let printed = |role: &str, text: &str| {
                    let raw = format!("id='i' type='message' role='{role}' content=['{text}'] interrupted=False");
                    json!({"role": "unknown", "content": "", "source": "session_history", "raw": raw})
                };
                let mut items = match self.form {
                    Form::Printed => vec![printed("assistant", &words), printed("user", "Yes.")],
                    _ => vec![
                        json!({"role": "assistant", "content": words}),
                        json!({"role": "user", "content": ["Yes."]}),
                    ],
                };
                let lead_generated = call.is_some();
                items.extend(call.map(|(arguments, timestamp)| {
                    let raw = format!("FunctionCall(id='f', call_id='c', arguments='{arguments}', name='create_lead')");
                    json!({"role": "unknown", "content": "", "raw": raw, "timestamp": timestamp})
                }));
                json!({
                    "session_id": self.session_id,
                    "start_time": self.start.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string(),
                    "end_time": self.end.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
                    "items": items,
                    "lead_generated": lead_generated,
                    "metadata": {"auto_saved": true, "campaign_metadata": self.campaign_metadata()},
                })
            }
        }
        .to_string()
    }

    fn lead_text(&self) -> String {
        let mut campaign = json!({"campaignId": self.campaign});
        if self.lead == Some(LeadKind::Session) {
            campaign["sessionId"] = json!(self.campaign_session);
        }
        json!({
            "timestamp": self.lead_time().format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            "email": self.email(),
            "interest": format!("call {}", self.number),
            "phone": self.phone,
            "campaign_metadata": campaign,
        })
        .to_string()
    }
}

/// How long ago that was.
pub(crate) fn age(at: DateTime<Utc>) -> Duration {
    let now = DateTime::<Utc>::from(SystemTime::now());
    (now - at).to_std().unwrap_or_default()
}

/// The number of the call that a text is about.
pub(crate) fn number_in(text: &str) -> Option<usize> {
    let rest = text.split("call ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
