//! A JSON object on each line. Characters that steer a terminal are escaped, as in all JSON that the program writes; readers turn them back.

use std::io::{self, BufWriter, Write};

use crate::export::cell::Cell;
use crate::export::schema::Column;
use crate::export::writers::row_writer::RowWriter;
use crate::report::json;

/// Writes rows as JSON objects.
pub(super) struct JsonlWriter<W: Write> {
    out: BufWriter<W>,
    /// What stands before the value of each column.
    names: Vec<String>,
}

impl<W: Write> JsonlWriter<W> {
    /// Begins a file.
    pub(super) fn begin(columns: &[Column], out: W) -> Self {
        let name = |column: &Column| format!("{}:", json::line(&column.name));
        Self {
            out: BufWriter::new(out),
            names: columns.iter().map(name).collect(),
        }
    }
}

impl<W: Write> RowWriter for JsonlWriter<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (at, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            let before = if at == 0 { "{" } else { "," };
            write!(self.out, "{before}{name}{}", value(cell))?;
        }
        self.out.write_all(b"}\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

fn value(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Nothing => "null".to_owned(),
        Cell::Text(text) => json::line(text),
        Cell::Texts(texts) => json::line(texts),
        Cell::Document(document) => document.clone(),
        Cell::Integer(number) => json::line(number),
        Cell::Number(number) => json::line(number),
        Cell::Flag(flag) => json::line(flag),
        Cell::Date(day) => json::line(&day.to_string()),
        Cell::Instant(time) => json::line(&time.to_string()),
    }
}
