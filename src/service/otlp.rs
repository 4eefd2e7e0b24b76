//! OTLP over HTTP as Protobuf: its log records become lines of OTLP's JSON form, which is read like any other log.
//!
//! The messages around log records are walked through by their lengths and never held, so that a small body cannot become a large one in memory.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use crate::sources::{self, RECORD_BYTES_MAX, RejectReason};

/// The type of a body that is Protobuf.
pub const PROTOBUF: &str = "application/x-protobuf";
/// From an export to its log records: the numbers of `resource_logs`, `scope_logs` and `log_records` in what holds them.
const WAY: [u64; 3] = [1, 2, 2];
/// What is around a log record in a line.
const AROUND: (&[u8], &[u8]) = (
    br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#,
    b"]}]}]}\n",
);
/// An export as lines.
#[derive(Debug)]
pub struct Lines {
    /// The lines, compressed.
    pub packed: Vec<u8>,
    /// Log records that are in none, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// Why an export did not become lines: it is not what it should be or breaks off, or what the caller says.
#[derive(Debug)]
pub enum Fault<E> {
    Unreadable(String),
    Ended(E),
}

impl<E> From<io::Error> for Fault<E> {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// How far it is: bytes of the export after decompression, or of the lines that came of it if these are more, and bytes of the compressed lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub unpacked: u64,
    pub packed: u64,
}

/// Makes lines of an `ExportLogsServiceRequest`, which may be compressed. Again and again `goes_on` is asked, and told how far it is.
///
/// # Errors
///
/// If it cannot be read, or is not to go on.
pub fn lines<E>(
    body: &[u8],
    goes_on: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<Lines, Fault<E>> {
    let mut packing = zstd::stream::write::Encoder::new(Vec::new(), 1)?;
    let mut rejected = BTreeMap::new();
    let mut written = 0;
    let export = BufReader::new(sources::unpacked(body)?);
    walk(export, &mut |at, found| {
        let line = match found {
            None => Ok(Vec::new()),
            Some(Found::Record(bytes)) => line(bytes),
            Some(Found::TooLarge) => Err(RejectReason::RecordTooLarge.as_str()),
        };
        match line {
            Ok(line) => {
                written += line.len() as u64;
                packing.write_all(&line)?;
            }
            Err(reason) => *rejected.entry(reason).or_insert(0) += 1,
        }
        let progress = Progress {
            unpacked: written.max(at),
            packed: packing.get_ref().len() as u64,
        };
        goes_on(progress).map_err(Fault::Ended)
    })?;
    Ok(Lines {
        packed: packing.finish()?,
        rejected,
    })
}

/// Returns a log record as a line; why it is none otherwise.
fn line(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut record = LogRecord::decode(bytes).map_err(|_| "not_protobuf")?;
    // Who takes what he gets from a queue may hand it on as bytes that are a text.
    if let Some(body) = &mut record.body
        && let Some(Value::BytesValue(bytes)) = &mut body.value
        && let Ok(text) = String::from_utf8(std::mem::take(bytes))
    {
        body.value = Some(Value::StringValue(text));
    }
    let mut line = AROUND.0.to_vec();
    serde_json::to_writer(&mut line, &record).map_err(|_| "not_protobuf")?;
    line.extend_from_slice(AROUND.1);
    Ok(line)
}

/// A log record on the way.
enum Found<'a> {
    Record(&'a [u8]),
    TooLarge,
}

/// How many bytes are passed over until it is asked whether to go on.
const ASKED_EVERY: u64 = 1 << 20;

/// What is called with the bytes so far, and a log record if there is one.
type Take<'t, E> = dyn FnMut(u64, Option<Found<'_>>) -> Result<(), Fault<E>> + 't;

/// Calls `take` with each log record of an export, and from time to time without one; always with the bytes so far.
fn walk<E>(export: impl BufRead, take: &mut Take<'_, E>) -> Result<(), Fault<E>> {
    let mut export = Counted {
        inner: export,
        at: 0,
    };
    // Where the messages end that it is in, the outermost first.
    let mut ends: Vec<u64> = Vec::new();
    let mut record = Vec::new();
    let mut asked_at = 0;
    loop {
        while ends.last() == Some(&export.at) {
            ends.pop();
        }
        if export.at - asked_at >= ASKED_EVERY {
            asked_at = export.at;
            take(export.at, None)?;
        }
        if export.inner.fill_buf()?.is_empty() {
            return match ends.is_empty() {
                true => Ok(()),
                false => Err(broken_off()),
            };
        }
        let key = export.varint()?;
        let (number, kind) = (key >> 3, key & 7);
        let (length, is_message) = match kind {
            0 => {
                export.varint()?;
                (0, false)
            }
            1 => (8, false),
            2 => (export.varint()?, true),
            5 => (4, false),
            _ => {
                let why = format!("byte {} is no member of a message", export.at);
                return Err(Fault::Unreadable(why));
            }
        };
        let end = export.at.checked_add(length);
        let holder = ends.last().copied().unwrap_or(u64::MAX);
        let Some(end) = end.filter(|end| *end <= holder) else {
            let why = format!(
                "what begins at byte {} is longer than what holds it",
                export.at
            );
            return Err(Fault::Unreadable(why));
        };
        let is_on_the_way = is_message && WAY.get(ends.len()) == Some(&number);
        match is_on_the_way {
            true if ends.len() + 1 < WAY.len() => ends.push(end),
            true if length <= RECORD_BYTES_MAX as u64 => {
                export.read(length, &mut record)?;
                take(export.at, Some(Found::Record(&record)))?;
            }
            is_record => {
                while export.at < end {
                    export.skip((end - export.at).min(ASKED_EVERY))?;
                    take(export.at, None)?;
                }
                if is_record {
                    take(export.at, Some(Found::TooLarge))?;
                }
            }
        }
    }
}

fn broken_off<E>() -> Fault<E> {
    Fault::Unreadable("it breaks off".to_owned())
}

/// A reader that knows how far it is.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Counted<R> {
    /// Reads an integer of Protobuf: seven bits a byte, the lowest first.
    fn varint<E>(&mut self) -> Result<u64, Fault<E>> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.inner.read_exact(&mut byte)?;
            self.at += 1;
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(value);
            }
        }
        let why = format!("byte {} is in no integer", self.at);
        Err(Fault::Unreadable(why))
    }

    fn read<E>(&mut self, length: u64, bytes: &mut Vec<u8>) -> Result<(), Fault<E>> {
        bytes.clear();
        let read = self.inner.by_ref().take(length).read_to_end(bytes)?;
        self.passed(read as u64, length)
    }

    fn skip<E>(&mut self, length: u64) -> Result<(), Fault<E>> {
        let mut part = self.inner.by_ref().take(length);
        let skipped = io::copy(&mut part, &mut io::sink())?;
        self.passed(skipped, length)
    }

    fn passed<E>(&mut self, read: u64, length: u64) -> Result<(), Fault<E>> {
        self.at += read;
        match read == length {
            true => Ok(()),
            false => Err(broken_off()),
        }
    }
}

