//! The service: logs are handed over by HTTP or followed where they lie, judged at once, and learnt by night.
//!
//! Three things work side by side and meet in the store alone. Whoever hands over logs is answered once they are durable
//! ([`Received`](crate::store::Received)). One thread follows what was handed over and all other logs, by [`engine::follow_holding`](crate::engine::follow_holding),
//! and tells alerts. Another learns when its time has come. Requests are answered from what is published, as commands are: a
//! reader waits for nobody and keeps nobody waiting.
//!
//! After a fault, such as a full disk, following goes on from its last checkpoint by itself; what was acknowledged is still there.
//! The library reads neither clock nor environment: whoever starts the service is its [`Host`].

mod answers;
mod approvals;
mod audit;
mod body;
mod call;
mod delivery;
mod documents;
mod events;
mod guard;
mod host;
mod listener;
mod live;
mod lock;
mod metrics;
mod openapi;
mod otlp;
mod page;
mod peer;
mod problem;
mod receipt;
mod routes;
mod scoring;
mod settings;
mod state;
mod table;
mod training;

pub use host::Host;
pub use openapi::openapi_text;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use tokio::sync::{Semaphore, broadcast};

use crate::config::Serve;
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::service::events::{BODY_BYTES_MAX, READ_AT_ONCE};
use crate::service::guard::Guard;
use crate::service::live::LIVE_KEPT;
use crate::service::metrics::Metrics;
use crate::service::settings::Checked;
use crate::service::state::{Service, Status};
use crate::sinks;
use crate::store::{Role, Store};

/// Bytes of requests that are in memory at once.
const BODY_BYTES_IN_MEMORY: usize = 8 * BODY_BYTES_MAX;
/// Answers that are put together at once.
const ANSWERS_AT_ONCE: usize = 4;
/// Those among them that simulate for long.
const SIMULATIONS_AT_ONCE: usize = 2;

/// Returns what keeps a service with these settings from beginning, each with its key, where that stands, and what to do: secrets or a
/// certificate that are not there, or that others could reach it who may not. `variable` returns a variable of the environment.
pub fn faults(settings: &Serve, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Error> {
    let checked = settings::checked(settings, variable);
    checked.err().unwrap_or_default()
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
    let surroundings = host.surroundings();
    let checked = settings::checked(settings, surroundings.variable);
    let Checked { tokens, tls } =
        checked.map_err(|wrong| Error::joined("the service cannot begin", &wrong))?;
    let guard = Guard::new(settings, tokens);
    let setup = Arc::new(host.setup()?);
    sinks::check(&setup.config.sinks, &surroundings)?;
    let cannot = |e| Error::failed(format!("cannot listen on {}", settings.listen)).cause(e);
    let listener = TcpListener::bind(settings.listen).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let lock = store.lock(Role::Follower)?;
    let manifest = store.manifest()?;
    let trained = manifest.map(|manifest| store.published_at(&manifest));
    let trained = trained.transpose()?.flatten();
    let service = Arc::new(Service {
        received: Arc::new(store.received(&lock)?),
        configuring: Arc::default(),
        setup: Mutex::new(setup),
        inquiry: Inquiry::of_store(store.clone()),
        store: store.clone(),
        guard,
        began: host.now(),
        status: Mutex::new(Status {
            trained,
            ..Status::default()
        }),
        wanted: Condvar::new(),
        follower_leaves: Mutex::default(),
        is_ending: Arc::default(),
        is_broken: AtomicBool::new(false),
        sinks: Mutex::default(),
        live: broadcast::channel(LIVE_KEPT).0,
        metrics: Metrics::new(trained),
        room: Arc::new(Semaphore::new(BODY_BYTES_IN_MEMORY)),
        answers: Arc::new(Semaphore::new(ANSWERS_AT_ONCE)),
        reading: Arc::new(Semaphore::new(READ_AT_ONCE)),
        simulations: Arc::new(Semaphore::new(SIMULATIONS_AT_ONCE)),
        host,
    });
    std::thread::scope(|scope| {
        let scoring = scope.spawn(|| {
            let _watched = Watched(&service);
            scoring::run(&service, &lock);
        });
        let training = scope.spawn(|| {
            let _watched = Watched(&service);
            training::run(&service, settings.nightly);
        });
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

/// Ends the service if the thread that has it breaks off: one that takes logs and judges none helps nobody.
struct Watched<'s>(&'s Service);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.is_broken.store(true, Ordering::Relaxed);
        }
    }
}
