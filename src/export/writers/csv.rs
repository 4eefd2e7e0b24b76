//! Comma-separated values, as RFC 4180 has them but with the line ends of Unix.
//!
//! People open such files in spreadsheets, which compute what looks like a formula, and print them on terminals. What comes from a log was
//! written by anybody, so a text that could begin a formula has a `'` before it, and characters that steer a terminal are escaped: no
//! field has a line break. A field that is absent is empty; an empty text is `""`.

use std::io::{self, BufWriter, Write};

use crate::export::cell::Cell;
use crate::export::schema::Column;
use crate::export::writers::row_writer::RowWriter;
use crate::report::{Plain, json};

/// What a text must not begin with: spreadsheets take it for a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Writes rows as comma-separated values.
pub(super) struct CsvWriter<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file with a line of names.
    pub(super) fn begin(columns: &[Column], out: W) -> io::Result<Self> {
        let mut out = BufWriter::new(out);
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        writeln!(out, "{}", names.join(","))?;
        Ok(Self { out })
    }
}

impl<W: Write> RowWriter for CsvWriter<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.out.write_all(b",")?;
            }
            self.out.write_all(field(cell).as_bytes())?;
        }
        self.out.write_all(b"\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

fn field(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => quoted(&guarded(Plain(text).to_string())),
        Cell::Texts(texts) => quoted(&json::line(texts)),
        Cell::Document(document) => quoted(document),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Date(day) => day.to_string(),
        Cell::Instant(time) => time.to_string(),
    }
}

/// Returns a text so that no spreadsheet takes it for a formula.
fn guarded(text: String) -> String {
    if text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text
    }
}

/// Returns a text, which has no line break, as a field.
fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
