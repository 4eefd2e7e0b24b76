//! Tables separated by commas, semicolons or tabs: each row becomes a JSON object with the names of the header.
//!
//! Quoted fields may contain separators, line breaks and doubled quotes (RFC 4180).

use std::collections::BTreeSet;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::event::Source;
use crate::sources::carrier;
use crate::sources::parser::RecordParser;
use crate::sources::registry;

/// The most columns of a table.
const COLUMNS_MAX: usize = 512;
/// What separates fields.
const SEPARATORS: [char; 3] = [',', ';', '\t'];
/// What portals add to the name of a column with times that are UTC, as all others are.
const ZONE: &str = " [UTC]";

/// A table with its header and its current row.
pub struct Table {
    /// The parser that knows the header. It also reads the rows that no parser recognises. A table that no parser knows may have
    /// records in its fields.
    parser: Option<&'static RecordParser>,
    /// Whether a row with as many fields as the header was read.
    has_rows: bool,
    columns: Vec<String>,
    text: Vec<u8>,
    ends: Vec<usize>,
    json: Vec<u8>,
    /// Kept, because making a reader costs more than reading a row.
    reader: Reader,
}

/// A row that was split into fields.
struct Split {
    /// Its length in bytes.
    len: usize,
    /// Whether the text ended before the line did, or before a quote was closed.
    is_open: bool,
    is_in_quotes: bool,
}

/// The kind of a row, and its length in bytes.
#[derive(Debug, PartialEq)]
pub enum TableRow {
    /// A record; its JSON text is at [`Table::json`].
    Record(usize),
    /// The header again, as in concatenated files.
    Header(usize),
    /// A row with more or fewer fields than the header has names.
    Malformed(usize),
    /// A row that the end of the text cuts off.
    Cut(usize),
    /// More text is needed.
    Incomplete,
}

impl Table {
    /// Reads a header that a format knows, or that has a column with records; with `is_any` also one that looks like a header.
    pub fn of_header(line: &str, only: Option<Source>, is_any: bool) -> Option<Self> {
        // Most lines are not headers, and this check costs less than making a reader.
        if !Self::may_be_header(line.as_bytes()) {
            return None;
        }
        let mut other = None;
        let separators = SEPARATORS.into_iter().filter(|by| line.contains(*by));
        // A table may have nothing but the records.
        let is_alone = !line.contains(SEPARATORS) && carrier::is_raw(line.trim().trim_matches('"'));
        let separators = separators.chain(is_alone.then_some(','));
        for (separator, columns) in separators.filter_map(|by| Some((by, names_of(line, by)?))) {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let parser = registry::parsers(only).find(|parser| (parser.is_header)(&names));
            let may_hold = carrier::is_header(&names) || (is_any && is_plausible(&names));
            if parser.is_some() {
                return Some(Self::of(parser, columns, separator));
            }
            if may_hold && other.is_none() {
                other = Some(Self::of(None, columns, separator));
            }
        }
        other
    }

    fn of(parser: Option<&'static RecordParser>, columns: Vec<String>, separator: char) -> Self {
        Self {
            parser,
            has_rows: false,
            columns,
            text: Vec::new(),
            ends: Vec::new(),
            json: Vec::new(),
            reader: ReaderBuilder::new().delimiter(separator as u8).build(),
        }
    }

