//! Limits that several steps of reading share.

/// The largest record, in bytes. CloudTrail's own limit for an event is 256 KiB.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How many envelopes may lie around one record: queue, notification, bus and index are four, a batch of telemetry three more.
pub const ENVELOPES_MAX: usize = 8;
