//! The reference methods of the field, each as its users write it, with the same facts and every night to learn from.
//!
//! None of them is in the product. Where a method needs a threshold, the comparison gives it the best one in hindsight.

use std::collections::{BTreeMap, BTreeSet};

use crate::measure::{DayFacts, KnownThings, TraitValues};
use crate::simulate::AttackSet;
use crate::time::Window;
use crate::vocab::{Entity, Metric, Str, Trait};

/// What is watched: everything that the analytics look at, storage first.
const METRICS: [Metric; 23] = [
    Metric::ListCalls,
    Metric::ListBytes,
    Metric::DeniedCalls,
    Metric::BucketsListed,
    Metric::PostureBuckets,
    Metric::ReadCalls,
    Metric::ObjectsRead,
    Metric::BytesRead,
    Metric::EgressBytes,
    Metric::CopyCalls,
    Metric::SensitiveReadCalls,
    Metric::SensitiveBuckets,
    Metric::SensitiveExternalCalls,
    Metric::DirectoryCalls,
    Metric::DirectoryFamilies,
    Metric::BucketsRead,
    Metric::DeleteCalls,
    Metric::ObjectsDeleted,
    Metric::BucketsDeleted,
    Metric::ExpiryRules,
    Metric::BlindingCalls,
    Metric::ScopeGrants,
    Metric::RegionsUsed,
];
/// How many of them the analytics of the core attack set look at.
const STORAGE: usize = 13;
/// What is watched for values never seen before.
const TRAITS: [Trait; 6] = [
    Trait::Region,
    Trait::Network,
    Trait::UserAgent,
    Trait::Bucket,
    Trait::Destination,
    Trait::Blinding,
];
/// Active hours from which an identity is measured by its own history, and not by that of all identities.
const HOURS_MIN: usize = 5;
/// Standard deviations of a normal distribution in one median absolute deviation.
const SD_PER_MAD: f64 = 1.482_6;
/// The score of a grant to a foreign account: above any amount.
const GRANT_SCORE: f64 = 100.0;
/// Amounts in an hour at which public rules for S3 alert, or would if they had to choose a round number.
const STATIC_LIMITS: [(Metric, f64); 20] = [
    (Metric::ListCalls, 100.0),
    (Metric::DeniedCalls, 10.0),
    (Metric::BucketsListed, 15.0),
    (Metric::PostureBuckets, 15.0),
    (Metric::ReadCalls, 500.0),
    (Metric::BytesRead, 1e9),
    (Metric::EgressBytes, 1e8),
    (Metric::CopyCalls, 50.0),
    (Metric::SensitiveReadCalls, 50.0),
    (Metric::SensitiveExternalCalls, 10.0),
    (Metric::DirectoryCalls, 50.0),
    (Metric::DirectoryFamilies, 5.0),
    (Metric::BucketsRead, 20.0),
    (Metric::DeleteCalls, 500.0),
    (Metric::ObjectsDeleted, 500.0),
    (Metric::BucketsDeleted, 3.0),
    // Any of these is a rule of its own.
    (Metric::ExpiryRules, 1.0),
    (Metric::BlindingCalls, 1.0),
    (Metric::ScopeGrants, 1.0),
    (Metric::RegionsUsed, 4.0),
];

/// One method, from its history so far.
pub(super) trait ReferenceMethod {
    /// Returns how far a day of an entity stands out; 0 if it does not.
    fn score(&self, entity: &Entity, facts: &DayFacts) -> f64;
    /// Learns a day.
    fn learn(&mut self, entity: &Entity, facts: &DayFacts);
}

/// Returns every reference method by name, with the metrics of the analytics of an attack set. `ours` are the accounts of
/// the estate, which rules leave out as destinations.
pub(super) fn all(
    ours: BTreeSet<Str>,
    attack_set: AttackSet,
) -> Vec<(&'static str, Box<dyn ReferenceMethod>)> {
    let metrics = match attack_set {
        AttackSet::Core => &METRICS[..STORAGE],
        AttackSet::All => &METRICS,
    };
    let history = || History {
        metrics,
        own: BTreeMap::new(),
        all: BTreeMap::new(),
    };
    let own = BTreeMap::new();
    let rules = StaticThresholds {
        ours,
        metrics,
        is_any_grant: attack_set == AttackSet::All,
    };
    vec![
        ("mean + 3 sigma per hour", Box::new(MeanSigma(history()))),
        ("MAD per hour", Box::new(Mad(history()))),
        ("daily maximum", Box::new(DailyMaximum { metrics, own })),
        ("first-seen rules", Box::new(FirstSeen::default())),
        ("static thresholds", Box::new(rules)),
    ]
}

