//! What becomes of a delivery.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::Serialize;

use crate::sources::FileReport;

/// What became of a delivery.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Receipt {
    /// Records in it.
    pub records: u64,
    /// Those that are events.
    pub events: u64,
    /// Events by format.
    pub formats: BTreeMap<&'static str, u64>,
    /// Those of them that are dated more than five minutes ahead, and are not judged.
    pub future: u64,
    /// Records that are left out on purpose, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be read, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Each of them. All other records were taken, or left out on purpose.
    pub rejects: Vec<RejectedRecord>,
    /// Those of them that are not named, because they are too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects_unnamed: Option<NonZeroU64>,
    /// Why the delivery could not be read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A record that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RejectedRecord {
    /// Its number in the delivery, from 1.
    pub record: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The byte at which it begins, from 0, after decompression.
    pub byte: u64,
    /// Why.
    pub reason: &'static str,
}

impl Receipt {
    /// Makes the receipt of a delivery that was read.
    pub fn of(report: FileReport, future: u64, rejects: Vec<RejectedRecord>) -> Self {
        let n_rejected: u64 = report.rejected.values().sum();
        Self {
            rejects_unnamed: NonZeroU64::new(n_rejected.saturating_sub(rejects.len() as u64)),
            records: report.records,
            events: report.events,
            formats: report
                .formats
                .iter()
                .map(|(format, n)| (format.as_str(), *n))
                .collect(),
            future,
            skipped: report.skipped,
            rejected: report.rejected,
            rejects,
            error: report.error,
        }
    }

    /// Returns why records could not be read, as a part of a sentence.
    pub fn reasons(&self) -> String {
        let counted = self
            .rejected
            .iter()
            .map(|(reason, n)| format!("{n} {reason}"));
        let all: Vec<String> = counted.chain(self.error.clone()).collect();
        all.join(", ")
    }
}
