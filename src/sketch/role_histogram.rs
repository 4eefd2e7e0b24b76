//! The usual hourly amounts of a role: pooled, for judging its new identities.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sketch::cumulative::Cumulative;
use crate::sketch::hdr::{self, Shape};

/// The largest distinguished amount, 2^50 (a pebibyte); larger ones count as this.
pub const AMOUNT_MAX: u64 = 1 << 50;
/// Two significant digits: within 1 %, far finer than differences between identities.
const SHAPE: Shape = Shape {
    high: AMOUNT_MAX,
    digits: 2,
};

/// Histograms of amounts from 1 to [`AMOUNT_MAX`], one a week, of which the newest [`WEEKS_KEPT`](crate::sketch::WEEKS_KEPT) are kept.
///
/// Amounts of 0 are no readings and are left out. Merging adds counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoleHistogram {
    weeks: BTreeMap<i32, Histogram<u64>>,
}

impl RoleHistogram {
    /// Adds the amount of one active window on a day, counted from the epoch.
    pub fn record(&mut self, day: i32, amount: u64) {
        if amount > 0 {
            let week = self
                .weeks
                .entry(hdr::week_of(day))
                .or_insert_with(|| SHAPE.empty());
            week.saturating_record(amount.min(AMOUNT_MAX));
            hdr::drop_oldest(&mut self.weeks);
        }
    }

    /// Adds all that `other` has recorded.
    pub fn merge(&mut self, other: &Self) {
        for (&week, histogram) in &other.weeks {
            hdr::add(
                self.weeks.entry(week).or_insert_with(|| SHAPE.empty()),
                histogram,
            );
        }
        hdr::drop_oldest(&mut self.weeks);
    }

    /// Returns how many amounts are kept.
    pub fn len(&self) -> u64 {
        self.weeks.values().map(Histogram::len).sum()
    }

    /// Returns whether no amount is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the form that is read while scoring.
    pub fn freeze(&self) -> FrozenRoleHistogram {
        FrozenRoleHistogram(hdr::pooled(&SHAPE, self.weeks.values()))
    }
}

impl Serialize for RoleHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let weeks: Result<Vec<(i32, Vec<u8>)>, String> = self
            .weeks
            .iter()
            .map(|(&week, histogram)| Ok((week, Shape::encode(histogram)?)))
            .collect();
        weeks.map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RoleHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut weeks = BTreeMap::new();
        for (week, bytes) in Vec::<(i32, Vec<u8>)>::deserialize(deserializer)? {
            weeks.insert(week, SHAPE.decode(&bytes).map_err(D::Error::custom)?);
        }
        hdr::drop_oldest(&mut weeks);
        Ok(Self { weeks })
    }
}

/// Returns the probability of an amount at least as large, from the number of such amounts among all, in (0, 1).
pub fn share_at_least(at_least: u64, total: u64) -> f64 {
    (at_least as f64 + 0.5) / (total as f64 + 1.0)
}

/// A [`RoleHistogram`] as part of a generation; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenRoleHistogram(Cumulative);

impl FrozenRoleHistogram {
    /// Freezes a few amounts. The result equals recording each of them on one day and freezing, but without the histogram,
    /// which takes as much room and time for three amounts as for a million.
    pub fn of(mut amounts: Vec<u64>) -> Self {
        amounts.retain(|&amount| amount > 0);
        amounts
            .iter_mut()
            .for_each(|amount| *amount = (*amount).min(AMOUNT_MAX));
        amounts.sort_unstable();
        let buckets = SHAPE.empty();
        let same = |&a: &u64, &b: &u64| buckets.equivalent(a, b);
        Self(Cumulative::new(amounts.chunk_by(same).map(|amounts| {
            let upper = buckets.highest_equivalent(amounts[0]);
            (
                upper,
                buckets.median_equivalent(upper),
                amounts.len() as u64,
            )
        })))
    }

    /// Returns the number of its amounts.
    pub fn total(&self) -> u64 {
        self.0.total()
    }

    /// Returns the probability that an active window of the role has at least this amount, in (0, 1).
    pub fn probability_at_least(&self, amount: f64) -> f64 {
        share_at_least(self.count_at_least(amount), self.total())
    }

    /// Returns how many amounts are at least this large.
    pub fn count_at_least(&self, amount: f64) -> u64 {
        let amount = amount.min(AMOUNT_MAX as f64).floor() as u64;
        self.0.at_least(amount)
    }

    /// Returns the smallest amount that at least the fraction `q` of active windows does not exceed; 0 if there are none.
    pub fn quantile(&self, q: f64) -> u64 {
        let above_max = (self.0.total() as f64 * (1.0 - q)).floor() as u64;
        let steps = self.0.steps();
        let at = (0..steps.len()).find(|&at| self.0.above(at) <= above_max);
        at.map_or(0, |at| steps[at].value)
    }

    /// Returns the surprise of an amount, −ln of [`Self::probability_at_least`]; 0 for an amount of 0.
    pub fn surprise(&self, amount: f64) -> f64 {
        if amount > 0.0 {
            -self.probability_at_least(amount).ln()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn g20_three_of_41_000() {
        let mut role = RoleHistogram::default();
        for n in 0..40_997 {
            role.record(n % 28, 1 + n as u64 % 900);
        }
        for amount in [50_000, 60_000, u64::MAX] {
            role.record(3, amount);
        }
        role.record(3, 0);
        let surprise = role.freeze().surprise(50_000.0);
        assert!((surprise - 9.36858876714).abs() < 1e-9, "{surprise}");
        assert_eq!(role.freeze().surprise(0.0), 0.0);
    }

    #[test]
    fn a_few_amounts_freeze_as_if_recorded() {
        let amounts: Vec<u64> = (0..3_000u64)
            .map(|n| n.pow(4) % 1_000_003)
            .chain([0, 1, AMOUNT_MAX - 1, AMOUNT_MAX, u64::MAX])
            .collect();
        let mut recorded = RoleHistogram::default();
        amounts
            .iter()
            .for_each(|&amount| recorded.record(3, amount));
        assert_eq!(FrozenRoleHistogram::of(amounts), recorded.freeze());
        assert_eq!(
            FrozenRoleHistogram::of(vec![0]),
            RoleHistogram::default().freeze()
        );
    }

    #[test]
    fn shards_add_up_old_weeks_go_and_the_stored_form_is_equal() {
        let (mut whole, mut a, mut b) = <(RoleHistogram, RoleHistogram, RoleHistogram)>::default();
        for n in 0..5_000u64 {
            let (day, amount) = ((n % 60) as i32, n * n * n);
            whole.record(day, amount);
            if n % 3 == 0 {
                a.record(day, amount)
            } else {
                b.record(day, amount)
            }
        }
        let mut ba = b.clone();
        ba.merge(&a);
        a.merge(&b);
        assert_eq!(a, whole);
        assert_eq!(ba, whole);
        assert_eq!(
            whole.weeks.keys().copied().collect::<Vec<_>>(),
            [4, 5, 6, 7, 8]
        );
        let bytes = postcard::to_stdvec(&whole).unwrap();
        assert_eq!(
            postcard::from_bytes::<RoleHistogram>(&bytes).unwrap(),
            whole
        );
        assert!(postcard::from_bytes::<RoleHistogram>(&bytes[..bytes.len() / 2]).is_err());
    }
}
