//! Whether a threshold stays or changes, and whether one that stays still fits.

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{CalibrationLog, Generation, TunedThreshold, Tuning};
use crate::vocab::Str;

/// The result for one scope.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Applied {
    /// The analytic; `null` for the estate.
    pub analytic: Option<String>,
    /// The result.
    pub outcome: Outcome,
}

/// The result for a threshold.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// It is in force.
    Set {
        /// The score that was tuned before; `null` if none was.
        before: Option<f64>,
        /// The score from now on.
        after: f64,
    },
    /// The earlier one stays: the new one lies inside its interval.
    Kept {
        /// The score that stays.
        score: f64,
        /// The score that would have replaced it.
        new: f64,
        /// The interval of the one that stays.
        interval: (f64, f64),
    },
    /// There is too little history to put anything in force.
    TooEarly,
    /// Tuned thresholds were taken out of force; or there were none.
    Reset {
        /// The score that was in force.
        before: Option<f64>,
    },
}

/// A tuned threshold that now lets through more than its interval allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgrownThreshold {
    /// The analytic; `None` for the estate.
    pub analytic: Option<Str>,
    /// The tuned threshold.
    pub threshold: TunedThreshold,
    /// The incidents a day that it lets through now.
    pub incidents_per_day: f64,
}

/// Returns the tuned thresholds that now let through more than their interval promised. `seen` is the log without what no
/// person sees.
pub fn outgrown(generation: &Generation, seen: &CalibrationLog) -> Vec<OutgrownThreshold> {
    let Generation {
        calibration,
        tuning,
        first_day,
        ..
    } = generation;
    if calibration.is_provisional() {
        return Vec::new();
    }
    tuning
        .iter()
        .filter_map(|(analytic, threshold)| {
            let rank = calibration.rank_at(threshold.surprise);
            let incidents = seen.incident_days(analytic.map(|id| &**id), *first_day)?;
            let now = incidents.ranks().alerts_per_day(rank)?;
            (now > threshold.incidents_per_day.1).then(|| OutgrownThreshold {
                analytic: analytic.cloned(),
                threshold: threshold.clone(),
                incidents_per_day: now,
            })
        })
        .collect()
}

/// Puts a threshold in force, unless the earlier one is as good. So thresholds do not wander.
pub(super) fn put(
    tuning: &mut Tuning,
    scope: Option<&Str>,
    new: Option<TunedThreshold>,
    is_forced: bool,
) -> Outcome {
    let Some(new) = new else {
        return Outcome::TooEarly;
    };
    let old = tuning.of(scope.map(|id| &**id));
    if let Some(old) = old
        && !is_forced
        && old.budget_per_day == new.budget_per_day
        && (old.scores.0..=old.scores.1).contains(&new.score)
    {
        return Outcome::Kept {
            score: old.score,
            new: new.score,
            interval: old.scores,
        };
    }
    let outcome = Outcome::Set {
        before: old.map(|old| old.score),
        after: new.score,
    };
    tuning.set(scope, new);
    outcome
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::baseline::Extreme;
    use crate::stats::rank::score;
    use crate::time::Day;

    fn tuned(budget_per_day: f64, surprise: f64) -> TunedThreshold {
        TunedThreshold {
            budget_per_day,
            surprise,
            score: score(surprise),
            incidents_per_day: (budget_per_day / 1.5, budget_per_day * 1.5),
            scores: (score(surprise - 0.2), score(surprise + 0.2)),
            generation: 7,
            tuned: String::new(),
        }
    }

    #[test]
    fn a_threshold_moves_only_out_of_its_interval_or_on_purpose() {
        let mut tuning = Tuning::default();
        let mut state = |new: Option<TunedThreshold>, is_forced| {
            let outcome = put(&mut tuning, None, new, is_forced);
            (outcome, tuning.of(None).map(|t| t.surprise))
        };
        assert!(matches!(state(None, true), (Outcome::TooEarly, None)));
        let set = state(Some(tuned(5.0, 3.0)), false);
        assert!(matches!(
            set,
            (Outcome::Set { before: None, .. }, Some(3.0))
        ));
        let near = state(Some(tuned(5.0, 3.1)), false);
        assert!(matches!(near, (Outcome::Kept { .. }, Some(3.0))));
        let forced = state(Some(tuned(5.0, 3.1)), true);
        assert!(matches!(forced, (Outcome::Set { .. }, Some(3.1))));
        let other = state(Some(tuned(4.0, 3.15)), false);
        assert!(matches!(other, (Outcome::Set { .. }, Some(3.15))));
        let far = state(Some(tuned(4.0, 3.5)), false);
        assert!(matches!(far, (Outcome::Set { .. }, Some(3.5))));
    }

    #[test]
    fn an_estate_outgrows_its_threshold() {
        let of_estate = |n_entities: u64| {
            let mut log = CalibrationLog::default();
            for day in 0..14 {
                let values: Vec<f64> = (1..n_entities)
                    .map(|n| -(n as f64 / n_entities as f64).ln())
                    .collect();
                log.pooled.record_day(day, &values, n_entities);
                let extreme =
                    |(n, &rank): (usize, &f64)| Extreme::of_rank(&format!("{day} {n}"), rank);
                let extremes = values.iter().enumerate().map(extreme);
                log.keep_extremes(Day(day), extremes.collect());
            }
            log
        };
        let mut tuning = Tuning::default();
        // Two decades let through one in a hundred: five of five hundred.
        tuning.set(None, tuned(5.0, 2.0));
        let outgrown = |log: &CalibrationLog| {
            let mut generation = Generation::empty(Day(14));
            generation.calibration = log.freeze();
            generation.tuning = tuning.clone();
            super::outgrown(&generation, log)
        };
        assert!(outgrown(&of_estate(500)).is_empty());
        let found = outgrown(&of_estate(1_000));
        assert_eq!(found.len(), 1);
        assert!((found[0].incidents_per_day - 10.0).abs() < 1.5, "{found:?}");
        assert!(outgrown(&CalibrationLog::default()).is_empty());
    }
}
