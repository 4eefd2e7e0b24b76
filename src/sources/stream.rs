//! Text that comes in pieces to records: arrays and containers are entered, not held.
//!
//! At any time one record at most is held, plus one piece. The same code reads whole files and files that grow.

use std::cell::Cell;
use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

use crate::event::Event;
use crate::sources::json::{self, Fault, Layout, Object, Skipper, Value};
use crate::sources::parts::secret;
use crate::sources::report::{FileReport, Parsed, Position, Reject, RejectReason, SkipReason};
use crate::sources::table::{Row, Table};
use crate::sources::{Line, Memory, ReadOptions, envelope, vpcflow};

/// The largest record, in bytes. CloudTrail's own limit for an event is 256 KiB.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// How many envelopes may lie around one record: queue, notification, bus and index are three or four.
pub const ENVELOPES_MAX: usize = 4;
/// Bytes taken from a reader at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// How many rejects of one record and what lies in it are handed on; all are counted.
const REJECTS_PER_RECORD_MAX: u64 = 100;
/// Lines of prose that may stand before the first record.
const PREAMBLE_LINES_MAX: usize = 32;

/// An array or object that has been entered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Frame {
    Array,
    Container,
}

#[derive(Debug)]
enum State {
    /// At the beginning of something.
    Ready,
    /// The record at hand is not complete. It is looked at again when its brackets close, or it has doubled.
    Waiting {
        skipper: Skipper,
        scanned: usize,
        retry_at: usize,
    },
    /// Getting past a value.
    SkippingValue(Skipper),
    /// Getting past a record that cannot be read: to its end, or to what begins like the record before it.
    SkippingRecord(Skipper),
    /// Getting past a line.
    SkippingLine,
    /// Getting past broken JSON: to its end if that lies on its first line, to what begins like the record before it, or
    /// to a line on which something new begins.
    Recovering {
        at_line_start: bool,
        /// Only on the first line.
        skipper: Option<Skipper>,
    },
    /// Nothing here can be read.
    Foreign,
}

enum Step {
    Again,
    NeedMore,
}

/// The text that has come and is not yet done with.
#[derive(Default)]
struct Window {
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes that came before the buffer's first.
    base: u64,
    /// A place in the buffer, and how many line breaks came before it.
    counted: Cell<(usize, u64)>,
    /// Where in the buffer the record at hand ends, if that is known.
    record_end: Cell<Option<usize>>,
}

