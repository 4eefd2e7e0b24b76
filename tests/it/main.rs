//! Stories on the built program, one file a subject.
#![allow(clippy::unwrap_used)]

mod usage;
mod world;
