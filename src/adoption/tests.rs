//! The stages at their boundaries.
