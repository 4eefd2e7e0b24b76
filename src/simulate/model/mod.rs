//! What exists: the company, its identities, buckets and sessions, and the types of records and labels. Nothing here acts
//! or writes.

pub(crate) mod anomaly;
pub(crate) mod attack_set;
pub(crate) mod aws;
pub(crate) mod calendar;
pub(crate) mod company;
pub(crate) mod expected;
pub(crate) mod format;
pub(crate) mod grade;
pub(crate) mod label;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod other_providers;
pub(crate) mod random;
pub(crate) mod trap;