/// Returns the hourly amounts of a metric.
fn hours(facts: &DayFacts, metric: Metric) -> impl Iterator<Item = f64> {
    facts
        .readings(metric, Window::HOUR, &KnownThings::NOTHING)
        .into_iter()
        .map(|(_, x)| x as f64)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

/// Active hours of each entity and metric, and of all entities.
struct History {
    metrics: &'static [Metric],
    own: BTreeMap<(Entity, Metric), Vec<f64>>,
    all: BTreeMap<Metric, Vec<f64>>,
}

impl History {
    fn learn(&mut self, entity: &Entity, facts: &DayFacts) {
        for &metric in self.metrics {
            for x in hours(facts, metric) {
                self.own
                    .entry((entity.clone(), metric))
                    .or_default()
                    .push(x);
                self.all.entry(metric).or_default().push(x);
            }
        }
    }

    fn of(&self, entity: &Entity, metric: Metric) -> &[f64] {
        self.own
            .get(&(entity.clone(), metric))
            .filter(|own| own.len() >= HOURS_MIN)
            .or_else(|| self.all.get(&metric))
            .map_or(&[], Vec::as_slice)
    }
}

struct MeanSigma(History);

impl ReferenceMethod for MeanSigma {
    fn score(&self, entity: &Entity, facts: &DayFacts) -> f64 {
        largest(self.0.metrics.iter().map(|&metric| {
            let x = largest(hours(facts, metric));
            if x == 0.0 {
                return 0.0;
            }
            let history = self.0.of(entity, metric);
            let n = history.len().max(1) as f64;
            let mean = history.iter().sum::<f64>() / n;
            let variance = history.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
            (x - mean) / variance.sqrt().max(1.0)
        }))
    }

    fn learn(&mut self, entity: &Entity, facts: &DayFacts) {
        self.0.learn(entity, facts);
    }
}

struct Mad(History);

impl ReferenceMethod for Mad {
    fn score(&self, entity: &Entity, facts: &DayFacts) -> f64 {
        largest(self.0.metrics.iter().map(|&metric| {
            let x = largest(hours(facts, metric));
            if x == 0.0 {
                return 0.0;
            }
            let history = self.0.of(entity, metric);
            let middle = median(history.to_vec());
            let mad = median(history.iter().map(|y| (y - middle).abs()).collect());
            (x - middle) / (SD_PER_MAD * mad).max(1.0)
        }))
    }

    fn learn(&mut self, entity: &Entity, facts: &DayFacts) {
        self.0.learn(entity, facts);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The day's sum against the largest day so far, on a logarithmic scale. What was never done before stands out as if its
/// largest day had been 0: with a fallback on the large days of all entities it finds half as much.
struct DailyMaximum {
    metrics: &'static [Metric],
    own: BTreeMap<(Entity, Metric), f64>,
}

impl ReferenceMethod for DailyMaximum {
    fn score(&self, entity: &Entity, facts: &DayFacts) -> f64 {
        largest(self.metrics.iter().map(|&metric| {
            let x = of_day(facts, metric);
            let most = self.own.get(&(entity.clone(), metric)).copied();
            ((x + 1.0) / (most.unwrap_or(0.0) + 1.0)).ln()
        }))
    }

    fn learn(&mut self, entity: &Entity, facts: &DayFacts) {
        for &metric in self.metrics {
            let most = self.own.entry((entity.clone(), metric)).or_default();
            *most = most.max(of_day(facts, metric));
        }
    }
}

fn of_day(facts: &DayFacts, metric: Metric) -> f64 {
    let readings = facts.readings(metric, Window::DAY, &KnownThings::NOTHING);
    readings.first().map_or(0.0, |&(_, x)| x as f64)
}

/// A rule a trait, and one for identities: something that this identity was never seen to do.
#[derive(Default)]
struct FirstSeen {
    known: BTreeMap<Entity, BTreeSet<(Trait, u64)>>,
}

impl ReferenceMethod for FirstSeen {
    fn score(&self, entity: &Entity, facts: &DayFacts) -> f64 {
        let known = self.known.get(entity);
        let (mut rules, mut values) = (u32::from(known.is_none()), 0u32);
        for which in TRAITS {
            let new = facts.trait_values(which).map_or(0, |seen| {
                seen.hashed()
                    .filter(|&(hash, _)| known.is_none_or(|k| !k.contains(&(which, hash))))
                    .count() as u32
            });
            rules += u32::from(new > 0);
            values += new;
        }
        // More rules first; among as many, more values.
        f64::from(rules) + f64::from(values) / (1.0 + f64::from(values))
    }

    fn learn(&mut self, entity: &Entity, facts: &DayFacts) {
        let known = self.known.entry(entity.clone()).or_default();
        for which in TRAITS {
            let seen = facts.trait_values(which).into_iter();
            known.extend(
                seen.flat_map(TraitValues::hashed)
                    .map(|(hash, _)| (which, hash)),
            );
        }
    }
}

/// Fixed limits, the same for all entities; and any grant of a sensitive bucket, or of any bucket, to a foreign account.
struct StaticThresholds {
    ours: BTreeSet<Str>,
    metrics: &'static [Metric],
    is_any_grant: bool,
}

impl ReferenceMethod for StaticThresholds {
    fn score(&self, _: &Entity, facts: &DayFacts) -> f64 {
        let amounts = STATIC_LIMITS
            .into_iter()
            .filter(|(metric, _)| self.metrics.contains(metric))
            .map(|(metric, limit)| largest(hours(facts, metric)) / limit);
        let is_shared = facts.grants.iter().any(|(share, _)| {
            (share.sensitive || self.is_any_grant) && !self.ours.contains(&share.account)
        });
        largest(amounts) + if is_shared { GRANT_SCORE } else { 0.0 }
    }

    fn learn(&mut self, _: &Entity, _: &DayFacts) {}
}
