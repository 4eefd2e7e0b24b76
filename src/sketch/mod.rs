//! Mergeable statistics: summaries of many numbers, and how two of them become one.
//!
//! These types do not depend on the meaning of the numbers. Each sketch is a function of its input, in any order and
//! however the input was split over shards, so that `of(x ++ y) == merge(of(x), of(y))`: exactly for counts and sets, up to
//! rounding for [`Moments`].

mod cumulative;
pub mod distinct;
pub mod distribution;
mod hdr;
pub mod interval;
pub mod moments;
pub mod role_histogram;
pub mod tail;
pub mod tally;

pub use distinct::Distinct;
pub use distribution::{Distribution, FrozenDistribution, History, Threshold};
pub use hdr::WEEKS_KEPT;
pub use moments::Moments;
pub use role_histogram::{FrozenRoleHistogram, RoleHistogram};
pub use tail::Tail;
pub use tally::Tally;
