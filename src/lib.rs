//! Delivers the recordings and call data of a voice agent from a spool directory to an upload API.
//!
//! The library under the `callspool` program. It is laid out in floors; a module imports from its
//! own floor and those below, never from above:
//!
//! - [`cli`], then [`command`], [`config`] and [`logging`]: what was asked for, and the wiring.
//! - [`drain`]: the loop of a run, which alone knows disk, wire and decisions together.
//! - [`settle`], [`report`], [`producer`] and [`legacy`]: outcomes written back; what people and
//!   machines read; what an agent records; what an earlier system left behind.
//! - [`spool`] (the disk), [`upload`] (the wire), [`plan`] and [`adoption`] (decisions without I/O):
//!   none of them knows the others.
//! - [`session`], [`manifest`], [`transcript`], [`lead`], [`outcome`] and what they rest on
//!   ([`json`], [`timestamp`], [`redact`], [`clock`], [`interrupt`]): plain data. Only [`clock`] reads the time.
//!
//! A [`spool::Spool`] can only be read; whatever changes what is in it is a method of
//! [`spool::LeasedSpool`], which exists only while the lock is held; a [`spool::Deposit`] adds to it. That is why `dry-run` and
//! `inspect` cannot change anything.

pub mod adoption;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod drain;
pub mod interrupt;
pub mod json;
pub mod lead;
pub mod legacy;
pub mod logging;
pub mod manifest;
mod nearest;
pub mod outcome;
pub mod plan;
pub mod producer;
pub mod publish;
pub mod redact;
pub mod report;
pub mod session;
pub mod settle;
pub mod spool;
pub mod timestamp;
pub mod transcript;
pub mod upload;
