//! Finds the records in text that comes in pieces. Arrays and containers are entered, so that they are never held whole.
//!
//! At any time it holds at most one record and one piece. The same code reads whole files and files that grow.

mod container;
mod dispatcher;
mod prefix;
mod window;

use std::io::{self, Read};

use memchr::memchr;

use crate::event::Event;
use crate::sources::envelope;
use crate::sources::json::{self, Layout, ScanError, Skipper, Value};
use crate::sources::limits::{ENVELOPES_MAX, RECORD_BYTES_MAX};
use crate::sources::options::ReadOptions;
use crate::sources::parser::ParserState;
use crate::sources::report::{FileReport, Reject, RejectReason};
use crate::sources::stream::container::{ObjectStart, late_container, member_start, object_start};
use crate::sources::stream::dispatcher::{RecordDispatcher, Sinks};
use crate::sources::stream::prefix::RecordPrefix;
use crate::sources::stream::window::Window;
use crate::sources::table::{Table, TableRow};

/// The character that ends a text on old systems.
const SUBSTITUTE: u8 = 0x1a;
/// Bytes taken from a reader at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// What a stream leaves for the next.
#[derive(Default)]
pub struct Reusable {
    /// The buffer for text.
    pub buffer: Vec<u8>,
    layout: Layout,
    parsers: ParserState,
}

/// An array or object that has been entered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Frame {
    Array,
    Container,
}

/// What the stream does next.
#[derive(Debug)]
enum State {
    /// It reads what begins here.
    Ready,
    /// The current record is not complete. It is read again when its brackets close or its length has doubled.
    Waiting {
        skipper: Skipper,
        scanned: usize,
        retry_at: usize,
    },
    /// It skips a value.
    SkippingValue(Skipper),
    /// It skips a record that cannot be read: to its end, or to text that begins like the record before it.
    SkippingRecord(Skipper),
    /// It skips a line.
    SkippingLine,
    /// It skips broken JSON: to its end if that is on the first line, to text that begins like the record before it, or to
    /// a line that begins like a new record.
    Recovering {
        at_line_start: bool,
        /// Set only on the first line.
        skipper: Option<Skipper>,
    },
}

/// How a step ended.
enum Progress {
    /// There may be more to read.
    Again,
    /// More input is needed.
    NeedMore,
}

/// Reads one input piece by piece: whole files, or files that grow.
///
/// A line or document is read as soon as it is complete; the rest waits for the next piece.
pub struct Stream {
    window: Window,
    frames: Vec<Frame>,
    state: State,
    layout: Layout,
    prefix: RecordPrefix,
    /// Whether the previous element of the array was a scalar. Consecutive scalars are one record.
    was_scalar: bool,
    dispatcher: RecordDispatcher,
}

impl Stream {
    /// Makes a stream for the input of this name.
    pub fn new(name: &str, options: &ReadOptions) -> Self {
        Self::reusing(name, options, Reusable::default())
    }

    /// Makes a stream that uses what an earlier one left.
    pub(in crate::sources) fn reusing(
        name: &str,
        options: &ReadOptions,
        reusable: Reusable,
    ) -> Self {
        Self {
            window: Window::reusing(reusable.buffer),
            frames: Vec::new(),
            state: State::Ready,
            layout: reusable.layout,
            prefix: RecordPrefix::default(),
            was_scalar: false,
            dispatcher: RecordDispatcher::new(name, options, reusable.parsers),
        }
    }

    /// Takes the next piece of decompressed text.
    pub fn feed(
        &mut self,
        piece: &[u8],
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) {
        for part in piece.chunks(PIECE_BYTES) {
            self.window.make_buffer(part.len());
            let end = self.window.end;
            self.window.buffer[end..end + part.len()].copy_from_slice(part);
            self.take(part.len(), sink, rejects);
        }
    }

    /// Takes one piece from a reader; returns its length, zero at the end.
    ///
    /// # Errors
    ///
    /// Fails if the reader does.
    pub fn feed_from(
        &mut self,
        reader: &mut dyn Read,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) -> io::Result<usize> {
        self.window.make_buffer(PIECE_BYTES);
        let end = self.window.end;
        let n = reader.read(&mut self.window.buffer[end..end + PIECE_BYTES])?;
        self.take(n, sink, rejects);
        Ok(n)
    }

    /// Takes all of the text at once: the first bytes of the buffer that the stream was made with.
    pub(in crate::sources) fn take_whole(
        &mut self,
        len: usize,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) {
        self.take(len, sink, rejects);
    }

