//! Labels: what was planted, who did it and when; and what only looks like it.

use serde::Serialize;

use crate::time::Time;

/// One planted attack, or one decoy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The analytic that should find it, or must not.
    pub analytic: &'static str,
    /// Other analytics whose alerts on the same act are right.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub also: &'static [&'static str],
    /// The canonical id of who did it, then its other ids.
    pub identity: Vec<String>,
    /// The time of its first record.
    pub start: String,
    /// The time of its last record.
    pub end: String,
    /// For an attack `grade=… class=…`, for a decoy why it is benign.
    pub note: String,
}

impl Label {
    /// Makes a label from times in seconds since the epoch.
    pub(crate) fn new(
        analytic: &'static str,
        identity: Vec<String>,
        span: (i64, i64),
        note: String,
    ) -> Self {
        Self {
            analytic,
            also: &[],
            identity,
            start: timestamp(span.0),
            end: timestamp(span.1),
            note,
        }
    }
}

/// Returns a time in seconds since the epoch as labels write it.
pub(crate) fn timestamp(secs: i64) -> String {
    Time::from_secs(secs)
        .unwrap_or(Time::from_nanos(0))
        .to_string()
}
