//! Logs that are handed over. An answer is given once they are durable; whatever was answered is judged and learnt, also after a
//! crash. Whoever got no answer sends them again: what was there before is recognised by the ids of its records.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{StatusCode, header};
use serde_json::json;

use crate::engine::FUTURE_SECS_MAX;
use crate::error::Error;
use crate::service::call::{Answer, Call, json};
use crate::service::documents::{OtlpAnswer, PartialSuccess};
use crate::service::lock::locked;
use crate::service::otlp::{self, Fault, PROTOBUF};
use crate::service::problem::Problem;
use crate::service::receipt::{Receipt, RejectedRecord};
use crate::service::state::Service;
use crate::sources::{self, ReadOptions, Reject};

/// The most bytes of one delivery, as it is sent.
pub const BODY_BYTES_MAX: usize = 32 << 20;
/// The most bytes that one delivery may unpack to, and the longest that it is read.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
const READING_LASTS: Duration = Duration::from_secs(60);
/// Bytes that were handed over and not judged, from which on no more are taken.
const BEHIND_MAX: u64 = 8 << 30;
/// Rejected records that are named one by one: so many that a delivery with more of them is not what it was meant to be.
const REJECTS_NAMED_MAX: usize = 10_000;
/// The encodings of bodies that are read; they are recognised from the bytes.
const ENCODINGS: [&str; 4] = ["identity", "gzip", "x-gzip", "zstd"];

/// Answers `POST /v1/events`.
pub async fn take(mut call: Call) -> Answer {
    let receipt = receive(&mut call, keep).await?;
    json(StatusCode::OK, &receipt)
}

/// Answers `POST /v1/logs`: OTLP over HTTP, in the form in which it came.
pub async fn take_otlp(mut call: Call) -> Answer {
    let kind = call.head.headers.get(header::CONTENT_TYPE);
    let is_protobuf = kind.is_some_and(|kind| kind.as_bytes().starts_with(PROTOBUF.as_bytes()));
    let keep = if is_protobuf { keep_protobuf } else { keep };
    let receipt = receive(&mut call, keep).await?;
    let rejected: u64 = receipt.rejected.values().sum();
    if is_protobuf {
        return Ok(otlp::answer(rejected, receipt.reasons()));
    }
    let partial_success = (rejected > 0).then(|| PartialSuccess {
        rejected_log_records: rejected.to_string(),
        error_message: receipt.reasons(),
    });
    json(StatusCode::OK, &OtlpAnswer { partial_success })
}

async fn receive(
    call: &mut Call,
    keep: fn(&Service, &[u8]) -> Result<Receipt, Problem>,
) -> Result<Receipt, Problem> {
    let encoding = call.head.headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase());
    if let Some(other) = encoding.filter(|encoding| !ENCODINGS.contains(&encoding.as_str())) {
        let detail = format!("the encoding `{}` is not read", other.escape_default());
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
        return Err(problem.hint("send it as it is, or with gzip or zstd"));
    }
    if is_behind(&call.service) {
        return Err(Problem {
            retry_after_secs: Some(30),
            ..Problem::busy("more was handed over than can be judged soon")
        });
    }
    let (bytes, room) = call.bytes(BODY_BYTES_MAX).await?;
    let service = call.service.clone();
    let received = tokio::task::spawn_blocking(move || {
        let _room = room;
        let kept = keep(&service, &bytes);
        let is_refused = |problem: &Problem| problem.status.is_client_error();
        if kept.as_ref().is_err_and(is_refused) {
            service.metrics.note_refused();
        }
        kept
    });
    received.await.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the delivery could not be read",
        ))
    })
}

/// Returns whether so much waits to be judged that no more is taken. Before anything was learnt, nothing waits for that.
fn is_behind(service: &Service) -> bool {
    locked(&service.status).is_scoring && service.behind() > BEHIND_MAX
}

/// Keeps a delivery.
fn keep(service: &Service, bytes: &[u8]) -> Result<Receipt, Problem> {
    keep_all(service, bytes, &Patience::new(service), BTreeMap::new())
}

