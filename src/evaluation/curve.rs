//! Detections against false alerts a day.

use std::collections::BTreeSet;

/// The most false alerts a day that an analyst would look at: where the curve ends.
pub const FALSE_PER_DAY_MAX: u32 = 20;
/// Points of the curve between two whole numbers of false alerts a day.
pub const STEPS_PER_ALERT: u32 = 4;

/// An entity-day that some threshold would raise.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// How extreme it is: what the threshold is compared with.
    pub score: f64,
    /// The attacks on that entity and day; none makes it a false alert.
    pub attacks: Vec<usize>,
}

/// Which attacks are found at how many false alerts a day, if the threshold is set as well as it can be.
///
/// That threshold is known in hindsight only. It compares the order in which methods put entity-days, not their promises.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// By step from 0 to [`FALSE_PER_DAY_MAX`]: the attacks found.
    found: Vec<BTreeSet<usize>>,
}

impl Curve {
    /// Draws the curve of `days` days.
    pub fn of(mut candidates: Vec<Candidate>, days: u32) -> Self {
        candidates.retain(|c| c.score > 0.0);
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        let steps = FALSE_PER_DAY_MAX * STEPS_PER_ALERT;
        let mut found = vec![BTreeSet::new(); steps as usize + 1];
        let (mut so_far, mut false_alerts) = (BTreeSet::new(), 0u32);
        let mut step = 0;
        // Of equal scores all come or none.
        for tied in candidates.chunk_by(|a, b| a.score == b.score) {
            false_alerts += tied.iter().filter(|c| c.attacks.is_empty()).count() as u32;
            while step <= steps && false_alerts * STEPS_PER_ALERT > step * days {
                found[step as usize].clone_from(&so_far);
                step += 1;
            }
            so_far.extend(tied.iter().flat_map(|c| c.attacks.iter().copied()));
        }
        for rest in &mut found[step as usize..] {
            rest.clone_from(&so_far);
        }
        Self { found }
    }

    /// Draws the curve of `days` days from thresholds: of each the number of false alerts on all days, and the attacks that are found.
    pub fn of_thresholds(mut of: Vec<(u64, BTreeSet<usize>)>, days: u32) -> Self {
        of.sort_by_key(|(false_alerts, found)| (*false_alerts, found.len()));
        let mut of = of.into_iter().peekable();
        let mut best = BTreeSet::new();
        let steps = 0..=u64::from(FALSE_PER_DAY_MAX * STEPS_PER_ALERT);
        let found = steps.map(|step| {
            let allowed = step * u64::from(days);
            let is_allowed =
                |(n, _): &(u64, BTreeSet<usize>)| n * u64::from(STEPS_PER_ALERT) <= allowed;
            while let Some((_, found)) = of.next_if(is_allowed) {
                if found.len() > best.len() {
                    best = found;
                }
            }
            best.clone()
        });
        Self {
            found: found.collect(),
        }
    }

    /// Returns the attacks found at so many false alerts a day.
    pub fn found_at(&self, false_per_day: f64) -> &BTreeSet<usize> {
        let step = (false_per_day * f64::from(STEPS_PER_ALERT)).floor() as usize;
        &self.found[step.min(self.found.len() - 1)]
    }

    /// Returns how many attacks are found by step.
    pub fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.found.iter().map(|found| found.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(score: f64, attacks: &[usize]) -> Candidate {
        Candidate {
            score,
            attacks: attacks.to_vec(),
        }
    }

    #[test]
    fn a_curve_counts_what_comes_before_the_false_alerts_it_allows() {
        let curve = Curve::of(
            vec![
                candidate(9.0, &[0]),
                candidate(8.0, &[]),
                candidate(7.0, &[1, 2]),
                candidate(7.0, &[]),
                candidate(6.0, &[1]),
                candidate(0.0, &[5]),
            ],
            2,
        );
        let at = |x: f64| curve.found_at(x).len();
        assert_eq!((at(0.0), at(0.25), at(0.5), at(0.75)), (1, 1, 1, 1));
        assert_eq!((at(1.0), at(20.0), at(99.0)), (3, 3, 3));
        assert_eq!(curve.counts().sum::<u64>(), 4 + 77 * 3);
    }

    #[test]
    fn of_thresholds_that_allow_no_more_false_alerts_the_best_is_drawn() {
        let of = [(3, 0..2), (1, 0..1), (2, 0..3), (900, 0..9)];
        let of = of.map(|(n, found)| (n, found.collect()));
        let curve = Curve::of_thresholds(of.into(), 2);
        let at = |x: f64| curve.found_at(x).len();
        assert_eq!((at(0.0), at(0.25), at(0.5), at(0.75)), (0, 0, 1, 1));
        assert_eq!((at(1.0), at(1.5), at(20.0)), (3, 3, 3));
    }
}
