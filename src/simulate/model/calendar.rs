//! Weekdays, and the ends of months and quarters.

use crate::time::Day;

/// Seconds of the day after which no work is begun.
pub(crate) const LATEST_START: i64 = 84_000;

/// Sunday is 0; 1970-01-01 was a Thursday.
pub(crate) fn weekday(day: Day) -> i32 {
    (day.0 + 4).rem_euclid(7)
}

/// Returns whether the day is a Saturday or Sunday.
pub(crate) fn is_weekend(day: Day) -> bool {
    matches!(weekday(day), 0 | 6)
}

/// Returns the day itself, or the Monday after it if it is a Saturday or Sunday.
pub(crate) fn workday(day: Day) -> Day {
    match weekday(day) {
        0 => day.plus(1),
        6 => day.plus(2),
        _ => day,
    }
}

/// Returns whether the day is among the last two or the first two of a month.
pub(crate) fn is_month_end(day: Day) -> bool {
    month(day.plus(2)) != month(day) || month(day.plus(-2)) != month(day)
}

/// Returns whether the day is the first of a month.
pub(crate) fn is_month_begin(day: Day) -> bool {
    month(day.plus(-1)) != month(day)
}

/// Returns whether the month end about the day closes a quarter.
pub(crate) fn is_quarter_end(day: Day) -> bool {
    is_month_end(day) && matches!(month(day.plus(-2)).as_str(), "03" | "06" | "09" | "12")
}

fn month(day: Day) -> String {
    day.to_string()[5..7].to_owned()
}
