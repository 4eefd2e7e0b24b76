//! The times in the paths of files.

use crate::simulate::model::other_providers::action::Action;

/// Returns the part of a path that Azure gives to an hour: `y=2026/m=03/d=16/h=05/m=00`.
pub(crate) fn azure_hour(action: &Action) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(action.at);
    time.format("y=%Y/m=%m/d=%d/h=%H/m=00").to_string()
}

/// Returns the time of an action in a pattern of chrono's.
pub(crate) fn dated(action: &Action, pattern: &str) -> String {
    chrono::DateTime::from_timestamp_nanos(action.at)
        .format(pattern)
        .to_string()
}
