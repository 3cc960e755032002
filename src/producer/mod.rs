//! What a voice agent records: leads, transcripts and the documents that stand for calls.
//!
//! For an agent written in Rust; any other uses `callspool record`, which is the same code. Owns the
//! checks of what an agent gives, the files' shapes and the order in which they are written: lead,
//! transcript, document, each of them atomic and durable. The document comes last, so that a run
//! never sees half a session, and a producer that dies before it has written it may simply try
//! again. Every session gets one document, from however many handles, threads or processes it is
//! saved.
//!
//! ```
//! use callspool::producer::{Items, NewLead, Producer, SessionManager};
//!
//! # let dir = tempfile::tempdir()?;
//! # let root = dir.path();
//! // When the agent starts.
//! let producer = Producer::new(root)?;
//!
//! // When a call starts.
//! let session = SessionManager::new(&producer, "session_20251029_135057_99509edf")?;
//! session.set_dialed_number("+15550100123");
//! session.set_campaign_metadata(
//!     r#"{"campaignId": "68ff", "voiceAgentId": "68fe", "clientId": "68fd"}"#,
//! )?;
//! session.set_egress_id("EG_KfWxAFCAvH79");
//!
//! // In the middle of it, from a tool that holds a clone of the handle.
//! let tool = session.clone();
//! tool.create_lead(&NewLead {
//!     name: "Test Person".to_owned(),
//!     email: "t@example.com".to_owned(),
//!     company: "Example Co".to_owned(),
//!     interest: "a demo".to_owned(),
//!     ..NewLead::default()
//! })?;
//!
//! // When it ends: what the SDK has as its history, as JSON.
//! let items = Items::parse(
//!     r#"[{"type": "message", "role": "user", "content": ["Hello?"], "created_at": 1761732980.6}]"#,
//! )?;
//! let saved = session.save_conversation_session(&items)?;
//! assert!(saved.created);
//! assert!(saved.document.ends_with("call_metadata/metadata_session_20251029_135057_99509edf.json"));
//! assert!(saved.lead.is_some());
//!
//! // Once is enough; again is no harm.
//! assert!(!session.save_conversation_session(&items)?.created);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod error;
mod given;
mod handle;
mod input;
mod items;
mod manager;
mod new_lead;
mod problem;
mod save;
mod transcript_file;
#[cfg(feature = "schema")]
mod wire;

pub use error::ProducerError;
pub use handle::{Producer, RecordedLead};
pub use input::{LeadInput, MAX_INPUT_BYTES, RecordInput};
pub use items::Items;
pub use manager::SessionManager;
pub use new_lead::NewLead;
pub use problem::{Fault, Problem, Problems};
pub use save::Saved;
