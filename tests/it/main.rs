//! Stories on the built program.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod analytics;
mod approvals;
mod assumed;
mod bundled;
mod cold_start;
mod coverage;
mod crash;
mod evaluation;
mod follow;
mod jobs;
mod main_job;
mod mistakes;
mod nightly;
mod not_alerted;
mod own_files;
mod plain_spikes;
mod readme;
mod reference;
mod retention;
mod round_trip;
mod stored;
mod tuning;
mod usage;
mod verify;
mod world;
