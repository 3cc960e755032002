//! The settings: where they come from, what they may be, and which one goes.
//!
//! Flag, environment, config file, default, in that order, resolved in one place ([`resolve`]); a
//! value keeps its [`Source`] until it is understood, so that every error names it. Reads the
//! config file and the token file and no other; knows nothing of the spool, the wire or the
//! commands.

mod ca_file;
pub mod catalog;
mod environment;
mod error;
mod file;
mod layer;
mod own_file;
mod resolve;
mod settings;
mod shard;
mod source;
pub mod token;
pub mod value;

#[cfg(test)]
mod tests;

pub use ca_file::read_ca_file;
pub use catalog::Setting;
pub use environment::{CONFIG_VARIABLE, Environment, TOKEN_VARIABLE};
pub use error::ConfigError;
pub use file::{DEFAULT_PATH, MAX_CONFIG_BYTES};
pub use layer::Layer;
pub use own_file::OwnFile;
pub(crate) use resolve::value_error;
pub use resolve::{Inputs, resolve};
pub use settings::{
    Attention, Color, Directories, Format, LogFormat, Progress, SettingOrigin, Settings, Verbosity,
};
pub use shard::{ArrayIndex, ShardChoice, ShardProblem};
pub use source::{RawValue, Source};
pub use value::Rate;
