//! The buffers of a connection.
//!
//! What is written first after an answer was read is a request's head. It is held back for what
//! follows it, so that the two leave together: one system call, and one segment where both are
//! small.

use ureq::unversioned::transport::Buffers;

/// What is sent at once. Recordings are read from disk in pieces of that size, too.
pub(super) const OUTPUT_BYTES: usize = 256 << 10;
/// What is received at once. The head of an answer must fit.
const INPUT_BYTES: usize = 128 << 10;
/// The library wants at least that much space beside the output.
const SCRATCH_BYTES: usize = 10 << 10;

/// Buffers that are made when they are needed, and hold a head back.
#[derive(Debug)]
pub(super) struct HoldingBuffers {
    output: Vec<u8>,
    /// So many bytes at the start of the output are to be sent with those behind them.
    held: usize,
    /// Nothing was written since something was read.
    is_at_start: bool,
    input: Vec<u8>,
    /// Where that begins in the input which nobody has taken yet, and where it ends.
    unread: (usize, usize),
    has_progressed: bool,
}

impl Default for HoldingBuffers {
    fn default() -> Self {
        Self {
            output: Vec::new(),
            held: 0,
            is_at_start: true,
            input: Vec::new(),
            unread: (0, 0),
            has_progressed: false,
        }
    }
}

impl HoldingBuffers {
    /// Takes note that so many bytes were written; says how many are to be sent now, if any.
    pub(super) fn hold_or_release(&mut self, amount: usize) -> Option<usize> {
        let count = self.held.saturating_add(amount);
        let may_wait = self.is_at_start && count <= OUTPUT_BYTES / 2;
        self.is_at_start = false;
        self.held = if may_wait { count } else { 0 };
        (!may_wait).then_some(count)
    }

    /// Says how many bytes were held back and are to be sent before anything is waited for.
    pub(super) fn release(&mut self) -> Option<usize> {
        self.is_at_start = true;
        let held = std::mem::take(&mut self.held);
        (held > 0).then_some(held)
    }

    /// The first bytes of the output.
    pub(super) fn filled(&self, count: usize) -> &[u8] {
        self.output.get(..count).unwrap_or(&self.output)
    }
}

/// Makes a buffer when it is asked for first. Pages of it that are never used cost nothing.
fn ensure(buffer: &mut Vec<u8>, bytes: usize) {
    if buffer.len() < bytes {
        let mut grown = vec![0; bytes];
        for (to, from) in grown.iter_mut().zip(buffer.iter()) {
            *to = *from;
        }
        *buffer = grown;
    }
}

impl Buffers for HoldingBuffers {
    fn output(&mut self) -> &mut [u8] {
        ensure(&mut self.output, OUTPUT_BYTES);
        self.output.get_mut(self.held..).unwrap_or_default()
    }

    fn input(&self) -> &[u8] {
        self.input
            .get(self.unread.0..self.unread.1)
            .unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        ensure(&mut self.input, INPUT_BYTES);
        let (start, end) = self.unread;
        if start > 0 {
            self.input.copy_within(start..end, 0);
            self.unread = (0, end - start);
        }
        self.input.get_mut(self.unread.1..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        self.unread.1 = self.unread.1.saturating_add(amount).min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.has_progressed = amount > 0;
        self.unread.0 = self.unread.0.saturating_add(amount).min(self.unread.1);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        ensure(&mut self.output, OUTPUT_BYTES);
        let wanted = self.unread.1.saturating_add(SCRATCH_BYTES);
        ensure(&mut self.input, wanted.max(INPUT_BYTES));
        (
            self.input.get_mut(self.unread.1..).unwrap_or_default(),
            self.output.get_mut(self.held..).unwrap_or_default(),
        )
    }

    fn can_use_input(&self) -> bool {
        self.has_progressed && !self.input().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(buffers: &mut HoldingBuffers, bytes: &[u8]) -> Option<Vec<u8>> {
        buffers.output()[..bytes.len()].copy_from_slice(bytes);
        let count = buffers.hold_or_release(bytes.len())?;
        Some(buffers.filled(count).to_vec())
    }

    #[test]
    fn a_head_goes_out_with_what_follows_it_and_only_a_head_waits() {
        let mut buffers = HoldingBuffers::default();
        assert_eq!(write(&mut buffers, b"head"), None);
        assert_eq!(write(&mut buffers, b"body"), Some(b"headbody".to_vec()));
        assert_eq!(write(&mut buffers, b"more"), Some(b"more".to_vec()));
        assert_eq!(buffers.release(), None, "all of it is on its way");
        assert_eq!(write(&mut buffers, b"GET"), None);
        assert_eq!(buffers.release(), Some(3));
        assert_eq!(buffers.filled(3), b"GET");
    }

    #[test]
    fn a_head_that_leaves_little_room_for_a_body_does_not_wait() {
        let mut buffers = HoldingBuffers::default();
        let head = vec![b'h'; OUTPUT_BYTES / 2 + 1];
        assert_eq!(write(&mut buffers, &head), Some(head));
    }

    #[test]
    fn what_nobody_took_is_kept_when_more_comes() {
        let mut buffers = HoldingBuffers::default();
        assert!(!buffers.can_use_input());
        buffers.input_append_buf()[..6].copy_from_slice(b"abcdef");
        buffers.input_appended(6);
        buffers.input_consume(4);
        assert_eq!(
            (buffers.input(), buffers.can_use_input()),
            (&b"ef"[..], true)
        );
        buffers.input_append_buf()[..2].copy_from_slice(b"gh");
        buffers.input_appended(2);
        buffers.input_consume(0);
        assert_eq!(
            (buffers.input(), buffers.can_use_input()),
            (&b"efgh"[..], false),
            "nothing can be made of it yet"
        );
        assert_eq!(buffers.input_append_buf().len(), INPUT_BYTES - 4);
        let (scratch, output) = buffers.tmp_and_output();
        assert!(scratch.len() >= SCRATCH_BYTES && output.len() == OUTPUT_BYTES);
        buffers.input_consume(4);
        assert_eq!(
            (buffers.input(), buffers.can_use_input()),
            (&b""[..], false)
        );
    }
}
