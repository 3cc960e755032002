//! Every setting, once: its name, kind, default and meaning.
//!
//! The flag, the environment variable and the config key of a setting are all made from its name
//! here. Reads nothing and parses nothing.

/// What kind of value a setting takes: how it is written in a config file and as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A path.
    Path,
    /// A directory of the spool: a path relative to the root.
    SpoolDirectory,
    /// Free text.
    Text,
    /// A duration such as `90s`.
    Duration,
    /// A size such as `16KiB`.
    Size,
    /// Requests per unit of time, such as `100/min`.
    Rate,
    /// A whole number.
    Count,
    /// A list of exit codes.
    ExitCodes,
    /// Yes or no.
    Boolean,
    /// How often a switch was given.
    Level,
}

/// Under which heading of `--help` a setting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// Where things are.
    Spool,
    /// Where they go.
    Api,
    /// How much at once, and how fast.
    Pace,
    /// What is tried again, and when.
    Patience,
    /// What call data falls back to.
    Defaults,
    /// What is printed, and what the exit code says.
    Output,
    /// Who else is told.
    Monitoring,
}

impl Heading {
    /// The heading's text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spool => "Spool",
            Self::Api => "Upload API",
            Self::Pace => "Pace",
            Self::Patience => "Patience",
            Self::Defaults => "Defaults for documents",
            Self::Output => "Output",
            Self::Monitoring => "Monitoring",
        }
    }
}

/// What the catalogue says of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The name, with hyphens, as the flag has it.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// What stands for the value in help texts.
    pub value_name: &'static str,
    /// The default, written as a user would; `None` where there is none.
    pub default: Option<&'static str>,
    /// Its heading in help texts.
    pub heading: Heading,
    /// One line about it.
    pub about: &'static str,
}

macro_rules! catalog {
    ($($setting:ident: $name:literal, $kind:ident, $value_name:literal, $default:expr,
       $heading:ident, $about:literal;)*) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Setting {
            $(#[doc = concat!("`--", $name, "`: ", $about, ".")] $setting,)*
        }

        impl Setting {
            /// Every setting, in the order of the help text.
            pub const ALL: &[Self] = &[$(Self::$setting,)*];

            /// What the catalogue says of it.
            pub fn spec(self) -> &'static Spec {
                match self {
                    $(Self::$setting => &Spec {
                        name: $name,
                        kind: Kind::$kind,
                        value_name: $value_name,
                        default: $default,
                        heading: Heading::$heading,
                        about: $about,
                    },)*
                }
            }
        }
    };
}

