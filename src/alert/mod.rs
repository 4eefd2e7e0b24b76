//! The alert document, as it is written and as it is read back.
//!
//! It is defined once. Scoring fills it in, and what shows, verifies or stores an alert works on the same fields.

pub(crate) mod as_text;
mod document;
mod reason;

pub use document::{
    Alert, AlertEntity, AlikeRecord, AssumptionRecord, AuthenticationRecord, BlindedRecord,
    CreationRecord, DeedKind, DeedSpan, DestinationRecord, Extent, FindingRecord, LearningRecord,
    NamesakeRecord, OperationRecord, Origin, ResourceRecord, SCHEMA, SOURCE_BACK, SilenceRecord,
    SourceRecord, Span, Status, StoppedBy, alert_id,
};
pub use reason::{Amount, AmountBasis, EventRecord, JudgedAgainstRecord, Reason, StepRecord};
