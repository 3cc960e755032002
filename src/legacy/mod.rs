//! What an earlier system has left in the directories, and how it is taken over.
//!
//! Reads everything that lies about into an [`crate::adoption::Estate`], has
//! [`crate::adoption`] decide, and makes the documents. Reading goes through a [`crate::spool::Spool`];
//! documents are added by a [`crate::spool::Deposit`] while the lease is held.

mod adopter;
mod memory;
mod reading;
mod resolver;
mod survey;

pub use adopter::{AdoptError, Adopted, Adopter};
pub use memory::Memory;
pub use survey::{Survey, survey};
