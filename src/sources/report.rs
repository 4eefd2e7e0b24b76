//! The results of reading one file: counts by reason, and the positions of rejected records.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Source};
use crate::sources::json::ScanError;
use crate::sources::own;
use crate::vocab::words;

words! {
    /// Why a record was left out on purpose: it is valid, but not an activity.
    SkipReason {
        /// A digest file, which proves the integrity of trail files.
        Digest = "digest",
        /// A summary that counts activity and tells no single act, such as an aggregated CloudTrail event.
        Summary = "summary",
        /// A CloudTrail Insights record: a finding about activity, not activity.
        Insight = "insight",
        /// A notice that an object was written, such as an S3 event notification.
        ObjectNotification = "object_notification",
        /// A message that sets up or tests a delivery.
        ControlMessage = "control_message",
        /// An envelope with no record in it, such as the last page of an answer.
        Empty = "empty",
        /// A flow log row for an interface without traffic.
        NoData = "no_data",
        /// A flow log row that reports lost rows: a gap in coverage.
        SkipData = "skip_data",
        /// An entry of another log of Google Cloud, in a sink or subscription with several logs.
        OtherLog = "other_log",
        /// A row of a report on how many bytes a bucket stores.
        StorageReport = "storage_report",
        /// The start of an action whose end has a record too.
        ActionBegun = "action_begun",
        /// A notice of the provider: its health, alerts, recommendations, the evaluation of policies.
        ServiceNotice = "service_notice",
        /// An alert, a finding or a measurement: a conclusion, not an action.
        Finding = "finding",
        /// Other text before the first record.
        Preamble = "preamble",
        /// A document that plimsoll itself wrote, such as an alert.
        Own = "own",
        /// A record with an actor and a time, and without an action.
        NoAction = "no_action",
        /// An event before or after the period that was asked for.
        OutsidePeriod = "outside_period",
    }
}

words! {
    /// Why a record could not be read as an event.
    RejectReason {
        /// The text is not JSON.
        NotJson = "not_json",
        /// The input ends inside the record.
        Truncated = "truncated",
        /// It is JSON or text of no known format.
        UnknownRecord = "unknown_record",
        /// The whole file, or many lines before the first that is known, are of no known format.
        UnknownFormat = "unknown_format",
        /// A flow log row whose order of fields is unknown, because its header is missing.
        FlowWithoutHeader = "flow_without_header",
        /// It has no usable time.
        NoTime = "no_time",
        /// It is of the plain format, and lacks a required field or has an invalid value.
        InvalidField = "invalid_field",
        /// It is larger than [`crate::sources::RECORD_BYTES_MAX`].
        RecordTooLarge = "record_too_large",
        /// It is nested too deeply, or wrapped in more than [`crate::sources::ENVELOPES_MAX`] envelopes.
        TooDeep = "too_deep",
        /// A line of the classic storage analytics log; resource logs are read instead.
        ClassicStorageLog = "classic_storage_log",
        /// It holds a record of a known format in a member that is not opened by itself. The report names the member.
        Wrapped = "wrapped",
        /// A row with more or fewer fields than its header.
        MalformedRow = "malformed_row",
    }
}

impl From<ScanError> for RejectReason {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Incomplete => Self::Truncated,
            ScanError::Malformed => Self::NotJson,
            ScanError::TooDeep => Self::TooDeep,
        }
    }
}

/// The result of parsing one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// An event.
    Event(Box<Event>),
    /// Left out on purpose.
    Skipped(SkipReason),
    /// Not readable as an event.
    Rejected(RejectReason),
    /// Several actions of one record. Each counts as a record of its own.
    Several(Vec<Parsed>),
}

/// The position of a record in its decompressed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file's name as it was given.
    pub file: Arc<str>,
    /// The line, counted from 1, on which the record begins.
    pub line: u64,
    /// The record's number in the file, counted from 1.
    pub record: u64,
    /// The byte, counted from 0, at which the record begins.
    pub byte: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{} (record {}, byte {})",
            self.file, self.line, self.record, self.byte
        )
    }
}

/// A record that could not be read as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub reason: RejectReason,
    /// Its position.
    pub position: Position,
    /// Its beginning, at most [`Self::EXCERPT_BYTES_MAX`] bytes, with bytes that are not UTF-8 replaced and
    /// credentials redacted. It is not escaped. Of several rejects of one record only the first has it, and of very many only
    /// some are passed on. It is empty if the reader was not asked for excerpts.
    pub excerpt: String,
}

impl Reject {
    /// The most bytes of a rejected record that are kept.
    pub const EXCERPT_BYTES_MAX: usize = 1_024;
}

words! {
    /// How a file is compressed.
    Compression {
        /// Not at all.
        None = "none",
        /// gzip, one member or several.
        Gzip = "gzip",
        /// Zstandard, one frame or several.
        Zstd = "zstd",
        /// bzip2, one stream or several.
        Bzip2 = "bzip2",
        /// xz, one stream or several.
        Xz = "xz",
        /// A ZIP archive, all of whose files are read.
        Zip = "zip",
        /// A tar archive, all of whose files are read.
        Tar = "tar",
    }
}

/// The result of reading one file. `records` is always the sum of events, skipped and rejected.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The file's name as it was given; `-` is standard input.
    pub file: Arc<str>,
    /// The formats of its events, by number of events.
    pub formats: BTreeMap<Source, u64>,
    /// Its compressions, outermost first; empty if it is not compressed.
    pub compression: Vec<Compression>,
    /// Records found.
    pub records: u64,
    /// Records that became events.
    pub events: u64,
    /// Records left out on purpose, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be read, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Whether it has a record, or a header of records, of a known format.
    pub is_log: bool,
    /// Records that were found in members that are not opened: where they lie, and of which format they are.
    pub held: BTreeMap<(String, Source), u64>,
    /// Bytes of rejected records that were skipped and never looked at, as those of a record that is too large.
    pub bytes_lost: u64,
    /// Bytes as stored.
    pub bytes_raw: u64,
    /// Bytes after decompression.
    pub bytes_json: u64,
    /// Why the file could not be read to its end; everything before that was passed on.
    pub error: Option<String>,
    /// XXH3-128 of the bytes as stored; of an object its identity.
    pub content_hash: u128,
}

