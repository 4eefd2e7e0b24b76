//! Parses complete records, counts them, and passes their events and rejects on.

use crate::event::{Event, Source};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::options::ReadOptions;
use crate::sources::parser::{ParsedLine, ParserState};
use crate::sources::report::{FileReport, Parsed, Position, Reject, RejectReason, SkipReason};
use crate::sources::stream::window::Window;
use crate::sources::table::Table;
use crate::sources::{envelope, own, registry, vpcflow};

/// How many rejects are passed on for one record and the records inside it. All are counted.
const REJECTS_PER_RECORD_MAX: u64 = 100;
/// How many lines of other text may come before the first record.
const PREAMBLE_LINES_MAX: usize = 32;

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
    /// The table whose rows follow.
    pub table: Option<Table>,
    pub report: FileReport,
    /// Lines that came before anything was recognised.
    preamble: Vec<Reject>,
    /// Whether anything was recognised.
    pub has_recognised: bool,
    /// The line and byte of the last record that was rejected in whole or in part, and the number of its rejects.
    last_rejected: (u64, u64, u64),
}

impl RecordDispatcher {
    /// Makes a dispatcher for the input of that name; `state` is what parsers kept of another input.
    pub fn new(name: &str, options: &ReadOptions, state: ParserState) -> Self {
        Self {
            state: state.of_input(vpcflow::region_of_name(name)),
            only: options.format,
            has_excerpts: options.excerpts,
            table: None,
            report: FileReport::new(name),
            preamble: Vec::new(),
            has_recognised: false,
            last_rejected: (0, 0, 0),
        }
    }

    /// Returns the report, and what parsers kept.
    pub fn end(self) -> (FileReport, ParserState) {
        (self.report, self.state)
    }

    /// Returns whether lines came before anything was recognised, and nothing has been recognised since.
    pub fn has_preamble(&self) -> bool {
        !self.preamble.is_empty()
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
        self.report.count(&parsed);
        self.report.is_log |= self.state.is_log;
        match parsed {
            Parsed::Several(_) | Parsed::Skipped(_) => {}
            Parsed::Event(event) => (sinks.events)(*event),
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

    /// Rejects the whole input as one record, unless it is a page of plimsoll's own.
    pub fn reject_input(&mut self, sinks: &mut Sinks<'_>) {
        let is_page = own::is_page(self.preamble.iter().map(|line| line.excerpt.trim_end()));
        let first = self.preamble.drain(..).next();
        if is_page {
            return self.report.count(&Parsed::Skipped(SkipReason::Own));
        }
        self.report
            .count(&Parsed::Rejected(RejectReason::UnknownFormat));
        let reject =
            first.unwrap_or_else(|| self.reject(RejectReason::UnknownFormat, &Window::default()));
        (sinks.rejects)(reject);
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
        let may_be_own = matches!(parsed, None | Some(Parsed::Skipped(SkipReason::Finding)));
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
        self.state.unpacked_left = envelope::UNPACKED_BYTES_MAX;
        open(self.only, &mut self.state, &mut |parsed| found.push(parsed));
        if found.is_empty() {
            found.push(Parsed::Skipped(SkipReason::Empty));
        }
        for parsed in found {
            self.dispatch(parsed, window, sinks);
        }
    }

    /// Reads the row that the table split last.
    pub fn row(&mut self, window: &Window, sinks: &mut Sinks<'_>) {
        let Some(table) = self.table.take() else {
            return;
        };
        self.note_recognised();
        let mut layout = Layout::default();
        let (only, state) = (self.only, &mut self.state);
        state.unpacked_left = envelope::UNPACKED_BYTES_MAX;
        let mut found = Vec::new();
        match layout.object(table.json()) {
            Ok((row, _)) => match registry::parse_object(row, only, state) {
                Some(parsed) => found.push(parsed),
                None => {
                    envelope::unwrap(row, only, 0, state, &mut |parsed| found.push(parsed));
                    // The fields by which a row is recognised may be empty in it; the header stated the format.
                    if found == [Parsed::Rejected(RejectReason::UnknownRecord)] {
                        found = vec![(table.parser().parse)(row, state)];
                    }
                }
            },
            Err(error) => found.push(Parsed::Rejected(error.into())),
        }
        for parsed in found {
            self.dispatch(parsed, window, sinks);
        }
        self.table = Some(table);
    }

    /// Reads the header of a table; returns false if the line is not one.
    pub fn header(&mut self, line: &[u8]) -> bool {
        let text = String::from_utf8_lossy(line);
        let Some(table) = Table::of_header(&text, self.only) else {
            return false;
        };
        self.note_recognised();
        self.report.is_log = true;
        self.table = Some(table);
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
            ParsedLine::Record(parsed) => self.dispatch(parsed, window, sinks),
        }
        true
    }

    /// Reads a line of text; returns false if the input turns out to be of no known format.
    pub fn line(&mut self, line: &[u8], window: &Window, sinks: &mut Sinks<'_>) -> bool {
        if self.header(line) || self.known_line(line, window, sinks) {
            return true;
        }
        if self.has_recognised {
            let reason = match self.state.columns {
                Some(_) => RejectReason::MalformedRow,
                None => RejectReason::NotJson,
            };
            self.dispatch_reject(reason, window, sinks);
            return true;
        }
        let mut reject = self.reject(RejectReason::UnknownFormat, window);
        reject.excerpt = window.excerpt();
        reject.position.record = 1;
        self.preamble.push(reject);
        let is_binary = looks_binary(&String::from_utf8_lossy(line));
        if is_binary || self.preamble.len() > PREAMBLE_LINES_MAX {
            self.reject_input(sinks);
            return false;
        }
        true
    }
}

/// Returns whether a line is not text: it contains a zero, or more than a few characters that text does not have.
fn looks_binary(line: &str) -> bool {
    /// In arbitrary bytes, a third or more are not text; in a damaged log, one here and there.
    const TEXT_PER_OTHER_MIN: usize = 8;
    let is_other = |c: &char| {
        (c.is_ascii_control() && !matches!(c, '\t' | '\u{1b}' | '\u{c}' | '\r'))
            || *c == char::REPLACEMENT_CHARACTER
    };
    let others = line.chars().filter(is_other).count();
    line.contains('\0') || others * TEXT_PER_OTHER_MIN > line.chars().count()
}
