//! Comma-separated tables: each row becomes the JSON object that its header makes of it.
//!
//! Fields may be quoted, and then hold commas, line breaks and doubled quotes (RFC 4180).

use csv_core::{ReadRecordResult, Reader};

use crate::event::Source;
use crate::sources::{FORMATS, Format};

/// Tables have at most so many columns.
const COLUMNS_MAX: usize = 512;

/// A table by its header, with room for one row.
pub struct Table {
    /// The format that knows the header, and reads the rows that nothing else tells.
    format: &'static Format,
    columns: Vec<String>,
    text: Vec<u8>,
    ends: Vec<usize>,
    json: Vec<u8>,
}

/// What a row is, and its length in bytes.
#[derive(Debug, PartialEq)]
pub enum Row {
    /// A record; its JSON text is at [`Table::json`].
    Record(usize),
    /// The header again, as in files that were joined.
    Header(usize),
    /// A row with more fields than the header has names.
    Malformed(usize),
    /// More text is needed.
    Incomplete,
}

impl Table {
    /// Reads a header that a format knows.
    pub fn of_header(line: &str, only: Option<Source>) -> Option<Self> {
        let mut table = Self {
            format: FORMATS[0],
            columns: Vec::new(),
            text: Vec::new(),
            ends: Vec::new(),
            json: Vec::new(),
        };
        if !line.contains(',') {
            return None;
        }
        table.fields(line.as_bytes(), true)?;
        table.columns = table
            .values()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let names: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        table.format = FORMATS
            .into_iter()
            .filter(|format| only.is_none_or(|source| source == format.source))
            .find(|format| (format.heads)(&names))?;
        Some(table)
    }

    /// Returns the format that knows the header.
    pub fn format(&self) -> &'static Format {
        self.format
    }

    /// Reads the row at the beginning of `rest`; `is_last` if nothing follows it.
    pub fn row(&mut self, rest: &[u8], is_last: bool) -> Row {
        let Some(len) = self.fields(rest, is_last) else {
            return Row::Incomplete;
        };
        if self.ends.len() > self.columns.len() {
            return Row::Malformed(len);
        }
        let is_name = |value: &[u8]| self.columns.iter().any(|name| name.as_bytes() == value);
        if self.ends.len() == self.columns.len() && self.values().all(is_name) {
            return Row::Header(len);
        }
        let mut json = std::mem::take(&mut self.json);
        self.write(&mut json);
        self.json = json;
        Row::Record(len)
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

    /// Splits the row at the beginning of `rest`; returns its length.
    fn fields(&mut self, rest: &[u8], is_last: bool) -> Option<usize> {
        self.text.resize(rest.len(), 0);
        self.ends.resize(COLUMNS_MAX, 0);
        let mut reader = Reader::new();
        let (mut read, mut written, mut fields) = (0, 0, 0);
        let mut is_too_wide = false;
        loop {
            let input = &rest[read..];
            if input.is_empty() && !is_last {
                return None;
            }
            let (result, n_in, n_out, n_ends) =
                reader.read_record(input, &mut self.text[written..], &mut self.ends[fields..]);
            read += n_in;
            written += n_out;
            fields += n_ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputEndsFull => {
                    (is_too_wide, fields) = (true, 0);
                }
                ReadRecordResult::OutputFull => return None,
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.ends.truncate(fields);
        if is_too_wide {
            self.ends.resize(COLUMNS_MAX + 1, 0);
        }
        Some(read)
    }
}
