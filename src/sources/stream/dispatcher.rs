//! Parses complete records, counts them, and passes their events and rejects on.

use crate::event::{Action, Event, Source};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::options::{Period, ReadOptions};
use crate::sources::parser::{ParsedLine, ParserState};
use crate::sources::parts::placeholder;
use crate::sources::report::{FileReport, Parsed, Position, Reject, RejectReason, SkipReason};
use crate::sources::stream::window::Window;
use crate::sources::table::Table;
use crate::sources::{envelope, own, registry, syslog, vpcflow};

/// How many rejects are passed on for one record and the records inside it. All are counted.
const REJECTS_PER_RECORD_MAX: u64 = 100;
/// How many lines of other text before the first record are taken for a greeting. If there are more, all are rejected.
const PREAMBLE_LINES_MAX: usize = 32;

/// A line that follows what is no text is part of it, unless it is longer.
const FRAGMENT_BYTES_MAX: usize = 8;

/// Where events and rejects go.
pub struct Sinks<'a> {
    pub events: &'a mut dyn FnMut(Event),
    pub rejects: &'a mut dyn FnMut(Reject),
}

/// Parses and counts the records of one input.
pub struct RecordDispatcher {
    state: ParserState,
    /// The only format to look for; all are tried if it is `None`.
    only: Option<Source>,
    /// Whether rejects get excerpts.
    has_excerpts: bool,
    /// Which events are wanted.
    period: Period,
    /// The table whose rows follow.
    pub table: Option<Table>,
    /// The line that is only taken for a header so far.
    doubtful_header: Option<Reject>,
    pub report: FileReport,
    /// Lines that came before anything was recognised, as long as they are few.
    preamble: Vec<Reject>,
    /// Whether there were too many of them for a preamble.
    is_past_preamble: bool,
    /// Whether the input is a page of plimsoll's own.
    pub is_page: bool,
    /// Whether the line before was no text.
    was_binary: bool,
    /// Whether the last line of text that was recognised was a record.
    reads_lines: bool,
    /// Whether anything was recognised.
    pub has_recognised: bool,
    /// The line and byte of the last record that was rejected in whole or in part, and the number of its rejects.
    last_rejected: (u64, u64, u64),
}

impl RecordDispatcher {
    /// Makes a dispatcher for the input of that name; `state` is what parsers kept of another input.
    pub fn new(name: &str, options: &ReadOptions, state: ParserState) -> Self {
        Self {
            state: state.of_input(vpcflow::region_of_name(name), options.unwrap.clone()),
            only: options.format,
            has_excerpts: options.excerpts,
            period: options.period,
            table: None,
            doubtful_header: None,
            report: FileReport::new(name),
            preamble: Vec::new(),
            is_past_preamble: false,
            is_page: false,
            was_binary: false,
            reads_lines: false,
            has_recognised: false,
            last_rejected: (0, 0, 0),
        }
    }

    /// Returns the report, and what parsers kept.
    pub fn end(self) -> (FileReport, ParserState) {
        (self.report, self.state)
    }

    /// Forgets what rows and lines of one part of the input say of those that follow.
    pub fn next_part(&mut self) {
        self.table = None;
        self.state.columns = None;
        self.has_recognised = false;
        self.is_past_preamble = false;
        self.is_page = false;
        self.was_binary = false;
        self.reads_lines = false;
    }

    /// Returns whether lines came before anything was recognised, and nothing has been recognised since.
    pub fn has_preamble(&self) -> bool {
        !self.has_recognised && (self.is_past_preamble || !self.preamble.is_empty())
    }

    /// Returns whether an object is a record, and not an envelope that has an array of them.
    pub fn is_record(&self, object: Object<'_>) -> bool {
        envelope::is_record(object, self.only)
    }

    /// Counts the result of one record and passes it on.
    pub fn dispatch(&mut self, parsed: Parsed, window: &Window, sinks: &mut Sinks<'_>) {
        if let Parsed::Several(all) = parsed {
            for one in all {
                self.dispatch(one, window, sinks);
            }
            return;
        }
        let parsed = match parsed {
            Parsed::Event(event) if !self.period.has(event.time) => {
                self.report.is_log = true;
                Parsed::Skipped(SkipReason::OutsidePeriod)
            }
            parsed => parsed,
        };
        self.report.count(&parsed);
        self.report.is_log |= self.state.is_log;
        match parsed {
            Parsed::Several(_) | Parsed::Skipped(_) => {}
            Parsed::Event(mut event) => {
                placeholder::clear(&mut event);
                (sinks.events)(*event);
            }
            Parsed::Rejected(reason) => {
                let mut reject = self.reject(reason, window);
                let (line, byte) = (reject.position.line, reject.position.byte);
                let before = match self.last_rejected {
                    (l, b, before) if (l, b) == (line, byte) => before,
                    _ => 0,
                };
                self.last_rejected = (line, byte, before + 1);
                if before < REJECTS_PER_RECORD_MAX {
                    // All lie in the same record, and the first reject shows it.
                    if before == 0 && self.has_excerpts {
                        reject.excerpt = window.excerpt();
                    }
                    (sinks.rejects)(reject);
                }
            }
        }
    }

