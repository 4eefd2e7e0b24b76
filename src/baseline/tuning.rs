//! Tuned thresholds. They are kept beside the generations, so that they stay the same while baselines change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::Calibration;
use crate::vocab::Str;

/// A tuned threshold, with its uncertainty at that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TunedThreshold {
    /// Incidents a day that it was tuned for, above 0.
    pub budget_per_day: f64,
    /// Minus log10 of the fraction of entity-days that reach it.
    pub surprise: f64,
    /// The same as a score from 0 to 100.
    pub score: f64,
    /// A 95 % interval of the incidents a day that it lets through on average.
    #[serde(rename = "alerts_per_day")]
    pub incidents_per_day: (f64, f64),
    /// The scores at the ends of that interval: lower, upper.
    pub scores: (f64, f64),
    /// The generation that it was tuned on.
    pub generation: u64,
    /// When it was tuned, as RFC 3339.
    pub tuned: String,
}

/// All tuned thresholds of a store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// For the estate as a whole.
    pub estate: Option<TunedThreshold>,
    /// For analytics with a budget of their own, by id.
    #[serde(default)]
    pub analytics: BTreeMap<Str, TunedThreshold>,
}

impl Tuning {
    /// Returns the threshold of a scope: an analytic's own, or the estate's if `of` is `None`.
    pub fn of(&self, of: Option<&str>) -> Option<&TunedThreshold> {
        match of {
            None => self.estate.as_ref(),
            Some(id) => self.analytics.get(id),
        }
    }

    /// Replaces the threshold of a scope, or sets it if there was none.
    pub fn set(&mut self, of: Option<&Str>, threshold: TunedThreshold) {
        match of {
            None => self.estate = Some(threshold),
            Some(id) => {
                self.analytics.insert(id.clone(), threshold);
            }
        }
    }

    /// Removes the threshold of a scope. Returns whether there was one.
    pub fn remove(&mut self, of: Option<&str>) -> bool {
        match of {
            None => self.estate.take().is_some(),
            Some(id) => self.analytics.remove(id).is_some(),
        }
    }

    /// Returns every tuned scope, the estate first.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&Str>, &TunedThreshold)> {
        self.estate
            .iter()
            .map(|threshold| (None, threshold))
            .chain(self.analytics.iter().map(|(id, t)| (Some(id), t)))
    }
}

impl Calibration {
    /// Returns how many entity-days a day a surprise lets through, by the stored days; `None` while no whole day is stored,
    /// or nothing of that analytic. `of` is an analytic's id, or `None` for the largest of all.
    pub fn lets_through(&self, of: Option<&str>, surprise: f64) -> Option<f64> {
        self.reaching(of, self.rank_at(surprise))
    }

    /// Returns how many entity-days a day reach a rank, as [`Self::lets_through`] does for a surprise.
    pub fn reaching(&self, of: Option<&str>, rank: f64) -> Option<f64> {
        let distribution = match of {
            None => &self.pooled,
            Some(id) => self.analytics.get(id)?,
        };
        distribution.alerts_per_day(rank)
    }

    /// Returns the rank from which the pooled distribution gives at least this surprise.
    pub fn rank_at(&self, surprise: f64) -> f64 {
        self.pooled.threshold_for_rate(10f64.powf(-surprise))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::baseline::CalibrationLog;

    #[test]
    fn a_surprise_lets_through_the_number_that_it_promises() {
        let mut log = CalibrationLog::default();
        for day in 0..28 {
            let values: Vec<f64> = (1..=100).map(|n| -(f64::from(n) / 101.0).ln()).collect();
            log.pooled.record_day(day, &values, 1_000);
            let of_analytic = log.analytics.entry("X".into()).or_default();
            of_analytic.record_day(day, &values[..10], 1_000);
        }
        let calibration = log.freeze();
        for surprise in [1.5, 2.0, 3.0] {
            let let_through = calibration.lets_through(None, surprise).unwrap();
            let want = 1_000.0 * 10f64.powf(-surprise);
            assert!(
                (let_through / want - 1.0).abs() < 0.1,
                "{let_through} {want}"
            );
            assert!(calibration.lets_through(Some("X"), surprise).unwrap() < 1.3 * let_through);
        }
        assert_eq!(calibration.lets_through(Some("Y"), 2.0), None);
        assert_eq!(Calibration::default().lets_through(None, 2.0), None);
    }
}
