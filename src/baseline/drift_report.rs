//! Baselines that drifted: levels that slowly moved away from their earlier value.

use serde::{Deserialize, Serialize};

use crate::time::Day;
use crate::vocab::{Entity, Metric};

/// A level below this is shown as zero, so no ratio to it is given.
const LEVEL_MIN: f64 = 0.05;

/// How far the daily amounts of one metric of one entity have drifted above their slow level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drifted {
    /// The entity.
    pub entity: Entity,
    /// The metric.
    pub metric: Metric,
    /// The first day of the rise: the cumulative sum has been above 0 since.
    pub since: Day,
    /// The usual amount of an active day before the rise.
    pub before: f64,
    /// The usual amount of the last active days.
    pub now: f64,
    /// The cumulative sum, in standard deviations of a day.
    pub sum: f64,
    /// The day on which the sum first reached the threshold in this rise, if it did.
    pub crossed: Option<Day>,
}

impl Drifted {
    /// Returns the ratio of the daily amount now to the earlier one; `None` if there was next to nothing before.
    pub fn factor(&self) -> Option<f64> {
        (self.before >= LEVEL_MIN).then(|| self.now / self.before)
    }
}

/// What is rising in the estate, and the threshold from which it counts as drifted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// The last day judged; `None` if no day has closed yet.
    pub through: Option<Day>,
    /// The cumulative sum that counts as drifted. It is set so that as many entities a day reach it as can be reviewed.
    pub threshold: f64,
    /// Everything that rises at all, sorted by entity and metric.
    pub rising: Vec<Drifted>,
}

impl DriftReport {
    /// Returns the rising metrics of one entity.
    pub fn of(&self, entity: &Entity) -> &[Drifted] {
        let low = self.rising.partition_point(|rise| rise.entity < *entity);
        let high = self.rising.partition_point(|rise| rise.entity <= *entity);
        &self.rising[low..high]
    }

    /// Returns the baselines that drifted: of each entity the metric that drifted most, the latest crossing first.
    pub fn drifted(&self) -> Vec<&Drifted> {
        let mut drifted: Vec<&Drifted> = self
            .rising
            .chunk_by(|a, b| a.entity == b.entity)
            .filter_map(|of_entity| {
                of_entity
                    .iter()
                    .filter(|rise| rise.crossed.is_some())
                    .reduce(|most, next| if next.sum > most.sum { next } else { most })
            })
            .collect();
        drifted.sort_by(|a, b| b.crossed.cmp(&a.crossed).then(b.sum.total_cmp(&a.sum)));
        drifted
    }

    /// Returns the baselines that drifted since an earlier generation, or, without one, on the last day judged.
    pub fn newly_drifted(&self, before: Option<&Self>) -> Vec<&Drifted> {
        let mut drifted = self.drifted();
        drifted.retain(|rise| match before {
            Some(before) => before
                .of(&rise.entity)
                .iter()
                .all(|rise| rise.crossed.is_none()),
            None => rise.crossed == self.through,
        });
        drifted
    }
}