/// Keeps a delivery that is OTLP as Protobuf: as lines.
fn keep_protobuf(service: &Service, bytes: &[u8]) -> Result<Receipt, Problem> {
    let patience = Patience::new(service);
    let lines = otlp::lines(bytes, &mut |written| patience.lasts(written));
    let lines = lines.map_err(|fault| match fault {
        Fault::Cut => too_much(),
        Fault::Unreadable(why) => {
            let detail = format!("the body is no ExportLogsServiceRequest of OTLP: {why}");
            Problem::new(StatusCode::BAD_REQUEST, detail)
                .hint("as JSON it is sent with `Content-Type: application/json`")
        }
    })?;
    keep_all(service, &lines.packed, &patience, lines.rejected)
}

/// For how long, and how far, a delivery is unpacked.
struct Patience<'s> {
    service: &'s Service,
    began: Duration,
}

impl<'s> Patience<'s> {
    fn new(service: &'s Service) -> Self {
        Self {
            service,
            began: service.host.since_start(),
        }
    }

    /// Returns whether it goes on after so many bytes.
    fn lasts(&self, unpacked: u64) -> bool {
        let host = &self.service.host;
        let took = host.since_start().saturating_sub(self.began);
        unpacked <= UNPACKED_BYTES_MAX && took <= READING_LASTS && !host.is_stopped()
    }
}

fn too_much() -> Problem {
    let detail = format!(
        "it unpacks to more than {} MiB, or takes longer than {} s to read",
        UNPACKED_BYTES_MAX >> 20,
        READING_LASTS.as_secs()
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).hint("send it in parts")
}

/// Reads a delivery, to tell what is in it beside what was rejected before, and keeps it.
fn keep_all(
    service: &Service,
    bytes: &[u8],
    patience: &Patience<'_>,
    rejected_before: BTreeMap<&'static str, u64>,
) -> Result<Receipt, Problem> {
    let setup = service.setup();
    let options = ReadOptions {
        unwrap: setup.config.opened_members(),
        ..ReadOptions::default()
    };
    let mut rejects = Vec::new();
    let (mut is_cut, mut future) = (false, 0);
    let latest = service.host.now().plus_secs(FUTURE_SECS_MAX);
    let mut report = sources::read_while(
        bytes,
        "the body",
        &options,
        &mut |event| future += u64::from(event.time > latest),
        &mut |reject: Reject| {
            if rejects.len() < REJECTS_NAMED_MAX {
                rejects.push(RejectedRecord {
                    record: reject.position.record,
                    line: reject.position.line,
                    byte: reject.position.byte,
                    reason: reject.reason.as_str(),
                });
            }
        },
        &mut |report| {
            is_cut = !patience.lasts(report.bytes_json);
            !is_cut
        },
    );
    if is_cut {
        return Err(too_much());
    }
    for (reason, n) in rejected_before {
        report.records += n;
        *report.rejected.entry(reason).or_insert(0) += n;
    }
    let receipt = Receipt::of(report, future, rejects);
    let has_none = receipt.events == 0 && receipt.skipped.is_empty();
    if has_none && (!receipt.rejected.is_empty() || receipt.error.is_some()) {
        return Err(Problem {
            more: Some(("receipt", json!(receipt))),
            ..Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("nothing of it could be read: {}", receipt.reasons()),
            )
            .hint(
                "docs/FORMATS.md lists the formats that are read, as they are or with gzip or zstd",
            )
        });
    }
    if receipt.events > 0 {
        let at = service.host.now();
        service.received.keep(bytes, at).map_err(not_kept)?;
    }
    service.metrics.note_received(&receipt, bytes.len() as u64);
    Ok(receipt)
}

/// What could not be made durable is not acknowledged, and the client tries again.
fn not_kept(error: Error) -> Problem {
    Problem {
        retry_after_secs: Some(5),
        ..Problem::busy(format!("it cannot be kept: {}", error.with_causes()))
    }
}
