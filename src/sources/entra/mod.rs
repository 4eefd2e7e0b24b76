//! Entra ID: its audit, sign-in and Graph activity logs, as diagnostic records, rows of tables and answers of Microsoft Graph.

pub mod audit;
pub mod graph;
pub mod signin;

use crate::sources::json::Object;
use crate::sources::microsoft;

/// Tells whether a record says of itself that it is of one of these categories, or a row of one of these tables.
fn says_it_is(object: Object<'_>, categories: &[&str], tables: &[&str]) -> bool {
    microsoft::is_one_of(object, "category", categories)
        || microsoft::is_one_of(object, "type", tables)
}