impl Window {
    /// Makes a window that shows one row, as the line of its number.
    fn of_row(mut buffer: Vec<u8>, number: u64, json: &[u8]) -> Self {
        buffer.clear();
        buffer.extend_from_slice(&json[..json.len().min(Reject::EXCERPT_BYTES_MAX)]);
        Self {
            end: buffer.len(),
            buffer,
            counted: Cell::new((0, number)),
            ..Self::default()
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Moves what is left to the front, and makes room for so many more bytes.
    fn make_room(&mut self, len: usize) {
        if self.at > 0 {
            let lines = self.line() - 1;
            self.counted.set((0, lines));
            self.base += self.at as u64;
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
            self.record_end.set(None);
        }
        if self.buffer.len() < self.end + len {
            self.buffer.resize(self.end + len, 0);
        }
    }

    /// Returns how many bytes came before what is at hand.
    fn byte(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Returns the line of what is at hand, counted on from where somebody asked last.
    fn line(&self) -> u64 {
        let (from, lines) = self.counted.get();
        let passed = self.buffer.get(from..self.at).unwrap_or_default();
        let lines = lines + memchr_iter(b'\n', passed).count() as u64;
        self.counted.set((self.at, lines));
        lines + 1
    }

    /// Notes how long the record at hand is.
    fn note_record(&self, len: usize) {
        self.record_end.set(Some(self.at + len));
    }

    /// Returns the line at hand, and those that are indented beneath it, but nothing behind the record, and no credentials.
    fn excerpt(&self) -> String {
        let record_end = self.record_end.get().filter(|end| *end > self.at);
        let rest = &self.buffer[self.at..record_end.unwrap_or(self.end)];
        let rest = &rest[..rest.len().min(Reject::EXCERPT_BYTES_MAX)];
        let ends = |&at: &usize| !matches!(rest.get(at + 1), Some(b' ' | b'\t' | b']' | b'}'));
        let end = memchr_iter(b'\n', rest).find(ends).unwrap_or(rest.len());
        secret::blotted(&String::from_utf8_lossy(&rest[..end]))
    }
}

/// Where events and rejects go.
struct Out<'a> {
    events: &'a mut dyn FnMut(Event),
    rejects: &'a mut dyn FnMut(Reject),
}

/// Reads one input piece by piece: whole files, or files that grow.
///
/// A line or document is read as soon as it is complete; the rest waits for the next piece.
pub struct Stream {
    window: Window,
    frames: Vec<Frame>,
    state: State,
    layout: Layout,
    opening: Opening,
    /// Whether the array's element before was a number or the like: all in a row are one record.
    was_scalar: bool,
    desk: Desk,
}

impl Stream {
    /// Makes a stream for the input of that name.
    pub fn new(name: &str, options: &ReadOptions) -> Self {
        Self {
            window: Window::default(),
            frames: Vec::new(),
            state: State::Ready,
            layout: Layout::default(),
            opening: Opening::default(),
            was_scalar: false,
            desk: Desk {
                memory: Memory {
                    region_hint: vpcflow::region_of_name(name),
                    ..Memory::default()
                },
                table: None,
                report: FileReport::new(name),
                options: options.clone(),
                preamble: Vec::new(),
                is_placed: false,
                rejected: (0, 0, 0),
            },
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
            self.window.make_room(part.len());
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
        self.window.make_room(PIECE_BYTES);
        let end = self.window.end;
        let n = reader.read(&mut self.window.buffer[end..end + PIECE_BYTES])?;
        self.take(n, sink, rejects);
        Ok(n)
    }

    fn take(&mut self, n: usize, sink: &mut dyn FnMut(Event), rejects: &mut dyn FnMut(Reject)) {
        self.window.end += n;
        self.desk.report.bytes_json += n as u64;
        self.desk.report.bytes_raw += n as u64;
        self.advance(
            false,
            &mut Out {
                events: sink,
                rejects,
            },
        );
    }

    /// Reads a record that came as a whole, as the JSON text of an object: a row of a table, by its number.
    pub(super) fn row_of(
        &mut self,
        number: u64,
        json: &[u8],
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) {
        let out = &mut Out {
            events: sink,
            rejects,
        };
        self.desk.report.bytes_json += json.len() as u64;
        let buffer = std::mem::take(&mut self.window.buffer);
        self.window = Window::of_row(buffer, number, json);
        if json.len() > RECORD_BYTES_MAX {
            let parsed = Parsed::Rejected(RejectReason::RecordTooLarge);
            self.desk.tell(parsed, &self.window, out);
        } else {
            self.desk.value(Value::of(json), 0, &self.window, out);
        }
        // It is done with; nothing of it is left to be read.
        self.window.at = self.window.end;
    }

    /// Returns what has been read so far.
    pub fn report(&self) -> &FileReport {
        &self.desk.report
    }

    /// Reads what still waits as if nothing more came, and returns the report.
    pub fn finish(
        mut self,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) -> FileReport {
        let mut out = Out {
            events: sink,
            rejects,
        };
        self.advance(true, &mut out);
        if !self.desk.preamble.is_empty() {
            self.desk.give_up(&mut out);
        }
        if !self.frames.is_empty() {
            self.desk.report.error = Some("the input ends inside a JSON document".to_owned());
        }
        self.desk.report
    }

    fn advance(&mut self, is_last: bool, out: &mut Out<'_>) {
        while self.window.at < self.window.end {
            if let Step::NeedMore = self.step(is_last, out) {
                return;
            }
        }
    }

    fn step(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        match &mut self.state {
            State::Ready => self.begin(is_last, out),
            State::Waiting {
                skipper,
                scanned,
                retry_at,
            } => {
                let rest = &self.window.buffer[self.window.at..self.window.end];
                let is_closed = skipper.feed(&rest[*scanned..]).is_some();
                *scanned = rest.len();
                if is_closed || is_last || rest.len() >= *retry_at {
                    self.state = State::Ready;
                    return Step::Again;
                }
                Step::NeedMore
            }
            State::SkippingValue(skipper) => {
                let found = skipper.feed(self.window.rest());
                self.skip_to(found)
            }
            State::SkippingRecord(_) => self.skip_record(is_last),
            State::SkippingLine => {
                let found = memchr(b'\n', self.window.rest()).map(|n| n + 1);
                self.skip_to(found)
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
                Step::Again
            }
            State::Foreign => self.skip_to(None),
        }
    }

    /// Goes on so many bytes and is ready again, or past all that has come.
    fn skip_to(&mut self, found: Option<usize>) -> Step {
        match found {
            Some(len) => {
                self.window.at += len;
                self.state = State::Ready;
                Step::Again
            }
            None => {
                self.window.at = self.window.end;
                Step::NeedMore
            }
        }
    }

    /// Reads what begins here.
    fn begin(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        let blanks = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | 0))
            .count();
        if blanks > 0 {
            self.window.at += blanks;
            return Step::Again;
        }
        match (self.frames.last(), rest[0]) {
            (None, 0xef) if rest.starts_with(b"\xef\xbb\xbf") => self.go(3),
            (None, b'{') => self.object(is_last, out),
            (None, _) if self.desk.table.is_some() => self.row(is_last, out),
            (None, b'[') => match rest.get(json::skip_blanks(rest, 1)) {
                Some(b'{' | b'[' | b']' | b'"') => self.value(is_last, out),
                None if !is_last && rest.len() < RECORD_BYTES_MAX => Step::NeedMore,
                _ => self.line(is_last, out),
            },
            // Documents that were joined by commas.
            (None, b',') if self.desk.is_placed && rest.len() > 1 => self.go(1),
            (None, _) => self.line(is_last, out),
            (Some(_), b',') => self.go(1),
            (Some(_), b']' | b'}') => {
                self.frames.pop();
                self.was_scalar = false;
                self.go(1)
            }
            (Some(Frame::Array), _) => self.value(is_last, out),
            (Some(Frame::Container), _) => self.member(is_last, out),
        }
    }

    fn go(&mut self, len: usize) -> Step {
        self.window.at += len;
        Step::Again
    }

    fn enter(&mut self, frames: &[Frame], len: usize, out: &mut Out<'_>) -> Step {
        if self.frames.len() + frames.len() > 2 * ENVELOPES_MAX {
            return self.refuse(RejectReason::TooDeep, out);
        }
        self.frames.extend_from_slice(frames);
        self.go(len)
    }

    /// Rejects the value at hand and goes past it.
    fn refuse(&mut self, reason: RejectReason, out: &mut Out<'_>) -> Step {
        self.desk.tell(Parsed::Rejected(reason), &self.window, out);
        // The brace of the record itself is no opening.
        let mut skipper = Skipper::default();
        let end = skipper.feed(&self.window.rest()[..1]);
        self.state = State::SkippingRecord(skipper);
        match end {
            Some(len) => self.skip_to(Some(len.max(1))),
            None => self.go(1),
        }
    }

    /// Goes past a record that cannot be read. Its brackets may be out of step, and then its end cannot be told by them;
    /// but quotes inside a string are escaped, so what begins like the last good record is the next one.
    fn skip_record(&mut self, is_last: bool) -> Step {
        let State::SkippingRecord(skipper) = &mut self.state else {
            return Step::Again;
        };
        let rest = &self.window.buffer[self.window.at..self.window.end];
        let next = self.opening.find(rest);
        // An opening may be cut by the end of the piece, so its length stays in view.
        let view = match next {
            Some(at) => at,
            None if is_last => rest.len(),
            None => rest.len().saturating_sub(self.opening.len()),
        };
        let end = skipper.feed(&rest[..view]).or(next);
        match end {
            Some(len) => self.skip_to(Some(len)),
            None => {
                self.window.at += view;
                Step::NeedMore
            }
        }
    }

    /// Tells that the input ends inside the record at hand.
    fn cut_off(&mut self, out: &mut Out<'_>) -> Step {
        self.desk
            .tell(Parsed::Rejected(RejectReason::Truncated), &self.window, out);
        self.skip_to(None)
    }

    /// Reads the value of an array.
    fn value(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        let first = rest[0];
        if matches!(first, b'{' | b'[') {
            self.was_scalar = false;
            return if first == b'{' {
                self.object(is_last, out)
            } else {
                self.enter(&[Frame::Array], 1, out)
            };
        }
        match json::scan(bounded(rest), 0) {
            Ok(len) => {
                let depth = self.frames.len() / 2;
                let value = Value::of(&rest[..len]);
                let is_scalar = envelope::is_scalar(value);
                if !(is_scalar && self.was_scalar) {
                    self.window.note_record(len);
                    self.desk.value(value, depth, &self.window, out);
                }
                self.was_scalar = is_scalar;
                self.go(len)
            }
            Err(Fault::Incomplete) if rest.len() > RECORD_BYTES_MAX => {
                self.refuse(RejectReason::RecordTooLarge, out)
            }
            Err(Fault::Incomplete) if is_last => self.cut_off(out),
            Err(Fault::Incomplete) => self.wait(),
            Err(Fault::Malformed) => self.refuse(RejectReason::NotJson, out),
            Err(Fault::TooDeep) => self.refuse(RejectReason::TooDeep, out),
        }
    }

    fn wait(&mut self) -> Step {
        let rest = self.window.rest();
        let mut skipper = Skipper::default();
        // Brackets that close although the value is not complete cannot be relied on; then only growth counts.
        let _ = skipper.feed(rest);
        self.state = State::Waiting {
            skipper,
            scanned: rest.len(),
            retry_at: 2 * rest.len(),
        };
        Step::NeedMore
    }

    fn object(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        match head(rest) {
            Head::Container(len) => {
                return self.enter(&[Frame::Container, Frame::Array], len, out);
            }
            Head::Ambiguous(len) => match self.layout.object(bounded(rest)) {
                Ok((object, _)) if envelope::is_whole(object, self.desk.options.format) => {}
                Err(Fault::Incomplete) if !is_last && rest.len() <= RECORD_BYTES_MAX => {
                    return self.wait();
                }
                // Of what is broken, the elements may still be good.
                _ => return self.enter(&[Frame::Container, Frame::Array], len, out),
            },
            Head::Unclear if !is_last => return Step::NeedMore,
            Head::Unclear | Head::Other => {}
        }
        match self.layout.object(bounded(rest)) {
            Ok((object, len)) => {
                let depth = self.frames.len() / 2;
                let events = self.desk.report.events;
                self.window.note_record(len);
                self.desk.object(object, depth, &self.window, out);
                if self.desk.report.events > events {
                    self.opening.learn(rest);
                }
                self.go(len)
            }
            Err(Fault::Incomplete) if rest.len() > RECORD_BYTES_MAX => {
                match late_container(bounded(rest)) {
                    Some(len) => self.enter(&[Frame::Container, Frame::Array], len, out),
                    None => self.refuse(RejectReason::RecordTooLarge, out),
                }
            }
            Err(Fault::Incomplete) if is_last => self.cut_off(out),
            Err(Fault::Incomplete) => self.wait(),
            Err(Fault::TooDeep) => self.refuse(RejectReason::TooDeep, out),
            Err(Fault::Malformed) if self.frames.is_empty() => self.recover(out),
            Err(Fault::Malformed) => self.refuse(RejectReason::NotJson, out),
        }
    }

    /// Rejects a broken document: goes to its end if that lies on the same line, else to where something new begins.
    fn recover(&mut self, out: &mut Out<'_>) -> Step {
        if !self.desk.preamble.is_empty() {
            // Prose, then something that is no JSON: this is no log.
            self.desk.give_up(out);
            self.state = State::Foreign;
            return Step::Again;
        }
        self.desk
            .tell(Parsed::Rejected(RejectReason::NotJson), &self.window, out);
        // The brace of the broken document itself is no opening.
        let mut skipper = Skipper::default();
        let _ = skipper.feed(&self.window.rest()[..1]);
        self.state = State::Recovering {
            at_line_start: false,
            skipper: Some(skipper),
        };
        self.go(1)
    }

    /// Goes on to the end of the line inside broken JSON, or to what ends it before.
    fn recover_on_line(&mut self, is_last: bool) -> Step {
        let State::Recovering { skipper, .. } = &mut self.state else {
            return Step::Again;
        };
        let rest = &self.window.buffer[self.window.at..self.window.end];
        let line_end = memchr(b'\n', rest);
        let line = &rest[..line_end.unwrap_or(rest.len())];
        let next = self.opening.find(line);
        let view = match next {
            Some(at) => at,
            None if is_last || line_end.is_some() => line.len(),
            None => line.len().saturating_sub(self.opening.len()),
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
                Step::NeedMore
            }
        }
    }

