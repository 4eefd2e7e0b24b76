//! Connections: how many, from whom, encrypted or not, and how long each may take.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};
use crate::service::guard::network;
use crate::service::live::{Kind, Live};
use crate::service::lock::locked;
use crate::service::peer::Peer;
use crate::service::state::Service;
use crate::service::{audit, routes};

/// Connections at once, in all and from one network.
const CONNECTIONS_MAX: usize = 512;
const CONNECTIONS_OF_ONE_MAX: usize = 128;
/// How long a client may take to agree on an encryption, and to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How long a client may read nothing of what it is answered.
const UNREAD_MAX: Duration = Duration::from_secs(30);
/// How long a connection may last, and how long its last answer may then take.
const CONNECTION_LASTS: Duration = Duration::from_secs(3_700);
const LAST_ANSWER_LASTS: Duration = Duration::from_secs(5);
/// How often it is asked whether the service is to end.
const STOP_EVERY: Duration = Duration::from_millis(50);
/// The pause after a connection could not be taken, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(100);
/// Threads that wait for the network; answers are put together on others.
const THREADS: usize = 2;

/// Takes connections until the service is to end, and lets the last answers be given.
///
/// # Errors
///
/// Fails if the threads cannot be started.
pub fn run(
    service: &Arc<Service>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    begun: impl FnOnce(),
) -> Result<()> {
    let cannot = |e: io::Error| Error::failed("cannot start the threads of the service").cause(e);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("http")
        .enable_all()
        .build()
        .map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let taken = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot)?;
        begun();
        take_all(service, listener, tls).await;
        Ok(())
    });
    runtime.shutdown_timeout(LAST_ANSWER_LASTS);
    audit::note_counted(service);
    taken
}

async fn take_all(
    service: &Arc<Service>,
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
) {
    let router = routes::router(service.clone());
    let connected = Arc::new(Mutex::new(BTreeMap::new()));
    let (ends, ending) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stopped = tokio::time::interval(STOP_EVERY);
    loop {
        tokio::select! {
            _ = stopped.tick() => {
                if service.host.is_stopped() || service.is_broken.load(Ordering::Relaxed) {
                    break;
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, from)) => {
                    let peer = Peer::at(from);
                    let Some(place) = Place::take(&connected, network(peer.0)) else { continue };
                    let (router, tls, ending) = (router.clone(), tls.clone(), ending.clone());
                    // Small answers are not held back for more to come.
                    let _ = stream.set_nodelay(true);
                    let stream = while_read(stream, UNREAD_MAX);
                    connections.spawn(async move {
                        match tls {
                            Some(tls) => {
                                let agreed = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream));
                                if let Ok(Ok(stream)) = agreed.await {
                                    answer(stream, peer, router, ending).await;
                                }
                            }
                            None => answer(stream, peer, router, ending).await,
                        }
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
    drop(listener);
    let _ = ends.send(true);
    // Streams would go on for as long as connections may last.
    let end = Live {
        kind: Kind::End,
        document: "".into(),
    };
    let _ = service.live.send(end);
    while connections.join_next().await.is_some() {}
}

/// A connection's place among those of its network.
struct Place {
    network: String,
    connected: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Place {
    fn take(connected: &Arc<Mutex<BTreeMap<String, usize>>>, network: String) -> Option<Self> {
        let mut of_network = locked(connected);
        let n = of_network.entry(network.clone()).or_default();
        if *n >= CONNECTIONS_OF_ONE_MAX {
            return None;
        }
        *n += 1;
        Some(Self {
            network,
            connected: connected.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connected = locked(&self.connected);
        if let Some(n) = connected.get_mut(&self.network) {
            *n -= 1;
            if *n == 0 {
                connected.remove(&self.network);
            }
        }
    }
}

/// Returns a connection that fails if nothing of what is written into it is read for so long.
fn while_read<S: AsyncRead + AsyncWrite>(
    stream: S,
    at_most: Duration,
) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(at_most));
    Box::pin(stream)
}

/// Answers the requests of one connection. Of one that the service ends with, the request under way is answered.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let answers = TowerToHyperService::new(router);
    let of_peer = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        hyper::service::Service::call(&answers, request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), of_peer);
    tokio::pin!(connection);
    let lasts = tokio::time::sleep(CONNECTION_LASTS);
    tokio::pin!(lasts);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = &mut lasts => {}
        _ = ending.wait_for(|ends| *ends) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(LAST_ANSWER_LASTS, connection).await;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn a_client_that_reads_nothing_of_its_answer_is_let_go() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            let router = Router::new().route("/", get(|| async { "x".repeat(10_000) }));
            let (mut client, server) = tokio::io::duplex(64);
            let (_ends, ending) = watch::channel(false);
            let peer = Peer([127, 0, 0, 1].into());
            let stream = while_read(server, Duration::from_millis(20));
            let answered = tokio::spawn(answer(stream, peer, router, ending));
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .await
                .unwrap();
            // Without it the connection lasts an hour.
            let ended = tokio::time::timeout(Duration::from_secs(120), answered).await;
            ended.expect("it ends").unwrap();
        });
    }
}
