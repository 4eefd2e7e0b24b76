//! What the first days showed, by which thresholds are set until scores are calibrated.
//!
//! How often a statistic is reached follows from a model until then, and people and jobs whose habits nobody knows yet exceed it many times
//! over. So as soon as there are days that were judged by those before them, a budget is no lower than what these would have spent.

use serde::{Deserialize, Serialize};

use crate::stats::constants::EARLY_SURPRISE_MAX;
use crate::stats::rank::provisional_surprise;
use crate::vocab::{Entity, Str};

/// Identities that are kept of the first days: more than any budget spends in them.
pub(super) const KEPT: usize = 200;

/// The largest statistic of the first days for each of the identities that showed most.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Early {
    /// Days that were judged by those before them.
    pub days: u32,
    /// One for each identity, the largest first, in natural logarithms.
    pub statistics: Vec<f64>,
}

impl Early {
    /// Returns the surprise above which a budget, in incidents a day, was kept on these days. One identity may always be louder, so that a
    /// single attack among the first days hides no second one, and no more is asked than [`EARLY_SURPRISE_MAX`].
    pub fn surprise_for_budget(&self, incidents_per_day: f64) -> f64 {
        let spent = (incidents_per_day * f64::from(self.days)).floor().max(1.0) as usize;
        let beyond = self.statistics.get(spent).copied().unwrap_or(0.0);
        // More than it, and not as much.
        (provisional_surprise(beyond) * (1.0 + f64::EPSILON.sqrt())).min(EARLY_SURPRISE_MAX)
    }

    /// Makes it of the largest statistic of each identity on so many days.
    pub(super) fn of(days: usize, statistics: impl IntoIterator<Item = f64>) -> Self {
        let mut statistics: Vec<f64> = statistics.into_iter().collect();
        statistics.sort_by(|a, b| b.total_cmp(a));
        statistics.truncate(KEPT);
        Self {
            days: days as u32,
            statistics,
        }
    }
}

/// What was found of an entity on a day before any is stored: its largest statistic, and the analytic that it is of.
pub type BurntIn = (Entity, Str, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_on_the_first_days_and_one_loud_identity_hides_nothing() {
        let early = Early {
            days: 2,
            statistics: vec![50.0, 9.0, 8.0, 7.0, 6.0],
        };
        let at = |budget| early.surprise_for_budget(budget);
        assert!(
            at(1.0 / 7.0) > provisional_surprise(9.0) && at(1.0 / 7.0) < provisional_surprise(9.1)
        );
        assert!(at(1.5) > provisional_surprise(7.0) && at(1.5) < provisional_surprise(7.1));
        assert_eq!(at(10.0), 0.0);
        let loud = Early {
            days: 1,
            statistics: vec![90.0; 9],
        };
        assert_eq!(loud.surprise_for_budget(1.0), EARLY_SURPRISE_MAX);
    }
}
