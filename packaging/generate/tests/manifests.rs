//! What is written by hand for Debian and Kubernetes fits the program.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use callspool::cli;
use callspool::config::{Environment, Settings};

/// A file below `packaging/`.
fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_debian_changelog_begins_with_the_programs_version() {
    let changelog = text("debian/changelog");
    let version = cli::definition().get_version().unwrap().to_owned();
    assert!(
        changelog.starts_with(&format!("callspool ({version}-")),
        "{changelog}"
    );
}

/// The words of the command lines that crontab and service start.
fn started() -> Vec<Vec<String>> {
    let cron = text("debian/callspool.cron");
    let service = text("debian/callspool.service");
    let of_cron = cron
        .lines()
        .filter_map(|line| line.strip_prefix("#*/5 "))
        .filter_map(|line| line.split_once(" || "))
        .map(|(_, command)| command.to_owned());
    let of_service = service
        .lines()
        .filter_map(|line| line.strip_prefix("ExecStart="))
        .map(str::to_owned);
    of_cron
        .chain(of_service)
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn crontab_and_service_start_command_lines_that_are_understood() {
    let started = started();
    assert_eq!(started.len(), 2, "{started:?}");
    for words in started {
        let none = Path::new("/nonexistent/config.toml");
        let parsed = cli::parse_in(&words, &Environment::default(), none);
        assert!(parsed.is_ok(), "{words:?}: {parsed:?}");
    }
}

#[test]
fn the_settings_of_the_config_map_are_accepted_and_name_what_is_mounted() {
    let manifest = text("kubernetes/configmap.yaml");
    let (_, config) = manifest.split_once("config.toml: |\n").unwrap();
    let config: String = config
        .lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    File::create(&path)
        .unwrap()
        .write_all(config.as_bytes())
        .unwrap();
    let arguments = ["callspool", "--config", path.to_str().unwrap(), "run"];
    let settings = cli::parse_in(arguments, &Environment::default(), &path)
        .unwrap()
        .settings;

    for job in ["kubernetes/cronjob.yaml", "kubernetes/indexed-cronjob.yaml"] {
        assert_names_what_is_mounted(&settings, &text(job));
    }
}

#[test]
fn a_pod_of_the_indexed_job_is_one_of_as_many_shards_as_there_are_pods() {
    let job = text("kubernetes/indexed-cronjob.yaml");
    let value = |name: &str| {
        let mut lines = job.lines();
        let value = lines.find_map(|line| line.trim().strip_prefix(name));
        value.unwrap().trim().to_owned()
    };
    assert_eq!(value("completionMode:"), "Indexed");
    assert_eq!(value("completions:"), value("parallelism:"));
    let arguments = value("args:");
    let arguments = arguments.trim_matches(['[', ']']).split(", ");
    let arguments = arguments.map(|word| word.trim_matches('"'));
    let arguments: Vec<&str> = ["callspool"].into_iter().chain(arguments).collect();
    let variables = [("JOB_COMPLETION_INDEX", "3")];
    let environment = variables.into_iter().collect();
    let parsed = cli::parse_in(arguments, &environment, Path::new("/nonexistent"));
    let shard = parsed.unwrap().settings.shard().unwrap().unwrap();
    assert_eq!(shard.count().to_string(), value("completions:"));
    assert_eq!(shard.index(), 3);
}

fn assert_names_what_is_mounted(settings: &Settings, job: &str) {
    let mounts: Vec<PathBuf> = job
        .lines()
        .filter_map(|line| line.trim().strip_prefix("mountPath: "))
        .map(PathBuf::from)
        .collect();
    assert_eq!(mounts.len(), 3, "{mounts:?}");
    assert!(mounts.contains(&settings.root), "{settings:?}");
    let token = settings.token_file.as_ref().unwrap();
    assert!(
        mounts.iter().any(|mount| token.starts_with(mount)),
        "{token:?}"
    );
    assert!(mounts.contains(&PathBuf::from("/etc/callspool")));
}
