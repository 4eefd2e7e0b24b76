//! The first bytes of good records. After a broken record they show where the next one begins.

use memchr::memchr;

use crate::sources::json;

/// The beginning of the last good record, as in `{"eventVersion"`: the brace, blanks and the first member's name.
#[derive(Debug, Default)]
pub struct RecordPrefix {
    text: Vec<u8>,
}

impl RecordPrefix {
    /// Longer prefixes are not kept.
    const BYTES_MAX: usize = 48;

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Keeps the beginning of a good record.
    pub fn learn(&mut self, record: &[u8]) {
        if !self.text.is_empty() && record.starts_with(&self.text) {
            return;
        }
        self.text.clear();
        let start = json::skip_blanks(record, 1);
        let quote = record.get(start + 1..).and_then(|rest| memchr(b'"', rest));
        let len = quote.map_or(usize::MAX, |at| start + at + 2);
        if len <= Self::BYTES_MAX {
            self.text.extend_from_slice(&record[..len]);
        }
    }

    /// Returns where the next record begins.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        if self.text.is_empty() {
            return None;
        }
        memchr::memmem::find(text, &self.text)
    }
}
