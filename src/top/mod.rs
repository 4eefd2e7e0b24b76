//! The terminal view: what a service or a store is doing, as a screen that is drawn again and again.
//!
//! What was asked of a service ([`Snapshot::of_service`]) or read of a store is a [`Snapshot`]. A [`State`] takes snapshots and keys, and
//! [`draw`] makes a screen of it. Nothing here knows a terminal, a network, a file or the clock: whoever has these hands in what they say,
//! so that a screen is a function of what was asked, pressed and when.
//!
//! Everything that comes from a log, or from a service, is escaped on its way to the screen.

mod answers;
mod draw;
mod exposition;
mod fault;
mod header;
mod help;
mod history;
mod keys;
mod listed;
mod look;
mod notice;
mod open;
mod panels;
mod row;
mod snapshot;
mod state;
mod table;
mod wanted;
mod words;

pub use answers::{Answers, Incidents, told_so_far, waits};
pub use draw::draw;
pub use fault::{Fault, FaultKind};
pub use history::Moment;
pub use keys::{Key, Wish};
pub use listed::ListedIncidents;
pub use open::OpenIncidents;
pub use snapshot::{
    Counts, FollowedLog, InsteadOf, Judging, Origin, SinkState, Snapshot, Training,
};
pub use state::State;
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