    /// Reads a member of a container: another array of records is entered, all else is passed by.
    fn member(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        match member_start(rest) {
            Ok((_, true, at)) => self.enter(&[Frame::Array], at + 1, out),
            Ok((_, false, at)) => {
                self.state = State::SkippingValue(Skipper::default());
                self.go(at)
            }
            Err(Fault::Incomplete) if !is_last && rest.len() <= RECORD_BYTES_MAX => Step::NeedMore,
            Err(_) => {
                self.desk
                    .tell(Parsed::Rejected(RejectReason::NotJson), &self.window, out);
                self.frames.pop();
                self.state = State::SkippingValue(Skipper::inside(1));
                Step::Again
            }
        }
    }

    /// Reads a line of text.
    fn line(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        let len = match memchr(b'\n', rest) {
            Some(len) if len <= RECORD_BYTES_MAX => len,
            None if rest.len() <= RECORD_BYTES_MAX => {
                if !is_last {
                    return Step::NeedMore;
                }
                rest.len()
            }
            _ => {
                if !self.desk.is_placed {
                    self.desk.give_up(out);
                    self.state = State::Foreign;
                } else {
                    self.desk.tell(
                        Parsed::Rejected(RejectReason::RecordTooLarge),
                        &self.window,
                        out,
                    );
                    self.state = State::SkippingLine;
                }
                return Step::Again;
            }
        };
        let line = rest[..len].trim_ascii_end();
        let is_readable = self.desk.line(line, &self.window, out);
        if !is_readable {
            self.state = State::Foreign;
            return Step::Again;
        }
        self.go(len)
    }
}

