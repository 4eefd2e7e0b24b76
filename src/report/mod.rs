//! Output for people and programs: alerts, baselines and runs, as text, JSON, OCSF, ECS and HTML.
//!
//! Everything that comes from a log is escaped here, whatever it is written into, so that it can neither control a terminal, nor
//! run as a script in a page, nor break a line of JSON. Nothing here prints; every function returns text.

pub mod alerts;
pub mod approvals;
pub mod backtest;
pub mod baseline;
pub mod bounds;
mod bundle;
pub mod coverage;
mod day_outcome;
mod days;
mod draw;
pub mod drift;
pub mod ecs;
mod escape;
#[cfg(feature = "simulate")]
pub mod evaluation;
pub mod explain;
mod extent;
pub mod follow_up;
pub mod generations;
pub mod incident;
pub mod inspection;
pub mod json;
mod late;
pub mod layout;
mod learning;
pub mod navigator;
pub mod normalised;
pub mod not_alerted;
mod number;
pub mod ocsf;
pub mod page;
mod paint;
#[cfg(feature = "simulate")]
pub mod plot;
pub mod proposals;
mod reason;
mod regularity;
pub mod screen;
mod silence;
pub mod summary;
pub mod text;
pub mod training;
pub mod tuning;
pub mod verdict;

pub use escape::{Html, Plain, in_shell};
pub use extent::extent;
pub use number::{count, noun};
pub use paint::Paint;
