//! What is told while it happens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Documents that a slow reader may lie behind before it is told to read the list anew.
pub const LIVE_KEPT: usize = 1_024;
/// How often a silent connection is shown to live.
const BEAT: Duration = Duration::from_secs(15);
/// How long a connection lasts; the reader connects again.
const LASTS: Duration = Duration::from_secs(3_600);

/// What is told.
#[derive(Debug, Clone)]
pub struct Live {
    /// What kind of document it is.
    pub kind: Kind,
    /// The document, on one line.
    pub document: Arc<str>,
}

/// What kind of document is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An alert.
    Alert,
    /// An incident as it is after an alert.
    Incident,
    /// Nothing: the service ends, and with it all streams.
    End,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Incident => "incident",
            Self::End => "end",
        }
    }
}

/// Returns an answer that goes on with every document of a kind. A reader that cannot follow gets an event `missed`, and reads the list.
pub fn stream_of(receiver: broadcast::Receiver<Live>, kind: Kind) -> Response<Body> {
    let lasts = Box::pin(tokio::time::sleep(LASTS));
    let opening = Bytes::from_static(b"retry: 2000\n\n");
    let events = stream::unfold(
        (receiver, lasts, Some(opening)),
        move |(mut receiver, mut lasts, opening)| async move {
            let text = match opening {
                Some(opening) => opening,
                None => tokio::select! {
                    () = &mut lasts => return None,
                    text = next(&mut receiver, kind) => text?,
                },
            };
            Some((frame(text), (receiver, lasts, None)))
        },
    );
    let mut response = Response::new(Body::new(StreamBody::new(events)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    // A proxy that collects an answer before it passes it on would hold all of it back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn frame(text: Bytes) -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(text))
}

async fn next(receiver: &mut broadcast::Receiver<Live>, kind: Kind) -> Option<Bytes> {
    let beat = tokio::time::sleep(BEAT);
    tokio::pin!(beat);
    loop {
        tokio::select! {
            () = &mut beat => return Some(Bytes::from_static(b": waiting\n\n")),
            received = receiver.recv() => match received {
                Ok(live) if live.kind == kind => {
                    let name = kind.name();
                    // A document is JSON on one line, in which line ends are escaped.
                    return Some(format!("event: {name}\ndata: {}\n\n", live.document.trim_end()).into());
                }
                Ok(live) if live.kind == Kind::End => return None,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    return Some(Bytes::from_static(b"event: missed\ndata: {}\n\n"));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
