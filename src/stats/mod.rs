//! The formulas: from moments, counts and peers to surprises, ranks and severities.
//!
//! Pure functions: nothing here reads, stores or uses a clock, and no input makes them fail. A *surprise* S is −ln of how
//! often a day something like this is expected (nats); a *rank* and a published surprise are −log10 of a fraction of
//! entity-days.

pub mod arm;
pub mod constants;
pub mod drift;
mod habit;
pub mod novelty;
pub mod peers;
pub mod prior;
pub mod proportion;
pub mod rank;
mod repeated;
pub mod volume;

pub use habit::Repeats;
pub use novelty::GroupNovelty;
pub use rank::Severity;
pub use volume::{Evidence, Predictive, Prior};
