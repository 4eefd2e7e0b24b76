//! A day's facts against a generation: surprise, score, reasons, alerts.
//!
//! Nothing here writes, and nothing here learns: a generation is only read. Every statistic grows with the facts of a
//! day and never shrinks, so what has crossed a threshold has crossed it for good.

mod account;
mod alert;
mod assumption;
mod bearers;
mod calibrate;
mod components;
mod judge;
mod sequence;
mod subject;

pub use account::{
    ArmAccount, GateDetail, GateReading, PartAccount, StepReading, WouldDo, best_arm,
};
pub use alert::{
    Alert, AlertEntity, AuthenticationRecord, DestinationRecord, Evidence, Narrator,
    OperationRecord, Reason, ResourceRecord, Status, StepRecord, alert_id,
};
pub use assumption::AssumptionRecord;
pub use bearers::EventRecord;
pub use calibrate::calibrate_day;
pub use components::{
    JudgedAgainst, NoveltyReading, RoleTailReading, VolumeReading, novelty, volume,
};
pub use judge::{ArmReading, ArmVerdict, Contribution, Judge, Verdict};
pub use sequence::{Origin, SequenceReading, StepTime};
pub use subject::{Subject, is_new};
