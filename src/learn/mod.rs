//! From days of facts to baselines.
//!
//! Days must be learnt in order. The result is a function of the facts of the days inside the lookback, and of nothing
//! else: no clock, no store, no order of arrival.

mod drift;
mod drift_report;
mod exclusions;
mod group_priors;
mod learner;
mod partial;
mod peers;
mod state;

pub use exclusions::{Exclusion, Exclusions};
pub use learner::{CLOSING_SECS, Learner, chain_for_identity};
pub use peers::PeerGroupOf;
pub use state::known;
