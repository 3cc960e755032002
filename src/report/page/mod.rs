//! One self-contained HTML page about the spool, for people who look at it with a browser.
//!
//! [`Page`] is plain data; [`Page::html`] makes one text of it. Style and script stand in the page
//! and nothing else is loaded. The page says itself what may run in it, by hashes, so that nothing
//! that came from outside can; and it says all that it has to say without the script, too.

mod assets;
mod backlog;
mod case;
mod chart;
mod html;
mod listing;
mod scale;
mod sections;
mod traffic;
mod verdict;

use chrono::{DateTime, Utc};

use super::overview::{Health, Overview};

pub use backlog::Backlog;
pub use case::{PageSession, Source, is_failure};
pub use traffic::{Event, Tally, Traffic};

/// What the page tells.
#[derive(Debug)]
pub struct Page {
    /// When it was made.
    pub now: DateTime<Utc>,
    /// The machine's name.
    pub host: String,
    /// The spool's root.
    pub root: String,
    /// The counts of all sessions.
    pub overview: Overview,
    /// What is too old and too much.
    pub health: Health,
    /// What was delivered and what failed.
    pub traffic: Traffic,
    /// The sessions that are shown, in any order.
    pub sessions: Vec<PageSession>,
    /// Sessions that need a person and are not shown.
    pub attention_left_out: u64,
    /// Pending sessions that are not shown.
    pub pending_left_out: u64,
    /// Delivered sessions that are not shown.
    pub delivered_left_out: u64,
    /// What all have in common that are not delivered in full.
    pub backlog: Backlog,
}

impl Page {
    /// The page. It holds nothing foreign but as text.
    pub fn html(mut self) -> String {
        sections::sort(&mut self.sessions);
        sections::whole(&self)
    }
}