    fn take(&mut self, n: usize, sink: &mut dyn FnMut(Event), rejects: &mut dyn FnMut(Reject)) {
        self.window.end += n;
        self.dispatcher.report.bytes_json += n as u64;
        self.dispatcher.report.bytes_raw += n as u64;
        self.advance(
            false,
            &mut Sinks {
                events: sink,
                rejects,
            },
        );
    }

    /// Reads a complete record: the JSON text of a row, with the number of the row.
    pub(in crate::sources) fn row_of(
        &mut self,
        number: u64,
        json: &[u8],
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) {
        let sinks = &mut Sinks {
            events: sink,
            rejects,
        };
        self.dispatcher.report.bytes_json += json.len() as u64;
        let buffer = std::mem::take(&mut self.window.buffer);
        self.window = Window::of_row(buffer, number, json);
        if json.len() > RECORD_BYTES_MAX {
            self.dispatcher
                .dispatch_reject(RejectReason::RecordTooLarge, &self.window, sinks);
        } else {
            self.dispatcher
                .value(Value::of(json), 0, &self.window, sinks);
        }
        // The row is processed; nothing of it is left to read.
        self.window.at = self.window.end;
    }

    /// Returns what has been read so far.
    pub fn report(&self) -> &FileReport {
        &self.dispatcher.report
    }

    /// Reads what is left as the end of the input, and returns the report.
    pub fn finish(
        self,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) -> FileReport {
        self.end(sink, rejects).0
    }

    /// Does the same, and returns what another stream can use.
    pub(in crate::sources) fn end(
        mut self,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) -> (FileReport, Reusable) {
        let mut sinks = Sinks {
            events: sink,
            rejects,
        };
        self.conclude(&mut sinks);
        let (report, parsers) = self.dispatcher.end();
        let reusable = Reusable {
            buffer: self.window.buffer,
            layout: self.layout,
            parsers,
        };
        (report, reusable)
    }

    /// Reads what is left as the end of a part of the input, after which something else begins.
    pub(in crate::sources) fn next_part(
        &mut self,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) {
        self.conclude(&mut Sinks {
            events: sink,
            rejects,
        });
        self.frames.clear();
        self.state = State::Ready;
        self.was_scalar = false;
        self.dispatcher.next_part();
    }

    /// Reads what is left as the end of a text.
    fn conclude(&mut self, sinks: &mut Sinks<'_>) {
        // Old editors and transfers end a text with this.
        while self.window.rest().last() == Some(&SUBSTITUTE) {
            self.window.end -= 1;
        }
        self.advance(true, sinks);
        self.dispatcher.drops_doubtful_table(sinks);
        if self.dispatcher.has_preamble() {
            self.dispatcher.reject_preamble(sinks);
        }
        if !self.frames.is_empty() {
            self.dispatcher.report.error = Some("the input ends inside a JSON document".to_owned());
        }
    }

    /// Reads as much as is possible without more input.
    fn advance(&mut self, is_last: bool, sinks: &mut Sinks<'_>) {
        while self.window.at < self.window.end {
            if self.dispatcher.is_page {
                self.window.at = self.window.end;
                return;
            }
            if let Progress::NeedMore = self.step(is_last, sinks) {
                return;
            }
        }
    }

    fn step(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        match &mut self.state {
            State::Ready => self.begin(is_last, sinks),
            State::Waiting {
                skipper,
                scanned,
                retry_at,
            } => {
                let rest = &self.window.buffer[self.window.at..self.window.end];
                // The mark at the end of an old text was taken away.
                let unseen = rest.get(*scanned..).unwrap_or_default();
                let is_closed = skipper.feed(unseen).is_some();
                *scanned = rest.len();
                if is_closed || is_last || rest.len() >= *retry_at {
                    self.state = State::Ready;
                    return Progress::Again;
                }
                Progress::NeedMore
            }
            State::SkippingValue(skipper) => {
                let found = skipper.feed(self.window.rest());
                self.skip_to(found)
            }
            State::SkippingRecord(_) => self.skip_record(is_last),
            State::SkippingLine => {
                let rest = self.window.rest();
                let found = memchr(b'\n', rest);
                self.dispatcher.report.bytes_lost += found.unwrap_or(rest.len()) as u64;
                self.skip_to(found.map(|n| n + 1))
            }
            State::Recovering {
                at_line_start: false,
                ..
            } => self.recover_on_line(is_last),
            State::Recovering {
                at_line_start: true,
                ..
            } => {
                self.state = match self.window.rest().first() {
                    Some(b'{' | b'[' | b'0'..=b'9') => State::Ready,
                    _ => State::Recovering {
                        at_line_start: false,
                        skipper: None,
                    },
                };
                Progress::Again
            }
        }
    }