impl Stream {
    /// Reads a row of a table, or what stands in its place where logs were joined: another table's header, a line of text.
    fn row(&mut self, is_last: bool, out: &mut Out<'_>) -> Step {
        let rest = self.window.rest();
        let line_end = memchr(b'\n', bounded(rest));
        let is_whole = rest.len() <= RECORD_BYTES_MAX;
        let line_end = line_end.or((is_last && is_whole).then_some(rest.len()));
        if line_end.is_none() && is_whole {
            return Step::NeedMore;
        }
        if let Some(end) = line_end
            && Table::may_be_header(&rest[..end])
            && self.desk.heading(rest[..end].trim_ascii_end())
        {
            return self.go(end);
        }
        let Some(table) = &mut self.desk.table else {
            return self.line(is_last, out);
        };
        let row = table.row(bounded(rest), is_last && is_whole);
        if let (Row::Malformed(_) | Row::Cut(_), Some(end)) = (&row, line_end)
            && self
                .desk
                .known_line(rest[..end].trim_ascii_end(), &self.window, out)
        {
            return self.go(end);
        }
        let (len, reason) = match row {
            Row::Record(len) => {
                self.window.note_record(len);
                self.desk.row(&self.window, out);
                return self.go(len);
            }
            Row::Header(len) => return self.go(len),
            Row::Malformed(len) => (len, RejectReason::MalformedRow),
            Row::Cut(len) => (len, RejectReason::Truncated),
            Row::Incomplete if !is_whole => {
                let parsed = Parsed::Rejected(RejectReason::RecordTooLarge);
                self.desk.tell(parsed, &self.window, out);
                self.state = State::SkippingLine;
                return Step::Again;
            }
            Row::Incomplete => return Step::NeedMore,
        };
        self.desk.tell(Parsed::Rejected(reason), &self.window, out);
        self.go(len)
    }
}

