//! Delivers the recordings and call data of a voice agent from a spool directory to an upload API.

pub mod cli;
pub mod clock;
pub mod config;
pub mod json;
pub mod logging;
pub mod outcome;
pub mod redact;
pub mod timestamp;
pub mod upload;
