//! Baselines that moved: levels that have crept away from where they were.

use serde::{Deserialize, Serialize};

use crate::time::Day;
use crate::vocab::{Entity, Metric};

/// A level below this is shown as nothing, of which nothing is a multiple.
const LEVEL_MIN: f64 = 0.05;

/// How far the daily amounts of one metric of one entity have moved above their slow level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rise {
    /// Whose.
    pub entity: Entity,
    /// Of what.
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

impl Rise {
    /// Returns how many times as large the amount of a day has become; `None` if there was next to nothing before.
    pub fn factor(&self) -> Option<f64> {
        (self.before >= LEVEL_MIN).then(|| self.now / self.before)
    }
}

/// What is rising in the estate, and from where on it counts as moved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// The last day judged; `None` if no day has closed yet.
    pub through: Option<Day>,
    /// The cumulative sum that counts as moved: as many entities a day as can be looked at get this far.
    pub threshold: f64,
    /// Everything that rises at all, by entity and metric.
    pub rising: Vec<Rise>,
}

impl Movement {
    /// Returns what rises of one entity.
    pub fn of(&self, entity: &Entity) -> &[Rise] {
        let low = self.rising.partition_point(|rise| rise.entity < *entity);
        let high = self.rising.partition_point(|rise| rise.entity <= *entity);
        &self.rising[low..high]
    }

    /// Returns the baselines that moved: of each entity the metric that went farthest, the latest crossing first.
    pub fn moved(&self) -> Vec<&Rise> {
        let mut moved: Vec<&Rise> = self
            .rising
            .chunk_by(|a, b| a.entity == b.entity)
            .filter_map(|of_entity| {
                of_entity
                    .iter()
                    .filter(|rise| rise.crossed.is_some())
                    .reduce(|most, next| if next.sum > most.sum { next } else { most })
            })
            .collect();
        moved.sort_by(|a, b| b.crossed.cmp(&a.crossed).then(b.sum.total_cmp(&a.sum)));
        moved
    }

    /// Returns the baselines that moved since an earlier edition, or, without one, on the last day judged.
    pub fn newly_moved(&self, before: Option<&Self>) -> Vec<&Rise> {
        let mut moved = self.moved();
        moved.retain(|rise| match before {
            Some(before) => before
                .of(&rise.entity)
                .iter()
                .all(|rise| rise.crossed.is_none()),
            None => rise.crossed == self.through,
        });
        moved
    }
}
