//! Histograms of one shape per sketch, kept by week: creating, storing, checking and dropping them.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};

use crate::sketch::cumulative::Cumulative;

/// How many weeks are kept: the lookback of 28 days, and the current week.
pub const WEEKS_KEPT: usize = 5;
const DAYS_PER_WEEK: i32 = 7;

/// The bounds of a histogram: values 1 to `high`, distinguished to so many significant digits.
pub(super) struct Shape {
    pub high: u64,
    pub digits: u8,
}

impl Shape {
    pub fn empty(&self) -> Histogram<u64> {
        Histogram::new_with_bounds(1, self.high, self.digits)
            .expect("a shape is a constant with high ≥ 2 and at most 5 digits")
    }

    pub fn encode(histogram: &Histogram<u64>) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        V2Serializer::new()
            .serialize(histogram, &mut bytes)
            .map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    /// Reads a stored histogram; fails if it is damaged, or if its values do not fit this shape.
    pub fn decode(&self, bytes: &[u8]) -> Result<Histogram<u64>, String> {
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut &bytes[..])
            .map_err(|error| error.to_string())?;
        let mut histogram = self.empty();
        if read.sigfig() != self.digits {
            return Err("a histogram has another precision".into());
        }
        histogram.add(read).map_err(|error| error.to_string())?;
        Ok(histogram)
    }
}

/// Adds one histogram to another of the same shape.
pub(super) fn add(to: &mut Histogram<u64>, from: &Histogram<u64>) {
    to.add(from).expect("both have the same bounds");
}

/// Returns the number of the week, counted from the epoch, that a day belongs to.
pub(super) fn week_of(day: i32) -> i32 {
    day.div_euclid(DAYS_PER_WEEK)
}

/// Returns the first day of a week.
pub(super) fn first_day_of(week: i32) -> i32 {
    week.saturating_mul(DAYS_PER_WEEK)
}

/// Returns the bit of a day within its week.
pub(super) fn day_bit(day: i32) -> u8 {
    1 << day.rem_euclid(DAYS_PER_WEEK)
}

/// Drops the oldest weeks until [`WEEKS_KEPT`] are left.
pub(super) fn drop_oldest<W>(weeks: &mut BTreeMap<i32, W>) {
    while weeks.len() > WEEKS_KEPT {
        weeks.pop_first();
    }
}

/// Merges the histograms of all weeks.
pub(super) fn pooled<'a>(
    shape: &Shape,
    weeks: impl Iterator<Item = &'a Histogram<u64>>,
) -> Cumulative {
    let mut all = shape.empty();
    for week in weeks {
        add(&mut all, week);
    }
    let buckets = all.iter_recorded().map(|bucket| {
        let value = bucket.value_iterated_to();
        (
            all.highest_equivalent(value),
            all.median_equivalent(value),
            bucket.count_at_value(),
        )
    });
    Cumulative::new(buckets)
}
