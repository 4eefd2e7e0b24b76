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
        let text = |secs| {
            Time::from_secs(secs)
                .unwrap_or(Time::from_nanos(0))
                .to_string()
        };
        Self {
            analytic,
            identity,
            start: text(span.0),
            end: text(span.1),
            note,
        }
    }
}

/// Writes labels, one a line, in order of time.
pub(super) fn write(path: &Path, labels: &[Label]) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::failed(format!("cannot write `{}`", path.display())).cause(e)
    };
    let mut text = String::new();
    for label in labels {
        text.push_str(&serde_json::to_string(label).map_err(|e| failed(&e))?);
        text.push('\n');
    }
    fs::write(path, text).map_err(|e| failed(&e))
}
