//! A day's statistics into the stored distributions, before the day is learnt.

use std::collections::BTreeMap;

use crate::analytic::Analytic;
use crate::baseline::{CalibrationLog, Extreme, Novelty, Said, arm_key};
use crate::learn::PeerGroupOf;
use crate::measure::DayFacts;
use crate::score::judge::{ArmReading, Judge};
use crate::score::subject::Subject;
use crate::sketch::Distribution;
use crate::sketch::distribution::{TAIL_RULE_DAYS, limit_repeats};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// The name under which the rank over all arms has its tail rule.
const POOLED: &str = "pooled";

/// Records the statistics of every identity's arms on a day.
///
/// What rests on the first days of a log is left out, as the first days of a store are: on them, everything is new. Identities that were known and
/// not active count as zero: `n_known` is how many were known that morning. The generation need
/// have no baselines but those of the day's entities.
pub fn calibrate_day(
    log: &mut CalibrationLog,
    judge: &Judge,
    n_known: u64,
    (day, facts): (Day, &BTreeMap<Entity, DayFacts>),
    peer_group_of: &PeerGroupOf,
) {
    let generation = judge.view();
    let mut n_entities = n_known;
    let mut readings = Vec::new();
    for (entity, facts) in identities(facts) {
        let subject = Subject::of(entity, facts, day, generation, None, peer_group_of);
        if subject.is_unscored(subject.late.account()) {
            continue;
        }
        n_entities += u64::from(!generation.baselines.contains_key(entity));
        let (of_arms, novelties) = judge.readings(&subject);
        readings.push((entity, of_arms, novelties));
    }
    record_day(log, judge.analytics(), day, n_entities, readings);
}

/// Keeps the largest statistic of every identity on a day on which nearly everything is new, so that it is not stored.
pub fn burn_in_day(
    log: &mut CalibrationLog,
    judge: &Judge,
    (day, facts): (Day, &BTreeMap<Entity, DayFacts>),
    peer_group_of: &PeerGroupOf,
) {
    let found = identities(facts).filter_map(|(entity, facts)| {
        let subject = Subject::of(entity, facts, day, judge.view(), None, peer_group_of);
        let (readings, _) = judge.readings(&subject);
        let news = readings.into_iter().filter(|reading| reading.is_told);
        let largest = news.max_by(|a, b| a.statistic.total_cmp(&b.statistic))?;
        Some((entity.clone(), largest.analytic, largest.statistic))
    });
    log.keep_burnt_in(day, found.collect());
}

fn identities(facts: &BTreeMap<Entity, DayFacts>) -> impl Iterator<Item = (&Entity, &DayFacts)> {
    facts.iter().filter(|(e, _)| e.kind == EntityKind::Identity)
}