enum Head {
    /// A container whose array's first element lies so many bytes on.
    Container(usize),
    /// The same, or a record that begins with an array of that name.
    Ambiguous(usize),
    /// Anything else.
    Other,
    /// More text is needed to tell.
    Unclear,
}

/// Returns as much as a record may take, and the byte behind it. A fault that lies further on is not seen, so that it does
/// not matter how much has come.
fn bounded(rest: &[u8]) -> &[u8] {
    &rest[..rest.len().min(RECORD_BYTES_MAX + 1)]
}

/// Reads the name of a member and what its value begins with: whether it is an array of records, and where.
fn member_start(text: &[u8]) -> Result<(&[u8], bool, usize), Fault> {
    if text.first() != Some(&b'"') {
        return Err(if text.is_empty() {
            Fault::Incomplete
        } else {
            Fault::Malformed
        });
    }
    let key_end = json::scan(text, 0)?;
    let colon = json::skip_blanks(text, key_end);
    let at = json::skip_blanks(text, colon + 1);
    match (text.get(colon), text.get(at)) {
        (Some(b':'), Some(first)) => {
            let key = &text[1..key_end - 1];
            Ok((
                key,
                *first == b'[' && envelope::ARRAYS.iter().any(|name| name.as_bytes() == key),
                at,
            ))
        }
        (Some(b':') | None, _) => Err(Fault::Incomplete),
        _ => Err(Fault::Malformed),
    }
}

