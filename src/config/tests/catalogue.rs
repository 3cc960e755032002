use super::super::catalog::{Kind, Setting};
use super::Given;

/// The flags and defaults that users were promised.
const PROMISED: [(&str, &str); 34] = [
    ("root", "."),
    ("metadata-dir", "call_metadata"),
    ("processed-dir", "processed_metadata"),
    ("failed-dir", "failed_metadata"),
    ("corrupt-dir", "corrupt_metadata"),
    ("conversations-dir", "conversations"),
    ("recordings-dir", "recordings"),
    ("leads-dir", "leads"),
    ("processed-uploads-dir", "processed_uploads"),
    ("adopt", "false"),
    ("api-url", ""),
    ("token-file", ""),
    ("ca-file", ""),
    ("batch-size", "100"),
    ("max-duration", ""),
    ("max-attempts", "20"),
    ("min-backoff", "5m"),
    ("max-backoff", "6h"),
    ("recording-grace", "30m"),
    ("settle", "60s"),
    ("connect-timeout", "10s"),
    ("response-timeout", "60s"),
    ("min-throughput", "16KiB/s"),
    ("rate", ""),
    ("max-wait", "30s"),
    ("breaker", "3"),
    ("default-campaign-id", ""),
    ("default-voice-agent-id", ""),
    ("default-client-id", ""),
    ("allow-http", "false"),
    ("ok-exit", ""),
    ("attention", "standing"),
    ("wait", "0s"),
    ("format", "text"),
];

const BESIDE: [(&str, &str); 11] = [
    ("jobs", "1"),
    ("color", "auto"),
    ("local-time", "false"),
    ("log-format", "text"),
    ("metrics-file", ""),
    ("ping-timeout", "5s"),
    ("ping-url", ""),
    ("progress", "auto"),
    ("quiet", "false"),
    ("shard", ""),
    ("verbose", "0"),
];

#[test]
fn the_catalogue_is_what_users_were_promised() {
    let mut promised: Vec<_> = PROMISED.iter().chain(&BESIDE).copied().collect();
    let mut there: Vec<_> = Setting::ALL
        .iter()
        .map(|setting| (setting.name(), setting.spec().default.unwrap_or("")))
        .collect();
    promised.sort_unstable();
    there.sort_unstable();
    assert_eq!(there, promised);
}

#[test]
fn names_of_a_setting_differ_in_spelling_only() {
    assert_eq!(Setting::ApiUrl.env_name(), "CALLSPOOL_API_URL");
    assert_eq!(Setting::ApiUrl.config_key(), "api_url");
    for setting in Setting::ALL {
        let key = setting.config_key();
        assert_eq!(Setting::from_config_key(&key), Some(*setting));
        assert_eq!(
            setting.env_name(),
            format!("CALLSPOOL_{}", key.to_uppercase())
        );
        assert!(setting.help().contains(&setting.env_name()));
        // "token" and "config" are no settings, and must not look like ones.
        assert!(!["token", "config"].contains(&setting.name()));
    }
}

#[test]
fn every_default_is_a_value_of_its_setting() {
    let settings = Given::nothing().resolve().unwrap();
    assert_eq!(settings.warnings, Vec::<String>::new());
    assert_eq!(settings.config_file, None);
    insta::assert_snapshot!(
        settings
            .sources
            .iter()
            .map(|origin| format!(
                "{} = {} ({})",
                origin.name(),
                origin
                    .value
                    .as_ref()
                    .map_or("not set".into(), |value| value.to_string_lossy()),
                origin.source,
            ))
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn switches_are_the_only_flags_without_a_value() {
    let switches: Vec<_> = Setting::ALL
        .iter()
        .filter(|setting| matches!(setting.spec().kind, Kind::Boolean | Kind::Level))
        .map(|setting| setting.name())
        .collect();
    assert_eq!(
        switches,
        ["adopt", "allow-http", "local-time", "verbose", "quiet"]
    );
}