/// Records what the arms of analytics said of a day: of each of `n_entities` entities that has any, the
/// readings and what was new.
///
/// The pool of ranks gets the largest of all, by which scores are read. An analytic gets only what it would tell: what passes
/// the floor beneath every alert, and no narrower analytic tells as loud, since budgets count alerts.
pub fn record_day<'e>(
    log: &mut CalibrationLog,
    analytics: &[Analytic],
    day: Day,
    n_entities: u64,
    readings: impl IntoIterator<Item = (&'e Entity, Vec<ArmReading>, Vec<Novelty>)>,
) {
    let mut values = Values::of(analytics);
    let far = TailBounds::of(log);
    let mut extremes = Vec::new();
    for (entity, readings, novelties) in readings {
        if readings.is_empty() {
            continue;
        }
        let mut bounded = |which: Which, name: &Str, value: f64| {
            let u = far.of_which(which, name);
            let key = (entity.clone(), name.clone());
            let before = log.tail_days.get(&key).map(|day| day.0);
            let (recorded, last) = limit_repeats(value, u, day.0, before);
            if let Some(last) = last {
                log.tail_days.insert(key, Day(last));
            }
            Said {
                by: name.clone(),
                value,
                recorded,
            }
        };
        let mut of_analytics: BTreeMap<&Str, f64> = BTreeMap::new();
        let mut of_all = 0.0_f64;
        let mut arms = Vec::with_capacity(readings.len());
        for reading in &readings {
            arms.push(bounded(Which::Arm, &reading.arm, reading.statistic));
            of_all = of_all.max(reading.rank);
            if reading.is_told {
                let largest = of_analytics.entry(&reading.analytic).or_default();
                *largest = largest.max(reading.rank);
            }
        }
        let analytics: Vec<Said> = of_analytics
            .into_iter()
            .map(|(id, rank)| bounded(Which::Analytic, id, rank))
            .collect();
        let extreme = Extreme {
            entity: entity.clone(),
            recorded: bounded(Which::Pooled, &POOLED.into(), of_all).recorded,
            arms,
            analytics,
            novelties,
        };
        values.add(&extreme);
        extremes.push(extreme);
    }
    values.record(log, day, n_entities);
    log.keep_extremes(day, extremes);
    log.burnt_in.clear();
    log.through = Some(day);
    log.tail_days
        .retain(|_, last| day.since(*last) <= TAIL_RULE_DAYS);
}

/// Which of the stored distributions.
#[derive(Clone, Copy)]
enum Which {
    Arm,
    Analytic,
    Pooled,
}

/// The value of each distribution above which the tail rule looks at repetitions, as of before the day.
struct TailBounds {
    arms: BTreeMap<Str, f64>,
    analytics: BTreeMap<Str, f64>,
    pooled: Option<f64>,
}

impl TailBounds {
    fn of(log: &CalibrationLog) -> Self {
        let all = |of: &BTreeMap<Str, Distribution>| {
            of.iter()
                .filter_map(|(name, d)| Some((name.clone(), d.quantile98()?)))
                .collect()
        };
        Self {
            arms: all(&log.arms),
            analytics: all(&log.analytics),
            pooled: log.pooled.quantile98(),
        }
    }

    fn of_which(&self, which: Which, name: &Str) -> Option<f64> {
        match which {
            Which::Arm => self.arms.get(name).copied(),
            Which::Analytic => self.analytics.get(name).copied(),
            Which::Pooled => self.pooled,
        }
    }
}

/// The values of a day, by distribution. A distribution without any is recorded, too: all are zeros.
struct Values {
    arms: BTreeMap<Str, Vec<f64>>,
    analytics: BTreeMap<Str, Vec<f64>>,
    pooled: Vec<f64>,
}

impl Values {
    fn of(analytics: &[Analytic]) -> Self {
        let mut values = Self {
            arms: BTreeMap::new(),
            analytics: BTreeMap::new(),
            pooled: Vec::new(),
        };
        for analytic in analytics.iter().filter(|a| a.enabled) {
            values.analytics.insert(analytic.id.clone(), Vec::new());
            for arm in &analytic.arms {
                values
                    .arms
                    .insert(arm_key(&analytic.id, &arm.id), Vec::new());
            }
        }
        values
    }

    fn add(&mut self, extreme: &Extreme) {
        for (all, said) in [
            (&mut self.arms, &extreme.arms),
            (&mut self.analytics, &extreme.analytics),
        ] {
            for said in said {
                all.entry(said.by.clone()).or_default().push(said.recorded);
            }
        }
        self.pooled.push(extreme.recorded);
    }

    fn record(self, log: &mut CalibrationLog, day: Day, n_entities: u64) {
        for (of, all) in [
            (&mut log.arms, self.arms),
            (&mut log.analytics, self.analytics),
        ] {
            for (name, values) in all {
                of.entry(name)
                    .or_default()
                    .record_day(day.0, &values, n_entities);
            }
        }
        log.pooled.record_day(day.0, &self.pooled, n_entities);
    }
}
