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
/// The same while the service ends.
const READING_LASTS_AT_END: Duration = Duration::from_secs(5);
/// How many deliveries are read at once: what is compressed with a large window takes 128 MiB while it is unpacked.
pub const READ_AT_ONCE: usize = 4;
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
    let kind = kind.and_then(|kind| kind.to_str().ok()?.split(';').next());
    let is_protobuf = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(PROTOBUF));
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
    let turn = service.reading.clone().acquire_owned().await;
    let received = tokio::task::spawn_blocking(move || {
        let _held = (room, turn);
        let kept = keep(&service, &bytes);
        if kept.is_err() {
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
    let lines = otlp::lines(bytes, &mut |progress| {
        if progress.packed > BODY_BYTES_MAX as u64 {
            return Err(Ended::Large);
        }
        patience.lasts(progress.unpacked)
    });
    let lines = lines.map_err(|fault| match fault {
        Fault::Ended(ended) => ended.problem(),
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

/// Why a delivery is read no further.
enum Ended {
    /// The service ends.
    Stopped,
    /// It takes too long.
    Slow,
    /// It is too large.
    Large,
}

impl<'s> Patience<'s> {
    fn new(service: &'s Service) -> Self {
        Self {
            service,
            began: service.host.since_start(),
        }
    }

    /// Returns whether it goes on after so many bytes. When the service ends, a delivery of the usual size is still read.
    fn lasts(&self, unpacked: u64) -> Result<(), Ended> {
        let host = &self.service.host;
        let took = host.since_start().saturating_sub(self.began);
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(Ended::Large);
        }
        if took > READING_LASTS {
            return Err(Ended::Slow);
        }
        if took > READING_LASTS_AT_END && host.is_stopped() {
            return Err(Ended::Stopped);
        }
        Ok(())
    }
}

impl Ended {
    fn problem(self) -> Problem {
        match self {
            Self::Stopped => Problem::busy("the service ends"),
            Self::Slow => {
                let secs = READING_LASTS.as_secs();
                Problem {
                    retry_after_secs: Some(30),
                    ..Problem::busy(format!("it takes longer than {secs} s to read"))
                }
                .hint("send less at once")
            }
            Self::Large => {
                let most = UNPACKED_BYTES_MAX >> 20;
                let detail = format!("it unpacks to more than {most} MiB, or to too much to keep");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).hint("send it in parts")
            }
        }
    }
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
    let (mut ended, mut future) = (None, 0);
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
            ended = patience.lasts(report.bytes_json).err();
            ended.is_none()
        },
    );
    if let Some(ended) = ended {
        return Err(ended.problem());
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
        let kept = service.received.keep(bytes, at);
        kept.map_err(|error| not_kept(service, error))?;
        if locked(&service.status).intake_fault.take().is_some() {
            service.host.tell("what is handed over is kept again");
        }
    }
    service.metrics.note_received(&receipt, bytes.len() as u64);
    Ok(receipt)
}

/// What could not be made durable is not acknowledged, and the client tries again.
fn not_kept(service: &Service, error: Error) -> Problem {
    let said = format!(
        "what is handed over cannot be kept: {}",
        error.with_causes()
    );
    let fault = Some((service.host.now(), said.clone()));
    let before = std::mem::replace(&mut locked(&service.status).intake_fault, fault);
    if before.is_none_or(|(_, before)| before != said) {
        service.host.tell(&said);
    }
    let problem = Problem::from(error);
    Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        detail: format!("it cannot be kept: {}", problem.detail),
        retry_after_secs: Some(5),
        ..problem
    }
}
