//! Columns of how much something came to.

use crate::alert::Extent;
use crate::export::cell::Cell;
use crate::export::schema::{Field, Kind};

/// A row that came to something.
pub(super) trait Extended {
    /// Returns to how much.
    fn extent(&self) -> &Extent;
}

/// Returns the columns of how much it came to.
pub(super) fn extent_fields<R: Extended>() -> Vec<Field<R>> {
    use Kind::Integer;
    vec![
        Field::required(
            ("calls", Integer),
            ("calls", "Calls, or flows, that it came to."),
            |row: &R| Cell::count(row.extent().calls),
        ),
        Field::required(
            ("objects", Integer),
            ("objects", "Distinct objects read, copied or deleted."),
            |row: &R| Cell::count(row.extent().objects),
        ),
        Field::required(
            ("buckets", Integer),
            ("buckets", "Distinct buckets."),
            |row: &R| Cell::count(row.extent().buckets),
        ),
        Field::required(
            ("bytes_read", Integer),
            ("bytes", "Of objects that were read."),
            |row: &R| Cell::count(row.extent().bytes_read),
        ),
        Field::required(
            ("bytes_out", Integer),
            ("bytes", "Sent to external addresses."),
            |row: &R| Cell::count(row.extent().bytes_out),
        ),
        Field::required(
            ("destinations", Integer),
            (
                "addresses",
                "Distinct external addresses and accounts that data went to.",
            ),
            |row: &R| Cell::count(row.extent().destinations),
        ),
        Field::required(
            ("addresses", Integer),
            ("addresses", "Distinct addresses called from."),
            |row: &R| Cell::count(row.extent().addresses),
        ),
    ]
}
