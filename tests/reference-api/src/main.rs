//! Starts the reference upload API.
fn main() {}
