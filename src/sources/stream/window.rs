//! The part of the input that has arrived and is not yet processed.

use std::cell::Cell;

use memchr::memchr_iter;

use crate::sources::parts::secret;
use crate::sources::report::Reject;

/// A buffer with the current position in it.
#[derive(Default)]
pub struct Window {
    pub buffer: Vec<u8>,
    /// The current position.
    pub at: usize,
    /// Where the received bytes end.
    pub end: usize,
    /// Number of bytes that came before the buffer.
    base: u64,
    /// A position in the buffer, and the number of line breaks before it.
    counted: Cell<(usize, u64)>,
    /// Where the current record ends in the buffer, if that is known.
    record_end: Cell<Option<usize>>,
}

impl Window {
    /// Makes an empty window in a buffer that need not be fresh.
    pub fn reusing(buffer: Vec<u8>) -> Self {
        Self {
            buffer,
            ..Self::default()
        }
    }

    /// Makes a window that shows one row, as the line of its number.
    pub fn of_row(mut buffer: Vec<u8>, number: u64, json: &[u8]) -> Self {
        buffer.clear();
        buffer.extend_from_slice(&json[..json.len().min(Reject::EXCERPT_BYTES_MAX)]);
        Self {
            end: buffer.len(),
            buffer,
            counted: Cell::new((0, number)),
            ..Self::default()
        }
    }

    /// Returns the bytes from the current position on.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Moves the unprocessed bytes to the front, and makes room for `len` more.
    pub fn make_buffer(&mut self, len: usize) {
        if self.at > 0 {
            let lines = self.line() - 1;
            self.counted.set((0, lines));
            self.base += self.at as u64;
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
            self.record_end.set(None);
        }
        if self.buffer.len() < self.end + len {
            self.buffer.resize(self.end + len, 0);
        }
    }

    /// Returns the current position in the input, in bytes.
    pub fn byte(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Returns the number of the current line. It counts from the position of the last call on.
    pub fn line(&self) -> u64 {
        let (from, lines) = self.counted.get();
        let passed = self.buffer.get(from..self.at).unwrap_or_default();
        let lines = lines + memchr_iter(b'\n', passed).count() as u64;
        self.counted.set((self.at, lines));
        lines + 1
    }

    /// Notes the length of the current record.
    pub fn note_record(&self, len: usize) {
        self.record_end.set(Some(self.at + len));
    }

    /// Returns the current line and the lines indented below it, up to the end of the record, with credentials redacted.
    pub fn excerpt(&self) -> String {
        let record_end = self.record_end.get().filter(|end| *end > self.at);
        let rest = &self.buffer[self.at..record_end.unwrap_or(self.end)];
        let rest = &rest[..rest.len().min(Reject::EXCERPT_BYTES_MAX)];
        let ends = |&at: &usize| !matches!(rest.get(at + 1), Some(b' ' | b'\t' | b']' | b'}'));
        let end = memchr_iter(b'\n', rest).find(ends).unwrap_or(rest.len());
        secret::redact(&String::from_utf8_lossy(&rest[..end]))
    }
}
