//! The config file and the texts of settings.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use callspool::config::value::{self, MAX_DURATION};
use callspool::config::{ConfigError, Environment, Inputs, Layer, Settings, resolve};
use callspool::upload::base_url::BaseUrl;

use crate::redaction::{MARKED, assert_nothing_marked};

/// The bytes as a config file, and as the text of each kind of value.
pub(crate) fn check(data: &[u8]) {
    check_file(data);
    if let Ok(text) = std::str::from_utf8(data) {
        check_values(text);
        check_url(text);
    }
}

/// A token in the file is refused, and shown in no error, whatever stands around it.
fn check_file(data: &[u8]) {
    let (_, token) = MARKED[0];
    let plain = read(data);
    if let Err(error) = &plain {
        assert_one_line(&error.to_string());
    }
    for (quote, end) in [
        ("\"", "\""),
        ("'", "'"),
        ("\"", ""),
        ("", ""),
        ("[\"", "\"]"),
    ] {
        let line = format!("\ntoken = {quote}{token}{end}\n").into_bytes();
        // A byte order mark is one at the beginning of a file only.
        let rest = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
        for file in [[data, &line].concat(), [&line, rest].concat()] {
            let Err(error) = read(&file) else {
                panic!("a token in the file was accepted");
            };
            assert_nothing_marked(&error.to_string());
            assert_nothing_marked(&format!("{error:?}"));
            if plain.is_ok() && end == quote && quote == "\"" {
                assert!(matches!(error, ConfigError::TokenInFile { .. }), "{error}");
            }
        }
    }
}

fn read(file: &[u8]) -> Result<Settings, ConfigError> {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(file).unwrap();
    let environment = Environment::default();
    resolve(Inputs {
        flags: Layer::default(),
        config: Some(config.path().to_owned()),
        environment: &environment,
        default_config: Path::new("/nonexistent"),
    })
}

/// What is accepted is in range and, written plainly, means the same.
fn check_values(text: &str) {
    if let Ok(duration) = told(value::duration(text)) {
        assert!(duration <= MAX_DURATION);
        let plain = format!("{}s {}ns", duration.as_secs(), duration.subsec_nanos());
        assert_eq!(value::duration(&plain), Ok(duration), "{plain}");
        let positive = value::positive_duration(text);
        assert_eq!(positive.is_ok(), duration > Duration::ZERO);
    }
    if let Ok(bytes) = told(value::size(text)) {
        assert_eq!(value::size(&bytes.to_string()), Ok(bytes));
    }
    if let Ok(bytes) = told(value::throughput(text)) {
        assert!(bytes > 0);
    }
    if let Ok(number) = told(value::count(text, 2, 77)) {
        assert_eq!(text.trim().trim_start_matches('0'), number.to_string());
        assert!((2..=77).contains(&number));
    }
    if let Ok(rate) = told(value::rate(text)) {
        let plain: Vec<String> = rate.windows.iter().map(window).collect();
        assert_eq!(value::rate(&plain.join(",")), Ok(rate));
    }
    if let Ok(codes) = told(value::exit_codes(text)) {
        assert!(codes.is_sorted() && !codes.contains(&0));
        let plain: Vec<String> = codes.iter().map(u8::to_string).collect();
        assert_eq!(value::exit_codes(&plain.join(",")), Ok(codes));
    }
    let _ = told(value::level(text));
    let _ = told(value::word(text, &["standing", "new"], &[0, 1]));
    if let Ok(id) = told(value::identifier(text)) {
        assert!(!id.is_empty() && !id.chars().any(char::is_control));
    }
}

fn window((number, length): &(u32, Duration)) -> String {
    let unit = match length.as_secs() {
        1 => "s",
        60 => "min",
        _ => "h",
    };
    format!("{number}/{unit}")
}

fn told<T>(result: Result<T, value::ValueError>) -> Result<T, value::ValueError> {
    if let Err(error) = &result {
        assert_one_line(&error.to_string());
    }
    result
}

fn check_url(text: &str) {
    match BaseUrl::parse(text) {
        Ok(url) => {
            let normal = url.as_str();
            assert_eq!(BaseUrl::parse(normal).as_ref(), Ok(&url), "{normal}");
            assert!(normal.starts_with(url.origin()) && !normal.ends_with('/'));
            assert!(!normal.contains(['?', '#', ' ']), "{normal}");
            assert!(!url.origin().contains('@'), "{normal}");
            assert!(url.is_https() || url.require_encryption().is_err() || url.is_loopback());
        }
        Err(error) => assert_one_line(&error.to_string()),
    }
    // Credentials are refused and not repeated, whatever follows them.
    let secret = "s3cr3t-passw0rd";
    let Err(error) = BaseUrl::parse(&format!("https://user:{secret}@{text}")) else {
        panic!("credentials were accepted");
    };
    assert!(
        text.contains(secret) || !error.to_string().contains(secret),
        "{error}"
    );
}

fn assert_one_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
