//! Bytes to events: files recognised from their content, read a bounded piece at a time, every record accounted for.
//!
//! A record ends as an event, a deliberate skip with a reason, or a reject with a reason and its place; nothing else.
//! Nothing here knows a configuration: what is written is read, and what it means to us is settled elsewhere.

mod aws_identity;
mod aws_operations;
mod aws_shares;
pub mod clients;
mod cloudtrail;
mod discover;
mod envelope;
mod intern;
mod json;
mod scan;
mod vpcflow;
mod window;

pub use discover::{InputFile, content_hash_of, discover};
pub use window::Compression;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Source, escape};
use crate::sources::intern::Interner;
use crate::sources::scan::{DEPTH_MAX, Scan, Scanner};
use crate::sources::vpcflow::Columns;
use crate::sources::window::{Hashed, Window, plain};
use crate::vocab::words;

/// The largest record that is read; a larger one is rejected, and reading goes on behind it.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How far into a file of unknown text a first JSON record is looked for.
const PROSE_BYTES_MAX: usize = 64 * 1024;
/// Characters of a rejected record that are kept.
const EXCERPT_CHARS_MAX: usize = 160;

words! {
    /// Why a record was left out on purpose.
    SkipReason {
        /// A digest file of CloudTrail: checksums, no events.
        Digest = "digest",
        /// A CloudTrail insight: a judgement, no activity.
        Insight = "insight",
        /// An S3 notification: no audit record.
        S3Notification = "s3_notification",
        /// A control message of a log subscription.
        ControlMessage = "control_message",
        /// An envelope with nothing in it.
        EmptyEnvelope = "empty_envelope",
        /// An event of a partner that came through CloudTrail Lake.
        LakeIntegration = "lake_integration",
        /// A flow log interval without traffic.
        FlowNoData = "flow_no_data",
        /// A flow log interval that was not captured: a gap.
        FlowSkipData = "flow_skip_data",
        /// A transit gateway flow: the same bytes are seen at the instance.
        TransitGatewayFlow = "transit_gateway_flow",
    }
}

words! {
    /// Why a record could not be read.
    RejectReason {
        /// It is no JSON.
        NotJson = "not_json",
        /// It is JSON, but broken in itself.
        Malformed = "malformed",
        /// It is in no format that is known.
        UnknownRecord = "unknown_record",
        /// The whole file is in no format that is known.
        UnknownFormat = "unknown_format",
        /// It has no usable time.
        NoTime = "no_time",
        /// A flow without addresses.
        NoAddress = "no_address",
        /// A line with more or fewer columns than its header.
        WrongColumns = "wrong_columns",
        /// It is larger than a mebibyte.
        RecordTooLarge = "record_too_large",
        /// It is nested too deeply.
        TooDeep = "too_deep",
        /// The file ends within it.
        Truncated = "truncated",
        /// It is not of the format that was forced.
        NotTheForcedFormat = "not_the_forced_format",
    }
}

/// What became of one record.
#[derive(Debug)]
pub enum Parsed {
    /// It is an event.
    Event(Box<Event>),
    /// It was left out on purpose.
    Skipped(SkipReason),
    /// It could not be read.
    Rejected(RejectReason),
}

/// A record that could not be read, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// The file.
    pub file: Arc<str>,
    /// The line in the decompressed file on which it begins, from 1.
    pub line: u64,
    /// Its number in the file, from 1.
    pub record: u64,
    /// The byte of the decompressed file at which it begins, from 0.
    pub byte: u64,
    /// Why.
    pub reason: &'static str,
    /// Its beginning, escaped.
    pub excerpt: String,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileReport {
    /// Its name.
    pub file: Arc<str>,
    /// The formats of its events.
    pub formats: BTreeSet<Source>,
    /// How it is compressed.
    pub compression: Compression,
    /// Records found.
    pub records: u64,
    /// Records that became events.
    pub events: u64,
    /// Records left out on purpose, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be read, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Bytes of the file.
    pub bytes_raw: u64,
    /// Bytes once decompressed.
    pub bytes_plain: u64,
    /// Why it could not be read to its end.
    pub error: Option<String>,
    /// Hash of the file's bytes; 0 if they were not all read.
    pub content_hash: u128,
}

impl FileReport {
    /// Reports a file that could not be opened.
    pub fn unreadable(name: &str, error: &io::Error) -> Self {
        Self {
            file: name.into(),
            error: Some(error.to_string()),
            ..Self::default()
        }
    }

    /// Tells whether it was standard input.
    pub fn is_stdin(&self) -> bool {
        &*self.file == "-"
    }

