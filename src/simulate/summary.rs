//! How much a simulation wrote.

use crate::simulate::writers::day_files::WriteStats;

/// How much a simulation wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Audit records.
    pub records: u64,
    /// Flow log lines.
    pub flows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes before compression.
    pub bytes_plain: u64,
    /// Identities that work here at some time.
    pub identities: u64,
    /// Attacks planted.
    pub attacks: u64,
    /// Decoys noted.
    pub decoys: u64,
    /// Traps, each counted once however many days it has.
    pub traps: u64,
    /// Benign anomalies noted.
    pub anomalies: u64,
}

impl Summary {
    pub(crate) fn add(&mut self, written: WriteStats) {
        self.records += written.records;
        self.flows += written.flows;
        self.bytes += written.bytes;
        self.bytes_plain += written.bytes_plain;
    }
}
