//! Stories on the built program.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod alike;
mod analytics;
mod approvals;
mod assumed;
mod beginnings;
#[cfg(feature = "service")]
mod browser;
mod bundled;
mod callers;
mod chains;
mod cold_start;
mod coverage;
mod crash;
mod documents;
mod evaluation;
mod export;
mod findings;
mod follow;
mod generations;
mod habits;
mod incidents;
mod jobs;
mod life;
mod main_job;
#[cfg(feature = "service")]
mod mcp;
mod mistakes;
mod nightly;
mod not_alerted;
mod notebooks;
mod objects;
mod own_files;
mod plain_spikes;
mod quiet;
mod reading;
mod readme;
mod reference;
mod report;
mod retention;
mod round_trip;
#[cfg(feature = "service")]
mod served;
#[cfg(feature = "service")]
mod service;
#[cfg(feature = "service")]
mod service_page;
mod shelf;
mod sign_ins;
mod sinks;
mod sources;
mod stored;
#[cfg(feature = "service")]
mod terminal;
mod told_again;
mod tools;
#[cfg(feature = "service")]
mod top;
mod tuning;
mod usage;
mod verify;
mod whose;
mod world;
