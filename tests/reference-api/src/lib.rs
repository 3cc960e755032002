//! An upload API that keeps what it receives.
