//! The laws that hold whatever comes: order, atomicity, replay and bounds, on a small simulated estate.
#![allow(clippy::unwrap_used, clippy::iter_over_hash_type)]

mod bounds;
mod calls;
mod crash;
mod estate;
mod joins;
mod order;
mod playing;
mod published;
mod replay;
mod verdicts;
