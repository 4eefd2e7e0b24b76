//! A day's statistics into the stored distributions, before the day is learnt.

use std::collections::BTreeMap;

use crate::baseline::CalibrationLog;
use crate::learn::PeerGroupOf;
use crate::measure::DayFacts;
use crate::score::judge::Judge;
use crate::score::subject::Subject;
use crate::sketch::distribution::{TAIL_RULE_DAYS, limit_repeats};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// The name under which the rank over all arms has its tail rule.
const POOLED: &str = "pooled";

/// Records what every identity's arms said of a day.
///
/// Identities that the generation knows and that were not active count as zero.
pub fn calibrate_day(
    log: &mut CalibrationLog,
    judge: &Judge,
    day: Day,
    facts: &BTreeMap<Entity, DayFacts>,
    peer_group_of: &PeerGroupOf,
) {
    let generation = judge.generation();
    let known = generation
        .baselines
        .keys()
        .filter(|e| e.kind == EntityKind::Identity)
        .count();
    let mut n_entities = known as u64;
    let mut by_arm: BTreeMap<Str, Vec<f64>> = BTreeMap::new();
    let mut pooled = Vec::new();
    for analytic in judge.analytics().iter().filter(|a| a.enabled) {
        for arm in &analytic.arms {
            by_arm
                .entry(crate::baseline::arm_key(&analytic.id, &arm.id))
                .or_default();
        }
    }
    for (entity, facts) in facts.iter().filter(|(e, _)| e.kind == EntityKind::Identity) {
        n_entities += u64::from(!generation.baselines.contains_key(entity));
        let subject = Subject::of(entity, facts, day, generation, None, peer_group_of);
        let mut largest: f64 = 0.0;
        for (arm, statistic, rank) in judge.readings(&subject) {
            largest = largest.max(rank);
            let bounded = tail_rule(log, entity, &arm, day, statistic);
            by_arm.entry(arm).or_default().push(bounded);
        }
        if largest > 0.0 {
            pooled.push(tail_rule(log, entity, &POOLED.into(), day, largest));
        }
    }
    for (arm, values) in by_arm {
        log.arms
            .entry(arm)
            .or_default()
            .record_day(day.0, &values, n_entities);
    }
    log.pooled.record_day(day.0, &pooled, n_entities);
    log.through = Some(day);
    log.tail_days
        .retain(|_, last| day.since(*last) <= TAIL_RULE_DAYS);
}

/// Returns the value to record, bounded if the same entity went as far within the last days.
fn tail_rule(log: &mut CalibrationLog, entity: &Entity, arm: &Str, day: Day, value: f64) -> f64 {
    let distribution = if &**arm == POOLED {
        Some(&log.pooled)
    } else {
        log.arms.get(arm)
    };
    let far = distribution.and_then(|d| d.quantile98());
    let key = (entity.clone(), arm.clone());
    let before = log.tail_days.get(&key).map(|day| day.0);
    let (recorded, last) = limit_repeats(value, far, day.0, before);
    if let Some(last) = last {
        log.tail_days.insert(key, Day(last));
    }
    recorded
}
