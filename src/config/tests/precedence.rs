use super::super::catalog::Kind;
use super::super::{Setting, Settings, Source, Verbosity};
use super::{Given, path};

/// Three values of a setting, as a flag would have them, all different from its default.
fn samples(setting: Setting) -> [&'static str; 3] {
    match setting {
        Setting::ApiUrl | Setting::PingUrl => [
            "https://a.example",
            "https://b.example",
            "https://c.example",
        ],
        Setting::Attention => ["new", "standing", "new"],
        Setting::Format | Setting::LogFormat => ["json", "text", "json"],
        Setting::Shard => ["0/1", "1/2", "auto/3"],
        Setting::Progress => ["never", "auto", "never"],
        Setting::Color => ["always", "never", "always"],
        Setting::Verbose => ["1", "2", "1"],
        Setting::MinBackoff => ["1m", "2m", "3m"],
        Setting::MaxBackoff => ["7h", "8h", "9h"],
        _ => match setting.spec().kind {
            Kind::Path => ["/a", "/b", "/c"],
            Kind::SpoolDirectory => ["a", "b", "c"],
            Kind::Text => ["id-a", "id-b", "id-c"],
            Kind::Duration => ["11s", "12m", "13h"],
            Kind::Size => ["1KiB/s", "2MB", "3B/s"],
            Kind::Rate => ["1/s", "2/min", "3/h"],
            Kind::Count | Kind::Level => ["7", "8", "9"],
            Kind::ExitCodes => ["3", "4,5", "11,3"],
            Kind::Boolean => ["true", "false", "true"],
        },
    }
}

/// A line of a config file.
fn line(setting: Setting, text: &str) -> String {
    let value = match setting.spec().kind {
        Kind::Count | Kind::Level | Kind::Boolean => text.to_owned(),
        Kind::ExitCodes => format!("[{text}]"),
        _ => format!("\"{text}\""),
    };
    format!("# a comment\n{} = {value}\n", setting.config_key())
}

/// The typed value of a setting. A new setting does not compile until it is here.
fn typed(settings: &Settings, setting: Setting) -> String {
    match setting {
        Setting::Root => format!("{:?}", settings.root),
        Setting::MetadataDir => format!("{:?}", settings.dirs.metadata),
        Setting::ProcessedDir => format!("{:?}", settings.dirs.processed),
        Setting::FailedDir => format!("{:?}", settings.dirs.failed),
        Setting::CorruptDir => format!("{:?}", settings.dirs.corrupt),
        Setting::ConversationsDir => format!("{:?}", settings.dirs.conversations),
        Setting::RecordingsDir => format!("{:?}", settings.dirs.recordings),
        Setting::LeadsDir => format!("{:?}", settings.dirs.leads),
        Setting::ProcessedUploadsDir => format!("{:?}", settings.dirs.processed_uploads),
        Setting::Adopt => format!("{:?}", settings.adopt),
        Setting::ApiUrl => format!("{:?}", settings.api_url),
        Setting::TokenFile => format!("{:?}", settings.token_file),
        Setting::CaFile => format!("{:?}", settings.ca_file),
        Setting::AllowHttp => format!("{:?}", settings.allow_http),
        Setting::ConnectTimeout => format!("{:?}", settings.connect_timeout),
        Setting::ResponseTimeout => format!("{:?}", settings.response_timeout),
        Setting::MinThroughput => format!("{:?}", settings.min_throughput),
        Setting::BatchSize => format!("{:?}", settings.batch_size),
        Setting::Jobs => format!("{:?}", settings.jobs),
        Setting::MaxDuration => format!("{:?}", settings.max_duration),
        Setting::Rate => format!("{:?}", settings.rate),
        Setting::Shard => format!("{:?}", settings.shard),
        Setting::MaxWait => format!("{:?}", settings.max_wait),
        Setting::Breaker => format!("{:?}", settings.breaker),
        Setting::Wait => format!("{:?}", settings.wait),
        Setting::MaxAttempts => format!("{:?}", settings.max_attempts),
        Setting::MinBackoff => format!("{:?}", settings.min_backoff),
        Setting::MaxBackoff => format!("{:?}", settings.max_backoff),
        Setting::RecordingGrace => format!("{:?}", settings.recording_grace),
        Setting::Settle => format!("{:?}", settings.settle),
        Setting::DefaultCampaignId => format!("{:?}", settings.default_campaign_id),
        Setting::DefaultVoiceAgentId => format!("{:?}", settings.default_voice_agent_id),
        Setting::DefaultClientId => format!("{:?}", settings.default_client_id),
        Setting::OkExit => format!("{:?}", settings.ok_exit),
        Setting::Attention => format!("{:?}", settings.attention),
        Setting::Format => format!("{:?}", settings.format),
        Setting::Progress => format!("{:?}", settings.progress),
        Setting::Color => format!("{:?}", settings.color),
        Setting::LocalTime => format!("{:?}", settings.local_time),
        Setting::LogFormat => format!("{:?}", settings.log_format),
        Setting::MetricsFile => format!("{:?}", settings.metrics_file),
        Setting::PingUrl => format!("{:?}", settings.ping_url),
        Setting::PingTimeout => format!("{:?}", settings.ping_timeout),
        Setting::Verbose | Setting::Quiet => format!("{:?}", settings.verbosity),
    }
}

