//! What several formats have in common: times, addresses, ids, names, outcomes and tables of operations.

pub mod actions;
pub mod address;
pub mod arn;
pub mod id;
pub mod instant;
pub mod s3;
pub mod status;
