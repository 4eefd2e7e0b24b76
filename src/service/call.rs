//! A request that was admitted, and what it asks with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use crate::service::body;
use crate::service::guard::Caller;
use crate::service::problem::Problem;
use crate::service::state::Service;

/// How long a client may send nothing of a body, and how long the whole of it may take.
const PAUSE_MAX: Duration = Duration::from_secs(30);
const BODY_LASTS: Duration = Duration::from_secs(300);
/// The most bytes of a request that is no log.
const DECISION_BYTES_MAX: usize = 64 << 10;

/// What a request is answered with.
pub type Answer = Result<Response<Body>, Problem>;

/// A request that was admitted.
pub struct Call {
    /// The service.
    pub service: Arc<Service>,
    /// Its head.
    pub head: Parts,
    /// The parts of the path that have names.
    pub path: BTreeMap<String, String>,
    /// What its body is to be, for people.
    pub takes: Option<&'static str>,
    /// Its body, until it is taken.
    pub body: Body,
    /// Who asks.
    pub caller: Caller,
}

impl Call {
    /// Returns a named part of the path.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Returns the words behind the question mark, in their order.
    pub fn query(&self) -> Result<Vec<(String, String)>, Problem> {
        let axum::extract::Query(pairs) = axum::extract::Query::try_from_uri(&self.head.uri)
            .map_err(|e| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    format!("the query cannot be read: {e}"),
                )
            })?;
        Ok(pairs)
    }

    /// Returns the whole body, of at most so many bytes, with its place in memory.
    ///
    /// # Errors
    ///
    /// If it is larger, comes too slowly, or there is no room for it now.
    pub async fn bytes(
        &mut self,
        at_most: usize,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), Problem> {
        let too_large = || {
            let (amount, unit) = match at_most >> 20 {
                0 => (at_most >> 10, "KiB"),
                mebibytes => (mebibytes, "MiB"),
            };
            let detail = format!("the body is larger than {amount} {unit}");
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail);
            match at_most {
                DECISION_BYTES_MAX => problem,
                _ => problem.hint("send it in parts"),
            }
        };
        let stated = self.head.headers.get(header::CONTENT_LENGTH);
        let stated: Option<usize> = stated.and_then(|text| text.to_str().ok()?.parse().ok());
        if stated.is_some_and(|stated| stated > at_most) {
            return Err(too_large());
        }
        // Room is taken as bytes come, so that nobody holds it by what he only announces.
        let room = |bytes: usize| {
            let room = self
                .service
                .room
                .clone()
                .try_acquire_many_owned(bytes as u32);
            room.map_err(|_| Problem::busy("too much is sent at once"))
        };
        let mut held = room(0)?;
        let body = std::mem::take(&mut self.body);
        let mut parts = body.into_data_stream();
        let mut bytes = Vec::new();
        let all = async {
            loop {
                let next = tokio::time::timeout(PAUSE_MAX, parts.next()).await;
                let Ok(next) = next else {
                    return Err(slow());
                };
                let Some(part) = next else { return Ok(()) };
                let part = part.map_err(|e| {
                    Problem::new(StatusCode::BAD_REQUEST, format!("the body breaks off: {e}"))
                })?;
                if bytes.len() + part.len() > at_most {
                    return Err(too_large());
                }
                held.merge(room(part.len())?);
                bytes.extend_from_slice(&part);
            }
        };
        tokio::time::timeout(BODY_LASTS, all)
            .await
            .map_err(|_| slow())??;
        Ok((bytes, held))
    }

    /// Returns the body as a document.
    ///
    /// # Errors
    ///
    /// If it is not one, or has what is not asked for.
    pub async fn document<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let (bytes, _room) = self.bytes(DECISION_BYTES_MAX).await?;
        body::read(&bytes).map_err(|wrong| {
            let problem = Problem::new(StatusCode::BAD_REQUEST, wrong);
            match self.takes {
                Some(takes) => problem.hint(format!("send {takes}")),
                None => problem,
            }
        })
    }

    /// Does work that waits for the disk or computes, on a thread of its own. So much of it goes on at once.
    ///
    /// # Errors
    ///
    /// Those of the work.
    pub fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send + 'static {
        self.work_holding(std::future::ready(()), work)
    }

    /// Does work that computes for long. Less of it goes on at once than there are places for work, so that others find one.
    ///
    /// # Errors
    ///
    /// Those of the work.
    pub fn simulation<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send + 'static {
        self.work_holding(self.service.simulations.clone().acquire_owned(), work)
    }

    /// Does work that reads the configuration and replaces it. Nothing else of the service does so meanwhile.
    ///
    /// # Errors
    ///
    /// Those of the work.
    pub fn configuring<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send + 'static {
        self.work_holding(self.service.configuring.clone().lock_owned(), work)
    }

    /// Does work that has something to itself until it ends. It waits for that first: who has a place for work keeps it from nobody by waiting.
    fn work_holding<T: Send + 'static, H: Send + 'static>(
        &self,
        held: impl Future<Output = H> + Send + 'static,
        work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send + 'static {
        let service = self.service.clone();
        async move {
            let held = held.await;
            let permit = service.answers.clone().acquire_owned().await;
            let worked = tokio::task::spawn_blocking(move || {
                let _held = (held, permit);
                work(&service).map_err(|problem| of_new_store(problem, &service))
            });
            worked.await.unwrap_or_else(|_| {
                Err(Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the answer could not be put together",
                ))
            })
        }
    }
}

/// Returns why something is not there: in a store of which nothing was learnt, nothing is yet.
fn of_new_store(problem: Problem, service: &Service) -> Problem {
    let is_new = || matches!(service.store.manifest(), Ok(None));
    if problem.status != StatusCode::NOT_FOUND || !is_new() {
        return problem;
    }
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "nothing was learnt yet")
        .hint("hand over logs, and ask for a training: POST /v1/generations")
}

fn slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")
}

/// Returns a document as an answer.
pub fn json(status: StatusCode, document: &impl Serialize) -> Answer {
    let text = serde_json::to_vec(document).map_err(|e| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("cannot write the answer: {e}"),
        )
    })?;
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
