//! The unchanging world in which a day passes.

use crate::time::Day;

use super::estate::{Bucket, Purpose};
use super::population::{Identity, Kind};

/// The unchanging world in which a day passes.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) start: Day,
    pub(super) scale: f64,
    pub(super) buckets: Vec<Bucket>,
    pub(super) population: Vec<Identity>,
}

impl World {
    /// Returns the buckets of ours that exist on a day.
    pub(super) fn own_buckets(&self, day: Day) -> impl Iterator<Item = &Bucket> {
        self.buckets
            .iter()
            .filter(move |b| b.account.is_some() && b.created <= day)
    }

    /// Returns an administrator of an account; where none is left, nobody is created.
    pub(super) fn admin_of(&self, account: usize, day: Day) -> Option<&Identity> {
        self.population
            .iter()
            .find(|w| w.kind == Kind::Admin && w.account == account && w.is_here(day))
    }

    /// Returns our sensitive buckets.
    pub(super) fn sensitive(&self) -> Vec<&Bucket> {
        self.buckets
            .iter()
            .filter(|b| b.purpose == Purpose::Sensitive)
            .collect()
    }
}

/// Seconds of the day after which no work is begun.
pub(super) const LATEST_START: i64 = 84_000;

/// Sunday is 0; 1970-01-01 was a Thursday.
pub(super) fn weekday(day: Day) -> i32 {
    (day.0 + 4).rem_euclid(7)
}

/// Returns whether the day is a Saturday or Sunday.
pub(super) fn is_weekend(day: Day) -> bool {
    matches!(weekday(day), 0 | 6)
}

/// Returns the day itself, or the Monday after it if it is a Saturday or Sunday.
pub(super) fn workday(day: Day) -> Day {
    match weekday(day) {
        0 => day.plus(1),
        6 => day.plus(2),
        _ => day,
    }
}

/// Returns whether the day is among the last two or the first two of a month.
pub(super) fn is_month_end(day: Day) -> bool {
    month(day.plus(2)) != month(day) || month(day.plus(-2)) != month(day)
}

/// Returns whether the month end about the day closes a quarter.
pub(super) fn is_quarter_end(day: Day) -> bool {
    is_month_end(day) && matches!(month(day.plus(-2)).as_str(), "03" | "06" | "09" | "12")
}

fn month(day: Day) -> String {
    day.to_string()[5..7].to_owned()
}
