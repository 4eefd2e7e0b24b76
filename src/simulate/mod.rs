//! A labelled estate in native log formats: five AWS accounts, the same company at other providers, and attacks among
//! them.
//!
//! Three lists say what happened: attacks (labels), legitimate work that resembles an attack (decoys), and unusual but
//! legitimate activity (benign anomalies). A fourth has honest situations that are loud for their history (traps), if there are any. So every alert is known to be right or wrong, and every wrong one has a cause.
//!
//! It answers how well detections do where the truth is known. Records are written as AWS writes them, and no code is
//! shared with `sources`, so that a format misread there is not misread here too. Everything follows from the seed: the
//! same options give the same bytes. A day is generated at a time, so memory does not grow with the number of days.
//!
//! Its weakness is that of every simulation: it holds only the anomalies that its authors thought of.

mod activity;
mod model;
mod options;
mod simulation;
mod summary;
mod writers;

pub use model::anomaly::{BenignAnomaly, Cause};
pub use model::attack_set::AttackSet;
pub use model::aws::attack_class::AttackClass;
pub use model::format::Format;
pub use model::grade::Grade;
pub use model::label::Label;
pub use model::trap::Trap;
pub use options::Options;
pub use simulation::{LOGS, provider_of, simulate};
pub use summary::Summary;

#[cfg(test)]
mod tests;