    /// Adds what became of another part of the same file.
    pub fn add(&mut self, other: &FileReport) {
        self.formats.extend(&other.formats);
        self.records += other.records;
        self.events += other.events;
        self.bytes_raw += other.bytes_raw;
        self.bytes_plain += other.bytes_plain;
        for (mine, theirs) in [
            (&mut self.skipped, &other.skipped),
            (&mut self.rejected, &other.rejected),
        ] {
            for (reason, n) in theirs {
                *mine.entry(reason).or_default() += n;
            }
        }
        if other.error.is_some() {
            self.error.clone_from(&other.error);
        }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// The only format that is accepted; `None` recognises every record by itself.
    pub format: Option<Source>,
}

/// Reads a file to its end, handing on its events and what could not be read.
///
/// A file that cannot be read to its end is no failure of the call: what came before is handed on, and the report says
/// why there is no more.
pub fn read(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
) -> FileReport {
    let mut report = FileReport {
        file: name.into(),
        ..FileReport::default()
    };
    let mut hashed = Hashed::new(input);
    match plain(&mut hashed) {
        Ok((reader, compression)) => {
            report.compression = compression;
            let mut reading = Reading {
                window: Window::new(reader),
                report: &mut report,
                options: *options,
                sink,
                rejects,
                interner: Interner::default(),
                columns: None,
            };
            reading.run();
            let (bytes, error) = (reading.window.byte, reading.window.error());
            report.bytes_plain = bytes;
            report.error = error;
        }
        Err(e) => report.error = Some(e.to_string()),
    }
    let (hash, bytes) = hashed.finish();
    report.bytes_raw = bytes;
    report.content_hash = hash;
    report
}

/// One file being read.
struct Reading<'a, R> {
    window: Window<R>,
    report: &'a mut FileReport,
    options: ReadOptions,
    sink: &'a mut dyn FnMut(Event),
    rejects: &'a mut dyn FnMut(Reject),
    interner: Interner,
    columns: Option<Columns>,
}

/// Where a record begins.
#[derive(Clone, Copy)]
struct Place {
    line: u64,
    byte: u64,
}