fn head(text: &[u8]) -> Head {
    /// Within so many bytes the first element of a container must begin.
    const LOOK_AHEAD_MAX: usize = 64;
    // What lies beyond is not seen, so that it does not matter how much has come.
    let text = &text[..text.len().min(LOOK_AHEAD_MAX)];
    let at = json::skip_blanks(text, 1);
    let (key, start) = match member_start(&text[at.min(text.len())..]) {
        Ok((key, true, len)) => (key, at + len + 1),
        Err(Fault::Incomplete) if text.len() < LOOK_AHEAD_MAX => return Head::Unclear,
        _ => return Head::Other,
    };
    match text.get(json::skip_blanks(text, start)) {
        // An empty one is read as a whole, for there is nothing to enter.
        Some(b']') => Head::Other,
        None if text.len() < LOOK_AHEAD_MAX => Head::Unclear,
        _ if envelope::AMBIGUOUS
            .iter()
            .any(|name| name.as_bytes() == key) =>
        {
            Head::Ambiguous(start)
        }
        _ => Head::Container(start),
    }
}

/// Looks for an array of records that is not the first member of the object.
fn late_container(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at = json::skip_blanks(text, at);
        if text.get(at) == Some(&b',') {
            at = json::skip_blanks(text, at + 1);
        }
        let (_, is_container, value) = member_start(text.get(at..)?).ok()?;
        at += value;
        if is_container {
            return Some(at + 1);
        }
        at = json::scan(text, at).ok()?;
    }
}

