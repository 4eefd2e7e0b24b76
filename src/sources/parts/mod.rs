//! What several formats have in common: times, addresses, countries, ids, texts, outcomes and tables of operations.

pub mod actions;
pub mod address;
pub mod country;
pub mod id;
pub mod instant;
pub mod percent;
pub mod status;
pub mod text;
