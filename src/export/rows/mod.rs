//! The rows of each table, one file a table.

pub(super) mod alerts;
pub(super) mod baselines;
mod entity;
mod extent;
pub(super) mod incidents;
pub(super) mod surprises;
pub(super) mod traits;
pub(super) mod windows;
