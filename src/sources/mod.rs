//! Bytes to events: all reading of logs, whatever their compression, envelope and format.
//!
//! [`discover`] finds files, [`read`] reads one of them to its end, [`Stream`] reads what comes in pieces. On the way
//! up: `decode` unpacks, `stream` finds where records begin and end, `envelope` takes them out of what they came in, and a
//! `Format` reads one record. Formats are recognised record by record, from content alone.
//!
//! A format is one file with a `FORMAT` in it and one line in `FORMATS`. Only these files know a provider's field names.
//! Every record ends as exactly one of event, skip and reject; memory does not grow with the input.

mod archive;
mod aws_actions;
mod aws_blinding;
mod azure;
mod carrier;
mod client;
mod cloudtrail;
mod consent;
mod decode;
mod discover;
mod ecs;
mod entra;
mod envelope;
mod findings;
mod flat;
mod gcpaudit;
mod gcpflow;
mod gcsusage;
mod graph_actions;
mod inflate;
mod interner;
mod json;
mod limits;
mod m365;
mod microsoft;
mod notice;
mod ocsf;
mod okta;
mod operations;
mod options;
mod own;
mod parquet;
mod parser;
mod parts;
mod plain;
mod portal;
mod read;
mod recent;
mod record_builder;
mod registry;
mod report;
mod s3access;
mod slack;
mod stream;
mod structs;
mod syslog;
mod table;
mod telemetry;
mod vpcflow;
mod workspace;

pub use decode::unpacked;
pub use discover::{
    InputFile, Unreachable, content_hash_of, discover, discover_reachable, in_order,
};
pub use limits::{ENVELOPES_MAX, RECORD_BYTES_MAX};
pub use options::{Period, ReadOptions};
pub use parquet::is_decoding;
pub use read::{read, read_while};
pub use report::{Compression, FileReport, Parsed, Position, Reject, RejectReason, SkipReason};
pub use stream::Stream;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