/// Returns the answer to an export as Protobuf: how many log records were rejected, and why.
pub fn answer(rejected: u64, why: String) -> Response<Body> {
    let partial_success = (rejected > 0).then(|| ExportLogsPartialSuccess {
        rejected_log_records: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: why,
    });
    let answer = ExportLogsServiceResponse { partial_success };
    let mut response = Response::new(Body::from(answer.encode_to_vec()));
    let kind = HeaderValue::from_static(PROTOBUF);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
    use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> LogRecord {
        LogRecord {
            time_unix_nano: 1_773_634_269_000_000_000,
            body: Some(AnyValue {
                value: Some(Value::StringValue(text.to_owned())),
            }),
            trace_id: vec![7; 16],
            ..LogRecord::default()
        }
    }

    /// Returns an export of log records with these texts, a scope for every three of them.
    fn export(texts: &[&str]) -> Vec<u8> {
        let of_scope = |texts: &[&str]| ScopeLogs {
            scope: Some(InstrumentationScope::default()),
            log_records: texts.iter().map(|text| record(text)).collect(),
            schema_url: "https://example.com".to_owned(),
        };
        let resource = ResourceLogs {
            resource: Some(Resource {
                attributes: vec![KeyValue::default()],
                ..Resource::default()
            }),
            scope_logs: texts.chunks(3).map(of_scope).collect(),
            schema_url: String::new(),
        };
        let request = ExportLogsServiceRequest {
            resource_logs: vec![resource.clone(), ResourceLogs::default(), resource],
        };
        request.encode_to_vec()
    }

    fn read(body: &[u8]) -> Result<Lines, Fault<()>> {
        lines(body, &mut |_| Ok(()))
    }

    fn texts_of(lines: &Lines) -> Vec<String> {
        let text = zstd::decode_all(&*lines.packed).unwrap();
        let lines = std::str::from_utf8(&text).unwrap().lines();
        let record = "/resourceLogs/0/scopeLogs/0/logRecords/0/body/stringValue";
        lines
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line.pointer(record).unwrap().as_str().unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn each_log_record_becomes_a_line_however_the_body_is_packed() {
        let texts = ["a", "{\"eventVersion\":\"1.09\"}", "", "d\n\u{1}", "e"];
        let plain = export(&texts);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        let expected: Vec<_> = texts
            .iter()
            .chain(&texts)
            .map(ToString::to_string)
            .collect();
        for body in [
            plain.clone(),
            gzip.finish().unwrap(),
            zstd::encode_all(&*plain, 1).unwrap(),
        ] {
            let lines = read(&body).unwrap();
            assert_eq!(texts_of(&lines), expected);
            assert_eq!(lines.rejected, BTreeMap::new());
        }
        let cut = &plain[..plain.len() - 1];
        assert!(matches!(read(cut), Err(Fault::Unreadable(_))));
        let at_once = lines(&plain, &mut |_| Err("enough"));
        assert!(matches!(at_once, Err(Fault::Ended("enough"))));
        assert_eq!(texts_of(&read(b"").unwrap()), [""; 0]);
    }

    #[test]
    fn a_record_that_is_none_or_too_large_is_counted_and_costs_no_other() {
        let large = "x".repeat(RECORD_BYTES_MAX);
        let mut body = export(&["one", &large, "bad", "four"]);
        // A text that is no UTF-8.
        while let Some(at) = body.windows(3).position(|three| three == b"bad") {
            body[at] = 0xff;
        }
        let lines = read(&body).unwrap();
        assert_eq!(texts_of(&lines), ["one", "four", "one", "four"]);
        let rejected = BTreeMap::from([("not_protobuf", 2), ("record_too_large", 2)]);
        assert_eq!(lines.rejected, rejected);
    }

    #[test]
    fn bytes_that_are_a_text_are_read_as_one() {
        let mut as_bytes = record("");
        let bytes = Value::BytesValue(b"from a queue".to_vec());
        as_bytes.body = Some(AnyValue { value: Some(bytes) });
        let line = line(&as_bytes.encode_to_vec()).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(
            line.contains(r#""body":{"stringValue":"from a queue"}"#),
            "{line}"
        );
    }

    #[test]
    fn what_holds_no_log_record_however_long_is_passed_over_as_long_as_it_may() {
        let field = |length: u64| {
            let mut field = vec![0x7a];
            prost::encoding::encode_varint(length, &mut field);
            field
        };
        let zeros = vec![0; 300 << 20];
        let mut body = field(zeros.len() as u64);
        body.extend(&zeros);
        let packed = zstd::encode_all(&*body, 1).unwrap();
        let mut passed = 0;
        let ended = lines(&packed, &mut |progress| {
            passed = progress.unpacked;
            if passed < 100 << 20 { Ok(()) } else { Err(()) }
        });
        assert!(matches!(ended, Err(Fault::Ended(()))));
        assert!(passed < 102 << 20, "{passed}");
        // No log is packed so small.
        assert!(
            matches!(read(&packed), Err(Fault::Unreadable(why)) if why.contains("times its size"))
        );
    }

    proptest! {
        /// Whatever the bytes are, it ends, and finds nothing in more bytes than there are.
        #[test]
        fn any_bytes_are_lines_or_a_fault(
            damage in proptest::collection::vec((0..200_usize, any::<u8>()), 0..8),
            cut in 0..200_usize,
        ) {
            let mut body = export(&["a", "b", "c", "d"]);
            for (at, byte) in damage {
                let at = at % body.len();
                body[at] = byte;
            }
            body.truncate(cut.max(1));
            let mut n = 0;
            let _ = lines(&body, &mut |_| {
                n += 1;
                Ok::<(), ()>(())
            });
            prop_assert!(n * 2 <= body.len());
        }
    }
}