/// Tells whether a line is of no text: a zero in it, or more than a few bytes that no text has.
fn looks_binary(line: &str) -> bool {
    /// Of arbitrary bytes a third or more are none of text; damage to a log is one here and there.
    const TEXT_PER_OTHER_MIN: usize = 8;
    let is_other = |c: &char| {
        (c.is_ascii_control() && !matches!(c, '\t' | '\u{1b}' | '\u{c}' | '\r'))
            || *c == char::REPLACEMENT_CHARACTER
    };
    let others = line.chars().filter(is_other).count();
    line.contains('\0') || others * TEXT_PER_OTHER_MIN > line.chars().count()
}

/// What records begin with, as in `{"eventVersion"`: the brace, the blanks and the first name of the last good one.
#[derive(Debug, Default)]
struct Opening {
    text: Vec<u8>,
}

impl Opening {
    /// Longer openings are not remembered.
    const BYTES_MAX: usize = 48;

    fn len(&self) -> usize {
        self.text.len()
    }

    /// Remembers how a good record begins.
    fn learn(&mut self, record: &[u8]) {
        if !self.text.is_empty() && record.starts_with(&self.text) {
            return;
        }
        self.text.clear();
        let start = json::skip_blanks(record, 1);
        let quote = record.get(start + 1..).and_then(|rest| memchr(b'"', rest));
        let len = quote.map_or(usize::MAX, |at| start + at + 2);
        if len <= Self::BYTES_MAX {
            self.text.extend_from_slice(&record[..len]);
        }
    }

    fn find(&self, text: &[u8]) -> Option<usize> {
        if self.text.is_empty() {
            return None;
        }
        memchr::memmem::find(text, &self.text)
    }
}

/// Where records are read and counted.
struct Desk {
    memory: Memory,
    /// The table whose rows follow.
    table: Option<Table>,
    report: FileReport,
    options: ReadOptions,
    /// Lines of prose that came before anything was recognised.
    preamble: Vec<Reject>,
    /// Whether anything was recognised.
    is_placed: bool,
    /// The line and byte of the record that was rejected last, in whole or in part, and how often.
    rejected: (u64, u64, u64),
}

impl Desk {
    /// Counts a record and hands it on.
    fn tell(&mut self, parsed: Parsed, window: &Window, out: &mut Out<'_>) {
        if let Parsed::Several(all) = parsed {
            for one in all {
                self.tell(one, window, out);
            }
            return;
        }
        self.report.count(&parsed);
        match parsed {
            Parsed::Several(_) => {}
            Parsed::Event(event) => (out.events)(*event),
            Parsed::Skipped(_) => {}
            Parsed::Rejected(reason) => {
                let mut reject = self.reject(reason, window);
                let (line, byte) = (reject.position.line, reject.position.byte);
                let before = match self.rejected {
                    (l, b, before) if (l, b) == (line, byte) => before,
                    _ => 0,
                };
                self.rejected = (line, byte, before + 1);
                if before < REJECTS_PER_RECORD_MAX {
                    // All lie in the same record, which the first shows.
                    if before == 0 {
                        reject.excerpt = window.excerpt();
                    }
                    (out.rejects)(reject);
                }
            }
        }
    }

    fn reject(&self, reason: RejectReason, window: &Window) -> Reject {
        let position = Position {
            file: self.report.file.clone(),
            line: window.line(),
            record: self.report.records,
            byte: window.byte(),
        };
        Reject {
            reason,
            position,
            excerpt: String::new(),
        }
    }

    /// Notes that something was recognised: what prose came before is a preamble.
    fn place(&mut self) {
        self.is_placed = true;
        for _ in self.preamble.drain(..) {
            self.report.count(&Parsed::Skipped(SkipReason::Preamble));
        }
    }

    /// Rejects the whole file as one record.
    fn give_up(&mut self, out: &mut Out<'_>) {
        let first = self.preamble.drain(..).next();
        self.report
            .count(&Parsed::Rejected(RejectReason::UnknownFormat));
        let reject =
            first.unwrap_or_else(|| self.reject(RejectReason::UnknownFormat, &Window::default()));
        (out.rejects)(reject);
    }

