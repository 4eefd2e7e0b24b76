//! What an analytic does not tell of a day, whatever its threshold.

use crate::engine::Setup;
use crate::engine::scorer::Scorer;
use crate::measure::DayFacts;
use crate::score::{ArmExplanation, Judge, Subject};
use crate::time::Day;
use crate::vocab::Entity;

/// What the floor of every alert kept an analytic from telling of an entity's day.
#[derive(Debug, Clone, PartialEq)]
pub struct BelowFloor {
    /// The entity.
    pub entity: Entity,
    /// The arm with the largest statistic.
    pub arm: ArmExplanation,
}

/// Returns what the floor kept an analytic from telling of the entities of a day.
pub(super) fn below_floor(
    setup: &Setup,
    scorer: &Scorer,
    day: Day,
    analytic: &str,
) -> Vec<BelowFloor> {
    let Some(analytic) = setup.analytics.iter().find(|a| *a.id == *analytic) else {
        return Vec::new();
    };
    let view = scorer.view(day);
    let judge = Judge::new(&setup.analytics, view);
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let of_entity = |(entity, facts): (&Entity, &DayFacts)| {
        let subject = Subject::of(
            entity,
            facts,
            day,
            view,
            scorer.met(entity, day),
            &peer_group_of,
        );
        if !judge.applies(analytic, &subject) || judge.detection_of(&subject, analytic).is_some() {
            return None;
        }
        let arms = judge.explain(&subject, analytic, 0.0);
        let floored = arms.into_iter().filter(|arm| arm.is_below_floor);
        let arm = floored.max_by(|a, b| a.statistic.total_cmp(&b.statistic))?;
        Some(BelowFloor {
            entity: entity.clone(),
            arm,
        })
    };
    scorer.facts(day).iter().filter_map(of_entity).collect()
}
