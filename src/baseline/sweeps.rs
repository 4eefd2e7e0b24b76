//! How often the members of a group read the posture of many buckets on one day.
//!
//! What a sweep weighs by itself follows from that: among people who look at the bucket list of a console now and then it says little, and
//! where nobody ever does it much. A predictive of amounts cannot say it: it knows how much is looked at, and not how often it is many.

use serde::{Deserialize, Serialize};

use crate::stats::constants::SWEEP_PRIOR_DAYS;

/// Classes of amounts: from 4 buckets on, and each twice the one before.
pub const SWEEP_CLASSES: usize = 8;
/// The buckets of the first class.
const FIRST_CLASS: f64 = 4.0;

/// The most days that count of one member. A judgement, not measured.
const DAYS_OF_ONE_MAX: f64 = 1.0;

/// The weighted member-days on which at least so many buckets were looked at, by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweeps([f64; SWEEP_CLASSES]);

impl Sweeps {
    /// Adds a day on which a member looked at so many buckets.
    pub fn add(&mut self, buckets: f64, weight: f64) {
        let mut least = FIRST_CLASS;
        for days in &mut self.0 {
            if buckets < least {
                break;
            }
            *days += weight;
            least *= 2.0;
        }
    }

    /// Adds the days of a member, but no more than one, since a scanner that comes every night says nothing about the others.
    pub fn add_member(&mut self, of_member: &Self) {
        for (days, of_member) in self.0.iter_mut().zip(of_member.0) {
            *days += of_member.min(DAYS_OF_ONE_MAX);
        }
    }

    /// Returns whether there was no such day.
    pub fn is_empty(&self) -> bool {
        self.0[0] == 0.0
    }

    /// Returns the member-days on which about so many buckets or more were looked at: by the class in which the number lies, so it may be
    /// those of half as many.
    pub fn days(&self, buckets: u64) -> f64 {
        let class = (buckets as f64 / FIRST_CLASS).max(1.0).log2().floor() as usize;
        self.0[class.min(SWEEP_CLASSES - 1)]
    }
}

/// Returns what a sweep weighs, in nats: no more than how rarely peers make one, given the member-days on which they did and those for which
/// they are known. A rate that nobody shows is that of the declared weight, which counts for 15 days.
pub fn sweep_weight(declared: f64, days: f64, exposure: f64) -> f64 {
    let rate = (days.max(0.0) + SWEEP_PRIOR_DAYS * (-declared).exp())
        / (exposure.max(0.0) + SWEEP_PRIOR_DAYS);
    (-rate.min(1.0).ln()).clamp(0.0, declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_weighs_what_its_rarity_among_peers_says() {
        let weight = |days, exposure| sweep_weight(7.0, days, exposure);
        assert_eq!(weight(0.0, 0.0), 7.0, "nobody is known");
        assert_eq!(weight(0.0, 5_000.0), 7.0, "nobody does");
        // Every second week.
        let often = weight(100.0, 1_400.0);
        assert!((2.5..2.7).contains(&often), "{often}");
        assert!(weight(10.0, 1_400.0) > often);
        assert_eq!(weight(1e9, 1_400.0), 0.0);
    }

    #[test]
    fn days_are_counted_by_class() {
        let mut sweeps = Sweeps::default();
        for buckets in [3.0, 15.0, 16.0, 40.0, 1e9] {
            sweeps.add(buckets, 1.0);
        }
        assert_eq!(
            [1, 8, 16, 31, 32, 10_000].map(|n| sweeps.days(n)),
            [4.0, 4.0, 3.0, 3.0, 2.0, 1.0]
        );
        let mut group = Sweeps::default();
        group.add_member(&sweeps);
        group.add_member(&sweeps);
        assert_eq!([16, 10_000].map(|n| group.days(n)), [2.0, 2.0]);
    }
}
