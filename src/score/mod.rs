//! A day's facts against a generation: surprise, score, reasons, alerts.
//!
//! Nothing here writes or learns: a generation is only read. Every statistic grows with the facts of a day and never
//! shrinks, so a threshold that was crossed stays crossed.

mod act;
mod alert_builder;
mod alike;
mod approval;
mod approved;
mod assumption;
mod blinded;
mod calibrate;
mod caller;
mod causes;
mod components;
mod contribution;
mod day_parts;
mod episode;
mod evidence_events;
mod explanation;
mod familiarity;
mod findings;
mod gates;
mod judge;
mod observer;
mod parts;
mod reasons;
mod rows;
mod sequence;
mod severity;
mod sign_in;
mod silence;
mod subject;
mod terms;
mod things;
mod through;
mod told;
mod young;

pub use alert_builder::{AlertBuilder, News};
pub use alike::{Alike, Rival, may_be_alike};
pub use approval::Coverage;
pub use approved::Facing;
pub use calibrate::{burn_in_day, calibrate_day, record_day};
pub use components::{
    JudgedAgainst, NoveltyReading, RoleTailReading, VolumeReading, novelty, volume,
};
pub use contribution::{ArmResult, Contribution};
pub use episode::{Episode, EpisodeEvents};
pub use explanation::{ArmExplanation, PartExplanation, SufficientAmount, best_arm};
pub use judge::{ArmReading, ArmStatistic, Detection, Judge};
pub use observer::{GateDetail, GateReading, StepReading};
pub use rows::ROWS_MAX;
pub use sequence::{Origin, SequenceReading, StepTime};
pub use severity::Rating;
pub use silence::Silence;
pub use subject::{Standing, Subject, own_baseline};
pub use told::{Told, UPDATES_MAX};
