//! Alerts and incidents as findings of the Open Cybersecurity Schema Framework: an alert is a Detection Finding (class 2004), an incident
//! an Incident Finding (class 2005) that lists its alerts.
//!
//! `finding_info.uid` is the id of the alert or incident, so that whoever keeps the last finding of each has the state of all.

mod anomaly;
mod common;
mod detection;
mod evidence;
mod incident;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod schema;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use common::VERSION;
pub(super) use common::{without_evidence, without_null};
pub use detection::finding;
pub use incident::finding as incident_finding;
