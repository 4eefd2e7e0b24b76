//! Where rows go.

use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::export::cell::Cell;
use crate::export::schema::Field;
use crate::export::writers::RowWriter;

/// Rows are reported as so many were written.
const REPORTED_EVERY: u64 = 4_096;

/// Where the rows of a table go, until the user stops it.
pub struct RowSink<'w> {
    writer: Box<dyn RowWriter + 'w>,
    progress: &'w dyn Progress,
    n_rows: u64,
}

impl<'w> RowSink<'w> {
    /// Makes it of a writer.
    pub fn new(writer: Box<dyn RowWriter + 'w>, progress: &'w dyn Progress) -> Self {
        progress.begin("exporting", None);
        Self {
            writer,
            progress,
            n_rows: 0,
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written, or the user stops it.
    pub(super) fn put<R>(&mut self, fields: &[Field<R>], row: &R) -> Result<()> {
        if self.progress.is_cancelled() {
            return Err(stopped());
        }
        let cells: Vec<Cell> = fields.iter().map(|field| (field.value)(row)).collect();
        self.writer.row(&cells).map_err(cannot_write)?;
        self.n_rows += 1;
        if self.n_rows.is_multiple_of(REPORTED_EVERY) {
            self.progress.advance(self.n_rows);
        }
        Ok(())
    }

    /// Ends the table, and returns how many rows it has.
    ///
    /// # Errors
    ///
    /// Fails if its end cannot be written, or the user stops it.
    pub fn finish(self) -> Result<u64> {
        if self.progress.is_cancelled() {
            return Err(stopped());
        }
        self.writer.finish().map_err(cannot_write)?;
        self.progress.end();
        Ok(self.n_rows)
    }
}

fn stopped() -> Error {
    Error::failed("stopped").hint("the table is not complete")
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::failed("cannot write the table").cause(error)
}
