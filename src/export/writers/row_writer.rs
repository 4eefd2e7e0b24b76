//! What every format does.

use std::io;

use crate::export::cell::Cell;

/// Writes rows.
pub trait RowWriter {
    /// Writes a row, which has a cell for each column.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;

    /// Writes the end of the file.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
