//! The environment variables of the process, as plain data.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::catalog::Setting;
use super::layer::Layer;
use super::source::{RawValue, Source};
use crate::nearest::nearest;

/// Holds the bearer token.
pub const TOKEN_VARIABLE: &str = "CALLSPOOL_TOKEN";
/// Names the config file.
pub const CONFIG_VARIABLE: &str = "CALLSPOOL_CONFIG";
/// Names the program to those that call it; here it means nothing.
const PROGRAM_VARIABLE: &str = "CALLSPOOL_BIN";
const PREFIX: &str = "CALLSPOOL_";

/// A set of environment variables. It has no `Debug`: one of them may be the token.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
    }

    /// The settings among the variables.
    pub(crate) fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        for setting in Setting::ALL {
            let name = setting.env_name();
            if let Some(text) = self.get(&name) {
                layer.set(
                    *setting,
                    RawValue {
                        text: text.to_owned(),
                        source: Source::Environment(name),
                    },
                );
            }
        }
        layer
    }

    /// A warning for each variable that looks like a setting and is none. Holds no values.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut known: Vec<String> = Setting::ALL
            .iter()
            .map(|setting| setting.env_name())
            .collect();
        let others = [TOKEN_VARIABLE, CONFIG_VARIABLE, PROGRAM_VARIABLE];
        known.extend(others.map(str::to_owned));
        self.variables
            .keys()
            .map(|name| name.to_string_lossy())
            .filter(|name| name.starts_with(PREFIX) && !known.iter().any(|known| known == name))
            .map(|name| {
                // All names share the prefix; likeness is that of what follows.
                let suffixes = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
                let hint = nearest(name.strip_prefix(PREFIX).unwrap_or(&name), suffixes)
                    .map(|near| format!("; did you mean {PREFIX}{near}?"))
                    .unwrap_or_default();
                format!("the environment variable {name} is no setting and has no effect{hint}")
            })
            .collect()
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}
