//! Which threshold is in force for which analytic, and who set it.

use crate::analytic::Analytic;
use crate::baseline::{Generation, TunedThreshold};
use crate::stats::rank::{score, surprise_of_score};
use crate::vocab::Str;

/// Who set a threshold. Earlier variants win.
#[derive(Debug, Clone, PartialEq)]
pub enum SetBy {
    /// The configuration, by `[analytic.ID] threshold`.
    Configuration,
    /// The user of the command, by a budget in incidents a day.
    Asked(f64),
    /// The tuning of this analytic.
    AnalyticTuning(TunedThreshold),
    /// The tuning of the estate.
    EstateTuning(TunedThreshold),
    /// The default: a budget in incidents a day that follows from the size of the estate, as
    /// [`Generation::default_budget`] has it.
    Default(f64),
}

/// The threshold of an analytic.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The analytic.
    pub analytic: Str,
    /// The surprise that must be reached.
    pub surprise: f64,
    /// Who set it.
    pub set_by: SetBy,
}

impl InForce {
    /// Returns the score that must be reached.
    pub fn score(&self) -> f64 {
        score(self.surprise)
    }
}

/// Returns the thresholds of the analytics that are scored, in their order. `asked` is a budget in incidents a day that
/// replaces all tuning.
pub fn in_force(
    analytics: &[Analytic],
    generation: &Generation,
    asked: Option<f64>,
) -> Vec<InForce> {
    let by_default = generation.default_budget();
    analytics
        .iter()
        .filter(|analytic| analytic.enabled)
        .map(|analytic| of(analytic, generation, asked, by_default))
        .collect()
}

/// Returns the threshold, in surprise, of each analytic, by its index.
pub fn thresholds(analytics: &[Analytic], generation: &Generation, asked: Option<f64>) -> Vec<f64> {
    let by_default = generation.default_budget();
    analytics
        .iter()
        .map(|analytic| of(analytic, generation, asked, by_default).surprise)
        .collect()
}

fn of(
    analytic: &Analytic,
    generation: &Generation,
    asked: Option<f64>,
    by_default: f64,
) -> InForce {
    let tuning = &generation.tuning;
    // An act that matters by itself is told, however loud the first days of an estate are.
    let budget_surprise = |budget| match analytic.tells_declared_acts() {
        true => generation.surprise_of_acts(budget),
        false => generation.budget_surprise(budget),
    };
    let (surprise, set_by) = if let Some(score) = analytic.threshold {
        (surprise_of_score(score), SetBy::Configuration)
    } else if let Some(budget) = asked {
        (budget_surprise(budget), SetBy::Asked(budget))
    } else if let Some(own) = tuning.of(Some(&analytic.id)) {
        (own.surprise, SetBy::AnalyticTuning(own.clone()))
    } else if let Some(estate) = tuning.of(None) {
        (estate.surprise, SetBy::EstateTuning(estate.clone()))
    } else {
        let surprise = budget_surprise(by_default);
        (surprise, SetBy::Default(by_default))
    };
    InForce {
        analytic: analytic.id.clone(),
        surprise,
        set_by,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::time::Day;

    #[test]
    fn the_configuration_comes_before_the_budget_before_tuning_before_the_default() {
        let mut analytics =
            crate::analytic::load(&crate::config::Config::default().analytics, &[]).unwrap();
        let mut generation = Generation::empty(Day(20_000));
        let tuned = |surprise| TunedThreshold {
            budget_per_day: 1.0,
            surprise,
            score: score(surprise),
            incidents_per_day: (0.5, 2.0),
            scores: (88.0, 93.0),
            generation: 3,
            tuned: String::new(),
        };
        let first = |analytics: &[Analytic], generation: &Generation, asked| {
            in_force(analytics, generation, asked).remove(0)
        };
        // Of nobody, nobody wants to hear more than once a week.
        let nothing = first(&analytics, &generation, None);
        assert_eq!(nothing.set_by, SetBy::Default(1.0 / 7.0));
        generation.tuning.set(None, tuned(3.0));
        let set_by = first(&analytics, &generation, None).set_by;
        assert_eq!(set_by, SetBy::EstateTuning(tuned(3.0)));
        let id = analytics[0].id.clone();
        generation.tuning.set(Some(&id), tuned(4.0));
        assert_eq!(first(&analytics, &generation, None).surprise, 4.0);
        assert_eq!(thresholds(&analytics, &generation, None)[1], 3.0);
        let asked = first(&analytics, &generation, Some(2.0));
        assert_eq!(asked.set_by, SetBy::Asked(2.0));
        analytics[0].threshold = Some(90.0);
        let configured = first(&analytics, &generation, Some(2.0));
        assert_eq!(configured.set_by, SetBy::Configuration);
        assert!((configured.surprise - 3.0).abs() < 1e-9);
    }
}
