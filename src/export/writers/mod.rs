//! Rows as files, one file a format.

mod csv;
mod jsonl;
mod parquet;
mod row_writer;

pub use row_writer::RowWriter;

use std::io::{self, Write};

use crate::export::schema::Column;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet, packed with zstd.
    Parquet,
    /// Comma-separated values with a line of names.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// Begins a file with the rows of a table of this name and these columns.
///
/// # Errors
///
/// Fails if it cannot be written.
pub fn writer<'w>(
    format: Format,
    (name, columns): (&str, Vec<Column>),
    out: impl Write + Send + 'w,
) -> io::Result<Box<dyn RowWriter + 'w>> {
    Ok(match format {
        Format::Parquet => Box::new(parquet::ParquetWriter::begin(name, columns, out)?),
        Format::Csv => Box::new(csv::CsvWriter::begin(&columns, out)?),
        Format::Jsonl => Box::new(jsonl::JsonlWriter::begin(&columns, out)),
    })
}