    /// Rejects the current record.
    pub fn dispatch_reject(
        &mut self,
        reason: RejectReason,
        window: &Window,
        sinks: &mut Sinks<'_>,
    ) {
        self.dispatch(Parsed::Rejected(reason), window, sinks);
    }

    /// Makes a reject at the current position, without its excerpt.
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

    /// Notes that something was recognised. Lines that came before it are a preamble.
    fn note_recognised(&mut self) {
        self.has_recognised = true;
        for _ in self.preamble.drain(..) {
            self.report.count(&Parsed::Skipped(SkipReason::Preamble));
        }
    }

    /// Rejects the lines that came before anything was recognised, unless they are a page of plimsoll's own.
    pub fn reject_preamble(&mut self, sinks: &mut Sinks<'_>) {
        let lines = std::mem::take(&mut self.preamble);
        if own::is_page(lines.iter().map(|line| line.excerpt.trim_end())) {
            self.is_page = true;
            return self.report.count(&Parsed::Skipped(SkipReason::Own));
        }
        for mut line in lines {
            self.report.count(&Parsed::Rejected(line.reason));
            line.position.record = self.report.records;
            (sinks.rejects)(line);
        }
    }

    /// Reads an object: a record or an envelope.
    pub fn object(
        &mut self,
        object: Object<'_>,
        depth: usize,
        window: &Window,
        sinks: &mut Sinks<'_>,
    ) {
        self.note_recognised();
        // The usual case: the object is a record itself.
        let was_log = self.state.is_log;
        let parsed = registry::parse_object(object, self.only, &mut self.state);
        let may_be_own = match &parsed {
            None | Some(Parsed::Skipped(SkipReason::Finding)) => true,
            Some(Parsed::Event(event)) => event.action == Action::Finding,
            Some(_) => false,
        };
        if may_be_own && own::is_own(object) {
            self.state.is_log = was_log;
            return self.dispatch(Parsed::Skipped(SkipReason::Own), window, sinks);
        }
        if let Some(parsed) = parsed {
            return self.dispatch(parsed, window, sinks);
        }
        self.unwrap(window, sinks, |only, state, emit| {
            envelope::unwrap(object, only, depth, state, emit);
        });
    }

    /// Reads any value: an object, or text that holds one.
    pub fn value(
        &mut self,
        value: Value<'_>,
        depth: usize,
        window: &Window,
        sinks: &mut Sinks<'_>,
    ) {
        self.note_recognised();
        self.unwrap(window, sinks, |only, state, emit| {
            envelope::value(value, only, depth, state, emit);
        });
    }

    /// Takes the records out of an envelope and dispatches them.
    fn unwrap(
        &mut self,
        window: &Window,
        sinks: &mut Sinks<'_>,
        open: impl FnOnce(Option<Source>, &mut ParserState, &mut dyn FnMut(Parsed)),
    ) {
        let mut found = Vec::new();
        envelope::begin(&mut self.state);
        open(self.only, &mut self.state, &mut |parsed| found.push(parsed));
        if found.is_empty() {
            found.push(Parsed::Skipped(SkipReason::Empty));
        }
        for parsed in found {
            self.dispatch(parsed, window, sinks);
        }
        self.note_held();
    }

    /// Notes which records were found and not opened.
    fn note_held(&mut self) {
        for (place, source) in self.state.held.drain(..) {
            self.report.note_held(place, source);
        }
    }

    /// Reads the row that the table split last.
    pub fn row(&mut self, window: &Window, sinks: &mut Sinks<'_>) {
        let Some(table) = self.table.take() else {
            return;
        };
        self.doubtful_header = None;
        self.note_recognised();
        let mut layout = Layout::default();
        let (only, state) = (self.only, &mut self.state);
        envelope::begin(state);
        let mut found = Vec::new();
        match layout.object(table.json()) {
            Ok((row, _)) => match registry::parse_object(row, only, state) {
                Some(parsed) => found.push(parsed),
                None => {
                    envelope::unwrap(row, only, 0, state, &mut |parsed| found.push(parsed));
                    // The fields by which a row is recognised may be empty in it; the header stated the format.
                    if let Some(parser) = table.parser()
                        && found == [Parsed::Rejected(RejectReason::UnknownRecord)]
                    {
                        found = vec![(parser.parse)(row, state)];
                    }
                }
            },
            Err(error) => found.push(Parsed::Rejected(error.into())),
        }
        for parsed in found {
            self.dispatch(parsed, window, sinks);
        }
        self.note_held();
        self.table = Some(table);
    }

