//! A day's facts against a generation: surprise, score, reasons, alerts.
//!
//! Nothing here writes, and nothing here learns: a generation is only read. Every statistic grows with the facts of a
//! day and never shrinks, so what has crossed a threshold has crossed it for good.

mod alert;
mod assumption;
mod calibrate;
mod components;
mod evidence_events;
mod explanation;
mod judge;
mod sequence;
mod subject;

pub use alert::{
    Alert, AlertBuilder, AlertEntity, AuthenticationRecord, DestinationRecord, JudgedAgainstRecord,
    OperationRecord, Reason, ResourceRecord, Status, StepRecord, alert_id,
};
pub use assumption::AssumptionRecord;
pub use calibrate::calibrate_day;
pub use components::{
    JudgedAgainst, NoveltyReading, RoleTailReading, VolumeReading, novelty, volume,
};
pub use evidence_events::EventRecord;
pub use explanation::{
    ArmExplanation, GateDetail, GateReading, PartExplanation, StepReading, SufficientAmount,
    best_arm,
};
pub use judge::{ArmReading, ArmResult, Contribution, Detection, Judge};
pub use sequence::{Origin, SequenceReading, StepTime};
pub use subject::{Subject, is_new};
