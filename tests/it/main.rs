//! Stories on the built program.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod cold_start;
mod crash;
mod main_job;
mod mistakes;
mod readme;
mod usage;
mod world;
