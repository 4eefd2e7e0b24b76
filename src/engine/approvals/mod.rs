//! Approvals, checked against the store: what they hid, what a new one would hide, and which jobs an approval would suit.

mod archive;
mod breadth;
mod cadence;
mod days;
mod everything;
mod history;
mod inside;
mod jobs;
mod simulation;
mod state;

pub use breadth::Breadth;
pub use cadence::Cadence;
pub use everything::MatchesAll;
pub use history::{Inside, Volume};
pub use jobs::{Job, Proposals, propose};
pub use simulation::{
    ApprovalLint, ApprovalSimulation, Hidden, SimulationScope, lint_approval, simulate_approval,
};
pub(super) use state::approval_states_among;
pub use state::{ApprovalState, Reach, Warning, approval_states};
