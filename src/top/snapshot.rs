//! What is known at one moment.

use std::collections::BTreeMap;

use crate::incident::Incident;
use crate::stats::Severity;
use crate::time::Time;

/// What is known at one moment of a service, or of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Where it comes from.
    pub origin: Origin,
    /// Whether logs are judged.
    pub judging: Judging,
    /// How learning goes.
    pub training: Training,
    /// The generation that judges; of a store, the one in force.
    pub generation: Option<u64>,
    /// What a service counted since it began; a store counts nothing.
    pub counts: Option<Counts>,
    /// The logs that are followed, in any order.
    pub logs: Vec<FollowedLog>,
    /// Where incidents also go.
    pub sinks: Vec<SinkState>,
    /// The newest incidents of those that are wanted.
    pub incidents: Vec<Incident>,
    /// How many older ones there are.
    pub n_left: u64,
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A service of this version that answers at this address.
    Service {
        /// The address, as it was given.
        address: String,
        /// Its version, if it says one.
        version: Option<String>,
    },
    /// A store in this folder.
    Store(String),
}

/// Whether logs are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judging {
    /// They are.
    Goes,
    /// Not yet, and why.
    Waits(String),
    /// No more, and why.
    Failed(String),
    /// A store does not know. When its follower last noted how far it had come, if it ever did.
    Noted(Option<Time>),
}

/// How learning goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Training {
    /// None runs; when the last one ended, if one did.
    Idle(Option<Time>),
    /// One runs.
    Running,
    /// The last one failed, and why.
    Failed(String),
}

/// What a service counted since it began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// New events that were judged.
    pub events: u64,
    /// Events that came later than their log allows.
    pub late: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Bytes that were handed over and are not judged yet.
    pub behind_bytes: u64,
    /// How long after their time new events were read: the upper bounds of ranges, in whole seconds, `None` for the last one that has no
    /// bound, and how many events are in each range.
    pub delays: BTreeMap<DelayBound, u64>,
    /// Alerts that were told.
    pub alerts: Vec<AlertCount>,
}

/// The upper bound of a range of delays, in seconds; `u64::MAX` of the last range, which has none.
pub type DelayBound = u64;

/// How many alerts of an analytic in a severity were told as new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCount {
    /// The analytic.
    pub analytic: String,
    /// The severity.
    pub severity: Severity,
    /// How many.
    pub n: u64,
}

/// A log that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedLog {
    /// Its format.
    pub log: String,
    /// Whose it is; `-` if it does not say.
    pub account: String,
    /// Its newest event.
    pub newest: Time,
}

impl FollowedLog {
    /// Returns the log that is named as in the coverage: format, account and region, with blanks between.
    pub fn named(name: &str, newest: Time) -> Self {
        let mut parts = name.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or("-").to_owned();
        Self {
            log: part(),
            account: part(),
            newest,
        }
    }
}

/// Where incidents also go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkState {
    /// Its name.
    pub name: String,
    /// Documents that wait.
    pub waiting: u64,
    /// Documents that were given up.
    pub given_up: u64,
    /// How often in a row it could not be sent to.
    pub failures: u64,
}
