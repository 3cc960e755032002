use super::super::{MAX_CONFIG_BYTES, Setting};
use super::Given;

#[test]
fn a_wrong_value_is_shown_with_what_is_right_and_where_it_stands() {
    let cases = [
        (Setting::Settle, "5x"),
        (Setting::Settle, ""),
        (Setting::Settle, "-5s"),
        (Setting::MaxDuration, "3651d"),
        (Setting::ConnectTimeout, "0s"),
        (Setting::ResponseTimeout, "0"),
        (Setting::MinThroughput, "0"),
        (Setting::MinThroughput, "fast"),
        (Setting::BatchSize, "ten"),
        (Setting::BatchSize, "-1"),
        (Setting::Jobs, "0"),
        (Setting::Jobs, "129"),
        (Setting::MaxAttempts, "0"),
        (Setting::Breaker, "4294967296"),
        (Setting::Rate, "100"),
        (Setting::Rate, "100/min,5/min"),
        (Setting::Shard, "4"),
        (Setting::Shard, "4/4"),
        (Setting::Shard, "0/0"),
        (Setting::Shard, "0/4097"),
        (Setting::Shard, "auto"),
        (Setting::OkExit, "0"),
        (Setting::OkExit, "3,256"),
        (Setting::AllowHttp, "maybe"),
        (Setting::Verbose, "lots"),
        (Setting::Attention, "sometimes"),
        (Setting::Format, "yaml"),
        (Setting::LogFormat, "xml"),
        (Setting::Progress, "always"),
        (Setting::Color, "pink"),
        (Setting::Root, ""),
        (Setting::LeadsDir, ""),
        (Setting::DefaultClientId, " "),
        (Setting::DefaultClientId, "a\u{1b}[2Jb"),
        (Setting::ApiUrl, "crm.example"),
        (Setting::ApiUrl, "http://crm.example"),
        (Setting::ApiUrl, "https://user:hush@crm.example"),
        (
            Setting::Settle,
            "a\u{1b}[2J\u{202e}and a very long text that nobody would like to read to its end",
        ),
    ];
    let report: Vec<String> = cases
        .iter()
        .flat_map(|(setting, text)| {
            [
                Given::nothing().flag(*setting, text).error(),
                Given::nothing().variable(&setting.env_name(), text).error(),
            ]
        })
        .collect();
    assert!(report.iter().all(|message| !message.contains("hush")));
    assert!(report.iter().all(|message| !message.contains('\u{1b}')));
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_wrong_config_file_is_shown_with_its_line() {
    let report: Vec<String> = [
        "settle = \"5x\"\n",
        "# one\n\nsetle = \"5m\"\n",
        "\u{feff}# one\nbatch-size = 5\n",
        "xyzzy = 1\nsetle = 2\n",
        "[upload]\nsettle = \"5m\"\n",
        "batch_size = 1\n[upload]\nsetle = \"5m\"\n",
        "[upload]\n",
        "upload.settle = \"5m\"\n",
        "settle = { minutes = 5 }\n",
        "[[upload]]\nsettle = \"5m\"\n",
        "token = \"hush\"\n",
        "settle = 5\n",
        "batch_size = \"5\"\n",
        "batch_size = 5.0\n",
        "batch_size = -5\n",
        "batch_size = 99999999999999999999\n",
        "allow_http = \"true\"\n",
        "allow_http = 1\n",
        "root = [\"a\"]\n",
        "settle = 10:00:00\n",
        "ok_exit = [\"3\"]\n",
        "ok_exit = [3, 256]\n",
        "verbose = -1\n",
        "verbose = 1\nquiet = true\n",
        "settle = \"5m\"\nsettle = \"6m\"\n",
        "api_url = \"https://crm.example\"\nclient = hush\n",
        "client = \"hush\n",
        "hush\n",
        "max_backoff = \"1m\"\n",
    ]
    .iter()
    .map(|text| format!("{text:?}\n  {}", Given::nothing().file(text).error()))
    .collect();
    for message in &report {
        let (_, message) = message.split_once('\n').unwrap();
        assert!(!message.contains("hush"), "{message}");
    }
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn bytes_that_are_no_text_are_shown_with_their_line() {
    insta::assert_snapshot!(Given::nothing().file(b"# one\n\xff\n").error(), @r#"config.toml line 2: not UTF-8; the file has to be TOML, key = value"#);
}

#[test]
fn a_config_file_has_a_mebibyte_at_most() {
    let comment = |len: u64| "#".repeat(usize::try_from(len).unwrap());
    assert!(
        Given::nothing()
            .file(comment(MAX_CONFIG_BYTES))
            .resolve()
            .is_ok()
    );
    insta::assert_snapshot!(Given::nothing().file(comment(MAX_CONFIG_BYTES + 1)).error(), @r#"the config file config.toml is over 1 MiB; is it the right one? (--config names it)"#);
}

#[test]
fn a_named_config_file_must_be_there_and_any_must_be_readable() {
    let mut given = Given::nothing();
    given.config = Some("/nonexistent/callspool.toml".into());
    insta::assert_snapshot!(given.error(), @r#"cannot read the config file /nonexistent/callspool.toml: No such file or directory (os error 2); mend that, or name another with --config"#);
    let given = Given::nothing().variable("CALLSPOOL_CONFIG", "/nonexistent/callspool.toml");
    insta::assert_snapshot!(given.error(), @r#"cannot read the config file /nonexistent/callspool.toml: No such file or directory (os error 2); mend that, or name another with --config"#);
    let given = Given::nothing();
    std::fs::create_dir(given.default_config()).unwrap();
    insta::assert_snapshot!(given.error(), @r#"cannot read the config file config.toml: Is a directory (os error 21); mend that, or name another with --config"#);
}

#[test]
fn contradictions_name_both_sides() {
    let given = Given::nothing()
        .flag(Setting::MinBackoff, "7h")
        .variable("CALLSPOOL_SETTLE", "1s");
    insta::assert_snapshot!(given.error(), @r#"--max-backoff: "6h" (from default) is less than --min-backoff, "7h" (from flag --min-backoff); make it at least as long"#);
    let equal = Given::nothing().flag(Setting::MinBackoff, "6h");
    assert!(equal.resolve().is_ok());
    let given = Given::nothing()
        .variable("CALLSPOOL_QUIET", "1")
        .variable("CALLSPOOL_VERBOSE", "1");
    insta::assert_snapshot!(given.error(), @r#"--quiet (from CALLSPOOL_QUIET) and --verbose (from CALLSPOOL_VERBOSE) exclude each other; keep one"#);
}

#[test]
fn the_api_is_missed_only_where_it_is_required() {
    let settings = Given::nothing().resolve().unwrap();
    insta::assert_snapshot!(settings.require_api_url().unwrap_err(), @r#"--api-url is missing; give it as a flag, as CALLSPOOL_API_URL or as api_url in the config file"#);
    let given = Given::nothing().flag(Setting::ApiUrl, "https://crm.example/");
    let settings = given.resolve().unwrap();
    assert_eq!(
        settings.require_api_url().unwrap().as_str(),
        "https://crm.example"
    );
}

#[test]
fn plain_http_needs_this_machine_or_leave() {
    let url = |text| Given::nothing().flag(Setting::ApiUrl, text);
    assert!(url("http://crm.example").resolve().is_err());
    assert!(url("http://localhost:8080").resolve().is_ok());
    assert!(
        url("http://crm.example")
            .flag(Setting::AllowHttp, "true")
            .resolve()
            .is_ok()
    );
}
