//! What is excluded when days are learnt, because an analyst confirmed that it was not normal.
//!
//! The unit is an entity's day, like an episode: an alert is raised when its threshold is crossed, and how long its
//! activity continues is not known then. From that day, the metrics that the analytic uses are excluded completely, with
//! their families, and so is every value that was new to the entity. That the entity was active, and its known values, are
//! learnt as always. Facts of roles and regions are sums over many identities, from which one identity cannot be removed;
//! but the effect of one day on them is bounded in any case.

use std::collections::{BTreeMap, BTreeSet};

use crate::measure::DayFacts;
use crate::time::Day;
use crate::vocab::{Entity, Metric, Str, Trait};

/// Metrics that the same calls add to: if one is excluded, so are the others.
const FAMILIES: [&[Metric]; 5] = [
    &[
        Metric::ListCalls,
        Metric::ListBytes,
        Metric::BucketsListed,
        Metric::PrefixesListed,
        Metric::BucketsNew,
    ],
    &[
        Metric::ReadCalls,
        Metric::ObjectsRead,
        Metric::BytesRead,
        Metric::SensitiveReadCalls,
        Metric::SensitiveBuckets,
        Metric::SensitiveExternalCalls,
        Metric::BucketsRead,
        Metric::BucketsReadNew,
        Metric::PrefixesRead,
        Metric::PrefixesReadNew,
    ],
    &[
        Metric::DeleteCalls,
        Metric::ObjectsDeleted,
        Metric::BucketsDeletedFrom,
        Metric::BucketsDeleted,
    ],
    &[Metric::DirectoryCalls, Metric::DirectoryFamilies],
    &[Metric::EgressBytes, Metric::EgressDestinations],
];

/// The exclusion of one entity's day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusion {
    /// The analytics with a confirmed alert.
    pub analytics: BTreeSet<Str>,
    /// The metrics that they use, and those of the same families.
    pub metrics: BTreeSet<Metric>,
}

/// All exclusions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    days: BTreeMap<Day, BTreeMap<Entity, Exclusion>>,
}

impl Exclusions {
    /// Excludes what an analytic uses on an entity's day.
    pub fn add(
        &mut self,
        entity: &Entity,
        day: Day,
        analytic: &Str,
        metrics: impl IntoIterator<Item = Metric>,
    ) {
        let of_day = self.days.entry(day).or_default();
        let exclusion = of_day.entry(entity.clone()).or_default();
        exclusion.analytics.insert(analytic.clone());
        for metric in metrics {
            exclusion.metrics.insert(metric);
            let family = FAMILIES.iter().find(|family| family.contains(&metric));
            exclusion
                .metrics
                .extend(family.copied().unwrap_or_default());
        }
    }

    /// Returns the exclusions of a day, by entity.
    pub fn on(&self, day: Day) -> impl Iterator<Item = (&Entity, &Exclusion)> {
        self.days.get(&day).into_iter().flatten()
    }

    /// Removes the exclusions from a day's facts. `knows` returns whether a value of an entity was known that morning.
    /// Returns the unchanged facts of those entities, so that they can be restored.
    pub fn leave_out(
        &self,
        day: Day,
        facts: &mut BTreeMap<Entity, DayFacts>,
        knows: impl Fn(&Entity, Trait, u64) -> bool,
    ) -> Vec<(Entity, DayFacts)> {
        let mut whole = Vec::new();
        for (entity, exclusion) in self.on(day) {
            let Some(of_entity) = facts.get_mut(entity) else {
                continue;
            };
            let rest =
                of_entity.without(&exclusion.metrics, |which, hash| knows(entity, which, hash));
            whole.push((entity.clone(), std::mem::replace(of_entity, rest)));
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::value_hash;
    use crate::time::Window;
    use crate::vocab::EntityKind;

    #[test]
    fn an_excluded_attack_leaves_the_rest_as_if_it_had_not_happened() {
        let day = Day(20_000);
        let entity = |id: &str| Entity {
            kind: EntityKind::Identity,
            id: id.into(),
        };
        let at = day.start();
        let add = |facts: &mut DayFacts, region: &str, metric, n| {
            facts.add_trait(Trait::Region, value_hash(region), region, || region.into());
            facts.add_sum(metric, Window::TEN_MINUTES, at, n);
        };
        let mut quiet = DayFacts::starting(at);
        add(&mut quiet, "eu-west-1", Metric::WriteCalls, 3);
        let mut attack = quiet.clone();
        // Enough values to crowd out others: the remaining tally must not remember that either.
        for n in 0..300 {
            add(&mut attack, &format!("region-{n}"), Metric::ListCalls, 100);
            attack.add_distinct(Metric::BucketsListed, Window::TEN_MINUTES, at, n);
        }
        let mut facts = BTreeMap::from([
            (entity("eve"), attack.clone()),
            (entity("adam"), attack.clone()),
        ]);
        let mut exclusions = Exclusions::default();
        let metrics = [Metric::ListCalls, Metric::BucketsNew];
        exclusions.add(&entity("eve"), day, &"AN1594".into(), metrics);
        exclusions.add(&entity("nobody"), day, &"AN1594".into(), metrics);
        let is_known = |_: &Entity, _: Trait, hash| hash == value_hash("eu-west-1");
        assert!(
            exclusions
                .leave_out(day.plus(1), &mut facts, is_known)
                .is_empty()
        );
        let whole = exclusions.leave_out(day, &mut facts, is_known);
        assert_eq!(whole, [(entity("eve"), attack.clone())]);
        assert_eq!(facts[&entity("adam")], attack);
        let kept_by_chance = attack
            .trait_values(Trait::Region)
            .is_some_and(|values| values.get(value_hash("eu-west-1"), "eu-west-1").is_some());
        let left = &facts[&entity("eve")];
        assert_eq!(left.metrics(), quiet.metrics());
        assert_eq!(left.traits().iter().next().is_none(), !kept_by_chance);
    }
}
