//! What is known at one moment.

use std::collections::BTreeMap;

use crate::time::Time;
use crate::top::fault::Fault;
use crate::top::listed::ListedIncidents;
use crate::top::open::OpenIncidents;
use crate::top::wanted::Wanted;

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
    /// Incidents on which nobody has given a verdict, whatever is listed.
    pub open: OpenIncidents,
    /// Which incidents are listed.
    pub wanted: Wanted,
    /// These incidents.
    pub listed: ListedIncidents,
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
    /// A store.
    Store {
        /// Its folder.
        folder: String,
        /// The service that was asked first, and why it has no part in this.
        instead_of: Option<InsteadOf>,
    },
}

/// A service in whose place a store is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsteadOf {
    /// Its address.
    pub address: String,
    /// Why it has no answer.
    pub fault: Fault,
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
    /// Alerts that were told, each once however it went on, by analytic.
    pub alerts: BTreeMap<String, u64>,
}

/// The upper bound of a range of delays, in seconds; `u64::MAX` of the last range, which has none.
pub type DelayBound = u64;

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