    /// Reads the header of a table; returns false if the line is not one.
    pub fn header(&mut self, line: &[u8], window: &Window) -> bool {
        let text = String::from_utf8_lossy(line);
        let is_first = !self.has_recognised && !self.has_preamble() && self.table.is_none();
        let Some(table) = Table::of_header(&text, self.only, is_first) else {
            return false;
        };
        // Once a table has a row, a cell that reads like the name of a column makes no header: only that of a known format does.
        if self.table.is_some() && table.parser().is_none() {
            return false;
        }
        if table.is_doubtful() {
            self.doubtful_header = Some(self.unknown_line(window));
        } else {
            self.note_recognised();
            self.report.is_log = true;
        }
        self.table = Some(table);
        true
    }

    /// Drops a table if none of its rows fits the header: it was a line of text. Returns whether it was one.
    pub fn drops_doubtful_table(&mut self, sinks: &mut Sinks<'_>) -> bool {
        if !self.table.as_ref().is_some_and(Table::is_doubtful) {
            return false;
        }
        self.table = None;
        if let Some(line) = self.doubtful_header.take() {
            self.add_to_preamble(line, sinks);
        }
        true
    }

    /// Reads a line of text of a known format; returns false if no format knows it.
    pub fn known_line(&mut self, line: &[u8], window: &Window, sinks: &mut Sinks<'_>) -> bool {
        let text = String::from_utf8_lossy(line);
        let known = registry::parse_line(&text, self.only, &mut self.state);
        if known != ParsedLine::Unknown {
            self.note_recognised();
        }
        match known {
            ParsedLine::Unknown => return false,
            ParsedLine::Header => self.report.is_log = true,
            ParsedLine::Record(parsed) => {
                self.reads_lines = true;
                self.dispatch(parsed, window, sinks);
            }
        }
        true
    }

    /// Reads a line that a logging daemon wrote before the JSON text of a record; returns false if it is none, or the text is of
    /// no known format.
    fn shipped_line(&mut self, line: &[u8], window: &Window, sinks: &mut Sinks<'_>) -> bool {
        let text = String::from_utf8_lossy(line);
        let Some(message) = syslog::json_of(&text) else {
            return false;
        };
        let mut found = Vec::new();
        envelope::begin(&mut self.state);
        envelope::text(message, self.only, 1, &mut self.state, &mut |p| {
            found.push(p)
        });
        let is_none = |parsed: &Parsed| matches!(parsed, Parsed::Rejected(reason) if *reason != RejectReason::Wrapped);
        if found.iter().all(is_none) {
            self.state.held.clear();
            return false;
        }
        self.note_recognised();
        for parsed in found {
            self.dispatch(parsed, window, sinks);
        }
        self.note_held();
        true
    }

    /// Reads a line of text.
    pub fn line(&mut self, line: &[u8], window: &Window, sinks: &mut Sinks<'_>) {
        if self.header(line, window)
            || self.known_line(line, window, sinks)
            || self.shipped_line(line, window, sinks)
        {
            return;
        }
        if self.has_recognised {
            let reason = match self.state.columns {
                None if !self.reads_lines => RejectReason::NotJson,
                _ => RejectReason::MalformedRow,
            };
            return self.dispatch_reject(reason, window, sinks);
        }
        // What is no text has no lines: it counts as one.
        let is_binary = looks_binary(&String::from_utf8_lossy(line));
        let is_part = self.was_binary && (is_binary || line.len() <= FRAGMENT_BYTES_MAX);
        self.was_binary = is_binary || is_part;
        if !is_part {
            self.unknown(window, sinks);
        }
    }

    /// Takes a line of no known format that comes before anything is recognised.
    fn unknown(&mut self, window: &Window, sinks: &mut Sinks<'_>) {
        if self.is_past_preamble {
            return self.dispatch_reject(RejectReason::UnknownFormat, window, sinks);
        }
        let line = self.unknown_line(window);
        self.add_to_preamble(line, sinks);
    }

    fn unknown_line(&self, window: &Window) -> Reject {
        Reject {
            excerpt: window.excerpt(),
            ..self.reject(RejectReason::UnknownFormat, window)
        }
    }

    fn add_to_preamble(&mut self, line: Reject, sinks: &mut Sinks<'_>) {
        self.preamble.push(line);
        if self.preamble.len() > PREAMBLE_LINES_MAX {
            self.is_past_preamble = true;
            self.reject_preamble(sinks);
        }
    }
}

/// Returns whether a line is not text: it contains a zero, or more than a few characters that text does not have.
fn looks_binary(line: &str) -> bool {
    /// In arbitrary bytes, a third or more are not text; in a damaged log, one here and there.
    const TEXT_PER_OTHER_MIN: usize = 8;
    let is_other = |c: &char| {
        (c.is_control() && !matches!(c, '\t' | '\u{1b}' | '\u{c}' | '\r'))
            || *c == char::REPLACEMENT_CHARACTER
    };
    let others = line.chars().filter(is_other).count();
    line.contains('\0') || others * TEXT_PER_OTHER_MIN > line.chars().count()
}