    /// Moves this many bytes on and is ready again; without a number, moves past everything received.
    fn skip_to(&mut self, found: Option<usize>) -> Progress {
        match found {
            Some(len) => {
                self.window.at += len;
                self.state = State::Ready;
                Progress::Again
            }
            None => {
                self.window.at = self.window.end;
                Progress::NeedMore
            }
        }
    }

    /// Reads what begins here.
    fn begin(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        let blanks = rest
            .iter()
            .take_while(|b| matches!(**b, b' ' | b'\n' | b'\r' | b'\t' | 0 | SUBSTITUTE))
            .count();
        if blanks > 0 {
            self.window.at += blanks;
            return Progress::Again;
        }
        match (self.frames.last(), rest[0]) {
            (None, 0xef) if rest.starts_with(b"\xef\xbb\xbf") => self.go(3),
            (None, b'{') => self.object(is_last, sinks),
            (None, _) if self.dispatcher.table.is_some() => self.row(is_last, sinks),
            (None, b'[') => match rest.get(json::skip_blanks(rest, 1)) {
                Some(b'{' | b'[' | b']' | b'"') => self.value(is_last, sinks),
                None if !is_last && rest.len() < RECORD_BYTES_MAX => Progress::NeedMore,
                _ => self.line(is_last, sinks),
            },
            // Documents that were joined by commas.
            (None, b',') if self.dispatcher.has_recognised && rest.len() > 1 => self.go(1),
            (None, _) => self.line(is_last, sinks),
            (Some(_), b',') => self.go(1),
            (Some(_), b']' | b'}') => {
                self.frames.pop();
                self.was_scalar = false;
                self.go(1)
            }
            (Some(Frame::Array), _) => self.value(is_last, sinks),
            (Some(Frame::Container), _) => self.member(is_last, sinks),
        }
    }

    /// Moves this many bytes on.
    fn go(&mut self, len: usize) -> Progress {
        self.window.at += len;
        Progress::Again
    }

    /// Enters an array or container.
    fn enter(&mut self, frames: &[Frame], len: usize, sinks: &mut Sinks<'_>) -> Progress {
        if self.frames.len() + frames.len() > ENVELOPES_MAX {
            return self.reject(RejectReason::TooDeep, sinks);
        }
        self.frames.extend_from_slice(frames);
        self.go(len)
    }

    /// Rejects the current value and skips it.
    fn reject(&mut self, reason: RejectReason, sinks: &mut Sinks<'_>) -> Progress {
        self.dispatcher.dispatch_reject(reason, &self.window, sinks);
        // The brace of the record itself is not the prefix of the next.
        let mut skipper = Skipper::default();
        let end = skipper.feed(&self.window.rest()[..1]);
        self.state = State::SkippingRecord(skipper);
        match end {
            Some(len) => self.skip_to(Some(len.max(1))),
            None => self.go(1),
        }
    }

    /// Skips a record that cannot be read. Its brackets may not match, and then they do not show its end. Quotes inside a
    /// string are escaped, so text that begins like the last good record is the next one.
    fn skip_record(&mut self, is_last: bool) -> Progress {
        let State::SkippingRecord(skipper) = &mut self.state else {
            return Progress::Again;
        };
        let rest = &self.window.buffer[self.window.at..self.window.end];
        let next = self.prefix.find(rest);
        // The end of the piece may cut a prefix, so its length stays in view.
        let view = match next {
            Some(at) => at,
            None if is_last => rest.len(),
            None => rest.len().saturating_sub(self.prefix.len()),
        };
        let end = skipper.feed(&rest[..view]).or(next);
        self.dispatcher.report.bytes_lost += end.unwrap_or(view) as u64;
        match end {
            Some(len) => self.skip_to(Some(len)),
            None => {
                self.window.at += view;
                Progress::NeedMore
            }
        }
    }

    /// Rejects the current record because the input ends inside it.
    fn reject_truncated(&mut self, sinks: &mut Sinks<'_>) -> Progress {
        if self.frames.is_empty() && self.dispatcher.has_preamble() {
            return self.line(true, sinks);
        }
        self.dispatcher
            .dispatch_reject(RejectReason::Truncated, &self.window, sinks);
        self.skip_to(None)
    }

