//! The service: logs are handed over by HTTP or followed where they lie, judged at once, and learnt by night.
//!
//! Three things work side by side and meet in the store alone. Whoever hands over logs is answered once they are durable
//! ([`Received`]). One thread follows what was handed over and all other logs, by [`engine::follow_holding`](crate::engine::follow_holding),
//! and tells alerts. Another learns when its time has come. Requests are answered from what is published, as commands are: a
//! reader waits for nobody and keeps nobody waiting.
//!
//! After a fault, such as a full disk, following goes on from its last checkpoint by itself; what was acknowledged is still there.
//! The library reads neither clock nor environment: whoever starts the service is its [`Host`].

mod answers;
mod audit;
mod call;
mod delivery;
mod events;
mod guard;
mod listener;
mod live;
mod metrics;
mod problem;
mod routes;
mod scoring;
mod training;

pub use routes::openapi_text;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, broadcast};

use crate::config::{SecretPlace, Serve};
use crate::engine::{FollowOptions, Setup};
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::service::events::BODY_BYTES_MAX;
use crate::service::guard::Guard;
use crate::service::live::{LIVE_KEPT, Live};
use crate::service::metrics::Metrics;
use crate::sinks::{HealthStatus, Sinks, Surroundings};
use crate::sources::{InputFile, ReadOptions};
use crate::store::{Received, Role, Store};
use crate::time::Time;

/// Bytes of requests that are in memory at once.
const BODY_BYTES_IN_MEMORY: usize = 8 * BODY_BYTES_MAX;
/// Answers that are put together at once.
const ANSWERS_AT_ONCE: usize = 4;

/// Whoever runs the service, and what it takes from outside the library.
pub trait Host: Send + Sync {
    /// Returns the present.
    fn now(&self) -> Time;

    /// Returns the time since a fixed instant, the same one at each call; never decreases.
    fn since_start(&self) -> Duration;

    /// Reads the configuration and the analytics as they are now.
    ///
    /// # Errors
    ///
    /// A usage error with all of their faults.
    fn setup(&self) -> Result<Setup>;

    /// Returns whether the configuration or an analytic was changed since this was asked last.
    fn is_changed(&self) -> bool;

    /// Returns which logs are followed, beside what is handed over.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be followed.
    fn follow(&self) -> Result<FollowOptions>;

    /// Returns the logs that are to be learnt, beside these files, and how they are read.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be found.
    fn logs(&self, received: &[PathBuf]) -> Result<(Vec<InputFile>, ReadOptions)>;

    /// Returns a secret.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    fn secret(&self, place: &SecretPlace) -> Result<String>;

    /// Returns what sinks need of the world.
    fn surroundings(&self) -> Surroundings<'static>;

    /// Tells the operator something, as one line of a log.
    fn tell(&self, line: &str);

    /// Returns whether the operator asked to stop.
    fn is_stopped(&self) -> bool;
}

/// A running service.
pub(crate) struct Service {
    host: Arc<dyn Host>,
    store: Store,
    received: Arc<Received>,
    guard: Guard,
    began: Time,
    /// What requests are answered from.
    inquiry: Inquiry,
    /// The configuration and the analytics as they were read last.
    setup: Mutex<Arc<Setup>>,
    status: Mutex<Status>,
    /// Whenever a training is asked for, or the service ends.
    wanted: Condvar,
    /// Ends the run of the follower: for good, or for it to begin again with another configuration.
    follower_ends: Mutex<Arc<AtomicBool>>,
    is_ending: AtomicBool,
    /// Where incidents also go, while logs are judged.
    sinks: Mutex<Option<Arc<Sinks>>>,
    live: broadcast::Sender<Live>,
    metrics: Metrics,
    /// Bytes of requests that may still be taken into memory.
    room: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

/// What the service does, and what went wrong last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    /// Whether logs are judged.
    is_scoring: bool,
    /// Why they are not.
    scoring_fault: Option<String>,
    /// Whether a training is wanted at once, and whether one runs.
    is_training_wanted: bool,
    is_training: bool,
    /// When the last training ended, and what was wrong with it.
    trained: Option<Time>,
    training_fault: Option<String>,
    /// Events that this run of the follower added, when it last did, and the newest of each log.
    events: u64,
    last_news: Option<Time>,
    newest: Vec<(String, Time)>,
    /// Archives of what was handed over: up to where each was read.
    read: BTreeMap<PathBuf, u64>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    fn setup(&self) -> Arc<Setup> {
        locked(&self.setup).clone()
    }

    fn status(&self) -> Status {
        locked(&self.status).clone()
    }

    /// Returns how many bytes were handed over and are not judged yet.
    fn behind(&self) -> u64 {
        let archives = self.received.archives().unwrap_or_default();
        let read = &locked(&self.status).read;
        let behind = archives.iter().map(|archive| {
            let read = read.get(&archive.path).copied().unwrap_or_default();
            archive.bytes.saturating_sub(read)
        });
        behind.sum()
    }

    /// Returns what sinks are told of how the service is.
    fn health(&self) -> HealthStatus {
        let status = self.status();
        HealthStatus {
            began: Some(self.began),
            events: status.events,
            last_news: status.last_news,
            logs: status.newest,
            store_fault: status.scoring_fault,
            training_fault: status.training_fault,
            ..HealthStatus::default()
        }
    }

    fn sinks(&self) -> Option<Arc<Sinks>> {
        locked(&self.sinks).clone()
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Lets the follower read the configuration anew, and go on from its checkpoint.
    fn reload(&self) {
        locked(&self.follower_ends).store(true, Ordering::Relaxed);
    }

    /// Ends the service: what was handed over is judged, and then nothing goes on.
    fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.reload();
        self.wanted.notify_all();
    }
}

/// Runs the service until its host asks to stop. `begun` is told the address once requests are answered.
///
/// # Errors
///
/// A usage error if others than this machine could reach it unencrypted or without a token. Fails if the address is taken, another
/// process follows with the same store, or the store cannot be written.
pub fn serve(
    host: Arc<dyn Host>,
    store: &Store,
    settings: &Serve,
    begun: &dyn Fn(SocketAddr, bool),
) -> Result<()> {
    let guard = Guard::new(settings, &*host)?;
    let tls = listener::tls(settings)?;
    let cannot = |e| Error::failed(format!("cannot listen on {}", settings.listen)).cause(e);
    let listener = TcpListener::bind(settings.listen).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let lock = store.lock(Role::Follower)?;
    let service = Arc::new(Service {
        received: Arc::new(store.received(&lock)?),
        setup: Mutex::new(Arc::new(host.setup()?)),
        inquiry: Inquiry::of_store(store.clone()),
        store: store.clone(),
        guard,
        began: host.now(),
        status: Mutex::default(),
        wanted: Condvar::new(),
        follower_ends: Mutex::default(),
        is_ending: AtomicBool::new(false),
        sinks: Mutex::default(),
        live: broadcast::channel(LIVE_KEPT).0,
        metrics: Metrics::new(),
        room: Arc::new(Semaphore::new(BODY_BYTES_IN_MEMORY)),
        answers: Arc::new(Semaphore::new(ANSWERS_AT_ONCE)),
        host,
    });
    std::thread::scope(|scope| {
        let scoring = scope.spawn(|| scoring::run(&service, &lock));
        let training = scope.spawn(|| training::run(&service, settings.nightly));
        let listened = listener::run(&service, listener, tls, || {
            begun(address, settings.tls.is_some());
        });
        service.end();
        for ended in [scoring.join(), training.join()] {
            ended.map_err(|_| Error::failed("a thread of the service broke off"))?;
        }
        listened
    })
}
