//! The formulas: from moments, counts and peers to surprises, ranks and severities.
//!
//! Values in, values out: nothing here reads, stores or looks at a clock, and nothing can fail on strange input. A
//! *surprise* S is −ln of how often a day something like this is expected (nats); a *rank* and a published surprise
//! are −log10 of a share of entity-days.

pub mod arm;
pub mod constants;
pub mod drift;
pub mod novelty;
pub mod peers;
pub mod prior;
pub mod rank;
pub mod volume;

pub use novelty::GroupNovelty;
pub use rank::Severity;
pub use volume::{Evidence, Predictive, Prior};
