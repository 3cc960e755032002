//! What is decided about a session, by the contract's rules, one situation on disk at a time.

mod call_data;
mod complement;
mod manifest;
mod order;
mod recording;
mod recording_times;
mod situation;
