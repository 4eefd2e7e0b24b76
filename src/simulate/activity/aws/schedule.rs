//! How the calendar changes the work of an identity.

use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::calendar::{is_month_end, is_quarter_end, weekday};
use crate::time::Day;

/// Returns whether a workload does on that day what it does once a week.
pub(crate) fn is_weekly_run(who: &Identity, day: Day) -> bool {
    match who.kind {
        Kind::Backup => who.number.is_multiple_of(2) && weekday(day) == 0,
        Kind::Inventory => weekday(day) == 0,
        Kind::Exporter => weekday(day) == 3,
        _ => false,
    }
}

/// Returns the factor of the calendar on the work of an identity: month ends, quarter ends, Fridays.
pub(crate) fn calendar_factor(who: &Identity, day: Day) -> f64 {
    let reports = match who.kind {
        Kind::Analyst => who.number.is_multiple_of(8),
        Kind::Etl | Kind::Batch => who.number.is_multiple_of(4),
        _ => false,
    };
    match who.kind {
        Kind::Finance if is_quarter_end(day) => 11.0,
        Kind::Finance if is_month_end(day) => 8.0,
        Kind::Finance if weekday(day) == 5 => 3.0,
        _ if reports && is_quarter_end(day) => 3.5,
        _ if reports && is_month_end(day) => 2.5,
        _ => 1.0,
    }
}
