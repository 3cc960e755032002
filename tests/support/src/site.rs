//! A spool beside a reference API.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use reference_api::{ReferenceApi, Server};
use serde_json::Value;
use tempfile::TempDir;

use crate::outcome::Outcome;
use crate::session::put;

/// A directory of the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    /// call_metadata/
    Pending,
    /// processed_metadata/
    Processed,
    /// failed_metadata/
    Failed,
    /// corrupt_metadata/
    Corrupt,
    /// conversations/
    Conversations,
    /// recordings/
    Recordings,
    /// leads/
    Leads,
}

impl Dir {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "call_metadata",
            Self::Processed => "processed_metadata",
            Self::Failed => "failed_metadata",
            Self::Corrupt => "corrupt_metadata",
            Self::Conversations => "conversations",
            Self::Recordings => "recordings",
            Self::Leads => "leads",
        }
    }
}

/// A spool in a temporary directory, the program, and the API that it talks to.
pub struct Site {
    home: TempDir,
    binary: PathBuf,
    api: Option<Server>,
    api_url: Option<String>,
    ca_file: Option<PathBuf>,
    is_in_sequence: bool,
}

impl Site {
    /// An empty spool with a reference API. `binary` is `env!("CARGO_BIN_EXE_callspool")`.
    pub fn new(binary: &str) -> Self {
        Self::with_api(binary, |api| api)
    }

    /// Has the program work on one session at a time whatever the tests are told: what is tested is
    /// in which order it does things.
    #[must_use]
    pub fn in_sequence(mut self) -> Self {
        self.is_in_sequence = true;
        self
    }

    /// An empty spool with a reference API that is set up further.
    pub fn with_api(binary: &str, set_up: impl FnOnce(ReferenceApi) -> ReferenceApi) -> Self {
        let site = Self::without_api(binary);
        let server = set_up(ReferenceApi::builder()).start().unwrap();
        Self {
            api_url: Some(server.base_url()),
            api: Some(server),
            ..site
        }
    }

    /// An empty spool without an API.
    pub fn without_api(binary: &str) -> Self {
        let home = TempDir::new().unwrap();
        for dir in [
            Dir::Pending,
            Dir::Conversations,
            Dir::Recordings,
            Dir::Leads,
        ] {
            fs::create_dir_all(home.path().join("spool").join(dir.name())).unwrap();
        }
        Self {
            home,
            binary: binary.into(),
            api: None,
            api_url: None,
            ca_file: None,
            is_in_sequence: false,
        }
    }

    /// Talks to another base URL.
    pub fn set_api_url(&mut self, url: impl Into<String>) {
        self.api_url = Some(url.into());
    }

    /// Trusts these authorities besides.
    pub fn set_ca_file(&mut self, pem: &str) {
        let path = self.home().join("authority.pem");
        fs::write(&path, pem).unwrap();
        self.ca_file = Some(path);
    }

    /// The reference API.
    #[track_caller]
    pub fn api(&self) -> &Server {
        self.api.as_ref().unwrap()
    }

    /// Stops the reference API; its address stays the one that is talked to.
    pub fn stop_api(&mut self) {
        self.api = None;
    }

    /// The base URL that is talked to.
    #[track_caller]
    pub fn api_url(&self) -> &str {
        self.api_url.as_ref().unwrap()
    }

    /// The spool's root.
    pub fn root(&self) -> PathBuf {
        self.home.path().join("spool")
    }

    /// A place for files beside the spool.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A directory of the spool.
    pub fn dir(&self, dir: Dir) -> PathBuf {
        self.root().join(dir.name())
    }

    /// Writes a file of that age into a directory of the spool.
    pub fn put(&self, dir: Dir, name: &str, bytes: impl AsRef<[u8]>, age: Duration) -> PathBuf {
        put(&self.dir(dir).join(name), bytes.as_ref(), age)
    }

    /// The program with `--root` and, when they are set, `--api-url` and `--ca-file`, in an empty
    /// environment.
    pub fn command<I, S>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = self.bare_command();
        command.arg("--root").arg(self.root());
        if let Some(url) = &self.api_url {
            command.args(["--api-url", url]);
        }
        if let Some(path) = &self.ca_file {
            command.arg("--ca-file").arg(path);
        }
        // All that is tested may be tested again with several sessions at a time.
        let jobs = std::env::var_os("CALLSPOOL_TEST_JOBS");
        if let Some(jobs) = jobs.filter(|_| !self.is_in_sequence) {
            command.env("CALLSPOOL_JOBS", jobs);
        }
        command.args(arguments);
        command
    }

    /// The program without any argument, in an empty environment and another working directory.
    pub fn bare_command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with `--root`, `--api-url` and these arguments.
    pub fn call<I, S>(&self, arguments: I) -> Outcome
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// `run --format json` with these arguments besides.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.call(["run", "--format", "json"].iter().chain(arguments))
    }

    /// Makes every pending session due now, as time would: their backoffs end.
    pub fn lift_backoffs(&self) {
        for name in self.names(Dir::Pending) {
            let path = self.dir(Dir::Pending).join(&name);
            let text = fs::read_to_string(&path).unwrap();
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            let mut document: Value = serde_json::from_str(&text).unwrap();
            if document["upload"].is_object() {
                document["upload"]["next_attempt_at"] = Value::Null;
                let age = std::time::SystemTime::now()
                    .duration_since(modified)
                    .unwrap_or_default();
                put(&path, document.to_string().as_bytes(), age);
            }
        }
    }

    /// The names of the documents (and notes) in a directory, sorted; hidden files left out.
    pub fn names(&self, dir: Dir) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.dir(dir)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// A session's document.
    #[track_caller]
    pub fn document(&self, dir: Dir, id: &str) -> Value {
        let path = self.dir(dir).join(format!("metadata_{id}.json"));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    }

    /// Where a session's document is; it must be in exactly one directory.
    #[track_caller]
    pub fn place(&self, id: &str) -> Dir {
        let name = format!("metadata_{id}.json");
        let all = [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt];
        let places: Vec<Dir> = all
            .into_iter()
            .filter(|dir| self.dir(*dir).join(&name).exists())
            .collect();
        assert_eq!(places.len(), 1, "{id} is in {places:?}");
        places[0]
    }
}
