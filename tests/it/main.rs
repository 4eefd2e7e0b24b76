//! Stories on the built program.
#![allow(clippy::expect_used)]

mod crash;
mod main_job;
mod mistakes;
mod world;