    /// Reads an element of an array.
    fn value(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        let first = rest[0];
        if matches!(first, b'{' | b'[') {
            self.was_scalar = false;
            return if first == b'{' {
                self.object(is_last, sinks)
            } else {
                self.enter(&[Frame::Array], 1, sinks)
            };
        }
        match json::scan(bounded(rest), 0) {
            Ok(len) => {
                let depth = self.frames.len() / 2;
                let value = Value::of(&rest[..len]);
                let is_scalar = envelope::is_scalar(value);
                if !(is_scalar && self.was_scalar) {
                    self.window.note_record(len);
                    self.dispatcher.value(value, depth, &self.window, sinks);
                }
                self.was_scalar = is_scalar;
                self.go(len)
            }
            Err(ScanError::Incomplete) if rest.len() > RECORD_BYTES_MAX => {
                self.reject(RejectReason::RecordTooLarge, sinks)
            }
            Err(ScanError::Incomplete) if is_last => self.reject_truncated(sinks),
            Err(ScanError::Incomplete) => self.wait(),
            Err(ScanError::Malformed) => self.reject(RejectReason::NotJson, sinks),
            Err(ScanError::TooDeep) => self.reject(RejectReason::TooDeep, sinks),
        }
    }

    /// Waits for more of the current value.
    fn wait(&mut self) -> Progress {
        let rest = self.window.rest();
        let mut skipper = Skipper::default();
        // If the brackets close although the value is not complete, they cannot be relied on; then only the length counts.
        let _ = skipper.feed(rest);
        self.state = State::Waiting {
            skipper,
            scanned: rest.len(),
            retry_at: 2 * rest.len(),
        };
        Progress::NeedMore
    }

    /// Reads an object: a container, an envelope or a record.
    fn object(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        match object_start(rest) {
            ObjectStart::Container(len) => {
                return self.enter(&[Frame::Container, Frame::Array], len, sinks);
            }
            ObjectStart::Ambiguous(len) => match self.layout.object(bounded(rest)) {
                Ok((object, _)) if self.dispatcher.is_record(object) => {}
                Err(ScanError::Incomplete) if !is_last && rest.len() <= RECORD_BYTES_MAX => {
                    return self.wait();
                }
                // The object is broken, but its elements may be good.
                _ => return self.enter(&[Frame::Container, Frame::Array], len, sinks),
            },
            ObjectStart::Incomplete if !is_last => return Progress::NeedMore,
            ObjectStart::Incomplete | ObjectStart::Other => {}
        }
        match self.layout.object(bounded(rest)) {
            Ok((object, len)) => {
                let depth = self.frames.len() / 2;
                let events = self.dispatcher.report.events;
                self.window.note_record(len);
                self.dispatcher.object(object, depth, &self.window, sinks);
                if self.dispatcher.report.events > events {
                    self.prefix.learn(rest);
                }
                self.go(len)
            }
            Err(ScanError::Incomplete) if rest.len() > RECORD_BYTES_MAX => {
                match late_container(bounded(rest)) {
                    Some(len) => self.enter(&[Frame::Container, Frame::Array], len, sinks),
                    None => self.reject(RejectReason::RecordTooLarge, sinks),
                }
            }
            Err(ScanError::Incomplete) if is_last => self.reject_truncated(sinks),
            Err(ScanError::Incomplete) => self.wait(),
            Err(ScanError::TooDeep) => self.reject(RejectReason::TooDeep, sinks),
            Err(ScanError::Malformed) if self.frames.is_empty() => self.recover(is_last, sinks),
            Err(ScanError::Malformed) => self.reject(RejectReason::NotJson, sinks),
        }
    }

    /// Rejects a broken document and skips it: to its end if that is on the same line, else to where something new begins.
    fn recover(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        if self.dispatcher.has_preamble() {
            // Other text, then something that is not JSON: another line of that text.
            return self.line(is_last, sinks);
        }
        self.dispatcher
            .dispatch_reject(RejectReason::NotJson, &self.window, sinks);
        // The brace of the broken document itself is not the prefix of the next record.
        let mut skipper = Skipper::default();
        let _ = skipper.feed(&self.window.rest()[..1]);
        self.state = State::Recovering {
            at_line_start: false,
            skipper: Some(skipper),
        };
        self.go(1)
    }

    /// Skips to the end of the line inside broken JSON, or to what ends it earlier.
    fn recover_on_line(&mut self, is_last: bool) -> Progress {
        let State::Recovering { skipper, .. } = &mut self.state else {
            return Progress::Again;
        };
        let rest = &self.window.buffer[self.window.at..self.window.end];
        let line_end = memchr(b'\n', rest);
        let line = &rest[..line_end.unwrap_or(rest.len())];
        let next = self.prefix.find(line);
        let view = match next {
            Some(at) => at,
            None if is_last || line_end.is_some() => line.len(),
            None => line.len().saturating_sub(self.prefix.len()),
        };
        let end = skipper.as_mut().and_then(|s| s.feed(&line[..view]));
        if let Some(len) = end.or(next) {
            return self.skip_to(Some(len));
        }
        match line_end {
            Some(len) => {
                self.state = State::Recovering {
                    at_line_start: true,
                    skipper: None,
                };
                self.go(len + 1)
            }
            None => {
                self.window.at += view;
                Progress::NeedMore
            }
        }
    }

