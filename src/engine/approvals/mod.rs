//! Approvals, seen from the store: what they hid, what a new one would hide, and which jobs could do with one.

mod cadence;
mod days;
mod foresee;
mod jobs;
mod kept;
mod standing;

pub use cadence::Cadence;
pub use foresee::{Foreseen, Hidden, Looked, Unwise, Wideness, foresee, unwise};
pub use jobs::{Job, Proposals, Volume, propose};
pub use standing::{Reach, Standing, Warning, standings};
