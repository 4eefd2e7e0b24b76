//! Stories on the built program.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod crash;
mod evaluation;
mod main_job;
mod mistakes;
mod readme;
mod tuning;
mod usage;
mod world;