    /// Reads a member of a container: another array of records is entered, anything else is skipped.
    fn member(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        match member_start(rest) {
            Ok((_, true, at)) => self.enter(&[Frame::Array], at + 1, sinks),
            Ok((_, false, at)) => {
                self.state = State::SkippingValue(Skipper::default());
                self.go(at)
            }
            Err(ScanError::Incomplete) if !is_last && rest.len() <= RECORD_BYTES_MAX => {
                Progress::NeedMore
            }
            Err(_) => {
                self.dispatcher
                    .dispatch_reject(RejectReason::NotJson, &self.window, sinks);
                self.frames.pop();
                self.state = State::SkippingValue(Skipper::inside(1));
                Progress::Again
            }
        }
    }

    /// Reads a line of text.
    fn line(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        let len = match memchr(b'\n', rest) {
            Some(len) if len <= RECORD_BYTES_MAX => len,
            None if rest.len() <= RECORD_BYTES_MAX => {
                if !is_last {
                    return Progress::NeedMore;
                }
                rest.len()
            }
            _ => {
                self.dispatcher
                    .dispatch_reject(RejectReason::RecordTooLarge, &self.window, sinks);
                self.state = State::SkippingLine;
                return Progress::Again;
            }
        };
        let line = rest[..len].trim_ascii_end();
        self.dispatcher.line(line, &self.window, sinks);
        self.go(len)
    }

    /// Reads a row of a table, or, in files that were joined, the header of another table or a line of text.
    fn row(&mut self, is_last: bool, sinks: &mut Sinks<'_>) -> Progress {
        let rest = self.window.rest();
        let line_end = memchr(b'\n', bounded(rest));
        let is_whole = rest.len() <= RECORD_BYTES_MAX;
        let line_end = line_end.or((is_last && is_whole).then_some(rest.len()));
        if line_end.is_none() && is_whole {
            return Progress::NeedMore;
        }
        if let Some(end) = line_end
            && Table::may_be_header(&rest[..end])
            && self
                .dispatcher
                .header(rest[..end].trim_ascii_end(), &self.window)
        {
            return self.go(end);
        }
        // A line of a known log may have as many separators as a header that is none.
        if let Some(end) = line_end
            && self
                .dispatcher
                .table
                .as_ref()
                .is_some_and(|table| table.parser().is_none())
            && self
                .dispatcher
                .known_line(rest[..end].trim_ascii_end(), &self.window, sinks)
        {
            return self.go(end);
        }
        let Some(table) = &mut self.dispatcher.table else {
            return self.line(is_last, sinks);
        };
        let row = table.row(bounded(rest), is_last && is_whole);
        if let (TableRow::Malformed(_) | TableRow::Cut(_), Some(end)) = (&row, line_end)
            && self
                .dispatcher
                .known_line(rest[..end].trim_ascii_end(), &self.window, sinks)
        {
            return self.go(end);
        }
        let is_none = match row {
            TableRow::Record(_) | TableRow::Header(_) => false,
            TableRow::Malformed(_) | TableRow::Cut(_) => true,
            TableRow::Incomplete => !is_whole,
        };
        if is_none && self.dispatcher.drops_doubtful_table(sinks) {
            return Progress::Again;
        }
        let (len, reason) = match row {
            TableRow::Record(len) => {
                self.window.note_record(len);
                self.dispatcher.row(&self.window, sinks);
                return self.go(len);
            }
            TableRow::Header(len) => return self.go(len),
            TableRow::Malformed(len) => (len, RejectReason::MalformedRow),
            TableRow::Cut(len) => (len, RejectReason::Truncated),
            TableRow::Incomplete if !is_whole => {
                self.dispatcher
                    .dispatch_reject(RejectReason::RecordTooLarge, &self.window, sinks);
                self.state = State::SkippingLine;
                return Progress::Again;
            }
            TableRow::Incomplete => return Progress::NeedMore,
        };
        self.dispatcher.dispatch_reject(reason, &self.window, sinks);
        self.go(len)
    }
}

/// Returns the largest possible record and one byte more. An error further on is not seen, so that the result does not
/// depend on how much has arrived.
fn bounded(rest: &[u8]) -> &[u8] {
    &rest[..rest.len().min(RECORD_BYTES_MAX + 1)]
}
