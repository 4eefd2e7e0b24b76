//! Bytes to events: all reading of logs, whatever their packing, envelope and format.
//!
//! [`discover`] finds files, [`read`] reads one of them to its end, [`Stream`] reads what comes in pieces. On the way
//! up: `decode` unpacks, `stream` finds where records begin and end, `envelope` takes them out of what they came in, and a
//! [`Format`] reads one record. Formats are recognised record by record, from content alone.
//!
//! A format is one file with a `FORMAT` in it and one line in [`FORMATS`]. Only these files know a provider's field names.
//! Every record ends as exactly one of event, skip and reject; memory does not grow with the input.

mod aws_actions;
mod azure;
mod client;
mod cloudtrail;
mod decode;
mod discover;
mod draft;
mod ecs;
mod entra;
mod envelope;
mod flat;
mod gcpaudit;
mod gcpflow;
mod gcsusage;
mod graph_actions;
mod interner;
mod json;
mod m365;
mod microsoft;
mod ocsf;
mod okta;
mod operations;
mod parquet;
mod parts;
mod plain;
mod report;
mod s3access;
mod slack;
mod stream;
mod table;
mod vpcflow;
mod workspace;

use std::io::{self, Read};

use crate::event::{Event, Source};

pub use discover::{InputFile, Unreachable, content_hash_of, discover, discover_reachable};
pub use parquet::is_decoding;
pub use report::{Compression, FileReport, Parsed, Position, Reject, RejectReason, SkipReason};
pub use stream::{ENVELOPES_MAX, RECORD_BYTES_MAX, Stream};

/// How logs are read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The only format to look for; all are tried if it is `None`.
    pub format: Option<Source>,
}

/// What one format knows how to read.
struct Format {
    /// The format's name.
    source: Source,
    /// Tells whether a JSON object is a record of this format, and of no other: objects are offered to the format of the
    /// record before first.
    recognises: fn(json::Object<'_>) -> bool,
    /// Reads a record that was recognised.
    parse: fn(json::Object<'_>, &mut Memory) -> Parsed,
    /// Reads a line of text.
    line: fn(&str, &mut Memory) -> Line,
    /// Tells whether names head a comma-separated table whose rows are records of this format. Each row is then read as an
    /// object with a text for every field that is not empty.
    heads: fn(&[&str]) -> bool,
}

impl Format {
    /// Makes a format of JSON objects.
    const fn new(
        source: Source,
        recognises: fn(json::Object<'_>) -> bool,
        parse: fn(json::Object<'_>, &mut Memory) -> Parsed,
    ) -> Self {
        Self {
            source,
            recognises,
            parse,
            line: |_, _| Line::Unknown,
            heads: |_| false,
        }
    }

    /// Adds lines of text.
    const fn with_lines(mut self, line: fn(&str, &mut Memory) -> Line) -> Self {
        self.line = line;
        self
    }

    /// Adds comma-separated tables.
    const fn with_tables(mut self, heads: fn(&[&str]) -> bool) -> Self {
        self.heads = heads;
        self
    }
}

/// The formats, in the order in which they are tried.
const FORMATS: [&Format; 20] = [
    &cloudtrail::FORMAT,
    &vpcflow::transit::FORMAT,
    &vpcflow::FORMAT,
    &okta::FORMAT,
    &slack::FORMAT,
    &workspace::FORMAT,
    &azure::storage::FORMAT,
    &azure::activity::FORMAT,
    &entra::audit::FORMAT,
    &entra::signin::FORMAT,
    &entra::graph::FORMAT,
    &entra::graph::AAD_FORMAT,
    &gcpaudit::FORMAT,
    &gcsusage::FORMAT,
    &gcpflow::FORMAT,
    &s3access::FORMAT,
    &m365::FORMAT,
    &ocsf::FORMAT,
    &ecs::FORMAT,
    &plain::FORMAT,
];

/// What a line of text is.
#[derive(Debug, PartialEq)]
enum Line {
    /// Nothing of this format.
    Unknown,
    /// A line that says what follows, and no record itself.
    Header,
    /// A record.
    Record(Parsed),
}

/// What is remembered from record to record of one input.
#[derive(Default)]
struct Memory {
    /// How many more bytes may be unpacked out of the record at hand.
    unpacked_left: u64,
    /// The place in [`FORMATS`] of the format of the last record.
    last_format: Option<usize>,
    interner: interner::Interner,
    clients: client::Clients,
    callers: cloudtrail::Callers,
    columns: Option<vpcflow::Columns>,
    /// The region that the input's name states, for records that do not.
    region_hint: Option<crate::vocab::Str>,
    /// The Okta org that the envelope around the record at hand states.
    okta_org: Option<crate::vocab::Str>,
}

/// Reads one input to its end, and hands over what it holds.
///
/// An input that breaks off is no error: what came before is delivered, and the report says how it ended.
pub fn read(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
) -> FileReport {
    read_while(input, name, options, sink, rejects, &mut |_| true)
}

/// Reads one input as [`read`] does, and asks after each piece, with the report so far, whether to go on. If not, the rest is
/// left alone, and the report is of what was read.
pub fn read_while(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> FileReport {
    let mut raw = decode::Hashed::new(input);
    let mut stream = Stream::new(name, options);
    let (compression, result) = match decode::decode(&mut raw) {
        Ok(mut decoded) => {
            let reader = &mut *decoded.reader;
            let result = if decoded.is_parquet {
                parquet::spool(reader)
                    .and_then(|file| {
                        parquet::rows(file, &mut |number, json| {
                            stream.row_of(number, json, sink, rejects);
                        })
                    })
                    .map(|()| Pumped::ToTheEnd)
            } else {
                pump(reader, &mut stream, sink, rejects, goes_on)
            };
            (decoded.layers, result)
        }
        Err(e) => (Vec::new(), Err(e)),
    };
    if let Ok(Pumped::Stopped) = result {
        return stream.report().clone();
    }
    let drained = raw.drain();
    let mut report = stream.finish(sink, rejects);
    report.compression = compression;
    (report.bytes_raw, report.content_hash) = raw.sum();
    if let Err(e) = result.and(drained) {
        report.error = Some(why_it_ended(&e, &report));
    }
    report
}

/// Says why an input could not be read to its end.
fn why_it_ended(error: &io::Error, report: &FileReport) -> String {
    if report.compression.is_empty() || parquet::is_of(error) {
        return error.to_string();
    }
    format!("its compressed data is cut off or damaged ({error})")
}

/// How pumping ended.
enum Pumped {
    ToTheEnd,
    Stopped,
}

fn pump(
    text: &mut dyn Read,
    stream: &mut Stream,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> io::Result<Pumped> {
    loop {
        match stream.feed_from(text, sink, rejects) {
            Ok(0) => return Ok(Pumped::ToTheEnd),
            Ok(_) if !goes_on(stream.report()) => return Ok(Pumped::Stopped),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
