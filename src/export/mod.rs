//! What a store knows, as tables for notebooks: typed rows, in Parquet, CSV and JSON lines.
//!
//! Each table is a list of [`Field`]s: the name, type, unit and meaning of a column, and how its value is read off a row. The schema of a
//! file, the list of columns and the reference page are made of it, so that none can say anything else than the others. Rows are made
//! one after another and written as they come: a table of any size needs the memory of one group of rows.

mod cell;
mod page;
mod rows;
mod schema;
mod selection;
mod sink;
mod table;
mod writers;

pub use cell::Cell;
pub use page::page;
pub use schema::{Column, Field, Kind};
pub use selection::Selection;
pub use sink::RowSink;
pub use table::{Filters, Table};
pub use writers::{Format, RowWriter, writer};

use crate::error::Result;
use crate::incident::Playbook;
use crate::inquiry::Inquiry;

/// Writes the rows of a table that are asked for. Only incidents need the steps of the analytics.
///
/// # Errors
///
/// A usage error if the table has no such filter. Fails if nothing was trained, the store cannot be read, the sink cannot be written, or the
/// user stops it; then the sink has a part of the table.
pub fn export(
    table: Table,
    selection: &Selection,
    inquiry: &Inquiry,
    playbook: impl FnOnce() -> Result<Playbook>,
    sink: &mut RowSink<'_>,
) -> Result<()> {
    table.check(selection)?;
    match table {
        Table::Baselines => rows::baselines::write(inquiry.store()?, selection, sink),
        Table::Windows => rows::windows::write(inquiry.store()?, selection, sink),
        Table::Surprises => rows::surprises::write(inquiry.store()?, selection, sink),
        Table::Traits => rows::traits::write(inquiry.store()?, selection, sink),
        Table::Alerts => rows::alerts::write(inquiry, selection, sink),
        Table::Incidents => rows::incidents::write(inquiry, selection, &playbook()?, sink),
    }
}
