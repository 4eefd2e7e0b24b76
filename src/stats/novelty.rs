//! The surprise of a trait value that is new to an entity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::constants::{HAZARD_PRIOR_DAYS, SUPPORT_BUCKETS};

/// The novelty of one trait in a peer group or the estate: how often a value is new, and how common new values are.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GroupNovelty {
    /// Entity-days on which at least one value was new, first days left out.
    pub novel_days: f64,
    /// Entity-days with activity, first days left out.
    pub active_days: f64,
    /// How many new values had how much support on the day when they appeared, by [`support_bucket`].
    pub support: [f64; SUPPORT_BUCKETS],
}

impl GroupNovelty {
    /// Returns h_g, the probability that an active day of a member shows something new, in (0, 1).
    pub fn hazard(&self) -> f64 {
        (self.novel_days.max(0.0) + 0.5) / (self.active_days.max(self.novel_days).max(0.0) + 1.0)
    }

    /// Returns h_i of one entity, from its `novel_days` of its `active_days` (the first day does not count as novel), mixed
    /// with its peers' hazard.
    pub fn hazard_of(&self, novel_days: f64, active_days: f64) -> f64 {
        let mixed = (novel_days.max(0.0) + HAZARD_PRIOR_DAYS * self.hazard())
            / (active_days.max(0.0) + HAZARD_PRIOR_DAYS);
        mixed.min(1.0)
    }

    /// Adds the estate's supports with the weight of one new value in all, so that a group without new values still has a
    /// distribution.
    #[must_use]
    pub fn with_estate(mut self, estate: &Self) -> Self {
        let total: f64 = estate.support.iter().sum();
        if total > 0.0 {
            for (mine, theirs) in self.support.iter_mut().zip(estate.support) {
                *mine += theirs / total;
            }
        }
        self
    }

    /// Returns q, the probability that a new value has as little support as this, in (0, 1).
    pub fn tail(&self, support: u64) -> f64 {
        let at_most: f64 = self.support[..=support_bucket(support)].iter().sum();
        let total: f64 = self.support.iter().sum();
        (at_most + 0.5) / (total + 1.0)
    }

    /// Returns S = −ln(hazard × tail) of a value that is new to an entity with that hazard; `support` is the number of
    /// entities of the estate with this value. On an entity's first day the hazard is 1.
    pub fn surprise(&self, hazard: f64, support: u64) -> f64 {
        -(hazard.ln() + self.tail(support).ln())
    }
}

/// Returns the class of a support: 0 for none, 1 for one entity, then one class for each doubling, up to the last.
pub fn support_bucket(support: u64) -> usize {
    match support.checked_ilog2() {
        None => 0,
        Some(log2) => (1 + log2 as usize).min(SUPPORT_BUCKETS - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn support(first: &[f64]) -> [f64; SUPPORT_BUCKETS] {
        let mut all = [0.0; SUPPORT_BUCKETS];
        all[..first.len()].copy_from_slice(first);
        all
    }

    #[track_caller]
    fn check(got: f64, want: f64, tolerance: f64) {
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{got} is not {want}"
        );
    }

    #[test]
    fn g11_novelty() {
        let group = GroupNovelty {
            novel_days: 4.0,
            active_days: 7_000.0,
            support: support(&[3.0, 2.0, 1.0, 0.0, 0.0, 5.0]),
        };
        check(group.hazard(), 6.42765319240e-4, 1e-9);
        let hazard = group.hazard_of(0.0, 26.0);
        check(hazard, 2.35158043624e-4, 1e-9);
        // Support 0 is class 0; 16 to 31 entities are class 5.
        check(group.tail(0), 0.291666666667, 1e-9);
        check(group.tail(16), 0.958333333333, 1e-9);
        check(group.surprise(hazard, 0), 9.58739642510, 1e-9);
        check(group.surprise(hazard, 31), 8.39781235822, 1e-9);
    }

    #[test]
    fn g12_traveller() {
        let group = GroupNovelty {
            novel_days: 19.5,
            active_days: 999.0,
            support: support(&[2.0, 3.0, 10.0, 40.0, 60.0, 20.0]),
        };
        check(group.hazard(), 0.02, 1e-9);
        let hazard = group.hazard_of(4.0, 26.0);
        check(hazard, 0.104878048780, 1e-9);
        check(group.surprise(hazard, 4), 3.15123, 1e-5);
    }

    #[test]
    fn the_estate_counts_where_a_group_has_no_new_values() {
        let estate = GroupNovelty {
            support: support(&[10.0, 0.0, 30.0]),
            ..GroupNovelty::default()
        };
        let silent = GroupNovelty::default().with_estate(&estate);
        check(silent.tail(1), 0.75 / 2.0, 1e-12);
        assert_eq!(
            GroupNovelty::default().with_estate(&GroupNovelty::default()),
            GroupNovelty::default()
        );
        assert_eq!(
            [0, 1, 2, 3, 4, 1 << 10, u64::MAX].map(support_bucket),
            [0, 1, 2, 2, 3, 11, 11]
        );
    }
}