catalog! {
    Root: "root", Path, "DIR", Some("."), Spool, "The spool";
    MetadataDir: "metadata-dir", SpoolDirectory, "DIR", Some("call_metadata"), Spool,
        "Pending documents (relative to the root, as all of these directories are)";
    ProcessedDir: "processed-dir", SpoolDirectory, "DIR", Some("processed_metadata"), Spool,
        "Documents of what was delivered";
    FailedDir: "failed-dir", SpoolDirectory, "DIR", Some("failed_metadata"), Spool,
        "Documents that need a person";
    CorruptDir: "corrupt-dir", SpoolDirectory, "DIR", Some("corrupt_metadata"), Spool,
        "Files that are no documents";
    ConversationsDir: "conversations-dir", SpoolDirectory, "DIR", Some("conversations"), Spool,
        "Transcripts";
    RecordingsDir: "recordings-dir", SpoolDirectory, "DIR", Some("recordings"), Spool,
        "Audio files and egress manifests";
    LeadsDir: "leads-dir", SpoolDirectory, "DIR", Some("leads"), Spool, "Lead files";
    ProcessedUploadsDir: "processed-uploads-dir", SpoolDirectory, "DIR", Some("processed_uploads"), Spool,
        "Marks of an older uploader: what it has delivered is not adopted";
    Adopt: "adopt", Boolean, "BOOL", Some("false"), Spool,
        "With run and dry-run: first make documents for transcripts that none names, as adopt does";
    ApiUrl: "api-url", Text, "URL", None, Api, "Base URL of the upload API; run requires it";
    TokenFile: "token-file", Path, "FILE", None, Api,
        "File with the bearer token; else CALLSPOOL_TOKEN, else the systemd credential callspool-token";
    CaFile: "ca-file", Path, "FILE", None, Api,
        "Certificates (PEM) to trust beside the platform's";
    AllowHttp: "allow-http", Boolean, "BOOL", Some("false"), Api,
        "Allow plain http to a host that is not this machine";
    ConnectTimeout: "connect-timeout", Duration, "D", Some("10s"), Api,
        "How long connecting may take, TLS included";
    ResponseTimeout: "response-timeout", Duration, "D", Some("60s"), Api,
        "How long the answer may take once a request is sent";
    MinThroughput: "min-throughput", Size, "BYTES/s", Some("16KiB/s"), Api,
        "Slowest upload put up with: a request may take connect + response + size / this";
    BatchSize: "batch-size", Count, "N", Some("100"), Pace,
        "Sessions attempted in one run; 0 for no limit";
    Jobs: "jobs", Count, "N", Some("1"), Pace,
        "Sessions worked on at a time";
    MaxDuration: "max-duration", Duration, "D", None, Pace,
        "Start no new session after that long";
    Rate: "rate", Rate, "N/min[,N/h]", None, Pace,
        "Requests sent at most, counted across runs";
    Shard: "shard", Text, "K/N", None, Pace,
        "Only shard K, from 0, of N that the sessions are dealt out to; auto/N in a job array";
    MaxWait: "max-wait", Duration, "D", Some("30s"), Pace,
        "Longest Retry-After that a run sits out";
    Breaker: "breaker", Count, "N", Some("3"), Pace,
        "Failures of the service in a row that end the run";
    Wait: "wait", Duration, "D", Some("0s"), Pace, "How long to wait for the lock";
    MaxAttempts: "max-attempts", Count, "N", Some("20"), Patience,
        "Attempts for each part of a session before it is given up";
    MinBackoff: "min-backoff", Duration, "D", Some("5m"), Patience,
        "Delay after the first failed attempt; it doubles with each one more";
    MaxBackoff: "max-backoff", Duration, "D", Some("6h"), Patience,
        "Longest delay between attempts";
    RecordingGrace: "recording-grace", Duration, "D", Some("30m"), Patience,
        "How long after its call a recording is waited for";
    Settle: "settle", Duration, "D", Some("60s"), Patience,
        "Age below which a file may still be in the making";
    DefaultCampaignId: "default-campaign-id", Text, "ID", None, Defaults,
        "Campaign of documents that name none";
    DefaultVoiceAgentId: "default-voice-agent-id", Text, "ID", None, Defaults,
        "Voice agent of documents that name none";
    DefaultClientId: "default-client-id", Text, "ID", None, Defaults,
        "Client of documents that name none";
    OkExit: "ok-exit", ExitCodes, "LIST", None, Output,
        "Exit codes to turn into 0, such as 3,11; inspect --check heeds the flag alone";
    Attention: "attention", Text, "standing|new", Some("standing"), Output,
        "Exit 4 for all that needs a person (standing), or only for this run's (new)";
    Format: "format", Text, "text|json", Some("text"), Output, "Form of the report on stdout";
    Progress: "progress", Text, "auto|never", Some("auto"), Output,
        "Progress bars of a run on stderr: where it is a terminal (auto), or never";
    Color: "color", Text, "auto|always|never", Some("auto"), Output,
        "Colours: at a terminal unless NO_COLOR is set (auto), always, or never";
    LocalTime: "local-time", Boolean, "BOOL", Some("false"), Output,
        "Write times for people in this machine's zone, or TZ's, instead of UTC";
    LogFormat: "log-format", Text, "text|json", Some("text"), Output,
        "Form of the log lines on stderr";
    Verbose: "verbose", Level, "N", Some("0"), Output,
        "Log more: -v debug, -vv trace (RUST_LOG goes before it)";
    Quiet: "quiet", Boolean, "BOOL", Some("false"), Output,
        "Log warnings only, and print nothing at all when the exit code is 0";
    MetricsFile: "metrics-file", Path, "FILE", None, Monitoring,
        "Where a run writes its figures for Prometheus, for node_exporter's textfile collector";
    PingUrl: "ping-url", Text, "URL", None, Monitoring,
        "Whom a run tells that it starts and how it ended, as healthchecks.io has it; a secret";
    PingTimeout: "ping-timeout", Duration, "D", Some("5s"), Monitoring,
        "How long such a ping may take";
}

impl Setting {
    /// The name with hyphens, as the flag has it.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The environment variable: `CALLSPOOL_API_URL`.
    pub fn env_name(self) -> String {
        format!(
            "CALLSPOOL_{}",
            self.name().to_ascii_uppercase().replace('-', "_")
        )
    }

    /// The key in a config file: `api_url`.
    pub fn config_key(self) -> String {
        self.name().replace('-', "_")
    }

    /// The setting of that config key.
    pub fn from_config_key(key: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|setting| setting.config_key() == key)
    }

    /// The setting's text for `--help`: what it is, its environment variable, its default.
    pub fn help(self) -> String {
        let spec = self.spec();
        let default = spec
            .default
            .filter(|_| !matches!(spec.kind, Kind::Boolean | Kind::Level))
            .map(|default| format!(" [default: {default}]"))
            .unwrap_or_default();
        format!("{}\n[env: {}]{default}", spec.about, self.env_name())
    }
}
