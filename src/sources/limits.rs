//! Limits that several steps of reading share.

/// The largest record, in bytes. CloudTrail's own limit for an event is 256 KiB.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How many levels of envelopes may lie around one record. A queue, a notification or an index is one to three: an array, its
/// message and what is packed in that.
pub const ENVELOPES_MAX: usize = 16;
