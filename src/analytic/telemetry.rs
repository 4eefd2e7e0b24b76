//! The records and fields that an analytic rests on, so that what it is blind to can be told.

use crate::event::{Field, Source};

/// Records that an analytic rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// The log.
    pub source: Source,
    /// Which of its records, in words.
    pub events: String,
    /// The fields that are needed of them.
    pub fields: Vec<Field>,
    /// Whether nothing can be detected without it.
    pub required: bool,
    /// What stays unseen without it.
    pub without: String,
}
