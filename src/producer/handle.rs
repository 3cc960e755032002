//! A spool as those hold it who record calls.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::call::Call;
use super::error::ProducerError;
use super::input::{LeadInput, RecordInput};
use super::save::{self, Saved};
use crate::clock::{Clock, SystemClock};
use crate::spool::disk::{Disk, SystemDisk};
use crate::spool::{Deposit, Layout, State};

/// A spool to record calls in. A cheap handle; nothing is opened before something is written.
#[derive(Clone)]
pub struct Producer {
    layout: Layout,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock + Send + Sync>,
}

/// A lead that was recorded in the middle of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLead {
    /// Its file.
    pub lead: PathBuf,
    /// Whether it was written; otherwise the session's newest lead says the same.
    pub created: bool,
    /// The document of its session, which was saved before and does not name the lead.
    pub too_late_for: Option<(PathBuf, State)>,
}

impl Producer {
    /// A spool whose directories have their usual names; a relative path starts from the working
    /// directory. Files and directories that are made get mode 0660 and 0770, less the process's
    /// umask.
    ///
    /// # Errors
    /// When the working directory is needed and not known.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        Ok(Self::with_layout(Layout::below(&root)))
    }

    /// A spool whose directories are these.
    pub fn with_layout(layout: Layout) -> Self {
        Self::on(Arc::new(SystemDisk), layout, Arc::new(SystemClock))
    }

    /// A spool on a disk of the caller's, by a clock of the caller's.
    pub fn on(disk: Arc<dyn Disk>, layout: Layout, clock: Arc<dyn Clock + Send + Sync>) -> Self {
        Self {
            layout,
            disk,
            clock,
        }
    }

    /// Where everything is.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Saves a session that is described as a whole, unless that was done before.
    ///
    /// # Errors
    /// When the input cannot be recorded, or the spool not be written.
    pub fn record(&self, input: &RecordInput) -> Result<Saved, ProducerError> {
        let (call, conversation) = input.to_call()?;
        save::save(&self.deposit()?, &call, &conversation, self.clock.now())
    }

    /// Writes a lead in the middle of a call. [`Self::record`] of the session finds it.
    ///
    /// # Errors
    /// When the input cannot be recorded, or the spool not be written.
    pub fn record_lead(&self, input: &LeadInput) -> Result<RecordedLead, ProducerError> {
        let call = Call {
            session_id: input.session_id.clone(),
            campaign_metadata: input.campaign_metadata.clone(),
            ..Call::default()
        };
        let file = save::record_lead(&self.deposit()?, &call, &input.lead, self.clock.now())?;
        Ok(RecordedLead {
            lead: file.stored.path,
            created: !file.stored.was_there,
            too_late_for: file.too_late_for.map(|known| (known.path, known.state)),
        })
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Waits for the turn to write.
    pub(super) fn deposit(&self) -> Result<Deposit, ProducerError> {
        Ok(Deposit::open_on(Arc::clone(&self.disk), &self.layout)?)
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Producer")
            .field("root", &self.layout.root)
            .finish_non_exhaustive()
    }
}