impl FileReport {
    /// The name of standard input.
    pub const STDIN: &'static str = "-";
    /// The most places of records that were not opened that are named.
    const PLACES_MAX: usize = 16;

    /// Makes the report of a file before anything is read.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.into(),
            formats: BTreeMap::new(),
            compression: Vec::new(),
            records: 0,
            events: 0,
            skipped: BTreeMap::new(),
            rejected: BTreeMap::new(),
            is_log: false,
            held: BTreeMap::new(),
            bytes_lost: 0,
            bytes_raw: 0,
            bytes_json: 0,
            error: None,
            content_hash: 0,
        }
    }

    /// Makes the report of a file that could not be opened.
    pub fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self {
            error: Some(error.to_string()),
            ..Self::new(file)
        }
    }

    /// Returns whether it was standard input.
    pub fn is_stdin(&self) -> bool {
        &*self.file == Self::STDIN
    }

    /// Returns whether plimsoll itself wrote the file. A file with a record of a log is none.
    pub fn is_own(&self) -> bool {
        let is_configuration = || {
            self.error.is_none()
                && !self.rejected.is_empty()
                && Path::new(&*self.file).file_name() == Some(own::CONFIGURATION.as_ref())
        };
        !self.is_log
            && self.events == 0
            && (self.skipped.contains_key(SkipReason::Own.as_str()) || is_configuration())
    }

    /// Returns whether the file is something else than a log: it could be read to its end, and no record of a known format is
    /// in it. What breaks off inside a record may have been a log.
    pub fn is_foreign(&self) -> bool {
        !self.is_log
            && self.events == 0
            && self.error.is_none()
            && !self.rejected.is_empty()
            && !self.rejected.contains_key(RejectReason::Truncated.as_str())
            && !self.is_own()
            && !self.is_unopened()
    }

    /// Returns whether most of the file is records of known formats inside others that are not opened unless the configuration says so.
    pub fn is_unopened(&self) -> bool {
        let n_held: u64 = self.held.values().sum();
        self.events == 0 && n_held > self.records / 2
    }

    /// Returns whether the file is a log, or what is left of one, of which no record could be read.
    pub fn is_lost(&self) -> bool {
        self.events == 0
            && self.error.is_none()
            && !self.rejected.is_empty()
            && !self.is_own()
            && !self.is_foreign()
    }

    /// Returns whether another reading may make more of the file: it has records that were rejected, or lines that were skipped
    /// because no format knows them, or nothing at all.
    pub fn may_hold_more(&self) -> bool {
        self.events == 0
            || !self.rejected.is_empty()
            || self.skipped.contains_key(SkipReason::Preamble.as_str())
    }

    /// Returns whether events of the file were left out because they lie outside the period that was asked for.
    pub fn is_cut_by_period(&self) -> bool {
        self.skipped
            .contains_key(SkipReason::OutsidePeriod.as_str())
    }

    /// Returns the format of its events: the only one, `mixed`, or `None` without events.
    pub fn format(&self) -> Option<&'static str> {
        let mut formats = self.formats.keys();
        let first = formats.next()?;
        Some(if formats.next().is_some() {
            "mixed"
        } else {
            first.as_str()
        })
    }

    /// Adds the report of another part of the same file.
    pub fn add(&mut self, other: &Self) {
        for (source, n) in &other.formats {
            *self.formats.entry(*source).or_insert(0) += n;
        }
        self.records += other.records;
        self.events += other.events;
        self.is_log |= other.is_log;
        for ((place, source), n) in &other.held {
            self.note_held_times(place.clone(), *source, *n);
        }
        self.bytes_lost += other.bytes_lost;
        self.bytes_raw += other.bytes_raw;
        self.bytes_json += other.bytes_json;
        for (mine, theirs) in [
            (&mut self.skipped, &other.skipped),
            (&mut self.rejected, &other.rejected),
        ] {
            for (reason, n) in theirs {
                *mine.entry(reason).or_insert(0) += n;
            }
        }
        if other.error.is_some() {
            self.error.clone_from(&other.error);
        }
    }

    /// Counts a record that was found in a member and not opened.
    pub(crate) fn note_held(&mut self, place: String, source: Source) {
        self.note_held_times(place, source, 1);
    }

    fn note_held_times(&mut self, place: String, source: Source, n: u64) {
        let key = (place, source);
        if self.held.len() < Self::PLACES_MAX || self.held.contains_key(&key) {
            *self.held.entry(key).or_insert(0) += n;
        }
    }

    /// Counts one record, or each of several actions of one record.
    pub(crate) fn count(&mut self, parsed: &Parsed) {
        if let Parsed::Several(all) = parsed {
            return all.iter().for_each(|one| self.count(one));
        }
        self.records += 1;
        match parsed {
            Parsed::Several(_) => {}
            Parsed::Event(event) => {
                self.events += 1;
                *self.formats.entry(event.source).or_insert(0) += 1;
            }
            Parsed::Skipped(reason) => *self.skipped.entry(reason.as_str()).or_insert(0) += 1,
            Parsed::Rejected(reason) => *self.rejected.entry(reason.as_str()).or_insert(0) += 1,
        }
    }
}
