//! An upload API that keeps what it receives: a real HTTP/1.1 server over real sockets, to try
//! callspool against and to test it with.
//!
//! It shares no code with callspool, so that the two can only agree by keeping to the contract:
//! `POST {base}/upload`, `POST {base}/call-data` and `GET {base}/call-data?callId=…`. Recordings
//! go to `<store>/recordings/`, everything else to `<store>/received.sqlite`; both outlive the
//! server. Faults can be ordered for any request, see [`Fault`].
//!
//! ```no_run
//! use reference_api::{Action, Fault, ReferenceApi, Target};
//!
//! # fn main() -> std::io::Result<()> {
//! let server = ReferenceApi::builder()
//!     .token("secret")
//!     .fault(Fault::call_data(Action::status(503)).nth(1))
//!     .start()?;
//! // … send something to server.base_url() …
//! assert_eq!(server.hits(Target::CallData), 0);
//! # Ok(())
//! # }
//! ```

mod body;
mod clock;
mod connection;
mod exchange;
mod fault;
mod head;
mod log;
mod multipart;
mod rate;
mod response;
mod routes;
mod server;
mod stop;
mod store;
mod tls;
mod transport;

pub use fault::{Action, Canned, Fault, FaultError, Hits, Target};
pub use log::ReceivedRequest;
pub use rate::{Rate, RateError};
pub use server::{ReferenceApi, Server};
pub use store::{Received, StoreError, StoredCall, StoredRecording, read_store};
