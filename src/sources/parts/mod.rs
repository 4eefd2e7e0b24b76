//! Helpers for several formats: times, addresses, countries, ids, names, texts, credentials, factors, outcomes and tables of
//! operations.

pub mod actions;
pub mod address;
pub mod arn;
pub mod base64;
pub mod country;
pub mod factor;
pub mod federation;
pub mod id;
pub mod identity;
pub mod instant;
pub mod loose;
pub mod percent;
pub mod placeholder;
pub mod s3;
pub mod secret;
pub mod status;
pub mod text;
