//! Levels that drift upwards: a daily cumulative sum against a slow baseline (Page 1954).
//!
//! It reports baselines that drifted, because of poisoning or because the work changed. It is no alert by itself.

use serde::{Deserialize, Serialize};

use crate::sketch::Moments;
use crate::stats::constants::{
    DRIFT_ALLOWANCE, DRIFT_CLIP, DRIFT_DAYS_MIN, DRIFT_HALF_LIFE_DAYS, DRIFT_LEARN_CLIP,
    DRIFT_PRIOR_DAYS, DRIFT_PRIOR_VARIANCE,
};

/// The slow level of one metric of one entity over whole days, and how far the entity has drifted from it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cusum {
    level: Moments,
    sum: f64,
}

impl Cusum {
    /// Judges an active day's amount, then learns it; returns the cumulative sum after it. Days must come in order; an
    /// amount that is not above 0 changes nothing.
    pub fn step(&mut self, amount: f64) -> f64 {
        self.step_log(amount.max(0.0).ln_1p())
    }

    /// Does the same with y = ln(1 + amount).
    pub fn step_log(&mut self, y: f64) -> f64 {
        if !y.is_finite() || y <= 0.0 {
            return self.sum;
        }
        let Moments { n, mean, m2 } = self.level;
        let mut learnt = y;
        if n >= DRIFT_DAYS_MIN {
            let variance = (m2 + DRIFT_PRIOR_DAYS * DRIFT_PRIOR_VARIANCE) / (n + DRIFT_PRIOR_DAYS)
                * (1.0 + 1.0 / n);
            let sd = variance.sqrt();
            self.sum = cumulative(self.sum, (y - mean) / sd);
            learnt = y.min(mean + DRIFT_LEARN_CLIP * sd);
        }
        self.level = self.level.weighted((-1.0 / DRIFT_HALF_LIFE_DAYS).exp2());
        self.level.push(learnt);
        self.sum
    }

    /// Returns the slow level of y; 0 before the first active day.
    pub fn level(&self) -> f64 {
        self.level.mean
    }

    /// Returns the cumulative sum, at least 0.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

/// Returns the cumulative sum after a day that lies `z` standard deviations above the level.
fn cumulative(sum: f64, z: f64) -> f64 {
    (sum + z.clamp(-DRIFT_CLIP, DRIFT_CLIP) - DRIFT_ALLOWANCE).max(0.0)
}

/// Returns the threshold that lets through so many reports a day, from the greatest sum of each entity over the stored
/// days; `None` if that is less than one report, or more than there are entities.
pub fn threshold(mut greatest_sums: Vec<f64>, reports_per_day: f64, days: u32) -> Option<f64> {
    let reports = (reports_per_day * f64::from(days)).floor();
    if reports.is_nan() || reports < 1.0 || reports > greatest_sums.len() as f64 {
        return None;
    }
    greatest_sums.sort_by(|a, b| b.total_cmp(a));
    greatest_sums.get(reports as usize - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g18_cumulative_sum() {
        let mut sum = 0.0;
        let got = [0.5, 2.0, 4.2, 1.1, 3.0, -1.0, 2.5].map(|z| {
            sum = cumulative(sum, z);
            sum
        });
        for (got, want) in got.into_iter().zip([0.0, 1.0, 3.0, 3.1, 5.1, 3.1, 4.6]) {
            assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        }
    }

    #[test]
    fn a_ramp_is_seen_and_a_steady_level_is_not() {
        let steady = |day: i32| 100.0 + 30.0 * f64::from(day % 5);
        let mut drift = Cusum::default();
        for day in 0..90 {
            assert!(drift.step(steady(day)) < 3.0);
            let before = drift;
            drift.step(0.0);
            drift.step(f64::NAN);
            assert_eq!(drift, before);
        }
        let ramp: Vec<f64> = (0..10)
            .map(|day| drift.step(160.0 * 1.3f64.powi(day)))
            .collect();
        assert!(ramp[9] > 10.0, "{ramp:?}");
    }

    #[test]
    fn the_threshold_is_a_rank() {
        assert_eq!(threshold(vec![1.0, 9.0, 4.0, 7.0], 0.5, 6), Some(4.0));
        assert_eq!(threshold(vec![1.0], 0.1, 6), None);
        assert_eq!(threshold(vec![1.0], 5.0, 6), None);
    }
}
