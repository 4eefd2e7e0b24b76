//! The laws that hold for any input: order, atomicity, replay and bounds, on a small simulated estate.
#![allow(clippy::unwrap_used, clippy::iter_over_hash_type)]

mod alike;
mod approvals;
mod backtest;
mod bounds;
mod calls;
mod crash;
mod days;
mod drift;
mod estate;
mod flood;
mod history;
mod incremental;
mod inquiry;
mod joins;
mod order;
mod peer_clusters;
mod poison;
mod published;
mod replay;
mod scorer;
mod verdicts;