#[test]
fn each_setting_comes_from_each_place_and_the_first_one_goes() {
    for setting in Setting::ALL.iter().copied() {
        let [a, b, c] = samples(setting);
        let name = setting.env_name();
        let alone = |text| {
            let settings = Given::nothing().flag(setting, text).resolve().unwrap();
            typed(&settings, setting)
        };
        let default = typed(&Given::nothing().resolve().unwrap(), setting);
        assert_ne!(alone(a), default, "{name}");
        assert_ne!(alone(a), alone(b), "{name}");

        let file = Given::nothing().file(line(setting, c));
        let settings = file.resolve().unwrap();
        assert_eq!(typed(&settings, setting), alone(c), "{name}");
        let source = Source::File {
            path: file.default_config().into(),
            line: 2,
        };
        assert_eq!(settings.source(setting), source);

        let settings = file.variable(&name, b);
        let resolved = settings.resolve().unwrap();
        assert_eq!(typed(&resolved, setting), alone(b), "{name}");
        assert_eq!(resolved.source(setting), Source::Environment(name.clone()));
        assert_eq!(resolved.warnings, Vec::<String>::new());

        let resolved = settings.flag(setting, a).resolve().unwrap();
        assert_eq!(typed(&resolved, setting), alone(a), "{name}");
        assert_eq!(resolved.source(setting), Source::Flag(setting.name()));
    }
}

#[test]
fn quiet_and_verbose_are_decided_by_the_first_place_that_speaks_of_either() {
    let given = Given::nothing().file("quiet = true\n");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Quiet);
    assert!(given.resolve().unwrap().is_quiet());
    let given = given.variable("CALLSPOOL_VERBOSE", "yes");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Debug);
    let given = given.flag(Setting::Quiet, "true");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Quiet);

    let given = Given::nothing()
        .file("quiet = true\n")
        .variable("CALLSPOOL_QUIET", "off");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Normal);
    let given = Given::nothing().file("verbose = 2\nquiet = false\n");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Trace);
    let given = Given::nothing().file("verbose = true\n");
    assert_eq!(given.resolve().unwrap().verbosity, Verbosity::Debug);
}

#[test]
fn the_config_file_is_named_by_the_flag_or_else_the_environment() {
    let mut given = Given::nothing().file("batch_size = 1\n");
    let other = given.folder.path().join("other.toml");
    std::fs::copy(given.default_config(), &other).unwrap();
    given = given.file("batch_size = 2\n");
    let batch_size = |given: &Given| given.resolve().unwrap().batch_size.map(u64::from);
    assert_eq!(batch_size(&given), Some(2));
    given = given.variable("CALLSPOOL_CONFIG", other.to_str().unwrap());
    assert_eq!(batch_size(&given), Some(1));
    assert_eq!(given.resolve().unwrap().config_file, Some(other));
    given.config = Some(given.default_config());
    assert_eq!(batch_size(&given), Some(2));
    given.config = Some(path("/dev/null").to_owned());
    assert_eq!(batch_size(&given), Some(100));
}

#[test]
fn unknown_variables_are_warned_of_without_their_values() {
    let settings = Given::nothing()
        .variable("CALLSPOOL_SETLE", "hush")
        .variable("CALLSPOOL_XYZZY", "hush")
        .variable("CALLSPOOL_TOKEN", "hush")
        .variable("OTHER_SETTLE", "hush")
        .resolve()
        .unwrap();
    insta::assert_snapshot!(settings.warnings.join("\n"), @r#"the environment variable CALLSPOOL_SETLE is no setting and has no effect; did you mean CALLSPOOL_SETTLE?
the environment variable CALLSPOOL_XYZZY is no setting and has no effect"#);
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn exit_codes_are_an_array_a_text_or_a_number_in_a_config_file() {
    for (line, expected) in [
        ("ok_exit = [11, 0x3]", vec![3, 11]),
        ("ok_exit = \"3,11\"", vec![3, 11]),
        ("ok_exit = 3", vec![3]),
        ("ok_exit = []", Vec::new()),
    ] {
        let settings = Given::nothing().file(line).resolve().unwrap();
        assert_eq!(settings.ok_exit, expected, "{line}");
    }
}

#[test]
fn zero_sessions_means_no_limit() {
    let batch_size = |text| {
        let settings = Given::nothing().flag(Setting::BatchSize, text).resolve();
        settings.unwrap().batch_size.map(u64::from)
    };
    assert_eq!(batch_size("0"), None);
    assert_eq!(batch_size("1"), Some(1));
}

#[test]
fn a_ping_url_is_shown_with_its_host_alone_wherever_it_stands() {
    let url = "https://hc.example.com/hush?key=hush";
    let file = Given::nothing().file(format!("ping_url = \"{url}\"\n"));
    let variable = Given::nothing().variable("CALLSPOOL_PING_URL", url);
    let flag = Given::nothing().flag(Setting::PingUrl, url);
    for given in [file, variable, flag] {
        let settings = given.resolve().unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
        let origin = settings.sources.iter();
        let origin = origin.into_iter().find(|it| it.setting == Setting::PingUrl);
        let shown = origin.unwrap().value.clone().unwrap();
        assert_eq!(shown, "https://hc.example.com/…");
    }
}