impl<R: Read> Reading<'_, R> {
    fn run(&mut self) {
        while let Some(byte) = self.window.next_solid() {
            match byte {
                b'{' => self.object(),
                b'[' => {
                    self.window.take(1);
                    self.elements();
                }
                // What may be left between records.
                b',' | b']' | b'}' => self.window.take(1),
                _ => {
                    if !self.line() {
                        return;
                    }
                }
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            line: self.window.line + 1,
            byte: self.window.byte,
        }
    }

    /// Reads an object, or the records inside it if it is an envelope that begins with their list.
    fn object(&mut self) {
        let length = self.list_header();
        if length > 0 {
            self.window.take(length);
            self.elements();
            // What follows the list inside the envelope.
            self.skip(Scanner::inside(1));
        } else {
            self.value();
        }
    }

    /// Returns the length of `{"Records":[` or the like, if the view begins so.
    fn list_header(&mut self) -> usize {
        loop {
            match envelope::list_header(self.window.view()) {
                envelope::Header::Length(length) => return length,
                envelope::Header::None => return 0,
                envelope::Header::Unfinished => {
                    if !self.window.more() {
                        return 0;
                    }
                }
            }
        }
    }

    /// Reads the elements of a list up to and with its closing bracket.
    fn elements(&mut self) {
        while let Some(byte) = self.window.next_solid() {
            match byte {
                b'{' => self.value(),
                b']' => {
                    self.window.take(1);
                    return;
                }
                b',' => self.window.take(1),
                b'[' => self.skip(Scanner::default()),
                _ => {
                    // A list of something else: one reject for each element.
                    let place = self.place();
                    let view = self.window.view();
                    let length = view
                        .iter()
                        .position(|b| matches!(b, b',' | b']' | b'\n'))
                        .unwrap_or(view.len())
                        .max(1);
                    let excerpt = excerpt(&view[..length]);
                    self.window.take(length);
                    self.reject(RejectReason::UnknownRecord, place, excerpt);
                }
            }
        }
    }

    /// Reads one object as a record.
    fn value(&mut self) {
        let place = self.place();
        let mut scanner = Scanner::default();
        loop {
            match scanner.scan(self.window.view()) {
                Scan::End(_) if scanner.deepest > DEPTH_MAX => {
                    let excerpt = excerpt(self.window.view());
                    self.skip(Scanner::default());
                    return self.reject(RejectReason::TooDeep, place, excerpt);
                }
                Scan::End(length) => {
                    self.record(length, place);
                    return self.window.take(length);
                }
                Scan::Broken(length) => {
                    let excerpt = excerpt(self.window.view());
                    self.window.take(length);
                    return self.reject(RejectReason::NotJson, place, excerpt);
                }
                Scan::More if self.window.view().len() > RECORD_BYTES_MAX => {
                    let excerpt = excerpt(self.window.view());
                    self.skip(Scanner::default());
                    return self.reject(RejectReason::RecordTooLarge, place, excerpt);
                }
                Scan::More => {
                    if !self.window.more() {
                        return self.cut_off(place);
                    }
                }
            }
        }
    }

    /// The file ends within a value. If lines begin anew inside it, only its first line is taken for broken.
    fn cut_off(&mut self, place: Place) {
        let view = self.window.view();
        let excerpt = excerpt(view);
        let next = memchr::memmem::find(view, b"\n{").map(|at| at + 1);
        let length = next.unwrap_or(view.len());
        self.window.take(length);
        let reason = if next.is_some() {
            RejectReason::NotJson
        } else {
            RejectReason::Truncated
        };
        self.reject(reason, place, excerpt);
    }

    /// Leaves out what a scanner stands in, however long it is.
    fn skip(&mut self, mut scanner: Scanner) {
        loop {
            match scanner.scan(self.window.view()) {
                Scan::End(length) | Scan::Broken(length) => return self.window.take(length),
                Scan::More => {
                    let length = self.window.view().len();
                    self.window.take(length);
                    scanner.rebase();
                    if !self.window.more() {
                        return;
                    }
                }
            }
        }
    }

    /// Reads one record, or the records of an envelope, from the first bytes in view.
    fn record(&mut self, length: usize, place: Place) {
        let bytes = &self.window.view()[..length];
        let mut results = Vec::with_capacity(1);
        envelope::open(bytes, &mut self.interner, &mut results);
        let excerpt = if results.iter().any(|r| matches!(r, Parsed::Rejected(_))) {
            excerpt(bytes)
        } else {
            String::new()
        };
        for result in results {
            self.account(result, place, &excerpt);
        }
    }

    /// Reads one line of text; returns false if the rest of the file makes no sense.
    fn line(&mut self) -> bool {
        let place = self.place();
        let length = self.window.line_length(RECORD_BYTES_MAX);
        let bytes = &self.window.view()[..length];
        let text = String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        if length >= RECORD_BYTES_MAX {
            let excerpt = excerpt(bytes);
            self.window.take(length);
            self.reject(RejectReason::RecordTooLarge, place, excerpt);
            return true;
        }
        if let Some(columns) = Columns::of_header(&text) {
            self.columns = Some(columns);
            self.window.take(length);
            return true;
        }
        let default = Columns::default_order();
        let columns = match &self.columns {
            Some(columns) => Some(columns),
            None => Columns::fits_default(&text).then_some(&default),
        };
        if let Some(columns) = columns {
            let parsed = vpcflow::parse_line(&text, columns, &mut self.interner);
            self.window.take(length);
            self.account(parsed, place, &text);
            return true;
        }
        let is_first = self.report.records == 0;
        if is_first && !self.has_json_ahead() {
            let excerpt = excerpt(self.window.view());
            let length = self.window.view().len();
            self.window.take(length);
            self.reject(RejectReason::UnknownFormat, place, excerpt);
            return false;
        }
        self.window.take(length);
        self.reject(RejectReason::UnknownRecord, place, excerpt(text.as_bytes()));
        true
    }

    /// Tells whether a JSON record begins on one of the next lines.
    fn has_json_ahead(&mut self) -> bool {
        while self.window.view().len() < PROSE_BYTES_MAX && self.window.more() {}
        let view = self.window.view();
        let view = &view[..view.len().min(PROSE_BYTES_MAX)];
        !view.contains(&0)
            && (memchr::memmem::find(view, b"\n{").is_some()
                || memchr::memmem::find(view, b"\n[").is_some())
    }

    fn account(&mut self, parsed: Parsed, place: Place, excerpt: &str) {
        match parsed {
            Parsed::Event(event)
                if self
                    .options
                    .format
                    .is_some_and(|format| format != event.source) =>
            {
                self.reject(RejectReason::NotTheForcedFormat, place, excerpt.to_owned());
            }
            Parsed::Event(event) => {
                self.report.records += 1;
                self.report.events += 1;
                self.report.formats.insert(event.source);
                (self.sink)(*event);
            }
            Parsed::Skipped(reason) => {
                self.report.records += 1;
                *self.report.skipped.entry(reason.as_str()).or_default() += 1;
            }
            Parsed::Rejected(reason) => self.reject(reason, place, excerpt.to_owned()),
        }
    }

    fn reject(&mut self, reason: RejectReason, place: Place, excerpt: String) {
        self.report.records += 1;
        *self.report.rejected.entry(reason.as_str()).or_default() += 1;
        (self.rejects)(Reject {
            file: self.report.file.clone(),
            line: place.line,
            record: self.report.records,
            byte: place.byte,
            reason: reason.as_str(),
            excerpt,
        });
    }
}

/// Returns the beginning of a record, safe to show.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * EXCERPT_CHARS_MAX)]);
    let mut shown = String::new();
    for c in text.trim().chars().take(EXCERPT_CHARS_MAX) {
        // Writing to a text cannot fail.
        escape(c.encode_utf8(&mut [0; 4]), &mut shown).ok();
    }
    shown
}

#[cfg(test)]
mod tests;
