//! The settings that decisions depend on.

use std::time::Duration;

/// The settings that decisions depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Attempts that a part may cost before it is given up.
    pub max_attempts: u32,
    /// The delay after the first failed attempt.
    pub min_backoff: Duration,
    /// The longest delay between attempts.
    pub max_backoff: Duration,
    /// How long a recording is awaited after the call.
    pub recording_grace: Duration,
    /// The age below which a file may still be in the making.
    pub settle: Duration,
    /// For documents that lack a campaign id.
    pub default_campaign_id: Option<String>,
    /// For documents that lack a voice agent id.
    pub default_voice_agent_id: Option<String>,
    /// For documents that lack a client id.
    pub default_client_id: Option<String>,
}

#[cfg(test)]
impl Policy {
    /// The defaults of the command line.
    pub(crate) fn defaults() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            max_attempts: 20,
            min_backoff: minutes(5),
            max_backoff: minutes(6 * 60),
            recording_grace: minutes(30),
            settle: minutes(1),
            default_campaign_id: None,
            default_voice_agent_id: None,
            default_client_id: None,
        }
    }
}
