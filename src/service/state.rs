//! A running service: what its threads and its answers share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use tokio::sync::{Semaphore, broadcast};

use crate::engine::Setup;
use crate::error::Result;
use crate::inquiry::Inquiry;
use crate::service::guard::Guard;
use crate::service::host::Host;
use crate::service::live::Live;
use crate::service::lock::locked;
use crate::service::metrics::Metrics;
use crate::sinks::{self, HealthStatus, Sinks};
use crate::store::{Received, Store};
use crate::time::Time;

/// For how long it counts that a delivery could not be kept.
const INTAKE_FAULT_SECS: i64 = 60;

/// A running service.
pub struct Service {
    pub host: Arc<dyn Host>,
    pub store: Store,
    pub received: Arc<Received>,
    pub guard: Guard,
    pub began: Time,
    /// What requests are answered from.
    pub inquiry: Inquiry,
    /// Held while the configuration is read and replaced.
    pub configuring: Arc<tokio::sync::Mutex<()>>,
    /// The configuration and the analytics as they were read last.
    pub setup: Mutex<Arc<Setup>>,
    pub status: Mutex<Status>,
    /// Whenever a training is asked for, or the service ends.
    pub wanted: Condvar,
    /// The number of the follower's last run, and what lets it leave that and begin again with another configuration.
    pub follower_leaves: Mutex<(u64, Arc<AtomicBool>)>,
    pub is_ending: Arc<AtomicBool>,
    /// Whether a thread broke off.
    pub is_broken: AtomicBool,
    /// Where incidents also go, while logs are judged.
    pub sinks: Mutex<Option<Arc<Sinks>>>,
    pub live: broadcast::Sender<Live>,
    pub metrics: Metrics,
    /// Bytes of requests that may still be taken into memory.
    pub room: Arc<Semaphore>,
    /// Answers that may still be put together, and how many of them may simulate for long.
    pub answers: Arc<Semaphore>,
    pub simulations: Arc<Semaphore>,
    /// Deliveries that may still be read at once.
    pub reading: Arc<Semaphore>,
}

/// What the service does, and what went wrong last.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Whether logs are judged, and by which run of the follower.
    pub is_scoring: bool,
    pub run: u64,
    /// Why they are not.
    pub scoring_fault: Option<String>,
    /// Why the last delivery could not be kept, and when that was.
    pub intake_fault: Option<(Time, String)>,
    /// Whether a training is wanted at once, and whether one runs.
    pub is_training_wanted: bool,
    pub is_training: bool,
    /// When the last training ended, and what was wrong with it.
    pub trained: Option<Time>,
    pub training_fault: Option<String>,
    /// Events that this run of the follower added, when it last did, and the newest of each log.
    pub events: u64,
    pub last_news: Option<Time>,
    pub newest: Vec<(String, Time)>,
    /// Archives of what was handed over: up to where each was read.
    pub read: BTreeMap<PathBuf, u64>,
}

impl Service {
    pub fn setup(&self) -> Arc<Setup> {
        locked(&self.setup).clone()
    }

    pub fn status(&self) -> Status {
        locked(&self.status).clone()
    }

    /// Returns why logs are not taken or not judged. That a delivery could not be kept counts for a minute: who looks here whether to send any
    /// would otherwise never try again.
    pub fn fault(&self) -> Option<String> {
        let status = self.status();
        let now = self.host.now();
        let is_recent = |(at, _): &(Time, String)| now.secs() - at.secs() < INTAKE_FAULT_SECS;
        let intake = status.intake_fault.filter(is_recent);
        status.scoring_fault.or(intake.map(|(_, why)| why))
    }

    /// Returns how many bytes were handed over and are not judged yet.
    pub fn behind(&self) -> u64 {
        let archives = self.received.archives().unwrap_or_default();
        let read = &locked(&self.status).read;
        let behind = archives.iter().map(|archive| {
            let read = read.get(&archive.path).copied().unwrap_or_default();
            archive.bytes.saturating_sub(read)
        });
        behind.sum()
    }

    /// Returns what sinks are told of how the service is.
    pub fn health(&self) -> HealthStatus {
        let status = self.status();
        HealthStatus {
            began: Some(self.began),
            events: status.events,
            last_news: status.last_news,
            logs: status.newest,
            store_fault: self.fault(),
            training_fault: status.training_fault,
            ..HealthStatus::default()
        }
    }

    /// Returns a configuration with its analytics if it can be judged by: also its sinks can be sent to.
    ///
    /// # Errors
    ///
    /// A usage error with what is wrong with its sinks.
    pub fn checked(&self, setup: Setup) -> Result<Setup> {
        sinks::check(&setup.config.sinks, &self.host.surroundings())?;
        Ok(setup)
    }

    /// Returns the configuration and the analytics as they are, at the present time; those that were read last if they have faults now.
    ///
    /// # Errors
    ///
    /// Fails if a geographic database cannot be read any more.
    pub fn setup_now(&self) -> Result<Arc<Setup>> {
        let setup = match self.host.setup().and_then(|setup| self.checked(setup)) {
            Ok(setup) => setup,
            Err(_) => {
                let last = self.setup();
                let (config, analytics) = (last.config.clone(), last.analytics.clone());
                Setup::new(config, analytics, self.host.now()).with_databases()?
            }
        };
        let setup = Arc::new(setup);
        locked(&self.setup).clone_from(&setup);
        Ok(setup)
    }

    pub fn sinks(&self) -> Option<Arc<Sinks>> {
        locked(&self.sinks).clone()
    }

    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Lets the follower read the configuration anew, and go on from its checkpoint; returns the number of the run that it leaves. Every later
    /// one reads the configuration as it is now, or as it is later.
    pub fn reload(&self) -> u64 {
        let leaves = locked(&self.follower_leaves);
        leaves.1.store(true, Ordering::Relaxed);
        self.received.call();
        leaves.0
    }

    /// Ends the service: what was handed over is judged, and then nothing goes on.
    pub fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.received.call();
        self.wanted.notify_all();
    }
}
