//! The interface between a log format and the code that finds its records.

use std::sync::Arc;

use crate::event::Source;
use crate::sources::client::ClientCache;
use crate::sources::cloudtrail::caller::CallerCache;
use crate::sources::cloudtrail::operation::OperationCache;
use crate::sources::interner::Interner;
use crate::sources::json::Object;
use crate::sources::report::Parsed;
use crate::sources::vpcflow::row::FlowColumns;
use crate::time::Time;
use crate::vocab::Str;

/// Reads the records of one log format.
pub struct RecordParser {
    /// The format's name.
    pub source: Source,
    /// Returns whether a JSON object is a record of this format and of no other. Objects are offered first to the format
    /// of the previous record.
    pub recognises: fn(Object<'_>) -> bool,
    /// Reads a record that was recognised.
    pub parse: fn(Object<'_>, &mut ParserState) -> Parsed,
    /// Reads a line of text.
    pub parse_line: fn(&str, &mut ParserState) -> ParsedLine,
    /// Returns whether these column names are the header of a comma-separated table whose rows are records of this format.
    /// Each row is then read as an object that has a text for every field that is not empty.
    pub is_header: fn(&[&str]) -> bool,
}

impl RecordParser {
    /// Makes a parser of JSON objects.
    pub const fn new(
        source: Source,
        recognises: fn(Object<'_>) -> bool,
        parse: fn(Object<'_>, &mut ParserState) -> Parsed,
    ) -> Self {
        Self {
            source,
            recognises,
            parse,
            parse_line: |_, _| ParsedLine::Unknown,
            is_header: |_| false,
        }
    }

    /// Adds lines of text.
    pub const fn with_lines(
        mut self,
        parse_line: fn(&str, &mut ParserState) -> ParsedLine,
    ) -> Self {
        self.parse_line = parse_line;
        self
    }

    /// Adds comma-separated tables.
    pub const fn with_tables(mut self, is_header: fn(&[&str]) -> bool) -> Self {
        self.is_header = is_header;
        self
    }
}

/// What a line of text is.
#[derive(Debug, PartialEq)]
pub enum ParsedLine {
    /// Nothing of this format.
    Unknown,
    /// A header: it describes the lines that follow and is not a record.
    Header,
    /// A record.
    Record(Parsed),
}

/// What parsers keep from record to record of one input.
#[derive(Default)]
pub struct ParserState {
    /// How many more bytes may be unpacked from the current record.
    pub unpacked_left: u64,
    /// How many more bytes of the current record may be read in vain.
    pub attempts_left: u64,
    /// Whether a record, or the header of records, of a known format was found.
    pub is_log: bool,
    /// The index of the parser of the previous record.
    pub last_parser: Option<usize>,
    /// Shared copies of repeated texts.
    pub interner: Interner,
    /// ClientCache by user agent.
    pub clients: ClientCache,
    /// CallerCache by `userIdentity` element.
    pub callers: CallerCache,
    /// What the names of CloudTrail calls say.
    pub operations: OperationCache,
    /// The columns that the last header of a flow log named.
    pub columns: Option<FlowColumns>,
    /// The region in the input's name, for records that do not state one.
    pub region_hint: Option<Str>,
    /// The Okta org that the envelope of the current record states.
    pub okta_org: Option<Str>,
    /// Members that the configuration opens.
    pub opened: Arc<[Box<str>]>,
    /// Records of the current record that were not opened: where each lies, and its format.
    pub held: Vec<(String, Source)>,
    /// The time that a shipper moved out of the current record into a member of its own.
    pub moved_time: Option<Time>,
}

impl ParserState {
    /// Returns the state for another input, whose name may have a region in it. Only what depends on no input is kept.
    pub fn of_input(self, region_hint: Option<Str>, opened: Arc<[Box<str>]>) -> Self {
        Self {
            opened,
            interner: self.interner,
            clients: self.clients,
            callers: self.callers,
            operations: self.operations,
            region_hint,
            ..Self::default()
        }
    }
}
