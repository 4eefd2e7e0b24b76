//! From days of facts to baselines.
//!
//! Days must be learnt in order. The result is a function of the facts of the days inside the lookback, and of nothing
//! else: no clock, no store, no order of arrival.

mod chains;
mod drift;
mod drift_report;
mod exclusions;
mod group_priors;
mod known_values;
mod late;
mod learner;
mod memory;
mod partial;
mod peaks;
mod peers;
mod state;
mod support;
mod texts;

pub use exclusions::{Exclusion, Exclusions};
pub use late::exposure_since;
pub use learner::{CLOSING_SECS, Learner, Morning};
pub use memory::{Memory, MemoryHead};
pub use peaks::PeakMemory;
pub use peers::{PeerGroupOf, chain_of_newcomer};
pub use state::{EntityState, known};
