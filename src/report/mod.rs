//! What people and other programs are shown: alerts, baselines and runs, as text, JSON, OCSF, ECS and HTML.
//!
//! Everything that comes from a log is escaped here, whatever it is written into: a terminal is not steered, a page not
//! scripted, and a line of JSON stays one line. Nothing here prints; every function hands back text.

pub mod approvals;
pub mod baseline;
pub mod coverage;
mod draw;
pub mod drift;
pub mod ecs;
mod escape;
#[cfg(feature = "simulate")]
pub mod evaluation;
pub mod explain;
pub mod html;
pub mod inspection;
pub mod json;
pub mod not_alerted;
mod number;
pub mod ocsf;
mod paint;
#[cfg(feature = "simulate")]
pub mod plot;
pub mod proposals;
mod reason;
mod regularity;
pub mod summary;
pub mod text;
pub mod tuning;
pub mod verdict;

pub use escape::{Html, Plain};
pub use number::count;
pub use paint::Paint;
