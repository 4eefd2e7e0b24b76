//! What several formats have in common: times, addresses, ids, outcomes and tables of operations.

pub mod actions;
pub mod address;
pub mod id;
pub mod identity;
pub mod instant;
pub mod status;
