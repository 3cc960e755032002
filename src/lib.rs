//! Delivers the recordings and call data of a voice agent from a spool directory to an upload API.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod drain;
pub mod json;
pub mod lead;
pub mod logging;
pub mod manifest;
pub mod outcome;
pub mod plan;
pub mod redact;
pub mod report;
pub mod session;
pub mod settle;
pub mod spool;
pub mod timestamp;
pub mod transcript;
pub mod upload;