    /// Returns the parser that knows the header.
    pub fn parser(&self) -> Option<&'static RecordParser> {
        self.parser
    }

    /// Returns whether it only looks like a table so far: no format knows the header, and no row fits it.
    pub fn is_doubtful(&self) -> bool {
        self.parser.is_none() && !self.has_rows
    }

    /// Returns at little cost whether a line may be a header. A row has a time and thus digits, several of them together.
    pub fn may_be_header(line: &[u8]) -> bool {
        /// Names have fewer pairs of digits than a date and a time.
        const PAIRS_MAX: usize = 3;
        let are_digits = |pair: &&[u8]| pair.iter().all(u8::is_ascii_digit);
        let pairs = line.windows(2).filter(are_digits);
        pairs.take(PAIRS_MAX + 1).count() <= PAIRS_MAX
    }

    /// Reads the row at the beginning of `rest`; `is_last` if nothing follows it.
    pub fn row(&mut self, rest: &[u8], is_last: bool) -> TableRow {
        let Some(split) = self.fields(rest, is_last) else {
            return TableRow::Incomplete;
        };
        let len = split.len;
        if split.is_in_quotes || (split.is_open && self.ends.len() < self.columns.len()) {
            return TableRow::Cut(len);
        }
        if self.ends.len() != self.columns.len() {
            return TableRow::Malformed(len);
        }
        let is_name = |value: &[u8]| self.columns.iter().any(|name| name.as_bytes() == value);
        if self.values().all(is_name) {
            return TableRow::Header(len);
        }
        let mut json = std::mem::take(&mut self.json);
        self.write(&mut json);
        self.json = json;
        self.has_rows = true;
        TableRow::Record(len)
    }

    /// Returns the last row as the text of a JSON object; empty fields are left out.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    fn write(&self, json: &mut Vec<u8>) {
        json.clear();
        json.push(b'{');
        for (name, value) in self.columns.iter().zip(self.values()) {
            if value.is_empty() {
                continue;
            }
            if json.len() > 1 {
                json.push(b',');
            }
            let value = String::from_utf8_lossy(value);
            for (text, after) in [(name.as_str(), ":"), (&value, "")] {
                // Writing a text to memory does not fail.
                let _ = serde_json::to_writer(&mut *json, text);
                json.extend_from_slice(after.as_bytes());
            }
        }
        json.push(b'}');
    }

    fn values(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.text[start..*end])
    }

    /// Splits the row at the beginning of `rest`; `None` if more text is needed.
    fn fields(&mut self, rest: &[u8], is_last: bool) -> Option<Split> {
        self.text.resize(rest.len() + 1, 0);
        self.ends.resize(COLUMNS_MAX, 0);
        self.reader.reset();
        let (mut read, mut written, mut fields) = (0, 0, 0);
        let (mut is_too_wide, mut is_open) = (false, false);
        let is_in_quotes = loop {
            let input = match &rest[read..] {
                [] if !is_last => return None,
                // If a line break does not end the row, a quote is open.
                [] if !is_open => b"\n",
                input => input,
            };
            let is_end = read == rest.len();
            let is_in_quotes = is_end && is_open;
            is_open = is_end;
            let (result, n_in, n_out, n_ends) =
                self.reader
                    .read_record(input, &mut self.text[written..], &mut self.ends[fields..]);
            read += if is_end { 0 } else { n_in };
            written += n_out;
            fields += n_ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputEndsFull => {
                    (is_too_wide, fields) = (true, 0);
                }
                ReadRecordResult::OutputFull => return None,
                ReadRecordResult::Record | ReadRecordResult::End => break is_in_quotes,
            }
        };
        self.ends.truncate(fields);
        if is_too_wide {
            self.ends.resize(COLUMNS_MAX + 1, 0);
        }
        Some(Split {
            len: read,
            is_open,
            is_in_quotes,
        })
    }
}

/// Splits the names of a header; `None` if a quote is not closed. A reader of rows does the same, and takes far longer to make than
/// lines of text may take, of which most are no header.
fn names_of(line: &str, separator: char) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    let mut is_in_quotes = false;
    let mut chars = line.trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        let name = names.last_mut()?;
        match c {
            '"' if is_in_quotes && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
            }
            '"' if is_in_quotes || name.is_empty() => is_in_quotes = !is_in_quotes,
            _ if c == separator && !is_in_quotes => names.push(String::new()),
            _ => name.push(c),
        }
    }
    let plain = |name: &String| name.strip_suffix(ZONE).unwrap_or(name).trim().to_owned();
    (!is_in_quotes).then(|| names.iter().map(plain).collect())
}

/// Returns whether names look like those of columns: short, different, and each begins with a letter.
fn is_plausible(names: &[&str]) -> bool {
    const NAME_BYTES_MAX: usize = 96;
    let is_name = |name: &&str| {
        name.len() <= NAME_BYTES_MAX
            && name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'))
            && !name.contains(['{', '}', '"', '=', '<', '>'])
    };
    let different: BTreeSet<&&str> = names.iter().collect();
    names.len() > 1 && different.len() == names.len() && names.iter().all(is_name)
}
