//! Labels: what was planted, who did it and when; and what only looks like it.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::time::Time;

/// One planted attack, or one innocent look-alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The analytic that should find it, or must not.
    pub analytic: &'static str,
    /// The canonical id of who did it, then its other ids.
    pub identity: Vec<String>,
    /// The time of its first record.
    pub start: String,
    /// The time of its last record.
    pub end: String,
    /// For an attack `grade=… class=…`, for a decoy why it is innocent.
    pub note: String,
}

impl Label {
    /// Makes a label from times in seconds since the epoch.
    pub(super) fn new(
        analytic: &'static str,
        identity: Vec<String>,
        span: (i64, i64),
        note: String,
    ) -> Self {
        Self {
            analytic,
            identity,
            start: timestamp(span.0),
            end: timestamp(span.1),
            note,
        }
    }
}

/// Returns a time in seconds since the epoch as labels write it.
pub(super) fn timestamp(secs: i64) -> String {
    Time::from_secs(secs)
        .unwrap_or(Time::from_nanos(0))
        .to_string()
}

/// Writes labels or oddities, one a line.
pub(super) fn write<T: Serialize>(path: &Path, lines: &[T]) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::failed(format!("cannot write `{}`", path.display())).cause(e)
    };
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).map_err(|e| failed(&e))?);
        text.push('\n');
    }
    fs::write(path, text).map_err(|e| failed(&e))
}