    fn object(&mut self, object: Object<'_>, depth: usize, window: &Window, out: &mut Out<'_>) {
        self.place();
        // The usual case, a record of the format that came last, needs no detour.
        let only = self.options.format;
        if let Some(parsed) = envelope::recognised(object, only, &mut self.memory) {
            return self.tell(parsed, window, out);
        }
        let mut found = Vec::new();
        self.memory.unpacked_left = envelope::UNPACKED_BYTES_MAX;
        envelope::unwrap(object, only, depth, &mut self.memory, &mut |parsed| {
            found.push(parsed)
        });
        if found.is_empty() {
            found.push(Parsed::Skipped(SkipReason::Empty));
        }
        for parsed in found {
            self.tell(parsed, window, out);
        }
    }

    fn value(&mut self, value: Value<'_>, depth: usize, window: &Window, out: &mut Out<'_>) {
        self.place();
        let mut found = Vec::new();
        self.memory.unpacked_left = envelope::UNPACKED_BYTES_MAX;
        envelope::value(
            value,
            self.options.format,
            depth,
            &mut self.memory,
            &mut |parsed| found.push(parsed),
        );
        if found.is_empty() {
            found.push(Parsed::Skipped(SkipReason::Empty));
        }
        for parsed in found {
            self.tell(parsed, window, out);
        }
    }

    /// Reads the row of the table that was split last.
    fn row(&mut self, window: &Window, out: &mut Out<'_>) {
        let Some(table) = self.table.take() else {
            return;
        };
        self.place();
        let mut layout = Layout::default();
        let (only, memory) = (self.options.format, &mut self.memory);
        memory.unpacked_left = envelope::UNPACKED_BYTES_MAX;
        let mut found = Vec::new();
        match layout.object(table.json()) {
            Ok((row, _)) => match envelope::recognised(row, only, memory) {
                Some(parsed) => found.push(parsed),
                None => {
                    envelope::unwrap(row, only, 0, memory, &mut |parsed| found.push(parsed));
                    // What the row would be told by may be empty in it, but the header told what it is.
                    if found == [Parsed::Rejected(RejectReason::UnknownRecord)] {
                        found = vec![(table.format().parse)(row, memory)];
                    }
                }
            },
            Err(fault) => found.push(Parsed::Rejected(fault.into())),
        }
        for parsed in found {
            self.tell(parsed, window, out);
        }
        self.table = Some(table);
    }

    /// Reads the header of a table; returns false if it is none.
    fn heading(&mut self, line: &[u8]) -> bool {
        let text = String::from_utf8_lossy(line);
        let Some(table) = Table::of_header(&text, self.options.format) else {
            return false;
        };
        self.place();
        self.table = Some(table);
        true
    }

    /// Reads a line of text of a format that knows it; returns false if none does.
    fn known_line(&mut self, line: &[u8], window: &Window, out: &mut Out<'_>) -> bool {
        let text = String::from_utf8_lossy(line);
        let known = envelope::line(&text, self.options.format, &mut self.memory);
        if known != Line::Unknown {
            self.place();
        }
        match known {
            Line::Unknown => return false,
            Line::Header => {}
            Line::Record(parsed) => self.tell(parsed, window, out),
        }
        true
    }

    /// Reads a line of text; returns false if the file turns out to be of no known format.
    fn line(&mut self, line: &[u8], window: &Window, out: &mut Out<'_>) -> bool {
        if self.heading(line) || self.known_line(line, window, out) {
            return true;
        }
        if self.is_placed {
            let reason = match self.memory.columns {
                Some(_) => RejectReason::MalformedRow,
                None => RejectReason::NotJson,
            };
            self.tell(Parsed::Rejected(reason), window, out);
            return true;
        }
        let mut reject = self.reject(RejectReason::UnknownFormat, window);
        reject.excerpt = window.excerpt();
        reject.position.record = 1;
        self.preamble.push(reject);
        let is_binary = looks_binary(&String::from_utf8_lossy(line));
        if is_binary || self.preamble.len() > PREAMBLE_LINES_MAX {
            self.give_up(out);
            return false;
        }
        true
    }
}
