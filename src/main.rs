//! The `callspool` program.
fn main() {}
