//! What several formats have in common: times, addresses, countries, ids, texts, outcomes, re-cased names and tables of
//! operations.

pub mod actions;
pub mod address;
pub mod base64;
pub mod country;
pub mod id;
pub mod instant;
pub mod loose;
pub mod percent;
pub mod status;
pub mod text;
