//! Terms: the contributions that an arm's statistic is the sum of.

use std::collections::BTreeSet;

use crate::analytic::{Analytic, Burst, Term};
use crate::baseline::{peers_among, sweep_weight};
use crate::score::components::{Amounts, RoleTailReading, grant_novelty, role_tail};
use crate::score::contribution::Contribution;
use crate::score::day_parts::DayParts;
use crate::score::sequence::SequenceReading;
use crate::stats;
use crate::stats::constants::MEMBERS_MIN;
use crate::vocab::{BurstKind, Metric, Str};

/// Adds what a term contributes; nothing if nothing of the kind happened. Of volumes, only these amounts count.
pub(super) fn add_term(
    parts: &mut DayParts,
    analytic: &Analytic,
    term: &Term,
    sequence: Option<&SequenceReading>,
    amounts: Amounts,
    contributions: &mut Vec<Contribution>,
) {
    match term {
        Term::Largest(metrics) => {
            let largest = metrics
                .iter()
                .filter_map(|&metric| match (metric, sequence) {
                    // After the steps, only what was sent after them counts.
                    (Metric::EgressBytes, Some(sequence)) => sequence
                        .egress
                        .clone()
                        .filter(|reading| amounts.include(reading)),
                    _ => parts.volume(metric, analytic, amounts),
                })
                .reduce(|best, next| {
                    if next.surprise > best.surprise {
                        next
                    } else {
                        best
                    }
                });
            contributions.extend(largest.map(Contribution::Volume));
        }
        Term::Traits(traits) => {
            contributions.extend(
                traits
                    .iter()
                    .filter_map(|&which| parts.novelty(which).cloned().map(Contribution::Novelty)),
            );
        }
        Term::Acts(act) => {
            let grants = parts.foreign_grants(analytic, *act);
            let acts = grants.iter().map(|&(_, n)| n).sum::<u64>();
            let accounts = each_once(grants.iter().map(|(grant, _)| grant.account.clone()));
            let buckets = each_once(grants.iter().map(|(grant, _)| grant.bucket.clone()));
            let destinations = each_once(grants.iter().map(|(grant, _)| grant.destination()));
            let first = destinations
                .iter()
                .filter_map(|to| grant_novelty(parts.subject, parts.generation, to))
                .map(|novelty| novelty.surprise)
                .fold(0.0, f64::max);
            contributions.push(Contribution::Grant {
                accounts,
                buckets,
                destinations,
                acts,
                surprise: stats::arm::acts(first, acts),
            });
        }
        Term::Burst(burst, weight) => {
            let largest = parts.burst(burst);
            let largest = largest.filter(|b| b.observed >= burst.at_least);
            contributions.extend(largest.map(|reading| Contribution::Burst {
                asked: *burst,
                reading,
                weight: burst_weight(parts, burst, reading.observed, *weight),
            }));
        }
        Term::Weight(weight) => contributions.push(Contribution::Weight(*weight)),
        Term::RoleTail(metric) => {
            let tail = role_tail(parts.subject, *metric);
            let counts = |tail: &RoleTailReading| amounts == Amounts::All || !tail.is_ordinary();
            contributions.extend(tail.filter(counts).map(Contribution::RoleTail));
        }
    }
}

/// Returns what a burst weighs: a sweep of posture no more than how rarely peers make one that is as large.
fn burst_weight(parts: &DayParts, burst: &Burst, observed: u64, declared: f64) -> f64 {
    if burst.kind != BurstKind::PostureBuckets {
        return declared;
    }
    let peers = peers_among(parts.subject.groups(), MEMBERS_MIN as u32);
    let Some((group, state)) = peers else {
        return declared;
    };
    let sweeps = parts.generation.generation.sweeps.get(group);
    let days = sweeps.map_or(0.0, |sweeps| sweeps.days(observed));
    sweep_weight(declared, days, state.exposure)
}

/// Returns texts in order, each once.
fn each_once(texts: impl Iterator<Item = Str>) -> Vec<Str> {
    texts.collect::<BTreeSet<_>>().into_iter().collect()
}
