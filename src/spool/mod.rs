//! The disk: state directories, documents, the files they name, the lease.
//!
//! The only place that opens files of the spool. [`Spool`] reads; whatever changes something is a
//! method of [`LeasedSpool`], which exists only while the lock is held; a [`Deposit`] adds new
//! sessions and changes nothing.

mod activity;
mod assets;
mod belongings;
mod confine;
mod dealt_lease;
mod deposit;
pub mod disk;
mod durable;
mod error;
mod gather;
mod layout;
mod lease;
mod leased;
mod listed;
mod lock_file;
mod names;
mod offered;
mod open;
mod premises;
mod recording;
mod run_state;
mod scan;
mod shard;
mod shards;
mod temporary;
mod tombstones;

pub use activity::Activity;
pub use assets::{AssetPlace, FileStamp, Listing};
pub use belongings::{Belonging, Removed, Role};
pub use deposit::{Asset, Deposit, Hush, Known, Stored, safe_name};
pub use error::{DepositError, LeaseError, OpenError, SpoolError};
pub use layout::{Layout, State};
pub use lease::{Holder, InWork, Interrupted};
pub use leased::{Filed, LeasedSpool};
pub use listed::{Entry, Listed};
pub use offered::{Offered, OfferedError};
pub use open::Spool;
pub use premises::{Directory, Found, LockFacts, Place, Premises};
pub use recording::{OpenRecording, OpenRecordingError};
pub use run_state::RunState;
pub use scan::DocumentReading;
pub use shard::Shard;
