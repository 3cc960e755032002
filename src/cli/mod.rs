//! The command line: what the user asked for, with all settings resolved.
//!
//! Only understands and explains; it opens nothing but the config file (through
//! [`crate::config`]), and never ends the process.

mod arguments;
mod color;
mod command;
mod help;
mod invocation;
mod setting_flags;

#[cfg(test)]
mod tests;

pub use invocation::{EXIT_USAGE, Invocation, ParseError, definition, parse, parse_in};
