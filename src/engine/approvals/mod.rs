//! Approvals, checked against the store: what they hid, what a new one would hide, and which jobs an approval would suit.

mod archive;
mod cadence;
mod days;
mod history;
mod inside;
mod jobs;
mod simulation;
mod state;

pub use cadence::Cadence;
pub use history::{Inside, Volume};
pub use jobs::{Job, Proposals, propose};
pub use simulation::{
    ApprovalLint, ApprovalSimulation, Breadth, Hidden, SimulationScope, lint_approval,
    simulate_approval,
};
pub(super) use state::approval_states_among;
pub use state::{ApprovalState, Reach, Warning, approval_states};
