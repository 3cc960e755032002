//! Tests of the settings as a whole; what they share.

mod catalogue;
mod errors;
mod paths;
mod precedence;
mod shards;
mod token;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{
    ConfigError, Environment, Inputs, Layer, RawValue, Setting, Settings, Source, resolve,
};

/// The places that settings come from, built piece by piece.
struct Given {
    folder: TempDir,
    flags: Layer,
    config: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Given {
    fn nothing() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            flags: Layer::default(),
            config: None,
            variables: Vec::new(),
        }
    }

    fn flag(mut self, setting: Setting, text: &str) -> Self {
        let source = Source::Flag(setting.name());
        let text = text.into();
        self.flags.set(setting, RawValue { text, source });
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    #[expect(clippy::disallowed_methods, reason = "a fixture need not be durable")]
    fn file(self, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.default_config(), text).unwrap();
        self
    }

    fn default_config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn environment(&self) -> Environment {
        self.variables.iter().cloned().collect()
    }

    fn resolve(&self) -> Result<Settings, ConfigError> {
        resolve(Inputs {
            flags: self.flags.clone(),
            config: self.config.clone(),
            environment: &self.environment(),
            default_config: &self.default_config(),
        })
    }

    /// The error's text, with the test's folder left out.
    fn error(&self) -> String {
        let error = self.resolve().unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn path(text: &str) -> &Path {
    Path::new(text)
}
