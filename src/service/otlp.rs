//! OTLP over HTTP as Protobuf: its log records become lines of OTLP's JSON form, which is read like any other log.
//!
//! The messages around log records are walked through by their lengths and never held, so that a small body cannot become a large one in memory.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use flate2::bufread::MultiGzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use crate::sources::{RECORD_BYTES_MAX, RejectReason};

/// The type of a body that is Protobuf.
pub const PROTOBUF: &str = "application/x-protobuf";
/// From an export to its log records: the numbers of `resource_logs`, `scope_logs` and `log_records` in what holds them.
const WAY: [u64; 3] = [1, 2, 2];
/// What is around a log record in a line.
const AROUND: (&[u8], &[u8]) = (
    br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#,
    b"]}]}]}\n",
);
/// The first bytes of what is compressed: of a gzip member, and of a Zstandard frame.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An export as lines.
#[derive(Debug)]
pub struct Lines {
    /// The lines, compressed.
    pub packed: Vec<u8>,
    /// Log records that are in none, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// Why an export did not become lines.
#[derive(Debug)]
pub enum Fault {
    /// It is not what it should be, or breaks off.
    Unreadable(String),
    /// Who asked for it wants no more of it.
    Cut,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Makes lines of an `ExportLogsServiceRequest`, which may be compressed with gzip or Zstandard. Before each log record `goes_on` is asked, with the
/// bytes of all lines before it.
///
/// # Errors
///
/// If it cannot be read, or is not to go on.
pub fn lines(body: &[u8], goes_on: &mut dyn FnMut(u64) -> bool) -> Result<Lines, Fault> {
    let unpacked: Box<dyn BufRead + '_> = match body {
        _ if body.starts_with(&GZIP_MAGIC) => Box::new(BufReader::new(MultiGzDecoder::new(body))),
        _ if body.starts_with(&ZSTD_MAGIC) => Box::new(BufReader::new(
            zstd::stream::read::Decoder::with_buffer(body)?,
        )),
        _ => Box::new(body),
    };
    let mut packing = zstd::stream::write::Encoder::new(Vec::new(), 1)?;
    let mut rejected = BTreeMap::new();
    let mut written = 0;
    walk(unpacked, &mut |record| {
        if !goes_on(written) {
            return Err(Fault::Cut);
        }
        let line = match record {
            Found::Record(bytes) => line(bytes),
            Found::TooLarge => Err(RejectReason::RecordTooLarge.as_str()),
        };
        match line {
            Ok(line) => {
                written += line.len() as u64;
                packing.write_all(&line)?;
            }
            Err(reason) => *rejected.entry(reason).or_insert(0) += 1,
        }
        Ok(())
    })?;
    Ok(Lines {
        packed: packing.finish()?,
        rejected,
    })
}

/// Returns a log record as a line; why it is none otherwise.
fn line(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let record = LogRecord::decode(bytes).map_err(|_| "not_protobuf")?;
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

/// Calls `take` with each log record of an export.
fn walk(
    export: impl BufRead,
    take: &mut dyn FnMut(Found<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut export = Counted {
        inner: export,
        at: 0,
    };
    // Where the messages end that it is in, the outermost first.
    let mut ends: Vec<u64> = Vec::new();
    let mut record = Vec::new();
    loop {
        while ends.last() == Some(&export.at) {
            ends.pop();
        }
        if export.inner.fill_buf()?.is_empty() {
            return match ends.is_empty() {
                true => Ok(()),
                false => Err(Fault::Unreadable("it breaks off".to_owned())),
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
            true if length > RECORD_BYTES_MAX as u64 => {
                export.skip(length)?;
                take(Found::TooLarge)?;
            }
            true => {
                export.read(length, &mut record)?;
                take(Found::Record(&record))?;
            }
            false => export.skip(length)?,
        }
    }
}

/// A reader that knows how far it is.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Counted<R> {
    /// Reads an integer of Protobuf: seven bits a byte, the lowest first.
    fn varint(&mut self) -> Result<u64, Fault> {
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

    fn read(&mut self, length: u64, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        bytes.clear();
        let read = self.inner.by_ref().take(length).read_to_end(bytes)? as u64;
        self.passed(read, length)
    }

    fn skip(&mut self, length: u64) -> Result<(), Fault> {
        let mut part = self.inner.by_ref().take(length);
        let skipped = io::copy(&mut part, &mut io::sink())?;
        self.passed(skipped, length)
    }

    fn passed(&mut self, read: u64, length: u64) -> Result<(), Fault> {
        self.at += read;
        match read == length {
            true => Ok(()),
            false => Err(Fault::Unreadable("it breaks off".to_owned())),
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
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
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
            let lines = lines(&body, &mut |_| true).unwrap();
            assert_eq!(texts_of(&lines), expected);
            assert_eq!(lines.rejected, BTreeMap::new());
        }
        let cut = &plain[..plain.len() - 1];
        assert!(matches!(
            lines(cut, &mut |_| true),
            Err(Fault::Unreadable(_))
        ));
        assert!(matches!(lines(&plain, &mut |_| false), Err(Fault::Cut)));
        assert_eq!(texts_of(&lines(b"", &mut |_| true).unwrap()), [""; 0]);
    }

    #[test]
    fn a_record_that_is_none_or_too_large_is_counted_and_costs_no_other() {
        let large = "x".repeat(RECORD_BYTES_MAX);
        let mut body = export(&["one", &large, "bad", "four"]);
        // A text that is no UTF-8.
        while let Some(at) = body.windows(3).position(|three| three == b"bad") {
            body[at] = 0xff;
        }
        let lines = lines(&body, &mut |_| true).unwrap();
        assert_eq!(texts_of(&lines), ["one", "four", "one", "four"]);
        let rejected = BTreeMap::from([("not_protobuf", 2), ("record_too_large", 2)]);
        assert_eq!(lines.rejected, rejected);
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
                true
            });
            prop_assert!(n * 2 <= body.len());
        }
    }
}
