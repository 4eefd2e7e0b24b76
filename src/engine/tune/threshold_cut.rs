//! A threshold for a budget in the units of alerts, and whether there is enough history for it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{Calibration, IncidentDays, Promise};
use crate::sketch::distribution::RESOLUTION;
use crate::sketch::interval::garwood;
use crate::sketch::{FrozenDistribution, History};
use crate::stats::constants::{DAYS_CALIBRATED_MIN, SURPRISE_MIN};
use crate::stats::rank::score;

/// The length of a forecast, in days.
pub(super) const DAYS_AHEAD: u32 = 7;

/// Whether enough days are stored for a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sufficiency {
    /// Enough: the upper end of the interval is within three budgets.
    Enough,
    /// Enough after this many whole days in all, if the tail of the distribution keeps its present shape.
    Days {
        /// The whole days that are needed.
        needed: u32,
        /// The number of them that are still to come.
        missing: u32,
    },
    /// There are too few entities for this budget, with any number of days.
    NeverEnough,
}

/// A threshold with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Cut {
    /// The rank from which there is an alert.
    pub rank: f64,
    /// Its surprise.
    pub surprise: f64,
    /// The same as a score from 0 to 100.
    pub score: f64,
    /// Incidents a day that it lets through on average, without approved ones.
    pub incidents_per_day: (f64, f64),
    /// The scores at the ends of that interval.
    pub scores: (f64, f64),
    /// Alerts of the next seven days together.
    pub next_7_days: (u64, u64),
    /// Stored entity-days that reach it, as far as they count for it: without approved ones, and at most one a week of one
    /// entity in the far tail.
    pub reached_by: u64,
    /// Whether it is extrapolated: it lies in the fitted tail, beyond frequent values.
    pub beyond_data: bool,
    /// Whether the budget asks for more than there is to report, so that this is the lowest possible threshold.
    pub is_lowest: bool,
    /// Why no lower threshold would let through more; `null` unless this is the lowest.
    pub lowest_because: Option<LowestBecause>,
}

/// Why the lowest threshold does not use its budget up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LowestBecause {
    /// Below it is what one entity-day in ten of the estate reaches.
    OneInTen,
    /// Nothing is left below it: no other stored entity-day shows what an identity shows at most once in two weeks.
    Floor,
}

impl Sufficiency {
    /// Returns whether a store has enough history for this promise.
    pub(super) fn of(calibration: &Calibration, promise: Option<&Promise>) -> Self {
        let history = promise.map(|promise| promise.threshold.history);
        let needed = match (history, calibration.is_provisional()) {
            (Some(History::Enough), false) => return Self::Enough,
            (Some(History::NeverEnough), false) => return Self::NeverEnough,
            (Some(History::Days(needed)), _) => needed.max(DAYS_CALIBRATED_MIN),
            (Some(History::Enough | History::NeverEnough) | None, _) => DAYS_CALIBRATED_MIN,
        };
        Self::Days {
            needed,
            missing: needed.saturating_sub(calibration.days),
        }
    }
}

impl Cut {
    /// Publishes a promised threshold in the units of alerts. `incidents` are the source of the promise; `calibration` is what
    /// judges.
    pub(super) fn of(
        incidents: &IncidentDays,
        calibration: &Calibration,
        promise: Promise,
    ) -> Option<Self> {
        let own = incidents.ranks();
        let surprise = calibration.pooled.surprise(promise.threshold.statistic);
        let is_lowest = promise.threshold.is_unspent || surprise < SURPRISE_MIN;
        let (rank, surprise) = match is_lowest {
            true => (calibration.rank_at(SURPRISE_MIN), SURPRISE_MIN),
            false => (promise.threshold.statistic, surprise),
        };
        let reached_by = own.count_at_least(rank);
        let days = f64::from(own.days().max(1));
        // The lowest threshold lets through less than the budget; the smaller number is then the promise.
        let (interval, ahead) = match is_lowest {
            true => {
                let let_through = (reached_by as f64).max(0.5) / days;
                let promise = incidents.promise(let_through, DAYS_AHEAD)?;
                (garwood(reached_by, days), promise.ahead)
            }
            false => (promise.threshold.interval, promise.ahead),
        };
        let lowest_because = is_lowest.then(|| match own.count_at_least(RESOLUTION) > reached_by {
            true => LowestBecause::OneInTen,
            false => LowestBecause::Floor,
        });
        let score_at = |incidents_per_day: f64| {
            let rank = rank_for(own, incidents_per_day);
            score(calibration.pooled.surprise(rank).max(SURPRISE_MIN))
        };
        let here = score(surprise);
        Some(Self {
            rank,
            surprise,
            score: here,
            incidents_per_day: interval,
            // Fewer than one in all stored days cannot be told apart from one.
            scores: (
                score_at(interval.1).min(here),
                score_at(interval.0.max(1.0 / days)).max(here),
            ),
            next_7_days: ahead,
            reached_by,
            beyond_data: promise.threshold.beyond_data && !is_lowest,
            is_lowest,
            lowest_because,
        })
    }
}

/// Returns the rank that so many entity-days a day reach.
fn rank_for(distribution: &FrozenDistribution, incidents_per_day: f64) -> f64 {
    let share = incidents_per_day * f64::from(distribution.days())
        / distribution.entity_days().max(1) as f64;
    distribution.threshold_for_rate(share)
}
